// Targets with a fault in each, behind a few bytes that have to be found: if ci/fuzz does not find
// them, it would find nothing else either.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "target.h"

namespace tikar::fuzz {

#if defined(TIKAR_CANARY_memory)

// For AddressSanitizer: a length from outside that is believed.
FUZZ_TARGET(canary_memory, "reads behind the end of what it was given") {
  if (bytes.size() < 6 || !bytes.starts_with("tikr")) return false;
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);
  bytes.copy(copy.get(), bytes.size());
  const uint8_t length = static_cast<uint8_t>(copy[4]);
  unsigned sum = 0;
  for (size_t i = 0; i < length; ++i) sum += static_cast<uint8_t>(copy[5 + i]);
  return sum != 1;
}

#elif defined(TIKAR_CANARY_arithmetic)

// For UBSan: the largest number is one too large.
FUZZ_TARGET(canary_arithmetic, "counts one further than there are numbers") {
  if (bytes.size() < 5 || bytes[0] != 'n') return false;
  uint32_t number = 0;
  for (size_t i = 1; i < 5; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  if (number > uint32_t{std::numeric_limits<int32_t>::max()}) return false;
  const int32_t next = static_cast<int32_t>(number) + 1;
  return next != 0;
}

#elif defined(TIKAR_CANARY_promise)

// For promises: an encoding that forgets one value.
FUZZ_TARGET(canary_promise, "does not read what it wrote") {
  if (bytes.size() < 3) return false;
  const std::string key(bytes.substr(0, 3));
  std::string written = key;
  if (key == "pil") written.pop_back();
  PROMISE(written == key, "what was written reads as it was");
  return true;
}

#endif

}  // namespace tikar::fuzz
