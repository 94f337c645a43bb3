#include "sync/state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/definition.h"
#include "sync/ref.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// 1 did not tell when a state was entered, which no later build could add without the history.
constexpr uint8_t kStateVersion = 2;
constexpr uint8_t kStateVersionOldest = 2;
constexpr uint8_t kFieldVersion = 1;

absl::Status CheckVersion(uint8_t version, uint8_t newest, absl::string_view what) {
  if (version == 0) return absl::DataLossError(absl::StrCat(what, " is damaged"));
  if (version <= newest) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(what, " has version ", version,
                                          ", this build knows up to ", newest, ": upgrade tikard"));
}

void Put(CanonicalWriter& writer, const std::optional<Value>& value) {
  writer.Bytes(value ? value->canonical() : std::string_view());
}

std::optional<Value> GetValue(CanonicalReader& reader, bool* ok) {
  const std::string_view bytes = reader.Bytes();
  if (bytes.empty()) return std::nullopt;
  std::optional<Value> value = Value::FromCanonical(bytes);
  if (!value) *ok = false;
  return value;
}

// A field without its path and version.
void PutField(CanonicalWriter& writer, const FieldState& field) {
  Put(writer, field.value);
  writer.Byte(static_cast<uint8_t>(field.rule));
  writer.Flag(field.under_review);
  writer.Varint(field.candidates.size());
  for (const Candidate& candidate : field.candidates) {
    writer.Raw(candidate.change.view());
    writer.Varint(candidate.mutation_index);
    writer.Byte(static_cast<uint8_t>(candidate.kind));
    Put(writer, candidate.value);
    writer.Bytes(candidate.actor);
    writer.Bytes(candidate.role);
    writer.Fixed64(candidate.effective_time);
  }
}

void GetField(CanonicalReader& reader, FieldState* field, bool* ok) {
  field->value = GetValue(reader, ok);
  field->rule = static_cast<v1::Rule>(reader.Byte());
  field->under_review = reader.Flag();
  field->candidates.resize(reader.Count(ChangeId::kSize));
  for (Candidate& candidate : field->candidates) {
    if (const auto id = ChangeId::FromBytes(reader.Raw(ChangeId::kSize))) candidate.change = *id;
    candidate.mutation_index = reader.Varint32();
    candidate.kind = static_cast<WriteKind>(reader.Byte());
    candidate.value = GetValue(reader, ok);
    candidate.actor = std::string(reader.Bytes());
    candidate.role = std::string(reader.Bytes());
    candidate.effective_time = reader.Fixed64();
  }
}

absl::Status FieldFromProto(const v1::FieldState& proto, FieldState* field) {
  field->path = proto.path();
  field->rule = proto.rule();
  field->under_review = proto.under_review();
  if (proto.has_value()) {
    ASSIGN_OR_RETURN(field->value, Value::FromProto(proto.value()));
  }
  for (const v1::Candidate& from : proto.candidates()) {
    Candidate candidate;
    const std::optional<ChangeId> id = ChangeId::FromBytes(from.change_id());
    if (!id) return absl::InvalidArgumentError("candidate without a change id of 16 bytes");
    candidate.change = *id;
    candidate.mutation_index = from.mutation_index();
    if (from.has_value()) {
      ASSIGN_OR_RETURN(candidate.value, Value::FromProto(from.value()));
    }
    candidate.actor = from.actor();
    candidate.role = from.role();
    candidate.effective_time = from.effective_time();
    field->candidates.push_back(std::move(candidate));
  }
  return absl::OkStatus();
}

}  // namespace

const FieldState* State::Find(std::string_view path) const {
  const auto at =
      std::lower_bound(fields.begin(), fields.end(), path,
                       [](const FieldState& f, std::string_view p) { return f.path < p; });
  return at != fields.end() && at->path == path ? &*at : nullptr;
}

FieldState& State::FindOrAdd(std::string_view path) {
  auto at = std::lower_bound(fields.begin(), fields.end(), path,
                             [](const FieldState& f, std::string_view p) { return f.path < p; });
  if (at == fields.end() || at->path != path) {
    at = fields.insert(at, FieldState{.path = std::string(path)});
  }
  return *at;
}

std::string_view State::Text(std::string_view path) const {
  const FieldState* field = Find(path);
  if (field == nullptr || !field->value) return {};
  return field->value->text().value_or(std::string_view());
}

bool State::retracted() const {
  const FieldState* field = Find(kRetractedPath);
  return field != nullptr && field->value && field->value->flag().value_or(false);
}

bool State::UnderReview(std::string_view path) const {
  const FieldState* field = Find(path);
  return field != nullptr && field->under_review;
}

namespace {
// Not a lambda in the template below: clang 14 does not compile a rewritten `<` there.
bool StandsBefore(const EnteredState& entered, std::string_view state) {
  return entered.state < state;
}
// Where the state stands or would stand in State::entered.
template <typename Entered>
auto PlaceOf(Entered& entered, std::string_view state) {
  return std::lower_bound(entered.begin(), entered.end(), state, StandsBefore);
}
}  // namespace

std::optional<uint64_t> State::EnteredAt(std::string_view state) const {
  const auto at = PlaceOf(entered, state);
  if (at == entered.end() || at->state != state) return std::nullopt;
  return at->effective_time;
}

void State::Enter(std::string_view state, uint64_t effective_time) {
  auto at = PlaceOf(entered, state);
  if (at == entered.end() || at->state != state) {
    at = entered.insert(at, {.state = std::string(state)});
  }
  at->effective_time = std::max(at->effective_time, effective_time);
}

std::string EncodeState(const State& state) {
  CanonicalWriter writer;
  writer.Byte(kStateVersion);
  writer.Bytes(state.key.region);
  writer.Raw(state.key.id.view());
  writer.Byte(static_cast<uint8_t>(state.availability));
  writer.Bytes(state.service);
  writer.Raw(state.definition.view());
  writer.Varint(state.definition_version);
  writer.Fixed64(state.create_time);
  writer.Fixed64(state.update_time);
  writer.Varint(state.change_count);
  writer.Varint(state.heads.size());
  for (const ChangeId& head : state.heads) writer.Raw(head.view());
  writer.Varint(state.fields.size());
  for (const FieldState& field : state.fields) {
    writer.Bytes(field.path);
    PutField(writer, field);
  }
  writer.Varint(state.entered.size());
  for (const EnteredState& entered : state.entered) {
    writer.Bytes(entered.state);
    writer.Fixed64(entered.effective_time);
  }
  return writer.Take();
}

absl::StatusOr<State> DecodeState(const RequestKey& key, std::string_view bytes) {
  CanonicalReader reader(bytes);
  const uint8_t version = reader.Byte();
  RETURN_IF_ERROR(
      CheckVersion(version, kStateVersion, absl::StrCat("state of request ", key.id.hex())));
  if (version < kStateVersionOldest) {
    return absl::DataLossError(absl::StrCat("state of request ", key.id.hex(), " has version ",
                                            version, ", this build knows from ",
                                            kStateVersionOldest, ": begin with an empty store"));
  }
  State state;
  bool ok = true;
  state.key.region = std::string(reader.Bytes());
  if (const auto id = RequestId::FromBytes(reader.Raw(RequestId::kSize))) state.key.id = *id;
  state.availability = static_cast<v1::Availability>(reader.Byte());
  state.service = std::string(reader.Bytes());
  if (const auto hash = DefinitionHash::FromBytes(reader.Raw(DefinitionHash::kSize))) {
    state.definition = *hash;
  }
  state.definition_version = reader.Varint32();
  state.create_time = reader.Fixed64();
  state.update_time = reader.Fixed64();
  state.change_count = reader.Varint32();
  state.heads.resize(reader.Count(ChangeId::kSize));
  for (ChangeId& head : state.heads) {
    if (const auto id = ChangeId::FromBytes(reader.Raw(ChangeId::kSize))) head = *id;
  }
  state.fields.resize(reader.Count(4));
  for (FieldState& field : state.fields) {
    field.path = std::string(reader.Bytes());
    GetField(reader, &field, &ok);
  }
  state.entered.resize(reader.Count(9));
  for (EnteredState& entered : state.entered) {
    entered.state = std::string(reader.Bytes());
    entered.effective_time = reader.Fixed64();
  }
  if (!ok || !reader.done() || state.key != key) {
    return absl::DataLossError(absl::StrCat("state of request ", key.id.hex(), " is damaged"));
  }
  return state;
}

std::string EncodeField(const FieldState& field) {
  CanonicalWriter writer;
  writer.Byte(kFieldVersion);
  writer.Bytes(field.path);
  PutField(writer, field);
  return writer.Take();
}

absl::StatusOr<FieldState> DecodeField(std::string_view bytes) {
  CanonicalReader reader(bytes);
  RETURN_IF_ERROR(CheckVersion(reader.Byte(), kFieldVersion, "a stored element"));
  FieldState field;
  bool ok = true;
  field.path = std::string(reader.Bytes());
  GetField(reader, &field, &ok);
  if (!ok || !reader.done()) return absl::DataLossError("a stored element is damaged");
  return field;
}

namespace {
unsigned __int128 ElementNumber(std::string_view path, std::string_view row) {
  CanonicalWriter writer;
  writer.Bytes(path);
  writer.Bytes(row);
  const Hash hash = Sha256(writer.view());
  unsigned __int128 number = 0;
  for (size_t i = 0; i < 16; ++i) number = number << 8 | hash[i];
  return number;
}
}  // namespace

void ElementSum::Add(std::string_view path, std::string_view row) {
  sum += ElementNumber(path, row);
}
void ElementSum::Subtract(std::string_view path, std::string_view row) {
  sum -= ElementNumber(path, row);
}
std::string ElementSum::bytes() const {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(sum >> shift));
  return bytes;
}
ElementSum ElementSum::FromBytes(std::string_view bytes) {
  ElementSum result;
  for (const char c : bytes) result.sum = result.sum << 8 | static_cast<uint8_t>(c);
  return result;
}

StateDigest DigestOf(std::string_view state_bytes, const ElementSum& elements) {
  std::string input(state_bytes);
  input += elements.bytes();
  return *StateDigest::FromBytes(Sha256(input).view().substr(0, StateDigest::kSize));
}

StateDigest DigestOf(const State& state, const Elements& elements) {
  ElementSum sum;
  for (const auto& [path, element] : elements) sum.Add(path, EncodeField(element));
  return DigestOf(EncodeState(state), sum);
}

v1::FieldState FieldToProto(const FieldState& field) {
  v1::FieldState proto;
  proto.set_path(field.path);
  if (field.value) *proto.mutable_value() = field.value->ToProto();
  proto.set_rule(field.rule);
  proto.set_under_review(field.under_review);
  for (const Candidate& candidate : field.candidates) {
    v1::Candidate& to = *proto.add_candidates();
    to.set_change_id(candidate.change.bytes());
    to.set_mutation_index(candidate.mutation_index);
    if (candidate.value) *to.mutable_value() = candidate.value->ToProto();
    to.set_actor(candidate.actor);
    to.set_role(candidate.role);
    to.set_effective_time(candidate.effective_time);
    to.set_contested(field.under_review);
  }
  return proto;
}

v1::Request RequestToProto(const State& state, const Elements& elements, const StateDigest& digest,
                           uint64_t feed_position) {
  v1::Request proto;
  proto.set_name(RequestName(state.key));
  proto.set_ref(MakeRef(state.key.id));
  proto.set_availability(state.availability);
  proto.set_service(state.service);
  if (!state.definition.is_zero()) proto.set_definition_hash(state.definition.bytes());
  proto.set_definition_version(state.definition_version);
  proto.set_area(std::string(state.area()));
  proto.set_status(std::string(state.status()));
  proto.set_retracted(state.retracted());
  for (const FieldState& field : state.fields) {
    *proto.add_fields() = FieldToProto(field);
    if (field.under_review) proto.add_reviews(field.path);
  }
  for (const auto& [path, element] : elements) *proto.add_elements() = FieldToProto(element);
  for (const ChangeId& head : state.heads) proto.add_heads(head.bytes());
  proto.set_etag(EtagOf(state.heads));
  proto.set_create_time(state.create_time);
  proto.set_update_time(state.update_time);
  proto.set_state_digest(digest.bytes());
  proto.set_change_count(state.change_count);
  proto.set_feed_position(feed_position);
  for (const EnteredState& entered : state.entered) {
    v1::StateEntry& to = *proto.add_entered();
    to.set_state(entered.state);
    to.set_effective_time(entered.effective_time);
  }
  return proto;
}

absl::Status RequestFromProto(const v1::Request& proto, State* state, Elements* elements) {
  *state = State();
  elements->clear();
  const std::string_view name = proto.name();
  constexpr std::string_view kRegions = "regions/", kRequests = "/requests/";
  if (name.size() != kRegions.size() + 5 + kRequests.size() + 32 || !name.starts_with(kRegions) ||
      name.substr(kRegions.size() + 5, kRequests.size()) != kRequests) {
    return absl::InvalidArgumentError("request name is not regions/NN.NN/requests/<32 hex>");
  }
  state->key.region = std::string(name.substr(kRegions.size(), 5));
  const std::optional<RequestId> id = RequestId::FromHex(name.substr(name.size() - 32));
  if (!id || !IsRegion(state->key.region)) {
    return absl::InvalidArgumentError("request name is not regions/NN.NN/requests/<32 hex>");
  }
  state->key.id = *id;
  state->availability = proto.availability();
  state->service = proto.service();
  if (!proto.definition_hash().empty()) {
    const auto hash = DefinitionHash::FromBytes(proto.definition_hash());
    if (!hash) return absl::InvalidArgumentError("definition_hash is not 32 bytes");
    state->definition = *hash;
  }
  state->definition_version = proto.definition_version();
  state->create_time = proto.create_time();
  state->update_time = proto.update_time();
  state->change_count = proto.change_count();
  for (const std::string& bytes : proto.heads()) {
    const auto head = ChangeId::FromBytes(bytes);
    if (!head) return absl::InvalidArgumentError("a head is not 16 bytes");
    state->heads.push_back(*head);
  }
  std::sort(state->heads.begin(), state->heads.end());
  for (const v1::FieldState& from : proto.fields()) {
    RETURN_IF_ERROR(FieldFromProto(from, &state->FindOrAdd(from.path())));
  }
  for (const v1::StateEntry& from : proto.entered()) {
    state->Enter(from.state(), from.effective_time());
  }
  for (const v1::FieldState& from : proto.elements()) {
    if (!IsElementPath(from.path())) {
      return absl::InvalidArgumentError(
          "an element's path is not <collection>/<change id>.<index>");
    }
    RETURN_IF_ERROR(FieldFromProto(from, &(*elements)[from.path()]));
  }
  return absl::OkStatus();
}

std::string RequestName(const RequestKey& key) {
  return absl::StrCat("regions/", key.region, "/requests/", key.id.hex());
}

std::string EtagOf(const std::vector<ChangeId>& heads) {
  std::string bytes;
  for (const ChangeId& head : heads) bytes += head.view();
  std::string etag;
  absl::WebSafeBase64Escape(bytes, &etag);
  return etag;
}

std::optional<std::vector<ChangeId>> HeadsOfEtag(std::string_view etag) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(AbslView(etag), &bytes) || bytes.empty() ||
      bytes.size() % ChangeId::kSize != 0) {
    return std::nullopt;
  }
  std::vector<ChangeId> heads;
  for (size_t i = 0; i < bytes.size(); i += ChangeId::kSize) {
    heads.push_back(*ChangeId::FromBytes(std::string_view(bytes).substr(i, ChangeId::kSize)));
  }
  std::sort(heads.begin(), heads.end());
  return heads;
}

}  // namespace tikar::sync
