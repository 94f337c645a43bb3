#include "server/backup_restore.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/backup_contents.h"
#include "server/engine/log.h"
#include "storage/backup.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr auto kBetweenReports = std::chrono::seconds(5);

}  // namespace

BackupPlace ParseBackupPlace(const std::string& text) {
  BackupPlace place{.directory = text, .number = std::nullopt};
  std::error_code error;
  const size_t at = text.rfind('@');
  uint32_t number = 0;
  if (at == std::string::npos || at == 0 || std::filesystem::exists(text, error) ||
      !absl::SimpleAtoi(text.substr(at + 1), &number)) {
    return place;
  }
  return {.directory = text.substr(0, at), .number = number};
}

absl::Status RestoreDataDirectory(const std::string& restore_from,
                                  const std::string& data_directory) {
  const BackupPlace place = ParseBackupPlace(restore_from);
  auto reported = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const storage::BackupRecord record,
                   storage::RestoreBackup(place.directory, place.number, data_directory,
                                          [&](const storage::BackupProgress& progress) {
                                            const auto now = std::chrono::steady_clock::now();
                                            if (now - reported < kBetweenReports)
                                              return absl::OkStatus();
                                            reported = now;
                                            Log(Level::kInfo, "verifying the backup",
                                                {{"bytes", absl::StrCat(progress.bytes_done)},
                                                 {"of", absl::StrCat(progress.bytes_total)}});
                                            return absl::OkStatus();
                                          }));
  uint64_t requests = 0, entries = 0;
  // What it says of its contents is for people: a newer tikard may say it otherwise.
  if (const auto contents = DecodeContents(record.contents); contents.ok()) {
    for (const BackupContents::Region& region : contents->regions) {
      requests += region.requests;
      entries += region.entries;
    }
  }
  Log(Level::kInfo, "restored",
      {{"backup", absl::StrCat(record.number)},
       {"from", place.directory},
       {"data_dir", data_directory},
       {"bytes", absl::StrCat(record.bytes)},
       {"requests", absl::StrCat(requests)},
       {"entries", absl::StrCat(entries)}});
  return absl::OkStatus();
}

}  // namespace tikar::server
