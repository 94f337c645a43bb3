#include "clients/cli/backup_commands.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/table.h"
#include "clients/cli/text_style.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"
#include "tikar/v1/backup_service.pb.h"

namespace tikar::cli {
namespace {

constexpr std::string_view kNamePrefix = "backups/";

// "3" of "backups/3".
std::string Number(const std::string& name) {
  return absl::StartsWith(name, sync::AbslView(kNamePrefix)) ? name.substr(kNamePrefix.size())
                                                             : name;
}
std::string Name(const std::string& typed) {
  return absl::StrCat(sync::AbslView(kNamePrefix), Number(typed));
}

uint64_t Requests(const v1::Backup& backup) {
  uint64_t requests = 0;
  for (const v1::BackupRegion& region : backup.regions()) requests += region.requests();
  return requests;
}
uint64_t Entries(const v1::Backup& backup) {
  uint64_t entries = 0;
  for (const v1::BackupRegion& region : backup.regions()) entries += region.entries();
  return entries;
}

Json BackupJson(const v1::Backup& backup) {
  Json json = {{"name", backup.name()}};
  if (!backup.damage().empty()) {
    json["damage"] = backup.damage();
    return json;
  }
  Json regions = Json::array();
  for (const v1::BackupRegion& region : backup.regions()) {
    regions.push_back({{"region", region.region()},
                       {"requests", region.requests()},
                       {"changes", region.changes()},
                       {"entries", region.entries()},
                       {"last_seq", region.last_seq()}});
  }
  json["begin_time"] = IsoTime(backup.begin_time_ms());
  json["duration_ms"] = backup.end_time_ms() - backup.begin_time_ms();
  json["bytes"] = backup.bytes();
  json["new_bytes"] = backup.new_bytes();
  json["origin"] = absl::StrFormat("%016x", backup.origin());
  json["server_version"] = backup.server_version();
  json["regions"] = regions;
  return json;
}

std::string Seconds(const v1::Backup& backup) {
  return absl::StrFormat("%.1f s",
                         static_cast<double>(backup.end_time_ms() - backup.begin_time_ms()) / 1000);
}

void WarnOfSameDisk(Session& session, const std::string& directory) {
  session.err()
      << Styled(session.err_terminal(), Style::kWarning,
                OneLine(absl::StrCat(
                    directory,
                    sync::AbslView(session.Say(
                        " berada di disk yang sama dengan datanya: disk yang rusak membawa "
                        "keduanya. Salin "
                        "direktori itu ke tempat lain, atau jalankan tikard dengan --backup-dir.",
                        " is on the disk of the data: a disk that fails takes both. Copy the "
                        "directory "
                        "elsewhere, or start tikard with --backup-dir.")))))
      << "\n";
}

// Draws how far a call is.
class BytesProgress {
 public:
  BytesProgress(Session& session, std::string_view indonesian, std::string_view english)
      : progress_(session.err(), session.err_terminal(),
                  Progress::ModeFor(session.err_terminal(), session.json()),
                  std::string(session.Say(indonesian, english))) {}
  void Update(uint64_t done, uint64_t total) {
    const double part =
        total == 0 ? -1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    progress_.Update(part, absl::StrCat(SizeText(done), " / ", SizeText(total)), absl::Now());
  }
  void Finish() { progress_.Finish(); }

 private:
  Progress progress_;
};

// Which backup `typed` names; the newest if empty.
absl::StatusOr<std::string> Chosen(Session& session, const std::string& typed) {
  if (!typed.empty()) return Name(typed);
  ASSIGN_OR_RETURN(const v1::ListBackupsResponse list,
                   session.connection().Call(v1::ListBackupsRequest()));
  if (!list.backups().empty()) return list.backups(0).name();
  return WithAdvice(
      WithIndonesian(absl::NotFoundError("the server has no backups"), "server ini tanpa cadangan"),
      session.Say("Buat satu: tikar backup create", "Make one: tikar backup create"));
}

}  // namespace

std::string SizeText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  // Rounded up to 1024.0 it would look odd.
  while (size >= 1023.95 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrFormat("%.1f %s", size, kUnits[unit]);
}

absl::Status BackupCreate(Session& session, const BackupOptions& options) {
  v1::CreateBackupRequest request;
  request.set_keep(options.keep);
  BytesProgress progress(session, "Menyalin", "Copying");
  v1::CreateBackupResponse last;
  const absl::Status called =
      session.connection().CreateBackup(request, [&](const v1::CreateBackupResponse& response) {
        progress.Update(response.bytes_done(), response.bytes_total());
        last = response;
        return absl::OkStatus();
      });
  progress.Finish();
  RETURN_IF_ERROR(called);
  const v1::Backup& backup = last.backup();
  if (session.json()) {
    Json deleted = Json::array();
    for (const std::string& name : last.deleted()) deleted.push_back(name);
    session.out() << JsonText({{"backup", BackupJson(backup)},
                               {"deleted", deleted},
                               {"directory", last.directory()},
                               {"same_disk", last.same_disk()}});
    return absl::OkStatus();
  }
  const Language language = session.language();
  session.out() << session.Say("Cadangan ", "Backup ") << Number(backup.name())
                << session.Say(" di ", " in ") << OneLine(last.directory()) << ": "
                << Count(language, Requests(backup), "permohonan", "request", "requests") << ", "
                << Count(language, Entries(backup), "catatan", "entry", "entries") << ", "
                << SizeText(backup.bytes()) << " (" << SizeText(backup.new_bytes())
                << session.Say(" baru), ", " new), ") << Seconds(backup) << "\n";
  if (!last.deleted().empty()) {
    std::vector<std::string> numbers;
    for (const std::string& name : last.deleted()) numbers.push_back(Number(name));
    session.out() << session.Say("Dihapus: ", "Deleted: ") << absl::StrJoin(numbers, ", ") << "\n";
  }
  if (last.same_disk()) WarnOfSameDisk(session, last.directory());
  return absl::OkStatus();
}

absl::Status BackupList(Session& session) {
  ASSIGN_OR_RETURN(const v1::ListBackupsResponse list,
                   session.connection().Call(v1::ListBackupsRequest()));
  if (session.json()) {
    Json backups = Json::array();
    for (const v1::Backup& backup : list.backups()) backups.push_back(BackupJson(backup));
    session.out() << JsonText(
        {{"backups", backups}, {"directory", list.directory()}, {"same_disk", list.same_disk()}});
    return absl::OkStatus();
  }
  if (list.backups().empty()) {
    session.out() << session.Say("Belum ada cadangan. Buat satu: tikar backup create\n",
                                 "No backups yet. Make one: tikar backup create\n");
    return absl::OkStatus();
  }
  Table table(
      {{.title = std::string(session.Say("NO", "NO")), .right_aligned = true},
       {.title = std::string(session.Say("DIBUAT", "MADE"))},
       {.title = std::string(session.Say("LAMA", "TOOK")), .right_aligned = true},
       {.title = std::string(session.Say("UKURAN", "SIZE")), .right_aligned = true},
       {.title = std::string(session.Say("BARU", "NEW")), .right_aligned = true, .droppable = true},
       {.title = std::string(session.Say("DAERAH", "REGIONS")), .shrinks = true},
       {.title = std::string(session.Say("PERMOHONAN", "REQUESTS")), .right_aligned = true},
       {.title = std::string(session.Say("CATATAN", "ENTRIES")), .right_aligned = true},
       {.title = "LOG", .droppable = true}});
  for (const v1::Backup& backup : list.backups()) {
    if (!backup.damage().empty()) {
      table.AddRow({{Number(backup.name()), Style::kName},
                    {std::string(session.Say("RUSAK", "DAMAGED")), Style::kBad},
                    {},
                    {},
                    {},
                    {backup.damage(), Style::kBad},
                    {},
                    {},
                    {}});
      continue;
    }
    std::vector<std::string> regions;
    // With where the node's own log stood in each.
    for (const v1::BackupRegion& region : backup.regions()) {
      regions.push_back(absl::StrCat(region.region(), ":", region.last_seq()));
    }
    table.AddRow({{Number(backup.name()), Style::kName},
                  {LocalTime(backup.begin_time_ms())},
                  {Seconds(backup)},
                  {SizeText(backup.bytes())},
                  {SizeText(backup.new_bytes())},
                  {absl::StrJoin(regions, " ")},
                  {absl::StrCat(Requests(backup))},
                  {absl::StrCat(Entries(backup))},
                  {absl::StrFormat("%016x", backup.origin())}});
  }
  session.out() << table.Render(session.out_terminal());
  if (list.same_disk()) WarnOfSameDisk(session, list.directory());
  return absl::OkStatus();
}

absl::Status BackupVerify(Session& session, const BackupOptions& options) {
  v1::VerifyBackupRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), Chosen(session, options.backup));
  BytesProgress progress(session, "Memeriksa", "Verifying");
  v1::VerifyBackupResponse last;
  const absl::Status called =
      session.connection().VerifyBackup(request, [&](const v1::VerifyBackupResponse& response) {
        progress.Update(response.bytes_done(), response.bytes_total());
        last = response;
        return absl::OkStatus();
      });
  progress.Finish();
  RETURN_IF_ERROR(called);
  const bool sound = last.faults().empty();
  if (session.json()) {
    Json faults = Json::array();
    for (const v1::BackupFault& fault : last.faults()) {
      faults.push_back({{"path", fault.path()}, {"what", fault.what()}});
    }
    session.out() << JsonText({{"name", request.name()},
                               {"sound", sound},
                               {"bytes", last.bytes_done()},
                               {"directory", last.directory()},
                               {"faults", faults}});
  } else if (sound) {
    session.out() << session.Say("Utuh: cadangan ", "Sound: backup ") << Number(request.name())
                  << ", " << SizeText(last.bytes_done())
                  << session.Say(" diperiksa.\n", " read.\n");
  } else {
    for (const v1::BackupFault& fault : last.faults()) {
      session.out() << Styled(session.out_terminal(), Style::kBad,
                              session.Say("RUSAK ", "DAMAGED "))
                    << OneLine(absl::StrCat(last.directory(), "/", fault.path())) << ": "
                    << OneLine(fault.what()) << "\n";
    }
  }
  if (sound) return absl::OkStatus();
  return WithAdvice(
      WithIndonesian(
          absl::DataLossError(absl::StrCat("backup ", Number(request.name()), " is damaged")),
          absl::StrCat("cadangan ", Number(request.name()), " rusak")),
      session.Say("Hapus yang rusak (tikar backup delete), periksa disknya, lalu buat yang baru "
                  "(tikar backup create).",
                  "Delete it (tikar backup delete), check the disk, then make a new one (tikar "
                  "backup create)."));
}

absl::Status BackupDelete(Session& session, const BackupOptions& options) {
  v1::DeleteBackupRequest request;
  request.set_name(Name(options.backup));
  RETURN_IF_ERROR(session.connection().Call(request).status());
  if (session.json()) {
    session.out() << JsonText({{"name", request.name()}, {"deleted", true}});
  } else {
    session.out() << session.Say("Dihapus: cadangan ", "Deleted: backup ") << Number(request.name())
                  << "\n";
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
