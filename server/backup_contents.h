// What a backup says of the rows in it, so that a list of backups shows what is in each.
#ifndef TIKAR_SERVER_BACKUP_CONTENTS_H_
#define TIKAR_SERVER_BACKUP_CONTENTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::server {

struct BackupContents {
  struct Region {
    std::string region;
    uint64_t requests = 0;
    uint64_t changes = 0;
    uint64_t entries = 0;   // of all logs
    uint64_t last_seq = 0;  // of the node's own log
    friend bool operator==(const Region&, const Region&) = default;
  };
  sync::Origin origin = sync::Origin::kNone;
  std::vector<sync::Origin> past_origins;
  std::vector<Region> regions;  // ascending
  friend bool operator==(const BackupContents&, const BackupContents&) = default;
};

// Reads them. DataLoss: a record that cannot be read.
absl::StatusOr<BackupContents> ContentsOf(const sync::Reader& reader);

// storage::BackupRecord::contents.
std::string EncodeContents(const BackupContents& contents);
absl::StatusOr<BackupContents> DecodeContents(std::string_view bytes);

// Whether the store with this `contents` is, or goes on from, the one of an `earlier` backup, or
// the other way round: whether both may lie in one directory.
bool OfOneStore(const BackupContents& earlier, const BackupContents& contents);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_BACKUP_CONTENTS_H_
