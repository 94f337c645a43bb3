// tikar-field sync, status, attention: how the exchange with the server stands, and the exchange.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/times.h"
#include "clients/cpp/sync_runner.h"
#include "clients/field/commands.h"
#include "clients/field/mutation_text.h"
#include "clients/field/phone_json.h"
#include "sync/ref.h"
#include "sync/status_macros.h"

namespace tikar::field {
namespace {

using cli::Style;
using sync::AbslView;

// How often a live sync looks whether there is something to tell.
constexpr int64_t kLivePollMs = 200;
constexpr int64_t kRoundMs = 30'000;

std::string Age(const Phone& phone, int64_t ms) {
  return cli::AboutDuration(absl::Milliseconds(ms), phone.language());
}

// How the last attempt failed.
std::string_view ErrorText(const Phone& phone, const client::SyncStatus& status) {
  return phone.Say(status.last_error_words.id(), status.last_error_words.en());
}

std::string UnsentText(const Phone& phone, const client::SyncStatus& status) {
  if (status.unsent == 0 && status.caught_up_at_ms == 0) {
    return std::string(phone.Say("tidak ada yang menunggu dikirim", "nothing waits to be sent"));
  }
  if (status.unsent == 0) {
    return std::string(phone.Say("semua sudah diterima server", "the server has everything"));
  }
  return absl::StrCat(
      phone.Changes(status.unsent),
      AbslView(phone.Say(" belum terkirim, yang tertua ", " not sent yet, the oldest ")),
      Age(phone, status.oldest_unsent_age_ms.value_or(0)),
      AbslView(phone.Say(" yang lalu", " ago")));
}

void Line(Phone& phone, Style style, std::string_view text) {
  phone.out() << cli::Styled(phone.terminal(), style, cli::OneLine(text)) << "\n";
}

// What an officer must know besides the numbers.
void PrintWarnings(Phone& phone, const client::SyncStatus& status) {
  if (status.single_copy > 0) {
    Line(phone, Style::kDim,
         absl::StrCat(phone.Changes(status.single_copy),
                      AbslView(phone.Say(" baru ada di satu server (satu centang)",
                                         " on one server only (one tick)"))));
  }
  if (status.quarantined > 0) {
    Line(phone, Style::kWarning,
         absl::StrCat(phone.Changes(status.quarantined),
                      AbslView(phone.Say(" ditahan di kantor sampai diperiksa",
                                         " held at the office until somebody looks"))));
  }
  if (status.needs_attention > 0) {
    Line(phone, Style::kBad,
         absl::StrCat(phone.Changes(status.needs_attention),
                      AbslView(phone.Say(" perlu perhatian: ", " for your attention: ")),
                      phone.CommandLine("attention")));
  }
  if (status.clock_warning) {
    const int64_t offset_ms = status.clock_offset_ms.value_or(0);
    // Rounded, since a hello takes time: a year ahead is 365 d and not 364 d.
    const int64_t about_ms = std::abs(offset_ms) + kRoundMs;
    Line(phone, Style::kWarning,
         absl::StrCat(AbslView(phone.Say("Jam telepon ini ", "This phone's clock is ")),
                      Age(phone, about_ms),
                      AbslView(offset_ms < 0 ? phone.Say(" terlalu maju", " ahead")
                                             : phone.Say(" terlambat", " behind")),
                      AbslView(phone.Say("; server mengoreksinya, tetapi setel jamnya",
                                         "; the server corrects that, but set the clock"))));
  }
  if (status.upgrade_required) {
    Line(phone, Style::kWarning,
         phone.Say("Server meminta versi aplikasi yang lebih baru. Tidak ada yang hilang.",
                   "The server wants a newer version of this app. Nothing is lost."));
  }
}

absl::Status PrintStatus(Phone& phone) {
  ASSIGN_OR_RETURN(const client::SyncStatus status, phone.app().Status());
  ASSIGN_OR_RETURN(const uint64_t requests, phone.CountRequests());
  if (phone.json()) {
    phone.out() << cli::JsonText(PhoneStatusJson(phone, status, requests));
    return absl::OkStatus();
  }
  phone.out() << cli::Styled(phone.terminal(), Style::kName, phone.settings().actor) << "  "
              << phone.Requests(requests) << phone.Say(" di telepon", " on the phone") << "\n";
  Line(phone, status.unsent == 0 ? Style::kGood : Style::kWarning, UnsentText(phone, status));
  if (status.caught_up_at_ms == 0) {
    Line(phone, Style::kPlain, phone.Say("Belum pernah tersinkron", "Never synced"));
  } else {
    Line(phone, Style::kPlain,
         absl::StrCat(AbslView(phone.Say("Terakhir tersinkron ", "Last synced ")),
                      cli::LocalTime(status.caught_up_at_ms)));
  }
  if (status.remaining > 0) {
    Line(phone, Style::kWarning,
         absl::StrCat(AbslView(phone.Say("Masih akan datang: sekitar ", "Still to come: about ")),
                      phone.Requests(status.remaining)));
  }
  if (!status.last_error.ok()) {
    Line(phone, Style::kWarning,
         absl::StrCat(AbslView(phone.Say("Upaya terakhir gagal: ", "The last attempt failed: ")),
                      AbslView(ErrorText(phone, status))));
  }
  PrintWarnings(phone, status);
  return absl::OkStatus();
}

// nullopt: nothing new to tell.
std::optional<std::string> LiveText(const Phone& phone, const client::SyncStatus& status,
                                    uint64_t requests) {
  if (!status.last_error.ok()) {
    return absl::StrCat(AbslView(phone.Say("terputus: ", "cut off: ")),
                        AbslView(ErrorText(phone, status)), "; ", UnsentText(phone, status));
  }
  if (status.caught_up_at_ms == 0) return std::nullopt;
  return absl::StrCat(AbslView(status.synced ? phone.Say("tersinkron: ", "synced: ")
                                             : phone.Say("bertukar: ", "exchanging: ")),
                      phone.Requests(requests), ", ", UnsentText(phone, status));
}

// Blocks SIGINT and SIGTERM for this thread and those that it starts, so that only sigtimedwait
// takes them.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~StopSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  // True: one came within `ms`.
  bool Wait(int64_t ms) {
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    return sigtimedwait(&signals_, nullptr, &time) > 0;
  }

 private:
  sigset_t signals_;
  sigset_t before_;
};

absl::Status SyncLive(Phone& phone, double seconds) {
  StopSignals signals;
  client::SyncRunnerOptions options;
  options.server = phone.settings().server;
  client::SyncRunner runner(&phone.app(), std::move(options));
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  runner.StartLive();
  std::string told;
  while (std::chrono::steady_clock::now() < end && !signals.Wait(kLivePollMs)) {
    if (phone.json()) continue;
    ASSIGN_OR_RETURN(const client::SyncStatus status, phone.app().Status());
    ASSIGN_OR_RETURN(const uint64_t requests, phone.CountRequests());
    const std::optional<std::string> text = LiveText(phone, status, requests);
    if (text.has_value() && *text != told) {
      told = *text;
      Line(phone, status.synced ? Style::kGood : Style::kWarning, told);
      phone.out().flush();
    }
  }
  runner.Stop();
  ASSIGN_OR_RETURN(const client::SyncStatus status, phone.app().Status());
  return status.last_error;
}

absl::Status SyncVisit(Phone& phone, double patience_seconds) {
  client::SyncRunnerOptions options;
  options.server = phone.settings().server;
  client::SyncRunner runner(&phone.app(), std::move(options));
  return patience_seconds > 0 ? runner.SyncUntilDone(static_cast<int64_t>(patience_seconds * 1000))
                              : runner.SyncOnce();
}

absl::StatusOr<sync::ChangeId> FindItem(const Phone& phone,
                                        const std::vector<client::AttentionItem>& items,
                                        const std::string& typed) {
  std::optional<sync::ChangeId> found;
  for (const client::AttentionItem& item : items) {
    if (!absl::StartsWith(item.change_id.hex(), typed)) continue;
    if (found.has_value()) {
      return cli::UsageError(absl::StrCat(
          "\"", typed, "\" ",
          AbslView(phone.Say("cocok dengan lebih dari satu perubahan", "fits several changes"))));
    }
    found = item.change_id;
  }
  if (found.has_value()) return *found;
  return absl::NotFoundError(absl::StrCat(
      typed, AbslView(phone.Say(": tidak ada perubahan seperti itu yang perlu perhatian",
                                ": no such change needs attention"))));
}

void PrintItem(Phone& phone, const client::AttentionItem& item, const cli::DefinitionView& form) {
  phone.out() << cli::Styled(phone.terminal(), Style::kName, sync::FormatRef(item.ref)) << "  "
              << (item.fate == client::ChangeFate::kRefused
                      ? phone.Say("ditolak server", "refused by the server")
                      : phone.Say("tidak dapat terkirim", "cannot be sent"))
              << "  "
              << cli::Styled(phone.terminal(), Style::kDim,
                             absl::StrCat(cli::LocalTime(item.made_at_ms), "  ",
                                          item.change_id.hex().substr(0, 8)))
              << "\n";
  for (const v1::Violation& violation : item.violations) {
    Line(phone, Style::kBad,
         absl::StrCat("  • ", AbslView(phone.Say(violation.message_id(), violation.message_en()))));
  }
  if (!item.error.empty()) {
    Line(phone, Style::kBad,
         absl::StrCat("  • ", AbslView(phone.Say("server gagal setiap kali menerimanya",
                                                 "the server failed each time it came"))));
    // For the office, as the server said it.
    Line(phone, Style::kDim, absl::StrCat("    ", item.error));
  }
  for (const v1::Mutation& mutation : item.body.mutations()) {
    Line(phone, Style::kPlain,
         absl::StrCat("    ", MutationText(mutation, form, phone.language())));
  }
}

}  // namespace

absl::Status Sync(Phone& phone, const SyncOptions& options) {
  ASSIGN_OR_RETURN(const client::SyncStatus before, phone.app().Status());
  const absl::Status synced = phone.ExchangeInWords(
      options.live_seconds.has_value() ? SyncLive(phone, *options.live_seconds)
                                       : SyncVisit(phone, options.patience_seconds));
  if (phone.json()) {
    RETURN_IF_ERROR(PrintStatus(phone));
    return synced;
  }
  ASSIGN_OR_RETURN(const client::SyncStatus status, phone.app().Status());
  if (!synced.ok()) {
    // Honest before anything else: what the officer must not lose with the phone.
    Line(phone, Style::kWarning,
         absl::StrCat(AbslView(phone.Say("Tersimpan di telepon: ", "Kept on the phone: ")),
                      UnsentText(phone, status)));
    PrintWarnings(phone, status);
    return synced;
  }
  ASSIGN_OR_RETURN(const uint64_t requests, phone.CountRequests());
  const uint64_t sent = before.unsent > status.unsent ? before.unsent - status.unsent : 0;
  Line(phone, Style::kGood,
       absl::StrCat(AbslView(status.synced ? phone.Say("Tersinkron. ", "Synced. ")
                                           : phone.Say("Selesai. ", "Done. ")),
                    AbslView(phone.Say("Terkirim: ", "Sent: ")), phone.Changes(sent),
                    AbslView(phone.Say(". Di telepon: ", ". On the phone: ")),
                    phone.Requests(requests), "."));
  ASSIGN_OR_RETURN(const std::vector<sync::DefinitionHash> missing,
                   phone.app().MissingDefinitions());
  if (!missing.empty()) {
    Line(phone, Style::kWarning,
         phone.Say(
             "Sebagian formulir belum dapat diambil; dicoba lagi pada sinkronisasi berikutnya.",
             "Some forms could not be fetched; the next sync tries again."));
  }
  PrintWarnings(phone, status);
  return absl::OkStatus();
}

absl::Status ShowStatus(Phone& phone) { return PrintStatus(phone); }

absl::Status Attention(Phone& phone, const AttentionOptions& options) {
  ASSIGN_OR_RETURN(std::vector<client::AttentionItem> items, phone.app().NeedsAttention());
  if (!options.retry.empty()) {
    ASSIGN_OR_RETURN(const sync::ChangeId id, FindItem(phone, items, options.retry));
    RETURN_IF_ERROR(phone.app().Retry(id));
  }
  if (!options.dismiss.empty()) {
    ASSIGN_OR_RETURN(const sync::ChangeId id, FindItem(phone, items, options.dismiss));
    RETURN_IF_ERROR(phone.app().Dismiss(id));
  }
  if (!options.retry.empty() || !options.dismiss.empty()) {
    ASSIGN_OR_RETURN(items, phone.app().NeedsAttention());
  }
  if (phone.json()) {
    cli::Json json;
    json["items"] = cli::Json::array();
    for (const client::AttentionItem& item : items)
      json["items"].push_back(AttentionItemJson(item));
    phone.out() << cli::JsonText(json);
    return absl::OkStatus();
  }
  if (items.empty()) {
    phone.out() << phone.Say("Tidak ada yang perlu perhatian.\n", "Nothing needs attention.\n");
    return absl::OkStatus();
  }
  for (const client::AttentionItem& item : items) {
    v1::Request labels;
    if (const absl::StatusOr<client::RequestOnPhone> request = phone.app().Get(item.request);
        request.ok()) {
      labels = request->request;
    }
    ASSIGN_OR_RETURN(const cli::DefinitionView form, phone.FormOf(labels));
    PrintItem(phone, item, form);
  }
  Line(phone, Style::kDim,
       absl::StrCat(AbslView(phone.Say("Kirim lagi: ", "Send it again: ")),
                    phone.CommandLine("attention --retry "), items[0].change_id.hex().substr(0, 8),
                    AbslView(phone.Say("; lupakan: --dismiss", "; forget it: --dismiss"))));
  return absl::OkStatus();
}

}  // namespace tikar::field
