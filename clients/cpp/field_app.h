// FieldApp: what an app for field officers is built on. Works without a signal; syncs when there is
// one.
//
//   FieldAppOptions options;
//   options.database_path = "/data/tikar.sqlite";
//   options.actor = "kerinci/petugas-7";
//   options.role = "petugas";
//   options.scope = {"15.01.06"};
//   ASSIGN_OR_RETURN(std::unique_ptr<FieldApp> app, FieldApp::Open(options));
//
//   NewRequest report;
//   report.service = "pengaduan";
//   report.area = "15.01.06.2010";
//   report.fields = {{"judul", Text("Jembatan putus")}, …};
//   ASSIGN_OR_RETURN(EditOutcome outcome, app->Create(report));
//   if (outcome.queued()) Show(sync::FormatRef(outcome.ref));       // for the citizen, at once
//   else for (const sync::Violation& wrong : outcome.refusal.violations) Show(wrong.message_id);
//
// Whatever Create and Edit queued is on the disk when they return, shows at once in Get and List,
// and is sent by the runner of sync_runner.h. docs/sdk.md is the guide.
//
// Thread safety: all methods may be called from any thread; one lock, never held while waiting for
// the network. One process at a time has the database open.
#ifndef TIKAR_CLIENTS_CPP_FIELD_APP_H_
#define TIKAR_CLIENTS_CPP_FIELD_APP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/bundle.h"
#include "clients/cpp/environment.h"
#include "clients/cpp/limits.h"
#include "clients/cpp/local_store.h"
#include "clients/cpp/local_view.h"
#include "clients/cpp/mutations.h"
#include "clients/cpp/sync_session.h"
#include "sync/definition.h"
#include "sync/types.h"
#include "sync/validation.h"
#include "tikar/v1/request_service.pb.h"
#include "tikar/v1/sync_service.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::client {

struct FieldAppOptions {
  std::string database_path;
  // The SQLite file system that keeps it, as it was registered; empty: the operating system's.
  std::string database_vfs;
  // The device's name, [a-z0-9._-/]+. The database belongs to it for ever.
  std::string actor;
  // In which the officer acts, a role key of the definitions: "petugas".
  std::string role;
  // Area-code prefixes to keep on this phone. As SetScope.
  std::vector<std::string> scope;
  // For the server's logs: "tikar-cpp/0.1 android/14".
  std::string client_version = "tikar-cpp";
  BackoffLimits backoff;
  // The operating system's when null. Must outlive the app; called under its lock.
  Clock* clock = nullptr;
  Random* random = nullptr;
};

struct NewRequest {
  std::string service;
  // Kecamatan or village.
  std::string area;
  std::vector<std::pair<std::string, v1::Value>> fields;
  std::vector<std::string> comments;
};

// What became of an edit.
struct EditOutcome {
  // Not ok: it was not queued, and this says why in Indonesian and English.
  sync::Judgement refusal;
  // Set when it was queued.
  sync::ChangeId change_id;
  sync::RequestKey request;
  std::string ref;

  bool queued() const { return refusal.ok; }
};

// A change that will not reach the server without a person.
struct AttentionItem {
  sync::ChangeId change_id;
  sync::RequestKey request;
  std::string ref;
  // All its data.
  v1::ChangeBody body;
  int64_t made_at_ms = 0;
  // kRefused or kParked.
  ChangeFate fate = ChangeFate::kRefused;
  // Of a refused one: why, and what to do.
  v1::RefusalReason reason = v1::REFUSAL_REASON_UNSPECIFIED;
  std::vector<v1::Violation> violations;
  // Of a parked one: how the streams ended that carried it.
  std::string error;
};

// How the exchange with the server stands. Never empty-handed: an app shows it at all times.
struct SyncStatus {
  // No server has them. What the officer must not lose with the phone.
  uint64_t unsent = 0;
  // Since the oldest of these was made.
  std::optional<int64_t> oldest_unsent_age_ms;
  // On one server, and as far as is known nowhere else.
  uint64_t single_copy = 0;
  // Held at the office for a person to look at.
  uint64_t quarantined = 0;
  // Refused or parked.
  uint64_t needs_attention = 0;
  // Every change made here has its first tick, and the last exchange came to the server's end.
  bool synced = false;
  // Of the last exchange that came to the end; 0: never.
  int64_t caught_up_at_ms = 0;
  // Requests that were still to come down, about.
  uint64_t remaining = 0;
  // How the last attempt failed; OK when it did not.
  absl::Status last_error;
  // The same for the officer; empty when it did not.
  v1::LocalizedText last_error_words;
  int64_t last_error_at_ms = 0;
  int failures_in_a_row = 0;
  // 0: none is planned.
  int64_t next_attempt_at_ms = 0;
  // The server's clock minus the phone's; nullopt: never measured.
  std::optional<int64_t> clock_offset_ms;
  // It is off by more than 5 minutes: ask the officer to set the clock.
  bool clock_warning = false;
  // The server wants a newer app. Nothing is lost: it took the changes.
  bool upgrade_required = false;
};

struct ListQuery {
  // As the server's ListRequests. Everything set must hold.
  v1::RequestFilter filter;
  // Only with changes that the server's state does not show yet.
  bool pending_only = false;
  bool needs_attention_only = false;
  size_t page_size = 50;  // at most kListPageMax
  // From the page before; empty: the first.
  std::string page_token;
};

struct ListPage {
  // Newest creation first.
  std::vector<RequestOnPhone> requests;
  // Empty: this is the last page.
  std::string next_page_token;
};

class FieldApp {
 public:
  // Opens or makes the database. InvalidArgument: options. FailedPrecondition: the file belongs to
  // another actor, to a newer app or to something else; it stays as it is. DataLoss: it is damaged.
  // Unavailable: another process has it open.
  static absl::StatusOr<std::unique_ptr<FieldApp>> Open(FieldAppOptions options);
  FieldApp(const FieldApp&) = delete;
  FieldApp& operator=(const FieldApp&) = delete;

  // --- writing. A status that is not OK: nothing was queued.

  // Pins what the region of the area offers for the service; errors as OfferedForm.
  absl::StatusOr<EditOutcome> Create(const NewRequest& request);
  // One change; its mutations take effect together or not at all. Its parents are what the officer
  // sees, own pending changes included. NotFound: the request is not on this phone.
  // FailedPrecondition: this app is too old to understand it, or the definition that it pins is not
  // here yet.
  absl::StatusOr<EditOutcome> Edit(const sync::RequestKey& key,
                                   std::vector<v1::Mutation> mutations);

  // --- reading

  // NotFound: not on this phone.
  absl::StatusOr<RequestOnPhone> Get(const sync::RequestKey& key);
  // A change that was made here, and what the server said about it. NotFound: it was not made here,
  // or was dismissed.
  absl::StatusOr<OutboxChange> FindChange(const sync::ChangeId& change_id);
  // By the citizen's number as somebody typed it. InvalidArgument: it is none. NotFound.
  absl::StatusOr<RequestOnPhone> GetByRef(std::string_view ref);
  absl::StatusOr<ListPage> List(const ListQuery& query);
  absl::StatusOr<SyncStatus> Status();

  // --- forms

  // For new requests in an area: the definition of each service that its region offers, sorted by
  // service; labels in both languages. Regions differ: one adopts a service as it is, another its
  // own fork of it. NotFound: no server has told yet what the region offers. InvalidArgument: the
  // area lies in none. WordsOf(status, Culprit::kPhone) has words for the officer.
  absl::StatusOr<std::vector<std::shared_ptr<const sync::Definition>>> OfferedForms(
      std::string_view area);
  // The one of this service, which Create pins. NotFound also: the region offers no such service;
  // the words name those that it offers. FailedPrecondition: the form is not here yet, or this app
  // is too old to read it.
  absl::StatusOr<std::shared_ptr<const sync::Definition>> OfferedForm(std::string_view service,
                                                                      std::string_view area);
  // The version with this hash. Several of one service may be here: a request stays on the one that
  // it pins (Request.definition_hash), and that one labels it and judges its edits. NotFound: it is
  // not here yet (the next sync fetches it), or this app is too old to read it.
  absl::StatusOr<std::shared_ptr<const sync::Definition>> FindDefinition(
      const sync::DefinitionHash& hash);
  // A form that came with the app, so that no server has to send it. InvalidArgument: these bytes
  // are no definition.
  absl::Status AddDefinition(const v1::DefinitionBytes& definition);
  // What the regions of the scope offer, as it was when the app was made: for requests before the
  // first sync. Does nothing once a server has told (Batch.offers). InvalidArgument: not all of
  // them name a service and a definition.
  absl::Status BringOffers(const std::vector<v1::Offer>& offers);

  // --- needs attention

  absl::StatusOr<std::vector<AttentionItem>> NeedsAttention();
  // Sends it again. NotFound: it needs no attention.
  absl::Status Retry(const sync::ChangeId& change_id);
  // Forgets it: somebody entered it anew, or does not need it.
  absl::Status Dismiss(const sync::ChangeId& change_id);

  // --- without a network: bundle.h

  // All that no server has, or that one machine only has, as a file for that server; nothing here
  // changes. NotFound: there is nothing. ResourceExhausted: too much for one file.
  absl::StatusOr<std::string> MakeBundle(const BundleReceiver& receiver);
  // What that server answered to it. InvalidArgument: the file is something else. DataLoss: it was
  // damaged on its way.
  absl::StatusOr<BundleAnswers> TakeAcknowledgement(std::string_view file,
                                                    const BundleReceiver& receiver);

  // --- scope

  // What this phone keeps, as area-code prefixes (1 to 64). What falls outside leaves the phone at
  // once, unless it is assigned to this actor in a region that the scope still touches; changes
  // that are not sent stay and are sent.
  absl::Status SetScope(std::vector<std::string> scope);

  // --- for whoever runs the exchange: sync_runner.h, or a simulator

  std::unique_ptr<SyncSession> NewSession(SyncMode mode);
  // Runs `action` under the lock. Call every method of a session so.
  template <typename Action>
  auto Exclusively(Action action) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return action();
  }
  // Called, without the lock, whenever there is something new to send. Null: nobody. Set from one
  // thread.
  void SetListener(std::function<void()> listener);
  // Of the definitions that requests here pin and those that are offered, the ones that are not
  // here: all that there is to fetch.
  absl::StatusOr<std::vector<sync::DefinitionHash>> MissingDefinitions();
  // Stores what was fetched, all of it or nothing.
  absl::Status StoreDefinitions(const std::vector<v1::DefinitionBytes>& definitions);

  Random& random() { return *options_.random; }

 private:
  FieldApp(FieldAppOptions options, std::unique_ptr<LocalStore> store);

  absl::Status Claim();
  absl::Status ChangeScope(std::vector<std::string> scope);
  absl::StatusOr<EditOutcome> Queue(const std::string& region,
                                    const std::optional<sync::RequestId>& request_id,
                                    std::vector<sync::ChangeId> parents,
                                    std::vector<v1::Mutation> mutations,
                                    const sync::Definition& definition,
                                    const sync::RequestView* view);
  void Notify();

  FieldAppOptions options_;
  std::mutex mutex_;
  std::unique_ptr<LocalStore> store_;  // guarded by mutex_
  std::mutex listener_mutex_;          // never together with mutex_
  std::function<void()> listener_;     // guarded by listener_mutex_
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_FIELD_APP_H_
