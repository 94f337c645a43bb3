#include "clients/fieldsim/device.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/database.h"
#include "clients/cpp/sync_runner.h"
#include "sync/status_macros.h"

namespace tikar::fieldsim {
namespace {

// Keys of a device's dice beside the numbers of its changes.
constexpr uint64_t kNonces = 0x6e6f6e6365;  // "nonce"

absl::Status Refused(const client::EditOutcome& outcome) {
  std::string text = "a form could not be filled in:";
  for (const sync::Violation& violation : outcome.refusal.violations) {
    absl::StrAppend(&text, " ", violation.field, ": ", violation.message_en);
  }
  return absl::FailedPreconditionError(text);
}

}  // namespace

Device::Device(const DeviceWorld* world, DeviceOptions options)
    : world_(world),
      options_(std::move(options)),
      clock_(options_.clock_offset_ms),
      // The actor's name holds the run: two runs never roll the same nonces.
      random_(
          Dice{world->seed, options_.number, kNonces, std::hash<std::string>()(options_.actor)}) {}

absl::Status Device::WakeUp() {
  if (app_ != nullptr) return absl::OkStatus();
  client::FieldAppOptions options;
  options.database_path = light() ? client::Database::kInMemory : options_.database_path;
  options.actor = options_.actor;
  options.role = world_->writer->role();
  options.scope = options_.scope;
  options.client_version = "tikar-fieldsim/" TIKAR_VERSION;
  options.backoff = world_->backoff;
  options.clock = &clock_;
  options.random = &random_;
  ASSIGN_OR_RETURN(app_, client::FieldApp::Open(std::move(options)));
  if (!made_.empty() || !sync_times_us_.empty()) return absl::OkStatus();
  // The forms and offers that come with the app: officers file before their first exchange, too.
  std::vector<v1::DefinitionBytes> forms;
  std::vector<v1::Offer> offers;
  for (const auto& definition : world_->writer->OfferedIn(district().region)) {
    forms.emplace_back().set_body(definition->bytes());
    v1::Offer& offer = offers.emplace_back();
    offer.set_region(district().region);
    offer.set_service(definition->proto().service());
    offer.set_definition_hash(definition->hash().bytes());
  }
  RETURN_IF_ERROR(app_->StoreDefinitions(forms));
  return app_->BringOffers(offers);
}

void Device::Sleep() {
  if (!light()) app_.reset();
}

void Device::Note(const client::EditOutcome& outcome) {
  made_.push_back({outcome.change_id, outcome.request});
}

absl::Status Device::Create() {
  Dice dice = NextDice();
  ASSIGN_OR_RETURN(
      const client::EditOutcome outcome,
      app_->Create(world_->writer->NewRequest(*options_.district, clock_.NowMs(), &dice)));
  if (!outcome.queued()) return Refused(outcome);
  Note(outcome);
  own_.push_back(outcome.request);
  return absl::OkStatus();
}

absl::Status Device::EditOwn() {
  if (own_.empty()) return Create();
  Dice dice = NextDice();
  ASSIGN_OR_RETURN(const bool queued, TryEdit(dice.Pick(own_), &dice));
  return queued ? absl::OkStatus() : Create();
}

absl::Status Device::EditShared(const sync::RequestKey& key) {
  Dice dice = NextDice();
  ASSIGN_OR_RETURN(const bool queued, TryEdit(key, &dice));
  // Full of comments, in its last state, or under review: the officer turns to his own work.
  return queued ? absl::OkStatus() : EditOwn();
}

absl::StatusOr<bool> Device::TryEdit(const sync::RequestKey& key, Dice* dice) {
  ASSIGN_OR_RETURN(const client::RequestOnPhone shown, app_->Get(key));
  for (const bool remark : {false, true}) {
    std::vector<v1::Mutation> mutations =
        remark ? world_->writer->Remark(shown.request, dice)
               : world_->writer->Edit(shown.request, clock_.NowMs(), dice);
    if (mutations.empty()) continue;
    ASSIGN_OR_RETURN(const client::EditOutcome outcome, app_->Edit(key, std::move(mutations)));
    if (!outcome.queued()) continue;
    Note(outcome);
    return true;
  }
  return false;
}

void Device::Sync() {
  client::SyncRunnerOptions options;
  options.make_channel = [&] { return MakeLoggedChannel(world_->server, wire_); };
  // Dials anew, as a phone that finds a network does.
  client::SyncRunner runner(app_.get(), std::move(options));
  const auto start = std::chrono::steady_clock::now();
  last_sync_ = runner.SyncUntilDone(world_->patience_ms);
  sync_times_us_.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::steady_clock::now() - start)
                               .count());
}

absl::StatusOr<DeviceRecord> Device::Record() {
  DeviceRecord record;
  record.actor = options_.actor;
  record.scope = options_.scope;
  record.made = made_;
  record.answers = wire_->answers();
  record.last_sync = last_sync_;
  ASSIGN_OR_RETURN(const client::SyncStatus status, app_->Status());
  record.synced = status.synced;
  record.unsent = status.unsent;
  record.needs_attention = status.needs_attention;
  client::ListQuery query;
  query.filter.set_show_retracted(true);
  query.page_size = client::kListPageMax;
  do {
    ASSIGN_OR_RETURN(client::ListPage page, app_->List(query));
    for (const client::RequestOnPhone& request : page.requests) {
      record.held[request.key] = {request.request.state_digest()};
    }
    query.page_token = std::move(page.next_page_token);
  } while (!query.page_token.empty());
  return record;
}

}  // namespace tikar::fieldsim
