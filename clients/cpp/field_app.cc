#include "clients/cpp/field_app.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "absl/strings/str_cat.h"
#include "clients/cpp/change_builder.h"
#include "clients/cpp/request_match.h"
#include "sync/feed.h"
#include "sync/hlc.h"
#include "sync/limits.h"
#include "sync/ref.h"

namespace tikar::client {
namespace {

absl::Status CheckScope(const std::vector<std::string>& scope) {
  if (scope.empty() || scope.size() > sync::kScopePrefixesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the scope needs 1 to ", sync::kScopePrefixesMax, " area codes"));
  }
  for (const std::string& prefix : scope) {
    if (!sync::IsAreaPrefix(prefix)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", prefix, "\" is no area code such as 15.01 or 15.01.06"));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> Sorted(std::vector<std::string> scope) {
  std::sort(scope.begin(), scope.end());
  scope.erase(std::unique(scope.begin(), scope.end()), scope.end());
  return scope;
}

bool WithinAny(std::string_view area, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return sync::AreaWithin(area, prefix); });
}

bool Overlap(std::string_view a, std::string_view b) {
  return sync::AreaWithin(a, b) || sync::AreaWithin(b, a);
}

// The regions of prefixes: "15.01" of "15.01.06". A province stands for all of its regions.
std::vector<std::string> RegionsOf(const std::vector<std::string>& prefixes) {
  constexpr size_t kRegionLength = 5;
  std::vector<std::string> regions;
  for (const std::string& prefix : prefixes) regions.push_back(prefix.substr(0, kRegionLength));
  return regions;
}

// Whether the server counts a request as this phone's: it lies within the scope, or is assigned to
// its actor in a region that the scope touches (sync/feed.h). Elsewhere nobody would tell of it any
// more.
bool IsInScope(const Replica::Entry& entry, const std::vector<std::string>& scope,
               const std::string& actor) {
  if (WithinAny(entry.area, scope)) return true;
  const std::vector<std::string> regions = RegionsOf(scope);
  return entry.assignee == actor &&
         std::any_of(regions.begin(), regions.end(), [&](const std::string& region) {
           return sync::AreaWithin(entry.key.region, region);
         });
}

// Whether the cursor would call filled what has left the phone since: a prefix that is wanted again
// was filled when the cursor was made, and then no longer held; or a region is, with what is
// assigned to the actor there.
bool CursorClaimsTooMuch(const std::vector<std::string>& wanted,
                         const std::vector<std::string>& held,
                         const std::vector<std::string>& cursor_scope) {
  for (const std::string& filled : cursor_scope) {
    if (WithinAny(filled, held)) continue;
    for (const std::string& prefix : wanted) {
      if (!WithinAny(prefix, held) && Overlap(prefix, filled)) return true;
    }
  }
  const std::vector<std::string> held_regions = RegionsOf(held);
  for (const std::string& filled : RegionsOf(cursor_scope)) {
    for (const std::string& region : RegionsOf(wanted)) {
      if (Overlap(region, filled) &&
          !WithinAny(region.size() > filled.size() ? region : filled, held_regions)) {
        return true;
      }
    }
  }
  return false;
}

// Newest creation first; among equals by id, so that the order is total.
struct Listed {
  uint64_t create_time = 0;
  sync::RequestKey key;
  friend bool operator<(const Listed& a, const Listed& b) {
    if (a.create_time != b.create_time) return a.create_time > b.create_time;
    return b.key < a.key;
  }
};

std::string TokenOf(const Listed& last) {
  return absl::StrCat(last.create_time, "/", last.key.region, "/", last.key.id.hex());
}

absl::StatusOr<Listed> ListedOfToken(std::string_view token) {
  const size_t first = token.find('/'), second = token.rfind('/');
  Listed listed;
  if (first != std::string_view::npos && first != second) {
    const auto [end, error] =
        std::from_chars(token.data(), token.data() + first, listed.create_time);
    const auto id = sync::RequestId::FromHex(token.substr(second + 1));
    if (error == std::errc() && end == token.data() + first && id) {
      listed.key = {std::string(token.substr(first + 1, second - first - 1)), *id};
      return listed;
    }
  }
  return absl::InvalidArgumentError("the page token is none of List's");
}

AttentionItem MakeAttentionItem(OutboxChange change) {
  AttentionItem item;
  item.change_id = change.change.id;
  item.request = {change.change.body.region(), change.change.request_id};
  item.ref = sync::MakeRef(change.change.request_id);
  item.body = std::move(change.change.body);
  item.made_at_ms = change.made_at_ms;
  item.fate = change.fate;
  item.reason = change.answer.reason();
  item.violations.assign(change.answer.violations().begin(), change.answer.violations().end());
  item.error = std::move(change.error);
  return item;
}

}  // namespace

FieldApp::FieldApp(FieldAppOptions options, std::unique_ptr<LocalStore> store)
    : options_(std::move(options)), store_(std::move(store)) {}

absl::StatusOr<std::unique_ptr<FieldApp>> FieldApp::Open(FieldAppOptions options) {
  if (options.clock == nullptr) options.clock = &SystemClock();
  if (options.random == nullptr) options.random = &SystemRandom();
  if (options.actor.empty()) return absl::InvalidArgumentError("the app needs an actor");
  if (options.role.empty()) return absl::InvalidArgumentError("the app needs a role");
  options.scope = Sorted(std::move(options.scope));
  RETURN_IF_ERROR(CheckScope(options.scope));
  ASSIGN_OR_RETURN(std::unique_ptr<LocalStore> store,
                   LocalStore::Open(options.database_path, options.database_vfs));
  std::unique_ptr<FieldApp> app(new FieldApp(std::move(options), std::move(store)));
  RETURN_IF_ERROR(app->Claim());
  return app;
}

absl::Status FieldApp::Claim() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Device device, store_->LoadDevice());
  if (device.actor.empty()) {
    device.actor = options_.actor;
    device.scope = options_.scope;
    return store_->SaveDevice(device);
  }
  if (device.actor != options_.actor) {
    return absl::FailedPreconditionError(
        absl::StrCat(options_.database_path, " holds the changes of ", device.actor, ", not of ",
                     options_.actor, "; give each actor a file of its own"));
  }
  return ChangeScope(options_.scope);
}

// --- writing
// ---------------------------------------------------------------------------------------

absl::StatusOr<EditOutcome> FieldApp::Create(const NewRequest& request) {
  std::vector<v1::Mutation> mutations(1);
  for (const auto& [path, value] : request.fields) mutations.push_back(Set(path, value));
  for (const std::string& comment : request.comments) mutations.push_back(Comment(comment));
  absl::StatusOr<EditOutcome> outcome = Exclusively([&]() -> absl::StatusOr<EditOutcome> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const sync::Definition> definition,
                     store_->OfferedDefinition(request.service, request.area));
    v1::Create& create = *mutations[0].mutable_create();
    create.set_definition_hash(definition->hash().bytes());
    create.set_service(request.service);
    create.set_version(definition->proto().version());
    create.set_area(request.area);
    return Queue(RegionOfArea(request.area), std::nullopt, {}, std::move(mutations), *definition,
                 nullptr);
  });
  if (outcome.ok() && outcome->queued()) Notify();
  return outcome;
}

absl::StatusOr<EditOutcome> FieldApp::Edit(const sync::RequestKey& key,
                                           std::vector<v1::Mutation> mutations) {
  absl::StatusOr<EditOutcome> outcome = Exclusively([&]() -> absl::StatusOr<EditOutcome> {
    ASSIGN_OR_RETURN(const std::optional<BuiltView> view, BuildView(store_.get(), key));
    if (!view) return absl::NotFoundError("the request is not on this phone");
    const sync::State& state = view->local.state;
    if (state.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER) {
      return absl::FailedPreconditionError("the request needs a newer version of the software");
    }
    const std::shared_ptr<const sync::Definition> definition = store_->Find(state.definition);
    if (definition == nullptr) {
      return absl::FailedPreconditionError(
          "the form of the request is not on this phone; sync first");
    }
    const sync::LocalRequestView judged(&view->local);
    return Queue(key.region, key.id, state.heads, std::move(mutations), *definition, &judged);
  });
  if (outcome.ok() && outcome->queued()) Notify();
  return outcome;
}

absl::StatusOr<EditOutcome> FieldApp::Queue(const std::string& region,
                                            const std::optional<sync::RequestId>& request_id,
                                            std::vector<sync::ChangeId> parents,
                                            std::vector<v1::Mutation> mutations,
                                            const sync::Definition& definition,
                                            const sync::RequestView* view) {
  ASSIGN_OR_RETURN(Device device, store_->LoadDevice());
  const int64_t now_ms = options_.clock->NowMs();
  sync::HlcClock hlc(device.hlc_last);
  ChangeDraft draft;
  draft.region = region;
  draft.request_id = request_id;
  draft.actor = device.actor;
  draft.role = options_.role;
  draft.hlc = hlc.Now(now_ms);
  draft.parents = std::move(parents);
  draft.nonce = RandomNonce(*options_.random);
  draft.mutations = std::move(mutations);
  ASSIGN_OR_RETURN(const sync::ParsedChange change, BuildChange(draft));

  EditOutcome outcome;
  outcome.refusal = sync::CheckShape(change.body, change.bytes.size());
  if (outcome.refusal.ok) {
    outcome.refusal = sync::CheckAgainstDefinition(change.body, definition, view);
  }
  if (!outcome.refusal.ok) return outcome;

  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  RETURN_IF_ERROR(store_->outbox().Add(change, now_ms));
  device.hlc_last = hlc.last();
  RETURN_IF_ERROR(store_->SaveDevice(device));
  RETURN_IF_ERROR(transaction.Commit());
  outcome.change_id = change.id;
  outcome.request = {region, change.request_id};
  outcome.ref = sync::MakeRef(change.request_id);
  return outcome;
}

// --- reading
// ---------------------------------------------------------------------------------------

absl::StatusOr<RequestOnPhone> FieldApp::Get(const sync::RequestKey& key) {
  return Exclusively([&]() -> absl::StatusOr<RequestOnPhone> {
    ASSIGN_OR_RETURN(std::optional<BuiltView> view, BuildView(store_.get(), key));
    if (!view) return absl::NotFoundError("the request is not on this phone");
    return std::move(view->shown);
  });
}

absl::StatusOr<OutboxChange> FieldApp::FindChange(const sync::ChangeId& change_id) {
  return Exclusively([&]() -> absl::StatusOr<OutboxChange> {
    ASSIGN_OR_RETURN(std::optional<OutboxChange> change, store_->outbox().Find(change_id));
    if (!change) return absl::NotFoundError("no such change was made on this phone");
    return *std::move(change);
  });
}

absl::StatusOr<RequestOnPhone> FieldApp::GetByRef(std::string_view typed) {
  const std::optional<std::string> ref = sync::ParseRef(typed);
  if (!ref) return absl::InvalidArgumentError("this is no request number; check each character");
  return Exclusively([&]() -> absl::StatusOr<RequestOnPhone> {
    ASSIGN_OR_RETURN(std::vector<sync::RequestKey> keys, store_->replica().FindByRef(*ref));
    ASSIGN_OR_RETURN(const std::vector<Outbox::RequestMade> made, store_->outbox().Requests());
    for (const Outbox::RequestMade& request : made) {
      if (sync::MakeRef(request.key.id) == *ref) keys.push_back(request.key);
    }
    for (const sync::RequestKey& key : keys) {
      ASSIGN_OR_RETURN(std::optional<BuiltView> view, BuildView(store_.get(), key));
      if (view) return std::move(view->shown);
    }
    return absl::NotFoundError("no request with this number is on this phone");
  });
}

absl::StatusOr<ListPage> FieldApp::List(const ListQuery& query) {
  std::optional<Listed> after;
  if (!query.page_token.empty()) {
    ASSIGN_OR_RETURN(after, ListedOfToken(query.page_token));
  }
  const size_t page_size = std::clamp<size_t>(query.page_size, 1, kListPageMax);
  return Exclusively([&]() -> absl::StatusOr<ListPage> {
    std::set<Listed> listed;
    std::set<sync::RequestKey> held;
    ASSIGN_OR_RETURN(std::vector<Replica::Entry> entries, store_->replica().Entries());
    for (Replica::Entry& entry : entries) {
      held.insert(entry.key);
      listed.insert({entry.create_time, std::move(entry.key)});
    }
    ASSIGN_OR_RETURN(std::vector<Outbox::RequestMade> made, store_->outbox().Requests());
    for (Outbox::RequestMade& request : made) {
      if (!held.contains(request.key)) {
        listed.insert({request.create_time, std::move(request.key)});
      }
    }
    ListPage page;
    auto next = after ? listed.upper_bound(*after) : listed.begin();
    for (const Listed* last = nullptr; next != listed.end(); ++next) {
      ASSIGN_OR_RETURN(std::optional<BuiltView> view, BuildView(store_.get(), next->key));
      if (!view || !Matches(view->shown.request, query.filter)) continue;
      if (query.pending_only && !view->shown.pending()) continue;
      if (query.needs_attention_only && !view->shown.needs_attention) continue;
      if (page.requests.size() == page_size) {
        page.next_page_token = TokenOf(*last);
        break;
      }
      page.requests.push_back(std::move(view->shown));
      last = &*next;
    }
    return page;
  });
}

absl::StatusOr<std::string> FieldApp::MakeBundle(const BundleReceiver& receiver) {
  return Exclusively([&] {
    return MakeOutboxBundle(store_.get(), options_.clock, options_.random, options_.client_version,
                            receiver);
  });
}

absl::StatusOr<BundleAnswers> FieldApp::TakeAcknowledgement(std::string_view file,
                                                            const BundleReceiver& receiver) {
  return Exclusively(
      [&] { return TakeOutboxAcknowledgement(store_.get(), options_.random, file, receiver); });
}

absl::StatusOr<SyncStatus> FieldApp::Status() {
  return Exclusively([&]() -> absl::StatusOr<SyncStatus> {
    ASSIGN_OR_RETURN(const OutboxCounts counts, store_->outbox().Count());
    ASSIGN_OR_RETURN(const SyncState state, store_->LoadSyncState());
    SyncStatus status;
    status.unsent = counts.unsent;
    if (counts.oldest_unsent_made_at_ms) {
      // A clock that was set back must not make a change younger than new.
      status.oldest_unsent_age_ms =
          std::max<int64_t>(0, options_.clock->NowMs() - *counts.oldest_unsent_made_at_ms);
    }
    status.single_copy = state.single_copy ? counts.acknowledged : 0;
    status.quarantined = counts.quarantined;
    status.needs_attention = counts.needs_attention;
    status.synced = counts.unsent == 0 && counts.needs_attention == 0 && state.caught_up;
    status.caught_up_at_ms = state.caught_up_at_ms;
    status.remaining = state.remaining;
    if (state.error_code != 0) {
      status.last_error =
          absl::Status(static_cast<absl::StatusCode>(state.error_code), state.error);
    }
    status.last_error_words = state.error_words;
    status.last_error_at_ms = state.error_at_ms;
    status.failures_in_a_row = state.failures;
    status.next_attempt_at_ms = state.next_attempt_at_ms;
    status.clock_offset_ms = state.clock_offset_ms;
    status.clock_warning = state.clock_offset_ms && (*state.clock_offset_ms > kClockWarningMs ||
                                                     *state.clock_offset_ms < -kClockWarningMs);
    status.upgrade_required = state.upgrade_required;
    return status;
  });
}

// --- forms
// -----------------------------------------------------------------------------------------

absl::StatusOr<std::vector<std::shared_ptr<const sync::Definition>>> FieldApp::OfferedForms(
    std::string_view area) {
  return Exclusively([&] { return store_->OfferedDefinitions(area); });
}

absl::StatusOr<std::shared_ptr<const sync::Definition>> FieldApp::OfferedForm(
    std::string_view service, std::string_view area) {
  return Exclusively([&] { return store_->OfferedDefinition(service, area); });
}

absl::StatusOr<std::shared_ptr<const sync::Definition>> FieldApp::FindDefinition(
    const sync::DefinitionHash& hash) {
  std::shared_ptr<const sync::Definition> definition =
      Exclusively([&] { return store_->Find(hash); });
  if (definition != nullptr) return definition;
  return absl::NotFoundError(
      absl::StrCat("the definition ", hash.hex(), " is not on this phone; sync first"));
}

absl::Status FieldApp::AddDefinition(const v1::DefinitionBytes& definition) {
  RETURN_IF_ERROR(sync::Definition::Parse(definition.body()).status());
  return Exclusively([&] { return store_->AddDefinition(definition); });
}

absl::Status FieldApp::BringOffers(const std::vector<v1::Offer>& offers) {
  std::vector<Offer> brought;
  for (const v1::Offer& proto : offers) {
    std::optional<Offer> offer = OfferOf(proto);
    if (!offer) {
      return absl::InvalidArgumentError(
          absl::StrCat("an offer of \"", proto.service(), "\" in \"", proto.region(),
                       "\" needs a service, a 32-byte hash, and a region like 15.01 or none"));
    }
    brought.push_back(*std::move(offer));
  }
  if (brought.empty()) return absl::OkStatus();  // a phone that was told nothing has to sync
  return Exclusively([&]() -> absl::Status {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
    ASSIGN_OR_RETURN(const std::vector<std::string> told, store_->offers().ToldScope());
    if (!told.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Device device, store_->LoadDevice());
    RETURN_IF_ERROR(store_->offers().Replace(brought, device.scope));
    return transaction.Commit();
  });
}

absl::StatusOr<std::vector<sync::DefinitionHash>> FieldApp::MissingDefinitions() {
  return Exclusively([&] { return store_->MissingDefinitions(); });
}

absl::Status FieldApp::StoreDefinitions(const std::vector<v1::DefinitionBytes>& definitions) {
  return Exclusively([&]() -> absl::Status {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
    for (const v1::DefinitionBytes& definition : definitions) {
      RETURN_IF_ERROR(store_->AddDefinition(definition));
    }
    return transaction.Commit();
  });
}

// --- needs attention
// -------------------------------------------------------------------------------

absl::StatusOr<std::vector<AttentionItem>> FieldApp::NeedsAttention() {
  return Exclusively([&]() -> absl::StatusOr<std::vector<AttentionItem>> {
    ASSIGN_OR_RETURN(std::vector<OutboxChange> changes, store_->outbox().NeedingAttention());
    std::vector<AttentionItem> items;
    for (OutboxChange& change : changes) items.push_back(MakeAttentionItem(std::move(change)));
    return items;
  });
}

absl::Status FieldApp::Retry(const sync::ChangeId& change_id) {
  RETURN_IF_ERROR(Exclusively([&] { return store_->outbox().Retry(change_id); }));
  Notify();
  return absl::OkStatus();
}

absl::Status FieldApp::Dismiss(const sync::ChangeId& change_id) {
  return Exclusively([&]() -> absl::Status {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
    RETURN_IF_ERROR(store_->outbox().Dismiss(change_id));
    return transaction.Commit();
  });
}

// --- scope
// -----------------------------------------------------------------------------------------

absl::Status FieldApp::SetScope(std::vector<std::string> scope) {
  scope = Sorted(std::move(scope));
  RETURN_IF_ERROR(CheckScope(scope));
  RETURN_IF_ERROR(Exclusively([&] { return ChangeScope(std::move(scope)); }));
  Notify();
  return absl::OkStatus();
}

absl::Status FieldApp::ChangeScope(std::vector<std::string> scope) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store_->database()));
  ASSIGN_OR_RETURN(Device device, store_->LoadDevice());
  if (device.scope == scope) return absl::OkStatus();
  ASSIGN_OR_RETURN(SyncState state, store_->LoadSyncState());
  if (CursorClaimsTooMuch(scope, device.scope, state.cursor_scope)) {
    state.cursor.clear();
    state.cursor_scope.clear();
  }
  state.caught_up = false;
  RETURN_IF_ERROR(store_->SaveSyncState(state));
  ASSIGN_OR_RETURN(const std::vector<Replica::Entry> entries, store_->replica().Entries());
  for (const Replica::Entry& entry : entries) {
    if (IsInScope(entry, scope, device.actor)) continue;
    RETURN_IF_ERROR(store_->replica().Remove(entry.key, {v1::REMOVAL_REASON_LEFT_SCOPE}));
  }
  device.scope = std::move(scope);
  RETURN_IF_ERROR(store_->SaveDevice(device));
  return transaction.Commit();
}

// --- for the runner
// --------------------------------------------------------------------------------

std::unique_ptr<SyncSession> FieldApp::NewSession(SyncMode mode) {
  return std::make_unique<SyncSession>(
      store_.get(), options_.clock, options_.random,
      SessionOptions{mode, options_.client_version, options_.backoff});
}

void FieldApp::SetListener(std::function<void()> listener) {
  const std::lock_guard<std::mutex> lock(listener_mutex_);
  listener_ = std::move(listener);
}

void FieldApp::Notify() {
  const std::lock_guard<std::mutex> lock(listener_mutex_);
  if (listener_) listener_();
}

}  // namespace tikar::client
