#include "clients/cpp/mutations.h"

#include <algorithm>
#include <utility>

#include "sync/definition.h"

namespace tikar::client {
namespace {

v1::Mutation Add(std::string_view collection, std::string_view text) {
  v1::Mutation mutation;
  v1::AddElement& add = *mutation.mutable_add_element();
  add.set_collection(std::string(collection));
  *add.mutable_value() = Text(text);
  return mutation;
}

}  // namespace

v1::Value Text(std::string_view text) {
  v1::Value value;
  value.set_text(std::string(text));
  return value;
}

v1::Value Integer(int64_t number) {
  v1::Value value;
  value.set_integer(number);
  return value;
}

v1::Value Flag(bool flag) {
  v1::Value value;
  value.set_flag(flag);
  return value;
}

v1::Value DateOfDays(int32_t days_since_1970) {
  v1::Value value;
  value.set_date_days(days_since_1970);
  return value;
}

v1::Value TimeOfMs(int64_t ms_since_1970) {
  v1::Value value;
  value.set_time_ms(ms_since_1970);
  return value;
}

v1::Value PlaceAt(int32_t latitude_e7, int32_t longitude_e7) {
  v1::Value value;
  value.mutable_place()->set_latitude_e7(latitude_e7);
  value.mutable_place()->set_longitude_e7(longitude_e7);
  return value;
}

v1::Value ChoiceSet(const std::vector<std::string>& items) {
  v1::Value value;
  value.mutable_choices()->mutable_items()->Assign(items.begin(), items.end());
  return value;
}

v1::Mutation Set(std::string_view path, v1::Value value) {
  v1::Mutation mutation;
  mutation.mutable_set_field()->set_path(std::string(path));
  *mutation.mutable_set_field()->mutable_value() = std::move(value);
  return mutation;
}

v1::Mutation Clear(std::string_view path) {
  v1::Mutation mutation;
  mutation.mutable_clear_field()->set_path(std::string(path));
  return mutation;
}

v1::Mutation Move(std::string_view from, std::string_view to, std::string_view reason) {
  v1::Mutation mutation;
  v1::Transition& transition = *mutation.mutable_transition();
  transition.set_from(std::string(from));
  transition.set_to(std::string(to));
  transition.set_reason(std::string(reason));
  return mutation;
}

v1::Mutation Comment(std::string_view text) { return Add("comments", text); }
v1::Mutation Tag(std::string_view text) { return Add("tags", text); }

v1::Mutation RemoveElement(std::string_view path) {
  v1::Mutation mutation;
  mutation.mutable_remove_element()->set_path(std::string(path));
  return mutation;
}

v1::Mutation Assign(std::string_view actor) { return Set(sync::kAssigneePath, Text(actor)); }

v1::Mutation Retract(std::string_view reason) {
  v1::Mutation mutation;
  mutation.mutable_retract()->set_reason(std::string(reason));
  return mutation;
}

v1::Mutation Restore(std::string_view reason) {
  v1::Mutation mutation;
  mutation.mutable_restore()->set_reason(std::string(reason));
  return mutation;
}

v1::Mutation Settle(std::string_view path, std::vector<sync::ChangeId> candidates,
                    std::optional<v1::Value> value, std::string_view reason) {
  v1::Mutation mutation;
  v1::Settle& settle = *mutation.mutable_settle();
  settle.set_path(std::string(path));
  std::sort(candidates.begin(), candidates.end());
  for (const sync::ChangeId& candidate : candidates) settle.add_candidates(candidate.bytes());
  if (value) *settle.mutable_value() = *std::move(value);
  settle.set_reason(std::string(reason));
  return mutation;
}

}  // namespace tikar::client
