// Receipts in files, and public keys as people give them.
#include "clients/cli/receipt_files.h"

#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/failure.h"
#include "clients/cli/replaced_file.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

// A receipt of 11,000 changes with all their bodies; more than any request has.
constexpr uintmax_t kReceiptBytesMax = uintmax_t{1} << 30;
constexpr uintmax_t kSmallFileBytesMax = 256 << 10;

absl::Status Unreadable(const std::string& path, const std::string& why) {
  return UsageError(absl::StrCat("berkas ", path, " tidak dapat dibaca: ", why),
                    absl::StrCat("cannot read ", path, ": ", why));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, uintmax_t bytes_max) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return Unreadable(path, error.message());
  if (bytes > bytes_max) return Unreadable(path, absl::StrCat("> ", bytes_max >> 10, " KiB"));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || (bytes > 0 && !(content << file.rdbuf()))) return Unreadable(path, "I/O");
  return content.str();
}

}  // namespace

absl::Status WriteReceiptFile(const std::string& path, const v1::Receipt& receipt) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto made = google::protobuf::util::MessageToJsonString(receipt, &text, options);
  if (!made.ok()) return absl::InternalError(made.ToString());
  // Readable by others on purpose: it is made to be handed on.
  ASSIGN_OR_RETURN(const std::unique_ptr<ReplacedFile> file, ReplacedFile::Open(path, 0644));
  file->stream() << text;
  return file->Commit();
}

absl::StatusOr<v1::Receipt> ReadReceiptFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kReceiptBytesMax));
  v1::Receipt receipt;
  const auto read = google::protobuf::util::JsonStringToMessage(text, &receipt);
  if (read.ok()) return receipt;
  return UsageError(absl::StrCat(path, " bukan tanda terima dari `tikar log prove`"),
                    absl::StrCat(path, " is no receipt as `tikar log prove` writes it"));
}

absl::StatusOr<std::string> ReadCheckpointFile(const std::string& path) {
  return ReadFile(path, kSmallFileBytesMax);
}

absl::StatusOr<std::vector<sync::NamedKey>> ReadKeys(const std::vector<std::string>& typed) {
  std::vector<sync::NamedKey> keys;
  for (const std::string& one : typed) {
    // A key has two plus signs, which few paths have; a file is what is there as one.
    std::error_code error;
    std::string lines = one;
    if (std::filesystem::is_regular_file(one, error)) {
      ASSIGN_OR_RETURN(lines, ReadFile(one, kSmallFileBytesMax));
    }
    for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipWhitespace())) {
      const absl::StatusOr<sync::NamedKey> key =
          sync::ParseNamedKey(sync::StdView(absl::StripAsciiWhitespace(line)));
      if (!key.ok()) {
        return UsageError(
            absl::StrCat("\"", one,
                         "\" bukan kunci publik seperti dari `tikar log key`, dan bukan "
                         "berkas berisi kunci seperti itu"),
            absl::StrCat("\"", one, "\": ", key.status().message(),
                         "; or give a file that has it"));
      }
      keys.push_back(*key);
    }
  }
  return keys;
}

}  // namespace tikar::cli
