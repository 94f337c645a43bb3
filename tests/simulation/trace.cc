#include "trace.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sync/types.h"

namespace tikar::simulation {

void Trace::Print(std::string_view what, std::initializer_list<uint64_t> numbers,
                  std::string_view bytes) const {
  // The ends of long bytes tell them apart as well as all of them.
  constexpr size_t kShownMax = 32;
  std::string line = absl::StrFormat("%7d %+12.3f s  %s", schedule_.step(),
                                     static_cast<double>(schedule_.now_ms() - kBeginMs) / 1000,
                                     sync::AbslView(what));
  for (const uint64_t number : numbers) absl::StrAppend(&line, " ", number);
  if (!bytes.empty()) {
    const bool text = bytes.find_first_not_of(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
                          "_-.,:;/@()'\"<>=") == std::string_view::npos;
    absl::StrAppend(&line, " ",
                    text ? std::string(bytes)
                         : absl::BytesToHexString(sync::AbslView(bytes.substr(0, kShownMax))));
  }
  std::printf("%s\n", line.c_str());
}

}  // namespace tikar::simulation
