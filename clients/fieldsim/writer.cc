#include "clients/fieldsim/writer.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cpp/mutations.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::fieldsim {
namespace {

using sync::AbslView;

constexpr int64_t kDayMs = 86'400'000;
// What nobody has to fill in is filled in so often.
constexpr uint64_t kOptionalPercent = 55;
// Where the definition sets no bound.
constexpr int64_t kIntegerLargest = 20;
constexpr int64_t kMoneySmallest = 100'000, kMoneyLargest = 25'000'000, kMoneyStep = 50'000;
constexpr int64_t kDaysBack = 30;
// A remark and its line break fit below.
constexpr size_t kRemarkRoom = 120;

bool IsUnderReview(const v1::Request& request, std::string_view path) {
  return std::any_of(request.reviews().begin(), request.reviews().end(),
                     [&](const std::string& review) { return review == path; });
}

const v1::FieldState* FindField(const v1::Request& request, std::string_view path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return &field;
  }
  return nullptr;
}

bool HasChoice(const v1::Field& field, std::string_view key) {
  return std::any_of(field.choices().begin(), field.choices().end(),
                     [&](const v1::Choice& choice) { return choice.key() == key; });
}

bool IsLongText(const v1::Field& field) { return field.type() == v1::FIELD_TYPE_LONG_TEXT; }

// Whether the role may create, and write all that a new request must hold.
bool FillsIn(const sync::Definition& definition, std::string_view role) {
  const auto& fields = definition.proto().fields();
  return definition.MayCreate(role) &&
         std::all_of(fields.begin(), fields.end(), [&](const v1::Field& field) {
           return !field.required() || definition.MayWrite(role, field.key());
         });
}

// The story must be one that the form has a category for; null: it has none of them.
const Story* StoryFor(const v1::Definition& definition, Dice* dice) {
  const Story& story = dice->Pick(Stories());
  const bool fits = std::any_of(
      definition.fields().begin(), definition.fields().end(), [&](const v1::Field& field) {
        return field.type() == v1::FIELD_TYPE_CHOICE && HasChoice(field, story.category);
      });
  return fits ? &story : nullptr;
}

int64_t Amount(int64_t minimum, int64_t maximum, Dice* dice) {
  if (minimum == 0 && maximum == 0) maximum = kMoneyLargest;
  maximum = std::min(maximum, std::max(kMoneyLargest, minimum));
  minimum = std::min(std::max(minimum, kMoneySmallest), maximum);
  // Nobody estimates to the rupiah.
  const int64_t amount = dice->Between(minimum, maximum);
  return std::max(minimum, amount - amount % kMoneyStep);
}

}  // namespace

absl::StatusOr<Writer> Writer::Make(DefinitionsOfRegions offered) {
  constexpr std::string_view kUsual = "petugas";
  std::vector<const sync::Definition*> forms;
  for (const auto& [region, definitions] : offered) {
    for (const auto& definition : definitions) forms.push_back(definition.get());
  }
  CHECK(!forms.empty());
  std::vector<std::string> roles = {std::string(kUsual)};
  for (const v1::Role& role : forms.front()->proto().roles()) roles.push_back(role.key());
  for (const std::string& role : roles) {
    const bool everywhere =
        std::all_of(forms.begin(), forms.end(),
                    [&](const sync::Definition* form) { return FillsIn(*form, role); });
    if (everywhere) return Writer(std::move(offered), role);
  }
  std::set<std::string> services;
  for (const sync::Definition* form : forms) services.insert(form->proto().service());
  return absl::FailedPreconditionError(absl::StrCat("no role may create requests of all of ",
                                                    absl::StrJoin(services, ", "),
                                                    "; simulate them in runs of their own"));
}

const sync::Definition* Writer::DefinitionOf(const v1::Request& request) const {
  for (const auto& [region, definitions] : offered_) {
    for (const auto& definition : definitions) {
      if (definition->hash().view() == request.definition_hash()) return definition.get();
    }
  }
  return nullptr;
}

client::NewRequest Writer::NewRequest(const District& district, int64_t now_ms, Dice* dice) const {
  const sync::Definition& definition = *dice->Pick(OfferedIn(district.region));
  const v1::Definition& proto = definition.proto();
  const Scene scene{&district, &dice->Pick(district.villages), StoryFor(proto, dice), now_ms};
  client::NewRequest request;
  request.service = proto.service();
  request.area = scene.village->code;
  for (const v1::Field& field : proto.fields()) {
    const bool wanted =
        field.required() || field.key() == proto.title_field() || dice->Percent(kOptionalPercent);
    if (!wanted || !definition.MayWrite(role_, field.key())) continue;
    if (std::optional<v1::Value> value = ValueFor(definition, field, scene, dice)) {
      request.fields.emplace_back(field.key(), *std::move(value));
    }
  }
  if (definition.FindCollection("comments") != nullptr && dice->Percent(20)) {
    request.comments.push_back(fieldsim::Remark(dice));
  }
  return request;
}

std::optional<v1::Value> Writer::ValueFor(const sync::Definition& definition,
                                          const v1::Field& field, const Scene& scene,
                                          Dice* dice) const {
  switch (field.type()) {
    case v1::FIELD_TYPE_TEXT:
    case v1::FIELD_TYPE_LONG_TEXT:
    case v1::FIELD_TYPE_PHONE:
    case v1::FIELD_TYPE_NIK:
    case v1::FIELD_TYPE_NIB: {
      std::optional<std::string> text = TextFor(definition, field, scene, dice);
      if (!text) return std::nullopt;
      return client::Text(*text);
    }
    case v1::FIELD_TYPE_INTEGER: {
      const bool bounded = field.minimum() != 0 || field.maximum() != 0;
      return client::Integer(bounded ? dice->Between(field.minimum(), field.maximum())
                                     : dice->Between(1, kIntegerLargest));
    }
    case v1::FIELD_TYPE_MONEY:
      return client::Integer(Amount(field.minimum(), field.maximum(), dice));
    case v1::FIELD_TYPE_DECIMAL: {
      v1::Value value;
      const int64_t hundredths = dice->Between(100, 9'999);
      value.set_decimal(absl::StrFormat("%d.%02d", hundredths / 100, hundredths % 100));
      return value;
    }
    case v1::FIELD_TYPE_FLAG:
      return client::Flag(dice->Percent(30));
    case v1::FIELD_TYPE_DATE:
      return client::DateOfDays(
          static_cast<int32_t>(scene.now_ms / kDayMs - dice->Between(0, kDaysBack)));
    case v1::FIELD_TYPE_TIME:
      return client::TimeOfMs(scene.now_ms - dice->Between(0, kDaysBack * kDayMs));
    case v1::FIELD_TYPE_PLACE: {
      const v1::Place spot = SpotIn(scene.village->code, dice);
      return client::PlaceAt(spot.latitude_e7(), spot.longitude_e7());
    }
    case v1::FIELD_TYPE_CHOICE:
      if (scene.story != nullptr && HasChoice(field, scene.story->category)) {
        return client::Text(scene.story->category);
      }
      return client::Text(dice->Pick(field.choices()).key());
    case v1::FIELD_TYPE_CHOICES: {
      std::set<std::string> items;
      for (int64_t i = dice->Between(1, 3); i > 0; --i) {
        items.insert(dice->Pick(field.choices()).key());
      }
      return client::ChoiceSet({items.begin(), items.end()});
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> Writer::TextFor(const sync::Definition& definition,
                                           const v1::Field& field, const Scene& scene,
                                           Dice* dice) const {
  const std::string_view place = scene.village->name;
  const auto named = [&](absl::string_view part) { return absl::StrContains(field.key(), part); };
  if (field.type() == v1::FIELD_TYPE_PHONE) return PhoneNumber(dice);
  if (field.type() == v1::FIELD_TYPE_NIK) return Nik(scene.district->code, dice);
  if (field.type() == v1::FIELD_TYPE_NIB) return Digits(13, dice);
  if (!field.pattern().empty()) {
    // Numbers of some length are what patterns ask for; one that wants more is left empty, and the
    // SDK says so where the field is required.
    for (const size_t length : {5, 6, 8, 10, 12, 13, 15, 16, 18, 4, 3}) {
      std::string digits = Digits(length, dice);
      if (definition.MatchesPattern(field.key(), digits)) return digits;
    }
    return std::nullopt;
  }
  std::string text;
  if (scene.story != nullptr && field.key() == definition.proto().title_field()) {
    text = InPlace(scene.story->title, place);
  } else if (IsLongText(field)) {
    text = scene.story != nullptr && named("deskripsi")
               ? std::string(scene.story->description)
               : absl::StrCat(fieldsim::Remark(dice), " ", AbslView(place), ".");
  } else if (named("alamat") || named("lokasi")) {
    text = Address(place, dice);
  } else if (named("usaha") || named("koperasi")) {
    text = BusinessName(dice);
  } else if (named("nama")) {
    text = PersonName(dice);
  } else if (named("perangkat_daerah") || named("dinas")) {
    constexpr std::array<std::string_view, 5> kOffices = {
        "Dinas PUPR", "Dinas Perhubungan", "Dinas Kesehatan", "Dinas Sosial", "Kecamatan"};
    text = std::string(dice->Pick(kOffices));
  } else {
    text = absl::StrCat(field.label().id(), ", ", AbslView(place));
  }
  const size_t longest = definition.TextCodePointsMax(field.key());
  if (longest > 0 && text.size() > longest) text.resize(longest);  // ASCII, as all phrases are
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::vector<v1::Mutation> Writer::Edit(const v1::Request& shown, int64_t now_ms, Dice* dice) const {
  const sync::Definition* definition = DefinitionOf(shown);
  if (definition == nullptr) return {};
  std::optional<v1::Mutation> mutation;
  const uint64_t roll = dice->Below(100);
  if (roll < 20) {
    mutation = WriteOn(*definition, shown, dice);
  } else if (roll < 40) {
    mutation = Step(*definition, shown, dice);
  } else if (roll < 75) {
    mutation = Correct(*definition, shown, now_ms, dice);
  } else if (roll < 80 && definition->FindCollection("tags") != nullptr) {
    mutation = client::Tag(TagWord(dice));
  }
  if (!mutation) return Remark(shown, dice);
  return {*std::move(mutation)};
}

std::vector<v1::Mutation> Writer::Remark(const v1::Request& shown, Dice* dice) const {
  const sync::Definition* definition = DefinitionOf(shown);
  if (definition == nullptr || definition->FindCollection("comments") == nullptr) return {};
  return {client::Comment(fieldsim::Remark(dice))};
}

std::optional<v1::Mutation> Writer::WriteOn(const sync::Definition& definition,
                                            const v1::Request& shown, Dice* dice) const {
  std::vector<const v1::Field*> fields;
  for (const v1::Field& field : definition.proto().fields()) {
    if (IsLongText(field) && definition.MayWrite(role_, field.key()) &&
        !IsUnderReview(shown, field.key())) {
      fields.push_back(&field);
    }
  }
  if (fields.empty()) return std::nullopt;
  const v1::Field& field = *dice->Pick(fields);
  const v1::FieldState* state = FindField(shown, field.key());
  std::string text = state == nullptr ? "" : state->value().text();
  if (text.size() + kRemarkRoom > definition.TextCodePointsMax(field.key())) return std::nullopt;
  if (!text.empty()) text += '\n';
  return client::Set(field.key(), client::Text(text + fieldsim::Remark(dice)));
}

std::optional<v1::Mutation> Writer::Step(const sync::Definition& definition,
                                         const v1::Request& shown, Dice* dice) const {
  if (IsUnderReview(shown, sync::kStatusPath)) return std::nullopt;
  std::vector<const v1::WorkflowEdge*> edges;
  for (const v1::WorkflowEdge& edge : definition.proto().workflow().edges()) {
    const bool may =
        std::find(edge.roles().begin(), edge.roles().end(), role_) != edge.roles().end();
    const bool filled = std::all_of(edge.required_fields().begin(), edge.required_fields().end(),
                                    [&](const auto& path) {
                                      const v1::FieldState* field = FindField(shown, path);
                                      return field != nullptr && field->has_value();
                                    });
    if (edge.from() == shown.status() && may && filled && edge.conditions().empty()) {
      edges.push_back(&edge);
    }
  }
  if (edges.empty()) return std::nullopt;
  const v1::WorkflowEdge& edge = *dice->Pick(edges);
  return client::Move(edge.from(), edge.to(), edge.reason_required() ? Reason(dice) : "");
}

std::optional<v1::Mutation> Writer::Correct(const sync::Definition& definition,
                                            const v1::Request& shown, int64_t now_ms,
                                            Dice* dice) const {
  std::vector<const v1::Field*> fields;
  for (const v1::Field& field : definition.proto().fields()) {
    if (!IsLongText(field) && definition.MayWrite(role_, field.key()) &&
        !IsUnderReview(shown, field.key())) {
      fields.push_back(&field);
    }
  }
  if (fields.empty()) return std::nullopt;
  const v1::Field& field = *dice->Pick(fields);
  const District district{shown.area().substr(0, 8), "", shown.area().substr(0, 5), {}};
  const Village village{shown.area(), absl::StrCat("wilayah ", shown.area())};
  const Scene scene{&district, &village, nullptr, now_ms};
  std::optional<v1::Value> value = ValueFor(definition, field, scene, dice);
  if (!value) return std::nullopt;
  return client::Set(field.key(), *std::move(value));
}

}  // namespace tikar::fieldsim
