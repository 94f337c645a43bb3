#include "sync/types.h"

#include <openssl/sha.h>

namespace tikar::sync {

Hash Sha256(std::string_view bytes) {
  std::array<uint8_t, 32> digest;
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digest.data());
  return Hash(digest);
}

}  // namespace tikar::sync
