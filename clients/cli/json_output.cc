#include "clients/cli/json_output.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "clients/cli/failure.h"
#include "clients/cli/times.h"
#include "sync/hlc.h"

namespace tikar::cli {
namespace {

constexpr double kDegreesPerE7 = 1e-7;

Json HexList(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  Json list = Json::array();
  for (const std::string& id : ids) list.push_back(absl::BytesToHexString(id));
  return list;
}

std::string HlcTime(uint64_t hlc) { return IsoTime(sync::HlcMs(hlc)); }

// 64-bit identities as hex text: JSON numbers lose them in JavaScript and jq.
std::string HexNumber(uint64_t number) { return absl::StrFormat("%016x", number); }

std::string RuleJson(v1::Rule rule) { return EnumJson(v1::Rule_Name(rule), "RULE_"); }

Json FieldStateJson(const v1::FieldState& field) {
  Json json;
  json["path"] = field.path();
  json["value"] = ValueJson(field.has_value() ? &field.value() : nullptr);
  json["rule"] = RuleJson(field.rule());
  json["under_review"] = field.under_review();
  json["candidates"] = Json::array();
  for (const v1::Candidate& candidate : field.candidates()) {
    Json item;
    item["change_id"] = absl::BytesToHexString(candidate.change_id());
    item["value"] = ValueJson(candidate.has_value() ? &candidate.value() : nullptr);
    item["actor"] = candidate.actor();
    item["role"] = candidate.role();
    item["effective_time"] = HlcTime(candidate.effective_time());
    item["contested"] = candidate.contested();
    json["candidates"].push_back(std::move(item));
  }
  return json;
}

}  // namespace

std::string EnumJson(const std::string& enum_value_name, const std::string& prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(enum_value_name, prefix));
}

Json ValueJson(const v1::Value* value) {
  if (value == nullptr) return nullptr;
  switch (value->kind_case()) {
    case v1::Value::kText:
      return value->text();
    case v1::Value::kInteger:
      return value->integer();
    case v1::Value::kDecimal:
      return value->decimal();
    case v1::Value::kFlag:
      return value->flag();
    case v1::Value::kDateDays:
      return IsoDate(value->date_days());
    case v1::Value::kTimeMs:
      return IsoTime(value->time_ms());
    case v1::Value::kPlace:
      return {{"latitude", value->place().latitude_e7() * kDegreesPerE7},
              {"longitude", value->place().longitude_e7() * kDegreesPerE7}};
    case v1::Value::kChoices: {
      Json items = Json::array();
      for (const std::string& item : value->choices().items()) items.push_back(item);
      return items;
    }
    case v1::Value::KIND_NOT_SET:
      return nullptr;
  }
  return nullptr;
}

Json RequestJson(const v1::Request& request) {
  Json json;
  json["name"] = request.name();
  json["ref"] = request.ref();
  json["availability"] = EnumJson(v1::Availability_Name(request.availability()), "AVAILABILITY_");
  json["service"] = request.service();
  json["definition_version"] = request.definition_version();
  json["definition_hash"] = absl::BytesToHexString(request.definition_hash());
  json["area"] = request.area();
  json["status"] = request.status();
  json["retracted"] = request.retracted();
  json["reviews"] = Json::array();
  for (const std::string& path : request.reviews()) json["reviews"].push_back(path);
  json["create_time"] = HlcTime(request.create_time());
  json["update_time"] = HlcTime(request.update_time());
  json["fields"] = Json::object();
  for (const v1::FieldState& field : request.fields()) {
    json["fields"][field.path()] = FieldStateJson(field);
  }
  json["elements"] = Json::object();
  for (const v1::FieldState& element : request.elements()) {
    json["elements"][element.path()] = FieldStateJson(element);
  }
  json["clocks"] = Json::array();
  for (const v1::ServiceClock& clock : request.clocks()) {
    json["clocks"].push_back(ServiceClockJson(clock));
  }
  json["joined"] = Json::array();
  for (const std::string& name : request.joined()) json["joined"].push_back(name);
  json["possible_duplicates"] = Json::array();
  for (const std::string& name : request.possible_duplicates()) {
    json["possible_duplicates"].push_back(name);
  }
  json["change_count"] = request.change_count();
  json["heads"] = HexList(request.heads());
  json["etag"] = request.etag();
  json["state_digest"] = absl::BytesToHexString(request.state_digest());
  return json;
}

Json HistoryItemJson(const v1::HistoryItem& item) {
  Json json;
  json["change_id"] = absl::BytesToHexString(item.change_id());
  json["parents"] = HexList(item.parents());
  json["actor"] = item.actor();
  json["role"] = item.role();
  json["device_time"] = HlcTime(item.hlc());
  json["effective_time"] = HlcTime(item.effective_time());
  json["received_time"] = IsoTime(item.stamp().received_at_ms());
  json["clock_corrected"] = sync::HlcMs(item.hlc()) != sync::HlcMs(item.effective_time());
  json["verdict"] = EnumJson(v1::Verdict_Name(item.stamp().verdict()), "VERDICT_");
  json["refusal_reason"] =
      item.stamp().reason() == v1::REFUSAL_REASON_UNSPECIFIED
          ? Json(nullptr)
          : Json(EnumJson(v1::RefusalReason_Name(item.stamp().reason()), "REFUSAL_REASON_"));
  json["generation"] = item.generation();
  json["kinds"] = Json::array();
  for (const std::string& kind : item.kinds()) json["kinds"].push_back(kind);
  json["reason"] = item.reason();
  json["writes"] = Json::array();
  for (const v1::WriteOutcome& write : item.writes()) {
    Json outcome;
    outcome["path"] = write.path();
    outcome["value"] = ValueJson(write.has_value() ? &write.value() : nullptr);
    outcome["rule"] = RuleJson(write.rule());
    outcome["by_change_id"] = write.by_change_id().empty()
                                  ? Json(nullptr)
                                  : Json(absl::BytesToHexString(write.by_change_id()));
    json["writes"].push_back(std::move(outcome));
  }
  return json;
}

Json ConflictJson(const v1::Conflict& conflict) {
  Json json;
  json["name"] = conflict.name();
  json["ref"] = conflict.request_ref();
  json["service"] = conflict.service();
  json["area"] = conflict.area();
  json["title"] = conflict.title();
  json["policy"] = EnumJson(v1::Policy_Name(conflict.policy()), "POLICY_");
  json["open_since"] = HlcTime(conflict.open_since());
  json["settler_roles"] = Json::array();
  for (const std::string& role : conflict.settler_roles()) json["settler_roles"].push_back(role);
  json["field"] = FieldStateJson(conflict.field());
  json["etag"] = conflict.etag();
  return json;
}

Json ServiceClockJson(const v1::ServiceClock& clock) {
  Json json;
  json["key"] = clock.key();
  json["started"] = IsoTime(clock.started_at_ms());
  json["due"] = IsoTime(clock.due_at_ms());
  json["stopped"] =
      clock.stopped_at_ms() == 0 ? Json(nullptr) : Json(IsoTime(clock.stopped_at_ms()));
  json["late"] = clock.late();
  return json;
}

Json AreaJson(const v1::Area& area) {
  Json json;
  json["code"] = area.code();
  json["name"] = area.name();
  json["level"] = EnumJson(v1::AreaLevel_Name(area.level()), "AREA_LEVEL_");
  json["path"] = area.path();
  return json;
}

Json StatusJson(const v1::GetStatusResponse& status) {
  Json json;
  json["server_version"] = status.server_version();
  json["started_at"] = IsoTime(status.started_at_ms());
  json["server_time"] = IsoTime(status.server_time_ms());
  json["instance"] = HexNumber(status.instance());
  json["origin"] = HexNumber(status.origin());
  json["single_copy"] = status.single_copy();
  json["refusing_writes"] = status.refusing_writes();
  json["clock_warning"] = status.clock_warning();
  json["data_directory"] = status.data_directory();
  json["live_streams"] = status.live_streams();
  json["queue_changes"] = status.queue_changes();
  json["queue_bytes"] = status.queue_bytes();
  json["definitions"] = status.definitions();
  json["areas"] = status.areas();
  json["groups_committed"] = status.groups_committed();
  json["changes_committed"] = status.changes_committed();
  json["regions"] = Json::array();
  for (const v1::RegionStatus& region : status.regions()) {
    json["regions"].push_back({{"region", region.region()},
                               {"requests", region.requests()},
                               {"changes", region.changes()},
                               {"conflicts", region.conflicts()},
                               {"waiting", region.waiting()},
                               {"feed_id", HexNumber(region.feed_id())},
                               {"feed_position", region.feed_position()}});
  }
  return json;
}

Json FailureJson(const absl::Status& status, Language language, const std::string& server) {
  const FailureText text = Explain(status, language, server);
  Json error;
  error["code"] = absl::StatusCodeToString(status.code());
  error["exit_code"] = static_cast<int>(ExitCodeOf(status));
  error["message"] = text.message;
  error["violations"] = text.violations;
  error["advice"] = text.advice;
  Json json;
  json["error"] = std::move(error);
  return json;
}

JsonListWriter::JsonListWriter(std::ostream& out, const std::string& name) : out_(out) {
  out_ << "{\n  " << Json(name).dump() << ": [";
}

void JsonListWriter::Add(const Json& item) {
  out_ << (is_empty_ ? "\n    " : ",\n    ");
  is_empty_ = false;
  const std::string text = item.dump(2, ' ', false, Json::error_handler_t::replace);
  out_ << absl::StrReplaceAll(text, {{"\n", "\n    "}});
}

void JsonListWriter::End(bool more) {
  out_ << (is_empty_ ? "]" : "\n  ]") << ",\n  \"more\": " << (more ? "true" : "false") << "\n}\n";
}

std::string JsonText(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tikar::cli
