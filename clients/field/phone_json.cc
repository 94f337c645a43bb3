#include "clients/field/phone_json.h"

#include "clients/cli/times.h"
#include "sync/change.h"
#include "sync/mutation_kind.h"

namespace tikar::field {
namespace {

using cli::Json;

Json TimeOrNull(int64_t ms) { return ms == 0 ? Json(nullptr) : Json(cli::IsoTime(ms)); }

template <typename Number>
Json NumberOrNull(const std::optional<Number>& number) {
  return number.has_value() ? Json(*number) : Json(nullptr);
}

// All of the data: an officer may have to enter it anew.
Json MutationJson(const v1::Mutation& mutation) {
  Json json;
  json["kind"] = sync::MutationKindName(mutation);
  switch (mutation.kind_case()) {
    case v1::Mutation::kCreate:
      json["service"] = mutation.create().service();
      json["version"] = mutation.create().version();
      json["area"] = mutation.create().area();
      break;
    case v1::Mutation::kSetField:
      json["path"] = mutation.set_field().path();
      json["value"] = cli::ValueJson(&mutation.set_field().value());
      break;
    case v1::Mutation::kClearField:
      json["path"] = mutation.clear_field().path();
      break;
    case v1::Mutation::kTransition:
      json["from"] = mutation.transition().from();
      json["to"] = mutation.transition().to();
      json["reason"] = mutation.transition().reason();
      break;
    case v1::Mutation::kAddElement:
      json["collection"] = mutation.add_element().collection();
      json["value"] = cli::ValueJson(&mutation.add_element().value());
      break;
    case v1::Mutation::kRemoveElement:
      json["path"] = mutation.remove_element().path();
      break;
    case v1::Mutation::kRetract:
      json["reason"] = mutation.retract().reason();
      break;
    case v1::Mutation::kRestore:
      json["reason"] = mutation.restore().reason();
      break;
    case v1::Mutation::kSettle:
      json["path"] = mutation.settle().path();
      json["value"] =
          cli::ValueJson(mutation.settle().has_value() ? &mutation.settle().value() : nullptr);
      json["reason"] = mutation.settle().reason();
      break;
    case v1::Mutation::kRebase:
      json["version"] = mutation.rebase().version();
      break;
    case v1::Mutation::KIND_NOT_SET:
      break;
  }
  return json;
}

}  // namespace

Json RequestOnPhoneJson(const client::RequestOnPhone& request) {
  Json json = cli::RequestJson(request.request);
  Json phone;
  phone["unsent"] = request.unsent;
  phone["pending_paths"] = request.pending_paths;
  phone["waiting"] = request.waiting;
  phone["needs_attention"] = request.needs_attention;
  phone["departed"] = request.departed;
  json["phone"] = std::move(phone);
  return json;
}

Json AttentionItemJson(const client::AttentionItem& item) {
  Json json;
  json["change_id"] = item.change_id.hex();
  json["ref"] = item.ref;
  json["region"] = item.request.region;
  json["request_id"] = item.request.id.hex();
  json["made_at"] = cli::IsoTime(item.made_at_ms);
  json["fate"] = item.fate == client::ChangeFate::kRefused ? "refused" : "parked";
  json["reason"] =
      item.reason == v1::REFUSAL_REASON_UNSPECIFIED
          ? Json(nullptr)
          : Json(cli::EnumJson(v1::RefusalReason_Name(item.reason), "REFUSAL_REASON_"));
  json["violations"] = Json::array();
  for (const v1::Violation& violation : item.violations) {
    json["violations"].push_back({{"field", violation.field()},
                                  {"code", violation.code()},
                                  {"message_id", violation.message_id()},
                                  {"message_en", violation.message_en()}});
  }
  json["error"] = item.error;
  json["mutations"] = Json::array();
  for (const v1::Mutation& mutation : item.body.mutations()) {
    json["mutations"].push_back(MutationJson(mutation));
  }
  return json;
}

Json PhoneStatusJson(const Phone& phone, const client::SyncStatus& status, uint64_t requests) {
  Json json;
  json["actor"] = phone.settings().actor;
  json["role"] = phone.settings().role;
  json["scope"] = phone.settings().scope;
  json["requests"] = requests;
  json["unsent"] = status.unsent;
  json["oldest_unsent_age_ms"] = NumberOrNull(status.oldest_unsent_age_ms);
  json["single_copy"] = status.single_copy;
  json["quarantined"] = status.quarantined;
  json["needs_attention"] = status.needs_attention;
  json["synced"] = status.synced;
  json["caught_up_at"] = TimeOrNull(status.caught_up_at_ms);
  json["remaining"] = status.remaining;
  json["last_error"] = nullptr;
  if (!status.last_error.ok()) {
    json["last_error"] = {{"code", absl::StatusCodeToString(status.last_error.code())},
                          {"message", std::string(status.last_error.message())},
                          {"at", TimeOrNull(status.last_error_at_ms)}};
  }
  json["failures_in_a_row"] = status.failures_in_a_row;
  json["next_attempt_at"] = TimeOrNull(status.next_attempt_at_ms);
  json["clock_offset_ms"] = NumberOrNull(status.clock_offset_ms);
  json["clock_warning"] = status.clock_warning;
  json["upgrade_required"] = status.upgrade_required;
  return json;
}

}  // namespace tikar::field
