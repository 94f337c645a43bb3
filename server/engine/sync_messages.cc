#include "server/engine/sync_messages.h"

#include <string>

#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "sync/feed.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/types.h"

namespace tikar::server {

absl::Status NoHello() {
  return Malformed("hello", "hello_first", "Pesan pertama harus Hello, tepat satu kali.",
                   "the first message must be a Hello, exactly once");
}

absl::Status CheckHello(const v1::Hello& hello) {
  if (!sync::IsActorName(hello.actor())) {
    return Malformed("hello.actor", "actor_format",
                     "Nama perangkat harus 1 sampai 64 karakter dari [a-z0-9._-/].",
                     "the actor must be 1 to 64 characters of [a-z0-9._-/]");
  }
  if (hello.actor() == sync::kTimerActor) {
    return Malformed("hello.actor", "actor_reserved",
                     "Nama \"timer\" milik server sendiri. Pakai nama perangkat lain.",
                     "the name \"timer\" is the servers' own; use another one for the device");
  }
  if (!hello.push_only() && hello.scope().empty()) {
    return Malformed("hello.scope", "scope_missing", "Sebutkan 1 sampai 64 wilayah.",
                     "name 1 to 64 area-code prefixes");
  }
  if (static_cast<size_t>(hello.scope_size()) > sync::kScopePrefixesMax) {
    return Malformed("hello.scope", "scope_too_long", "Sebutkan paling banyak 64 wilayah.",
                     "name at most 64 area-code prefixes");
  }
  for (const std::string& prefix : hello.scope()) {
    if (!sync::IsAreaPrefix(prefix)) {
      return Malformed("hello.scope", "scope_format",
                       "Kode wilayah harus seperti 15, 15.01, 15.01.06 atau 15.01.06.2010.",
                       "an area code looks like 15, 15.01, 15.01.06 or 15.01.06.2010");
    }
  }
  if (hello.cursor().size() > kCursorBytesMax) {
    return Malformed("hello.cursor", "cursor_too_long", "Cursor terlalu panjang.",
                     "the cursor is longer than any this server made");
  }
  if (static_cast<size_t>(hello.definition_hashes_size()) > kHelloDefinitionsMax) {
    return Malformed("hello.definition_hashes", "too_many_definitions",
                     "Sebutkan paling banyak 1.024 definisi.", "name at most 1,024 definitions");
  }
  for (const std::string& hash : hello.definition_hashes()) {
    if (hash.size() != sync::DefinitionHash::kSize) {
      return Malformed("hello.definition_hashes", "definition_hash_format",
                       "Hash definisi harus 32 byte.", "a definition's hash has 32 bytes");
    }
  }
  if (hello.client_version().size() > kClientVersionBytesMax) {
    return Malformed("hello.client_version", "client_version_too_long",
                     "Nama versi aplikasi paling panjang 128 byte.",
                     "the client's version has at most 128 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckPush(const v1::Push& push) {
  if (static_cast<size_t>(push.changes_size()) > kPushChangesMax) {
    return Malformed("push.changes", "push_too_long", "Paling banyak 1.000 perubahan sekali kirim.",
                     "at most 1,000 changes in one push");
  }
  if (push.ByteSizeLong() > kPushBytesMax) {
    return Malformed("push.changes", "push_too_large", "Paling banyak 1 MiB sekali kirim.",
                     "at most 1 MiB in one push");
  }
  return absl::OkStatus();
}

}  // namespace tikar::server
