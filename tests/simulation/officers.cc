#include "officers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cpp/mutations.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

using client::Text;

// A field of a later version, as an app of a later version would write it.
constexpr int kFieldOfLater = 900;
// Beside a kind that is known, and as the kind itself.
void AddUnknown(v1::Mutation* mutation, uint64_t value) {
  v1::Mutation::GetReflection()->MutableUnknownFields(mutation)->AddVarint(kFieldOfLater, value);
}

constexpr int64_t kCallRetryMsMax = 30'000;

}  // namespace

Officers::Officers(Stage* stage, const std::vector<std::string>* regions,
                   std::vector<std::unique_ptr<Node>>* nodes,
                   std::vector<std::unique_ptr<Phone>>* phones)
    : stage_(*stage), regions_(*regions), nodes_(*nodes), phones_(*phones) {}

std::string Officers::Kecamatan(const std::string& region, uint64_t number) {
  return absl::StrCat(region, ".0", 6 + number);
}

std::string Officers::DrawArea(const std::string& region) {
  const std::string kecamatan = Kecamatan(region, stage_.random.Below(kKecamatan));
  return stage_.random.Percent(50) ? kecamatan : kecamatan + ".2010";
}

std::string Officers::Words() {
  static const std::vector<std::string> kWords = {"jembatan", "putus", "jalan",  "lubang", "lampu",
                                                  "mati",     "air",   "banjir", "warga",  "papan"};
  std::string words;
  for (uint64_t i = 0, count = 1 + stage_.random.Below(6); i < count; ++i) {
    absl::StrAppend(&words, i == 0 ? "" : " ", stage_.random.Pick(kWords));
  }
  return words;
}

void Officers::Act() {
  property::Random& random = stage_.random;
  if (!known_.empty() && random.PerMille(stage_.options.office_calls)) return CallOffice();
  Phone* phone = phones_[random.Below(phones_.size())].get();
  if (phone->app() == nullptr) return;
  if (known_.empty() || random.PerMille(stage_.options.creates)) {
    File(phone);
  } else {
    Work(phone);
  }
}

void Officers::File(Phone* phone) {
  property::Random& random = stage_.random;
  const std::string& within = random.Pick(phone->settings().scope);
  client::NewRequest request;
  request.service = kService;
  // Mostly where the officer works.
  const std::string region = within.substr(0, 5);
  request.area = within.size() > region.size() && random.Percent(90) ? within : DrawArea(region);
  request.fields = {{"judul", Text(Words())}};
  if (random.Percent(40)) request.fields.emplace_back("deskripsi", Text(Words()));
  if (random.Percent(30)) {
    request.fields.emplace_back("biaya", client::Integer(random.Between(1, 9) * 1'000'000));
  }
  if (random.Percent(20)) request.comments.push_back(Words());
  const absl::StatusOr<bool> queued =
      phone->Create(request, random.PerMille(stage_.options.poison));
  if (queued.ok() && *queued) known_.push_back({phone->last_made(), phone->index()});
}

const Officers::Known* Officers::DrawKnown(std::optional<PhoneIndex> author) {
  if (known_.empty()) return nullptr;
  // The latest are the ones that people work on; a few tries find one of the author's.
  for (int tries = 0; tries < 8; ++tries) {
    const size_t back = stage_.random.Below(std::min<size_t>(known_.size(), 12));
    const Known& known = known_[known_.size() - 1 - back];
    if (!author || known.author == *author) return &known;
  }
  return &known_[stage_.random.Below(known_.size())];
}

void Officers::Work(Phone* phone) {
  const bool shared = stage_.random.PerMille(stage_.options.shared);
  const Known* known = DrawKnown(shared ? std::nullopt : std::optional<PhoneIndex>(phone->index()));
  std::vector<v1::Mutation> mutations = DrawMutations(phone, known->key);
  if (mutations.empty()) return;
  if (phone->settings().newer_app) {
    AddUnknown(&mutations.front(), stage_.random.Below(1000));
    if (stage_.options.newer_mutations && stage_.random.Percent(10)) {
      AddUnknown(&mutations.emplace_back(), stage_.random.Below(1000));
    }
  }
  // What is not on this phone, or not to be edited, is refused: so it is in life.
  phone->Edit(known->key, std::move(mutations), stage_.random.PerMille(stage_.options.poison))
      .IgnoreError();
}

std::vector<v1::Mutation> Officers::DrawMutations(Phone* phone, const sync::RequestKey& key) {
  const absl::StatusOr<client::RequestOnPhone> shown = phone->app()->Get(key);
  if (!shown.ok()) return {};
  const v1::Request& request = shown->request;
  property::Random& random = stage_.random;
  if (phone->settings().role == kHead && random.Percent(60)) {
    if (std::optional<v1::Mutation> settle = DrawSettle(request)) return {*std::move(settle)};
  }
  switch (random.Weighted({10, 4, 4, 1, 3, 1, 1})) {
    case 0: {
      std::vector<v1::Mutation> mutations = {DrawWrite(request)};
      if (random.Percent(20)) mutations.push_back(client::Comment(Words()));
      return mutations;
    }
    case 1:
      return {DrawMove(request)};
    case 2:
      return {DrawElement(request)};
    case 3:
      return {request.retracted() ? client::Restore(Words()) : client::Retract(Words())};
    case 4:
      return {client::Set("area", Text(DrawArea(key.region)))};
    case 5:
      return {client::Assign(phones_[random.Below(phones_.size())]->settings().actor)};
    default:
      return {DrawRebase()};
  }
}

v1::Mutation Officers::DrawWrite(const v1::Request& request) {
  property::Random& random = stage_.random;
  switch (random.Below(8)) {
    case 0:
      return client::Set("judul", Text(Words()));
    case 1: {
      std::string text;
      for (const v1::FieldState& field : request.fields()) {
        if (field.path() == "deskripsi") text = field.value().text();
      }
      const std::string more = Words();
      return client::Set("deskripsi", Text(random.Percent(50) ? absl::StrCat(text, " ", more)
                                                              : absl::StrCat(more, " ", text)));
    }
    case 2:
      return client::Set("prioritas", client::Integer(random.Between(1, 5)));
    case 3:
      return client::Set("tenggat",
                         client::DateOfDays(static_cast<int32_t>(random.Between(20'600, 20'700))));
    case 4:
      return client::Set("bahan", client::ChoiceSet({random.Percent(50) ? "batu" : "kayu"}));
    case 5:
    case 6:
      return client::Set("biaya", client::Integer(random.Between(1, 9) * 1'000'000));
    default:
      return client::Clear(random.Percent(50) ? "prioritas" : "tenggat");
  }
}

v1::Mutation Officers::DrawMove(const v1::Request& request) {
  struct Edge {
    const char* from;
    const char* to;
  };
  static constexpr std::array<Edge, 5> kEdges = {{{"diterima", "diperiksa"},
                                                  {"diterima", "ditolak"},
                                                  {"diperiksa", "disetujui"},
                                                  {"diperiksa", "ditolak"},
                                                  {"disetujui", "dibayar"}}};
  std::vector<Edge> open;
  for (const Edge& edge : kEdges) {
    if (request.status() == edge.from) open.push_back(edge);
  }
  if (open.empty()) return client::Comment(Words());
  const Edge& edge = stage_.random.Pick(open);
  return client::Move(edge.from, edge.to);
}

v1::Mutation Officers::DrawElement(const v1::Request& request) {
  if (request.elements_size() == 0 || stage_.random.Percent(60)) return client::Comment(Words());
  const auto index = stage_.random.Below(static_cast<uint64_t>(request.elements_size()));
  const std::string& path = request.elements(static_cast<int>(index)).path();
  return stage_.random.Percent(50) ? client::RemoveElement(path) : client::Set(path, Text(Words()));
}

std::optional<v1::Mutation> Officers::DrawSettle(const v1::Request& request) {
  std::vector<const v1::FieldState*> open;
  for (const v1::FieldState& field : request.fields()) {
    if (field.under_review()) open.push_back(&field);
  }
  if (open.empty()) return std::nullopt;
  const v1::FieldState& field = *stage_.random.Pick(open);
  std::vector<sync::ChangeId> candidates;
  for (const v1::Candidate& candidate : field.candidates()) {
    candidates.push_back(*sync::ChangeId::FromBytes(candidate.change_id()));
  }
  std::optional<v1::Value> value;
  const auto chosen = stage_.random.Below(static_cast<uint64_t>(field.candidates_size()));
  if (field.path() == "@retracted") {
    value = client::Flag(stage_.random.Percent(50));
  } else if (field.candidates(static_cast<int>(chosen)).has_value()) {
    value = field.candidates(static_cast<int>(chosen)).value();
  }
  return client::Settle(field.path(), std::move(candidates), std::move(value), Words());
}

v1::Mutation Officers::DrawRebase() {
  const auto& definition = stage_.random.Pick(stage_.services.all());
  v1::Mutation mutation;
  mutation.mutable_rebase()->set_definition_hash(definition->hash().bytes());
  mutation.mutable_rebase()->set_version(definition->proto().version());
  return mutation;
}

void Officers::CallOffice() {
  property::Random& random = stage_.random;
  const NodeIndex node = random.Below(nodes_.size());
  const std::shared_ptr<const server::Published> published = nodes_[node]->published();
  const Known* known = DrawKnown(std::nullopt);
  if (published == nullptr) return;
  const auto stored = sync::LoadRequest(*published->reader, known->key);
  CHECK(stored.ok());
  if (!stored->has_value()) return;
  const v1::Request request = sync::ToProto(**stored);
  v1::ChangeBody body;
  body.set_region(known->key.region);
  body.set_request_id(known->key.id.bytes());
  body.set_actor("kantor");
  body.set_role(kHead);
  for (const std::string& head : request.heads()) body.add_parents(head);
  body.set_nonce(random.Bytes(8));
  std::optional<v1::Mutation> settle = DrawSettle(request);
  if (settle) {
    *body.add_mutations() = *std::move(settle);
  } else if (random.Percent(30)) {
    *body.add_mutations() = DrawRebase();
  } else {
    *body.add_mutations() = random.Percent(50) ? client::Comment(Words()) : DrawWrite(request);
  }
  const std::string key = absl::StrCat("call ", ++calls_);
  Call(node, body, key);
  // The answer was lost, or its caller was impatient.
  for (int copies = 0; copies < 3 && random.PerMille(stage_.options.retries); ++copies) {
    stage_.schedule.After(random.Between(0, kCallRetryMsMax),
                          [this, node, body, key] { Call(node, body, key); });
  }
}

void Officers::Call(NodeIndex node, const v1::ChangeBody& body, const std::string& key) {
  if (!nodes_[node]->running()) return;
  const sync::RequestKey request{body.region(), *sync::RequestId::FromBytes(body.request_id())};
  stage_.trace.Note("office calls", {node}, key);
  // Refused when too much waits or the disk is full: the caller gives up or tries again.
  nodes_[node]
      ->engine()
      ->sequencer()
      .Author({body, key},
              [this, node, key, request](server::TaskResult result) {
                if (!result.status.ok()) return;
                const bool earlier = result.made_earlier;
                stage_.Tell(
                    &Checker::OnOfficeAnswered,
                    OfficeAnswered{node, key, earlier, request,
                                   earlier ? result.earlier.change : result.results[0].change_id,
                                   earlier ? result.earlier.verdict : result.results[0].verdict});
              })
      .IgnoreError();
  nodes_[node]->Kick();
}

}  // namespace tikar::simulation
