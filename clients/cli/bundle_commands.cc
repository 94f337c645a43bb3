#include "clients/cli/bundle_commands.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/backup_commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/replaced_file.h"
#include "clients/cli/table.h"
#include "clients/cli/text_style.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "tikar/v1/bundle_service.pb.h"

namespace tikar::cli {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// A certificate, and that of its CA behind it.
constexpr size_t kCertificateBytesMax = 64 << 10;
constexpr int kAttemptsMax = 4;

absl::StatusOr<std::string> ReadCertificate(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kCertificateBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || file.gcount() == 0) return CannotReadFile(path);
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() <= kCertificateBytesMax) return text;
  return UsageError(absl::StrCat(path, " terlalu besar untuk sebuah sertifikat"),
                    absl::StrCat(path, " is too large to be a certificate"));
}

absl::Status WriteFile(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(const auto file, ReplacedFile::Open(path, 0644));
  file->stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file->Commit();
}

Json RangesJson(const google::protobuf::RepeatedPtrField<v1::BundleRange>& ranges) {
  Json list = Json::array();
  for (const v1::BundleRange& range : ranges) {
    list.push_back({{"region", range.region()},
                    {"origin", absl::StrFormat("%016x", range.origin())},
                    {"after", range.after()},
                    {"end", range.end()}});
  }
  return list;
}

std::string Name(const std::string& bundle_id) {
  const auto id = sync::BundleId::FromBytes(bundle_id);
  return id ? sync::BundleName(*id) : "";
}

// The files of an export as they come.
class PartFiles {
 public:
  explicit PartFiles(std::string path) : path_(std::move(path)) {}

  absl::Status Begin(const v1::BundlePart& part) {
    RETURN_IF_ERROR(End());
    paths_.push_back(PartPath(path_, part.part(), part.parts()));
    ASSIGN_OR_RETURN(file_, ReplacedFile::Open(paths_.back(), 0644));
    bytes_left_ = part.bytes();
    bytes_ += part.bytes();
    return absl::OkStatus();
  }
  absl::Status Write(const std::string& chunk) {
    if (file_ == nullptr || chunk.size() > bytes_left_) {
      return absl::InternalError("the server sent more than it said");
    }
    bytes_left_ -= chunk.size();
    file_->stream().write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    return absl::OkStatus();
  }
  absl::Status End() {
    if (file_ == nullptr) return absl::OkStatus();
    if (bytes_left_ != 0) return absl::InternalError("the server sent less than it said");
    RETURN_IF_ERROR(file_->Commit());
    file_ = nullptr;
    return absl::OkStatus();
  }
  const std::vector<std::string>& paths() const { return paths_; }
  uint64_t bytes() const { return bytes_; }

 private:
  const std::string path_;
  std::vector<std::string> paths_;
  std::unique_ptr<ReplacedFile> file_;
  uint64_t bytes_left_ = 0;
  uint64_t bytes_ = 0;
};

Progress MakeProgress(Session& session, std::string_view indonesian, std::string_view english) {
  return Progress(session.err(), session.err_terminal(),
                  Progress::ModeFor(session.err_terminal(), session.json()),
                  std::string(session.Say(indonesian, english)));
}

double PartOf(uint64_t done, uint64_t total) {
  return total == 0 ? -1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
}

void Warn(Session& session, const std::string& text) {
  session.err() << Styled(session.err_terminal(), Style::kWarning, OneLine(text)) << "\n";
}

// One file to the server, again where that may help: the same part twice is no harm.
absl::StatusOr<v1::ImportBundleResponse> SendFile(Session& session, const std::string& path,
                                                  bool dry_run, Progress& progress) {
  for (int attempt = 1;; ++attempt) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return CannotReadFile(path);
    const uint64_t size = static_cast<uint64_t>(file.tellg());
    file.seekg(0);
    uint64_t sent = 0;
    bool first = true;
    absl::StatusOr<v1::ImportBundleResponse> response =
        session.connection().ImportBundle([&](v1::ImportBundleRequest* request) {
          std::string chunk(kChunkBytes, '\0');
          file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
          chunk.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
          if (chunk.empty() && !first) return false;
          sent += chunk.size();
          progress.Update(PartOf(sent, size),
                          absl::StrCat(path, ": ", SizeText(sent), " / ", SizeText(size)),
                          absl::Now());
          request->set_chunk(std::move(chunk));
          request->set_validate_only(first && dry_run);
          first = false;
          return true;
        });
    const bool transient =
        absl::IsUnavailable(response.status()) || (absl::IsResourceExhausted(response.status()) &&
                                                   RetryDelayOf(response.status()).has_value());
    if (!transient || attempt == kAttemptsMax) return response;
    absl::SleepFor(RetryDelayOf(response.status()).value_or(absl::Seconds(attempt)));
  }
}

Json ImportJson(const std::string& path, const v1::ImportBundleResponse& response) {
  Json refused = Json::array();
  for (const v1::RefusedLog& log : response.logs_refused()) {
    refused.push_back({{"region", log.region()},
                       {"origin", absl::StrFormat("%016x", log.origin())},
                       {"reason", log.reason()}});
  }
  Json missing = Json::array();
  for (const uint32_t part : response.parts_missing()) missing.push_back(part);
  return {{"file", path},
          {"kind", EnumJson(v1::BundleKind_Name(response.kind()), "BUNDLE_KIND_")},
          {"bundle", Name(response.bundle_id())},
          {"part", response.part()},
          {"parts", response.parts()},
          {"parts_missing", missing},
          {"sender", response.sender()},
          {"made_time", IsoTime(response.made_at_ms())},
          {"entries", response.entries()},
          {"entries_new", response.entries_new()},
          {"changes", response.changes()},
          {"changes_new", response.changes_new()},
          {"changes_refused", response.changes_refused()},
          {"definitions", response.definitions()},
          {"definitions_new", response.definitions_new()},
          {"ranges", RangesJson(response.ranges())},
          {"logs_refused", refused},
          {"acknowledgement_known", response.acknowledgement_known()}};
}

void PrintImport(Session& session, const std::string& path, bool dry_run,
                 const v1::ImportBundleResponse& response) {
  std::ostream& out = session.out();
  const std::string kind = EnumJson(v1::BundleKind_Name(response.kind()), "BUNDLE_KIND_");
  out << OneLine(path) << ": " << BundleKindText(session, kind) << session.Say(" dari ", " from ")
      << OneLine(response.sender()) << session.Say(", dibuat ", ", made ")
      << LocalTime(response.made_at_ms());
  if (response.parts() > 1) {
    out << session.Say(", bagian ", ", part ") << response.part() << session.Say(" dari ", " of ")
        << response.parts();
  }
  out << "\n  ";
  if (response.kind() == v1::BUNDLE_KIND_ACKNOWLEDGEMENT) {
    out << (dry_run ? session.Say("Utuh.", "Whole.")
            : response.acknowledgement_known()
                ? session.Say("Tidak ada yang baru: pengakuan ini atau yang lebih baru sudah ada.",
                              "Nothing new: this acknowledgement or a newer one is here.")
                : session.Say("Disimpan: bundel berikutnya untuk node itu hanya membawa sisanya.",
                              "Kept: the next bundle for that node brings only the rest."))
        << "\n";
    return;
  }
  const bool phone = response.kind() == v1::BUNDLE_KIND_PHONE;
  const uint64_t all = phone ? response.changes() : response.entries();
  const uint64_t fresh = phone ? response.changes_new() : response.entries_new();
  const std::string_view unit =
      phone ? session.Say(" perubahan", " changes") : session.Say(" entri", " entries");
  if (dry_run) {
    out << session.Say("Utuh: ", "Whole: ") << all << unit << ", " << response.definitions()
        << session.Say(" definisi.", " definitions.");
  } else if (fresh == 0 && response.definitions_new() == 0) {
    out << session.Say("Tidak ada yang baru: ", "Nothing new: ") << all << unit
        << session.Say(" sudah ada.", " are here already.");
  } else {
    out << fresh << unit << session.Say(" baru dari ", " new of ") << all << ", "
        << response.definitions_new() << session.Say(" definisi baru.", " new definitions.");
  }
  if (response.changes_refused() > 0) {
    out << " " << response.changes_refused()
        << session.Say(" ditolak; lihat tikar inbox.", " refused; see tikar inbox.");
  }
  out << "\n";
}

// What came of all files.
struct Imported {
  std::vector<v1::ImportBundleResponse> responses;
  absl::Status failed;
};

void WarnOfMissing(Session& session, const v1::ImportBundleResponse& response) {
  std::vector<std::string> parts;
  for (const uint32_t part : response.parts_missing()) parts.push_back(absl::StrCat(part));
  Warn(session,
       absl::StrCat(sync::AbslView(session.Say("Bagian ", "Part ")), absl::StrJoin(parts, ", "),
                    sync::AbslView(session.Say(" dari ", " of ")), response.parts(),
                    sync::AbslView(session.Say(" belum ada: bundel ", " is missing: bundle ")),
                    Name(response.bundle_id()),
                    sync::AbslView(session.Say(" belum lengkap. Impor juga bagian itu.",
                                               " is not whole. Import it too."))));
}

}  // namespace

absl::Status BundleExport(Session& session, const BundleOptions& options) {
  v1::ExportBundleRequest request;
  for (const std::string& region : options.regions) request.add_regions(region);
  request.set_receiver(options.receiver);
  if (!options.certificate_path.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_receiver_certificate_pem(),
                     ReadCertificate(options.certificate_path));
  } else if (options.receiver.empty()) {
    return UsageError("sebut node penerimanya: --for NODE atau --for-cert BERKAS",
                      "say for which node it is: --for NODE or --for-cert FILE");
  }
  if (options.since_peer) request.set_start(v1::BUNDLE_START_ACKNOWLEDGED);
  if (options.all) request.set_start(v1::BUNDLE_START_BEGINNING);
  if (!options.split.empty()) {
    ASSIGN_OR_RETURN(const uint64_t bytes, ParsePartSize(options.split));
    request.set_part_bytes_max(bytes);
  }
  const std::string receiver = options.receiver.empty() ? "node" : options.receiver;
  PartFiles files(options.out.empty() ? absl::StrCat("for-", receiver, ".tikar") : options.out);
  Progress progress = MakeProgress(session, "Membuat bundel", "Making the bundle");
  v1::ExportSummary summary;
  uint64_t written = 0;
  const absl::Status called = session.connection().ExportBundle(
      request, [&](const v1::ExportBundleResponse& response) -> absl::Status {
        switch (response.kind_case()) {
          case v1::ExportBundleResponse::kProgress:
            progress.Update(
                PartOf(response.progress().entries(), response.progress().entries_total()),
                absl::StrCat(response.progress().entries(), " / ",
                             response.progress().entries_total(),
                             sync::AbslView(session.Say(" entri", " entries"))),
                absl::Now());
            return absl::OkStatus();
          case v1::ExportBundleResponse::kPart:
            return files.Begin(response.part());
          case v1::ExportBundleResponse::kChunk:
            written += response.chunk().size();
            progress.Update(PartOf(written, files.bytes()), SizeText(written), absl::Now());
            return files.Write(response.chunk());
          case v1::ExportBundleResponse::kSummary:
            summary = response.summary();
            return files.End();
          default:
            return absl::OkStatus();
        }
      });
  progress.Finish();
  RETURN_IF_ERROR(called);
  if (session.json()) {
    session.out() << JsonText(
        {{"bundle", Name(summary.bundle_id())},
         {"receiver", summary.receiver()},
         {"files", files.paths()},
         {"bytes", files.bytes()},
         {"entries", summary.entries()},
         {"definitions", summary.definitions()},
         {"ranges", RangesJson(summary.ranges())},
         {"acknowledged_time", summary.acknowledged_at_ms() == 0
                                   ? Json()
                                   : Json(IsoTime(summary.acknowledged_at_ms()))}});
    return absl::OkStatus();
  }
  std::ostream& out = session.out();
  if (summary.entries() == 0 && summary.definitions() == 0) {
    Warn(session, absl::StrCat(summary.receiver(),
                               sync::AbslView(session.Say(" sudah mengakui semua yang ada di sini.",
                                                          " has acknowledged all that is here."))));
  }
  for (const std::string& path : files.paths()) out << OneLine(path) << "\n";
  out << session.Say("Untuk ", "For ") << summary.receiver() << ": " << summary.entries()
      << session.Say(" entri, ", " entries, ") << summary.definitions()
      << session.Say(" definisi, ", " definitions, ") << SizeText(files.bytes()) << "\n"
      << session.Say(
             "Di sana: tikar bundle import BERKAS --ack-out PENGAKUAN, lalu bawa pulang "
             "pengakuannya.\n",
             "There: tikar bundle import FILE --ack-out ACK, and bring the acknowledgement "
             "home.\n");
  return absl::OkStatus();
}

absl::Status BundleImport(Session& session, const BundleOptions& options) {
  if (options.dry_run && !options.acknowledgement_path.empty()) {
    return UsageError("--dry-run tidak menghasilkan pengakuan; hilangkan salah satu",
                      "--dry-run makes no acknowledgement; leave out one of the two");
  }
  Json list = Json::array();
  absl::Status failed;
  std::string acknowledgement;
  // The last answer about each bundle of several parts.
  std::vector<std::pair<std::string, v1::ImportBundleResponse>> bundles;
  for (const std::string& path : options.files) {
    Progress progress = MakeProgress(session, "Mengirim", "Sending");
    const absl::StatusOr<v1::ImportBundleResponse> response =
        SendFile(session, path, options.dry_run, progress);
    progress.Finish();
    if (!response.ok()) {
      // The other parts are taken all the same.
      if (session.json()) {
        list.push_back({{"file", path},
                        {"failure", FailureJson(response.status(), session.language(),
                                                session.settings().server)}});
      } else if (options.files.size() > 1) {
        const FailureText text =
            Explain(response.status(), session.language(), session.settings().server);
        Warn(session, absl::StrCat(path, ": ", text.message));
      }
      if (failed.ok()) failed = response.status();
      continue;
    }
    if (session.json()) {
      list.push_back(ImportJson(path, *response));
    } else {
      PrintImport(session, path, options.dry_run, *response);
      for (const v1::RefusedLog& log : response->logs_refused()) {
        Warn(session,
             absl::StrCat(sync::AbslView(session.Say("Satu log dari ", "A log of ")), log.region(),
                          sync::AbslView(session.Say(" ditolak: ", " was refused: ")),
                          log.reason()));
      }
    }
    if (!response->acknowledgement().empty()) acknowledgement = response->acknowledgement();
    std::erase_if(bundles, [&](const auto& one) { return one.first == response->bundle_id(); });
    bundles.emplace_back(response->bundle_id(), *response);
  }
  if (!options.acknowledgement_path.empty()) {
    if (!acknowledgement.empty()) {
      RETURN_IF_ERROR(WriteFile(options.acknowledgement_path, acknowledgement));
      if (!session.json()) {
        session.out() << session.Say("Pengakuan untuk pengirim: ",
                                     "Acknowledgement for the sender: ")
                      << OneLine(options.acknowledgement_path) << "\n";
      }
    } else if (failed.ok()) {
      Warn(session, std::string(session.Say("Tidak ada yang perlu diakui; tidak ada berkas dibuat.",
                                            "There is nothing to acknowledge; no file was made.")));
    }
  }
  for (const auto& [id, response] : bundles) {
    if (!session.json() && response.parts_missing_size() > 0) WarnOfMissing(session, response);
  }
  if (session.json()) session.out() << JsonText({{"files", list}});
  return failed;
}

absl::Status BundleKey(Session& session, const BundleOptions& options) {
  ASSIGN_OR_RETURN(const v1::GetBundleKeyResponse key,
                   session.connection().Call(v1::GetBundleKeyRequest()));
  if (!options.certificate_out.empty()) {
    RETURN_IF_ERROR(WriteFile(options.certificate_out, key.certificate_pem()));
  }
  if (session.json()) {
    Json receivers = Json::array();
    for (const v1::BundleReceiver& receiver : key.receivers()) {
      Json regions = Json::array();
      for (const std::string& region : receiver.regions()) regions.push_back(region);
      receivers.push_back(
          {{"name", receiver.name()},
           {"regions", regions},
           {"certificate_end_time", IsoTime(receiver.not_after_s() * 1000)},
           {"acknowledged_time", receiver.acknowledged_at_ms() == 0
                                     ? Json()
                                     : Json(IsoTime(receiver.acknowledged_at_ms()))}});
    }
    session.out() << JsonText(
        {{"node", key.node()}, {"key", key.named_key()}, {"receivers", receivers}});
    return absl::OkStatus();
  }
  session.out() << key.named_key() << "\n";
  Table table({{.title = std::string(session.Say("NODE", "NODE"))},
               {.title = std::string(session.Say("DAERAH", "REGIONS")), .shrinks = true},
               {.title = std::string(session.Say("SERTIFIKAT SAMPAI", "CERTIFICATE UNTIL"))},
               {.title = std::string(session.Say("DIAKUI", "ACKNOWLEDGED"))}});
  for (const v1::BundleReceiver& receiver : key.receivers()) {
    table.AddRow(
        {{receiver.name(), Style::kName},
         {absl::StrJoin(receiver.regions(), ",")},
         {LocalTime(receiver.not_after_s() * 1000)},
         {receiver.acknowledged_at_ms() == 0 ? "" : LocalTime(receiver.acknowledged_at_ms())}});
  }
  if (!table.empty()) session.out() << "\n" << table.Render(session.out_terminal());
  return absl::OkStatus();
}

}  // namespace tikar::cli
