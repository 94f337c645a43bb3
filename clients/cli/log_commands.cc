#include "clients/cli/log_commands.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/receipt_files.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/checkpoint.h"
#include "sync/receipt.h"
#include "sync/ref.h"
#include "sync/signed_note.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;

absl::Status NoKey(Session& session) {
  return WithAdvice(
      WithIndonesian(absl::FailedPreconditionError("this server has no key to sign with"),
                     "server ini belum punya kunci untuk menandatangani"),
      session.Say("Buat dengan `tikard init` di mesin servernya, lalu nyalakan lagi.",
                  "Make one with `tikard init` on the server's machine, then start it again."));
}

// "regions/15.01" of a code or name; "regions/-" of nothing.
absl::StatusOr<std::string> ParentOf(Session& session, const std::string& region) {
  if (region.empty()) return std::string("regions/-");
  ASSIGN_OR_RETURN(const std::string code, RegionOf(session, region));
  return "regions/" + code;
}

absl::StatusOr<std::string> LogNameOf(Session& session, const LogOptions& options) {
  ASSIGN_OR_RETURN(const std::string parent, ParentOf(session, options.region));
  return absl::StrCat(parent, "/logs/", options.origin.empty() ? "-" : options.origin);
}

// All heads of a region, or of all, and the server's key.
absl::StatusOr<v1::ListCheckpointsResponse> AllHeads(Session& session, const std::string& parent) {
  v1::ListCheckpointsRequest request;
  request.set_parent(parent);
  request.set_page_size(kPageSizeMax);
  v1::ListCheckpointsResponse all;
  do {
    ASSIGN_OR_RETURN(v1::ListCheckpointsResponse page, session.connection().Call(request));
    for (v1::LogHead& head : *page.mutable_heads()) *all.add_heads() = std::move(head);
    all.set_verifier_key(page.verifier_key());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

// "15.01", "0123456789abcdef" of "regions/15.01/logs/0123456789abcdef".
struct LogNameParts {
  std::string region;
  std::string origin;
};
LogNameParts PartsOf(const std::string& name) {
  const size_t origin = name.rfind('/');
  const size_t region = name.find('/');
  const size_t end = name.find('/', region + 1);
  if (origin == std::string::npos || end == std::string::npos) return {"", name};
  return {name.substr(region + 1, end - region - 1), name.substr(origin + 1)};
}

absl::Status Broken(std::string_view english, std::string_view indonesian) {
  return WithIndonesian(absl::DataLossError(AbslView(english)), indonesian);
}

// What does not hold, as a mistake of what was handed in and not of the command line.
absl::Status DoesNotHold(const absl::Status& status, std::string_view indonesian) {
  return WithIndonesian(absl::DataLossError(status.message()),
                        absl::StrCat(AbslView(indonesian), ": ", status.message()));
}

std::string VerdictText(Session& session, v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_ACCEPTED:
      return std::string(session.Say("diterima", "accepted"));
    case v1::VERDICT_QUARANTINED:
      return std::string(session.Say("ditahan", "held"));
    default:
      return std::string(session.Say("ditolak", "refused"));
  }
}

// That `head` goes on from the checkpoint in the file.
absl::Status CheckGoesOn(Session& session, const std::string& name, const LogOptions& options,
                         const std::vector<sync::PublicKey>& keys, std::string* note) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadCheckpointFile(options.after));
  const absl::StatusOr<sync::SignedCheckpoint> kept = sync::ParseCheckpoint(bytes);
  if (!kept.ok()) {
    return UsageError(absl::StrCat(options.after, " bukan checkpoint: ", kept.status().message()),
                      absl::StrCat(options.after, ": ", kept.status().message()));
  }
  v1::ProveConsistencyRequest request;
  request.set_name(name);
  request.set_size_from(kept->checkpoint.size);
  absl::StatusOr<v1::ProveConsistencyResponse> proven = session.connection().Call(request);
  if (absl::IsOutOfRange(proven.status())) {
    return WithAdvice(Broken(absl::StrCat("the log is smaller than the checkpoint in ",
                                          options.after, ": it was wound back"),
                             absl::StrCat("log lebih kecil daripada checkpoint di ", options.after,
                                          ": log itu diputar mundur")),
                      session.Say("Simpan berkas itu: ia adalah buktinya.",
                                  "Keep that file: it is the evidence."));
  }
  RETURN_IF_ERROR(proven.status());
  ASSIGN_OR_RETURN(const sync::SignedCheckpoint now,
                   sync::ParseCheckpoint(proven->head().checkpoint()));
  std::vector<sync::Hash> hashes;
  for (const std::string& hash : proven->proof()) {
    const std::optional<sync::Hash> one = sync::Hash::FromBytes(hash);
    if (!one) return absl::DataLossError("the server's proof holds a hash that is not 32 bytes");
    hashes.push_back(*one);
  }
  const absl::Status goes_on = sync::VerifyConsistency(kept->checkpoint, now.checkpoint, hashes);
  if (!goes_on.ok()) {
    return WithAdvice(DoesNotHold(goes_on, "log itu punya dua riwayat"),
                      session.Say("Simpan kedua checkpoint: keduanya adalah buktinya.",
                                  "Keep both checkpoints: they are the evidence."));
  }
  if (!keys.empty()) {
    for (const sync::SignedCheckpoint& one : {*kept, now}) {
      const auto signers = sync::VerifyCheckpoint(one, keys);
      if (!signers.ok()) return DoesNotHold(signers.status(), "tanda tangan tidak cocok");
    }
  }
  *note = proven->head().checkpoint();
  session.err() << session.Say("Melanjutkan checkpoint di ", "Goes on from the checkpoint in ")
                << OneLine(options.after) << ": " << kept->checkpoint.size << " \u2192 "
                << now.checkpoint.size << session.Say(" entri.\n", " entries.\n");
  return absl::OkStatus();
}

std::vector<sync::PublicKey> PublicKeys(const std::vector<sync::NamedKey>& keys) {
  std::vector<sync::PublicKey> list;
  for (const sync::NamedKey& key : keys) list.push_back(key.key);
  return list;
}

Json CheckedJson(const sync::CheckedReceipt& checked, const std::vector<sync::NamedKey>& keys) {
  Json entries = Json::array(), logs = Json::array();
  for (const sync::CheckedEntry& entry : checked.entries) {
    entries.push_back({{"log", checked.logs[entry.log].checkpoint.log},
                       {"seq", entry.seq},
                       {"received_at", IsoTime(entry.received_at_ms)},
                       {"verdict", EnumJson(v1::Verdict_Name(entry.verdict), "VERDICT_")},
                       {"change", entry.change.hex()},
                       {"has_body", entry.has_body}});
  }
  for (const sync::CheckedLog& log : checked.logs) {
    Json signers = Json::array();
    for (const sync::CheckpointSigner& signer : log.signers) {
      Json one = {{"key", keys[signer.key].name}, {"as", signer.is_log ? "log" : "witness"}};
      one["time"] = signer.time_s ? Json(IsoTime(static_cast<int64_t>(std::min<uint64_t>(
                                                     *signer.time_s, uint64_t{1} << 40)) *
                                                 1000))
                                  : Json(nullptr);
      signers.push_back(one);
    }
    logs.push_back({{"log", log.checkpoint.log},
                    {"size", log.checkpoint.size},
                    {"root", log.checkpoint.root.hex()},
                    {"signers", signers}});
  }
  return {{"holds", true},
          {"request", sync::RequestName(checked.request)},
          {"ref", sync::MakeRef(checked.request.id)},
          {"changes", checked.changes},
          {"shows_create", checked.shows_create},
          {"entries", entries},
          {"logs", logs}};
}

void PrintChecked(Session& session, const sync::CheckedReceipt& checked,
                  const std::vector<sync::NamedKey>& keys) {
  const Terminal& terminal = session.out_terminal();
  session.out() << Styled(terminal, Style::kGood,
                          session.Say("Tanda terima ini benar.", "The receipt holds."))
                << "\n\n"
                << session.Say("Permohonan ", "Request ")
                << sync::FormatRef(sync::MakeRef(checked.request.id)) << "  "
                << sync::RequestName(checked.request) << "\n\n";
  Table table({{.title = std::string(session.Say("DICATAT", "RECORDED"))},
               {.title = std::string(session.Say("PUTUSAN", "VERDICT"))},
               {.title = std::string(session.Say("PERUBAHAN", "CHANGE"))},
               {.title = std::string(session.Say("LOG", "LOG")), .shrinks = true},
               {.title = std::string(session.Say("ENTRI", "ENTRY")), .right_aligned = true}});
  for (const sync::CheckedEntry& entry : checked.entries) {
    table.AddRow({{LocalTime(entry.received_at_ms)},
                  {VerdictText(session, entry.verdict)},
                  {entry.change.hex()},
                  {checked.logs[entry.log].checkpoint.log},
                  {absl::StrCat(entry.seq)}});
  }
  session.out() << table.Render(terminal) << "\n";
  std::vector<std::string> told;
  for (const sync::CheckedLog& log : checked.logs) {
    for (const sync::CheckpointSigner& signer : log.signers) {
      std::string line =
          absl::StrCat(log.checkpoint.log, ", ", log.checkpoint.size,
                       AbslView(session.Say(" entri: ditandatangani ", " entries: signed by ")),
                       OneLine(keys[signer.key].name));
      if (signer.is_log) {
        absl::StrAppend(&line, AbslView(session.Say(", yang menulisnya", ", who writes it")));
      } else {
        absl::StrAppend(
            &line, AbslView(session.Say(", saksi, pada ", ", a witness, on ")),
            LocalTime(static_cast<int64_t>(std::min<uint64_t>(*signer.time_s, uint64_t{1} << 40)) *
                      1000));
      }
      if (std::find(told.begin(), told.end(), line) == told.end()) told.push_back(line);
    }
  }
  for (const std::string& line : told) session.out() << line << "\n";
  if (!checked.shows_create) {
    session.out() << "\n"
                  << Styled(terminal, Style::kWarning,
                            session.Say("Entri pembuatan permohonan itu tidak ada di dalamnya.",
                                        "The entry with which the request was filed is not in it."))
                  << "\n";
  }
  if (std::none_of(checked.entries.begin(), checked.entries.end(),
                   [](const sync::CheckedEntry& entry) { return entry.has_body; })) {
    session.out() << "\n"
                  << session.Say(
                         "Tanpa isi: bahwa perubahan-perubahan selain pembuatannya milik "
                         "permohonan ini ditunjukkan oleh siapa yang memegang isinya.\n",
                         "Without bodies: that changes other than its Create are this request's is "
                         "shown by whoever holds their bodies.\n");
  }
}

}  // namespace

absl::Status LogList(Session& session, const LogOptions& options) {
  ASSIGN_OR_RETURN(const std::string parent, ParentOf(session, options.region));
  ASSIGN_OR_RETURN(const v1::ListCheckpointsResponse all, AllHeads(session, parent));
  if (session.json()) {
    Json heads = Json::array();
    for (const v1::LogHead& head : all.heads()) {
      const LogNameParts parts = PartsOf(head.name());
      heads.push_back(
          {{"name", head.name()},
           {"region", parts.region},
           {"origin", parts.origin},
           {"size", head.size()},
           {"root", absl::BytesToHexString(head.root())},
           {"own", head.own()},
           {"checkpoint", head.checkpoint().empty() ? Json(nullptr) : Json(head.checkpoint())}});
    }
    session.out() << JsonText({{"logs", heads}});
    return absl::OkStatus();
  }
  if (all.heads().empty()) {
    session.out() << session.Say("Belum ada log.\n", "No logs yet.\n");
    return absl::OkStatus();
  }
  Table table({{.title = std::string(session.Say("DAERAH", "REGION"))},
               {.title = std::string(session.Say("NAMA", "NAME")), .shrinks = true},
               {.title = std::string(session.Say("ASAL", "ORIGIN"))},
               {.title = std::string(session.Say("ENTRI", "ENTRIES")), .right_aligned = true},
               {.title = std::string(session.Say("AKAR", "ROOT"))},
               {.title = std::string(session.Say("DITULIS", "WRITTEN"))}});
  for (const v1::LogHead& head : all.heads()) {
    const LogNameParts parts = PartsOf(head.name());
    table.AddRow({{parts.region, Style::kName},
                  {session.AreaName(parts.region)},
                  {parts.origin},
                  {absl::StrCat(head.size())},
                  {absl::BytesToHexString(head.root()).substr(0, 16)},
                  {std::string(head.own() ? session.Say("di sini", "here")
                                          : session.Say("di node lain", "elsewhere"))}});
  }
  session.out() << table.Render(session.out_terminal());
  return absl::OkStatus();
}

absl::Status LogKey(Session& session) {
  v1::ListCheckpointsRequest request;
  request.set_parent("regions/-");
  request.set_page_size(1);
  ASSIGN_OR_RETURN(const v1::ListCheckpointsResponse page, session.connection().Call(request));
  if (page.verifier_key().empty()) return NoKey(session);
  if (session.json()) {
    session.out() << JsonText({{"key", page.verifier_key()}});
  } else {
    session.out() << OneLine(page.verifier_key()) << "\n";
  }
  return absl::OkStatus();
}

absl::Status LogCheckpoint(Session& session, const LogOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<sync::NamedKey> keys, ReadKeys(options.keys));
  ASSIGN_OR_RETURN(const std::string name, LogNameOf(session, options));
  std::string note;
  if (!options.after.empty()) {
    RETURN_IF_ERROR(CheckGoesOn(session, name, options, PublicKeys(keys), &note));
  } else {
    v1::GetCheckpointRequest request;
    request.set_name(name);
    ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response, session.connection().Call(request));
    note = response.head().checkpoint();
  }
  ASSIGN_OR_RETURN(const sync::SignedCheckpoint parsed, sync::ParseCheckpoint(note));
  if (!keys.empty()) {
    const auto signers = sync::VerifyCheckpoint(parsed, PublicKeys(keys));
    if (!signers.ok()) return DoesNotHold(signers.status(), "tanda tangan tidak cocok");
  }
  if (session.json()) {
    session.out() << JsonText({{"log", parsed.checkpoint.log},
                               {"size", parsed.checkpoint.size},
                               {"root", parsed.checkpoint.root.hex()},
                               {"checkpoint", note}});
  } else {
    // To the byte, for its signature. Parsed just now: no control characters are in it.
    session.out() << note;
  }
  return absl::OkStatus();
}

absl::Status LogVerify(Session& session, const LogOptions& options) {
  v1::VerifyLogRequest request;
  if (options.origin.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_parent(), ParentOf(session, options.region));
  } else {
    ASSIGN_OR_RETURN(*request.mutable_parent(), LogNameOf(session, options));
  }
  Progress progress(session.err(), session.err_terminal(),
                    Progress::ModeFor(session.err_terminal(), session.json()),
                    std::string(session.Say("Memeriksa log", "Verifying logs")));
  uint64_t entries = 0, logs = 0;
  std::vector<v1::LogFault> faults;
  do {
    absl::StatusOr<v1::VerifyLogResponse> page = session.connection().Call(request);
    if (!page.ok()) {
      progress.Finish();
      return page.status();
    }
    entries += page->entries_verified();
    logs += page->logs_verified();
    for (const v1::LogFault& fault : page->faults()) {
      faults.push_back(fault);
      progress.Note(OneLine(absl::StrCat(fault.log(), " ", fault.seq(), ": ", fault.what())));
    }
    progress.Update(page->entries_total() == 0
                        ? -1
                        : std::min(1.0, static_cast<double>(entries) /
                                            static_cast<double>(page->entries_total())),
                    absl::StrCat(entries, " / ", page->entries_total(),
                                 AbslView(session.Say(" entri", " entries"))),
                    absl::Now());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  progress.Finish();
  if (session.json()) {
    Json list = Json::array();
    for (const v1::LogFault& fault : faults) {
      list.push_back({{"log", fault.log()}, {"seq", fault.seq()}, {"what", fault.what()}});
    }
    session.out() << JsonText(
        {{"holds", faults.empty()}, {"logs", logs}, {"entries", entries}, {"faults", list}});
  } else if (faults.empty()) {
    session.out() << session.Say("Benar: ", "Holds: ") << entries
                  << session.Say(" entri dari ", " entries of ") << logs
                  << session.Say(" log cocok dengan pohonnya.\n",
                                 " logs are what their trees say.\n");
  } else {
    for (const v1::LogFault& fault : faults) {
      session.out() << Styled(session.out_terminal(), Style::kBad, session.Say("SALAH ", "WRONG "))
                    << OneLine(fault.log()) << session.Say(", entri ", ", entry ") << fault.seq()
                    << ": " << OneLine(fault.what()) << "\n";
    }
  }
  if (faults.empty()) return absl::OkStatus();
  return WithAdvice(
      Broken(absl::StrCat("the logs do not hold: ", faults.size(), " faults"),
             absl::StrCat("log tidak utuh: ", faults.size(), " kesalahan")),
      session.Say("Salin dahulu direktori datanya, lalu ikuti \"When data is damaged\" di "
                  "docs/operations.md.",
                  "Copy the data directory before anything else, then follow \"When data is "
                  "damaged\" in docs/operations.md."));
}

absl::Status LogProve(Session& session, const LogOptions& options) {
  v1::ProveRequestRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), RequestNameOf(options.request));
  request.set_with_bodies(options.with_bodies);
  v1::Receipt receipt;
  uint32_t uncovered = 0;
  int entries = 0;
  do {
    ASSIGN_OR_RETURN(v1::ProveRequestResponse page, session.connection().Call(request));
    receipt.set_format(page.receipt().format());
    receipt.set_request(page.receipt().request());
    for (v1::LogProof& log : *page.mutable_receipt()->mutable_logs()) {
      entries += log.entries_size();
      *receipt.add_logs() = std::move(log);
    }
    uncovered += page.entries_uncovered();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  const size_t slash = receipt.request().rfind('/');
  const auto id = sync::RequestId::FromHex(std::string_view(receipt.request()).substr(slash + 1));
  if (!id) return absl::DataLossError("the server's receipt names no request");
  const std::string ref = sync::MakeRef(*id), shown = sync::FormatRef(ref);
  const std::string path = options.out.empty() ? shown + ".receipt.json" : options.out;
  RETURN_IF_ERROR(WriteReceiptFile(path, receipt));
  if (session.json()) {
    session.out() << JsonText({{"receipt", path},
                               {"request", receipt.request()},
                               {"ref", ref},
                               {"entries", entries},
                               {"uncovered", uncovered}});
    return absl::OkStatus();
  }
  session.out() << session.Say("Tanda terima untuk ", "Receipt for ") << shown << ": "
                << OneLine(path) << ", " << entries
                << session.Say(" entri.\n", entries == 1 ? " entry.\n" : " entries.\n");
  if (uncovered > 0) {
    session.out() << Styled(
                         session.out_terminal(), Style::kWarning,
                         absl::StrCat(uncovered,
                                      AbslView(session.Say(
                                          " entri belum dapat dibuktikan: entri sebelumnya belum "
                                          "ada di server ini",
                                          " entries cannot be proven yet: others before them are "
                                          "not on this server"))))
                  << "\n";
  }
  session.out() << session.Say("Siapa pun dapat memeriksanya: ", "Anybody can check it: ")
                << "tikar log check " << OneLine(path) << " --key KEY\n";
  return absl::OkStatus();
}

absl::Status LogCheck(Session& session, const LogOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<sync::NamedKey> keys, ReadKeys(options.keys));
  ASSIGN_OR_RETURN(const v1::Receipt receipt, ReadReceiptFile(options.receipt));
  const absl::StatusOr<sync::CheckedReceipt> checked =
      sync::CheckReceipt(receipt, PublicKeys(keys));
  if (!checked.ok()) return DoesNotHold(checked.status(), "tanda terima ini tidak benar");
  if (session.json()) {
    session.out() << JsonText(CheckedJson(*checked, keys));
  } else {
    PrintChecked(session, *checked, keys);
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
