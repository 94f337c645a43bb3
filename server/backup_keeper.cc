#include "server/backup_keeper.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/backup_contents.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

constexpr char kNamePrefix[] = "backups/";
// What a backup leaves on a disk that the store is on, too: the log (four write buffers) and what
// compactions need meanwhile.
constexpr uint64_t kSpareBytes = 256 << 20;
// An eMMC of a small district server writes 100 MB/s; the store's fsyncs stay in front.
constexpr uint64_t kBytesPerSecond = 64 << 20;

std::string NameOf(uint32_t number) { return absl::StrCat(kNamePrefix, number); }

v1::Backup ToProto(const storage::BackupListing& listing) {
  v1::Backup backup;
  backup.set_name(NameOf(listing.number));
  if (!listing.record.ok()) {
    backup.set_damage(
        absl::StrCat("records/", listing.number, ": ", listing.record.status().message()));
    return backup;
  }
  const storage::BackupRecord& record = *listing.record;
  backup.set_begin_time_ms(record.began_ms);
  backup.set_end_time_ms(record.ended_ms);
  backup.set_bytes(record.bytes);
  backup.set_new_bytes(record.bytes_new);
  backup.set_server_version(record.made_by);
  const absl::StatusOr<BackupContents> contents = DecodeContents(record.contents);
  if (!contents.ok()) {
    backup.set_damage(std::string(contents.status().message()));
    return backup;
  }
  backup.set_origin(sync::Raw(contents->origin));
  for (const BackupContents::Region& region : contents->regions) {
    v1::BackupRegion& to = *backup.add_regions();
    to.set_region(region.region);
    to.set_requests(region.requests);
    to.set_changes(region.changes);
    to.set_entries(region.entries);
    to.set_last_seq(region.last_seq);
  }
  return backup;
}

// The nearest directory at or above `path` that is there.
std::string Existing(const std::string& path) {
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error);
  while (!std::filesystem::exists(at, error) && at != at.parent_path()) at = at.parent_path();
  return at.string();
}

// What the storage said, in its own words. A status that has some already (a server that stops)
// keeps them.
absl::Status Told(const absl::Status& status, std::string_view message_id) {
  bool has_details = false;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { has_details = true; });
  if (status.ok() || absl::IsCancelled(status) || has_details) return status;
  return ForOperator(status, "BACKUP_FAILED",
                     absl::StrCat(sync::AbslView(message_id), " ", status.message()));
}

}  // namespace

bool OnOneDisk(const std::string& a, const std::string& b) {
  struct stat of_a, of_b;
  return stat(Existing(a).c_str(), &of_a) == 0 && stat(Existing(b).c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev;
}

absl::StatusOr<uint32_t> ParseBackupName(std::string_view name) {
  absl::string_view number = sync::AbslView(name);
  uint32_t parsed = 0;
  if (!absl::ConsumePrefix(&number, kNamePrefix) || !absl::SimpleAtoi(number, &parsed) ||
      parsed == 0 || NameOf(parsed) != name) {
    return Malformed("name", "backup_name", "name harus berbentuk \"backups/3\".",
                     "name must look like \"backups/3\"");
  }
  return parsed;
}

BackupKeeper::BackupKeeper(BackupOptions options) : options_(std::move(options)) {}

absl::Status BackupKeeper::Enabled() const {
  if (!options_.directory.empty() && options_.source != nullptr) return absl::OkStatus();
  return ForOperator(absl::FailedPreconditionError("this server has no directory for backups"),
                     "NO_BACKUPS", "Server ini tidak punya direktori cadangan.");
}

storage::BackupDirectory BackupKeeper::Directory() const {
  return storage::BackupDirectory(
      {.path = options_.directory,
       .made_by = options_.version,
       .now_ms = options_.now_ms,
       .spare_bytes = OnOneDisk(options_.directory, options_.data_directory) ? kSpareBytes : 0,
       .bytes_per_second = kBytesPerSecond,
       .env = nullptr});
}

absl::StatusOr<std::string> BackupKeeper::Describe(const sync::Reader& reader) const {
  ASSIGN_OR_RETURN(const BackupContents contents, ContentsOf(reader));
  ASSIGN_OR_RETURN(const std::vector<storage::BackupListing> list, Directory().List());
  for (auto listing = list.rbegin(); listing != list.rend(); ++listing) {
    if (!listing->record.ok()) continue;
    const absl::StatusOr<BackupContents> earlier = DecodeContents(listing->record->contents);
    if (!earlier.ok()) continue;
    if (OfOneStore(*earlier, contents)) break;
    return absl::FailedPreconditionError(
        absl::StrCat(options_.directory, " has the backups of another node's store (backup ",
                     listing->number, "): give each node its own --backup-dir"));
  }
  return EncodeContents(contents);
}

absl::StatusOr<v1::CreateBackupResponse> BackupKeeper::Create(
    uint32_t keep, const storage::BackupWatch& watch) const {
  RETURN_IF_ERROR(Enabled());
  const std::shared_ptr<const storage::BackupSource> source = options_.source();
  if (source == nullptr) return absl::UnavailableError("the store is being opened");
  const bool same_disk = OnOneDisk(options_.directory, options_.data_directory);
  const storage::BackupDirectory directory = Directory();
  absl::StatusOr<storage::BackupRecord> made = directory.Create(
      *source, [this](const sync::Reader& reader) { return Describe(reader); }, watch);
  if (!made.ok()) {
    Log(absl::IsCancelled(made.status()) ? Level::kWarning : Level::kError,
        "no backup was made, nothing of it remains",
        {{"reason", std::string(made.status().message())}, {"directory", options_.directory}});
    return Told(made.status(), "Cadangan tidak dibuat:");
  }
  Log(Level::kInfo, "made a backup",
      {{"number", absl::StrCat(made->number)},
       {"bytes", absl::StrCat(made->bytes)},
       {"new_bytes", absl::StrCat(made->bytes_new)},
       {"took_ms", absl::StrCat(made->ended_ms - made->began_ms)},
       {"directory", options_.directory}});
  if (same_disk) {
    Log(Level::kWarning, "backups are on the disk of the store, which takes both when it fails",
        {{"advice", "give --backup-dir on another disk, or copy the directory away"}});
  }
  v1::CreateBackupResponse response;
  response.set_bytes_done(made->bytes);
  response.set_bytes_total(made->bytes);
  response.set_directory(options_.directory);
  response.set_same_disk(same_disk);
  const uint32_t number = made->number;
  *response.mutable_backup() = ToProto({number, *std::move(made)});
  if (keep == 0) return response;
  absl::Status deleted;
  const auto list = directory.List();
  deleted = list.status();
  for (size_t i = 0; deleted.ok() && i + keep < list->size(); ++i) {
    deleted = directory.Delete((*list)[i].number);
    if (deleted.ok()) response.add_deleted(NameOf((*list)[i].number));
  }
  if (deleted.ok()) return response;
  return Told(absl::Status(deleted.code(), absl::StrCat("backup ", number,
                                                        " was made, but an old one could not be "
                                                        "deleted: ",
                                                        deleted.message())),
              "Cadangan lama tidak terhapus:");
}

absl::StatusOr<v1::ListBackupsResponse> BackupKeeper::List() const {
  RETURN_IF_ERROR(Enabled());
  const absl::StatusOr<std::vector<storage::BackupListing>> list = Directory().List();
  if (!list.ok()) return Told(list.status(), "Cadangan tidak terbaca:");
  v1::ListBackupsResponse response;
  response.set_directory(options_.directory);
  response.set_same_disk(OnOneDisk(options_.directory, options_.data_directory));
  for (auto listing = list->rbegin(); listing != list->rend(); ++listing) {
    *response.add_backups() = ToProto(*listing);
  }
  return response;
}

absl::StatusOr<v1::VerifyBackupResponse> BackupKeeper::Verify(
    uint32_t number, const storage::BackupWatch& watch) const {
  RETURN_IF_ERROR(Enabled());
  storage::BackupProgress last;
  const auto faults = Directory().Verify(number, [&](const storage::BackupProgress& progress) {
    last = progress;
    return watch(progress);
  });
  if (!faults.ok()) return Told(faults.status(), "Cadangan tidak dapat diperiksa:");
  v1::VerifyBackupResponse response;
  response.set_bytes_done(last.bytes_done);
  response.set_bytes_total(last.bytes_total);
  response.set_done(true);
  response.set_directory(options_.directory);
  for (const storage::BackupFault& found : *faults) {
    Log(Level::kError, "a backup is damaged",
        {{"number", absl::StrCat(number)},
         {"file", absl::StrCat(options_.directory, "/", found.path)},
         {"what", found.what}});
    v1::BackupFault& fault = *response.add_faults();
    fault.set_path(found.path);
    fault.set_what(found.what);
  }
  return response;
}

absl::Status BackupKeeper::Delete(uint32_t number) const {
  RETURN_IF_ERROR(Enabled());
  RETURN_IF_ERROR(Told(Directory().Delete(number), "Cadangan tidak terhapus:"));
  Log(Level::kInfo, "deleted a backup",
      {{"number", absl::StrCat(number)}, {"directory", options_.directory}});
  return absl::OkStatus();
}

}  // namespace tikar::server
