#include "storage/store.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace tikar::storage {

absl::Status CheckBatch(const sync::WriteBatch& batch) {
  using Kind = sync::WriteBatch::Kind;
  for (const sync::WriteBatch::Write& write : batch.writes()) {
    const bool feed = write.family == sync::Family::kFeed;
    if (write.kind == Kind::kSingleDelete && !feed) {
      return absl::InvalidArgumentError(absl::StrCat(
          "SingleDelete is for feed rows alone, not for family ", static_cast<int>(write.family),
          ", key ", absl::BytesToHexString(write.key)));
    }
    if (write.kind == Kind::kDelete && feed) {
      return absl::InvalidArgumentError(
          absl::StrCat("a feed row is removed by SingleDelete, not by Delete: key ",
                       absl::BytesToHexString(write.key)));
    }
  }
  return absl::OkStatus();
}

}  // namespace tikar::storage
