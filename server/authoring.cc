#include "server/authoring.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/resource_names.h"
#include "sync/definition.h"
#include "sync/limits.h"
#include "sync/query.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/validation.h"

namespace tikar::server {
namespace {

using sync::AbslView;
using sync::ChangeId;

absl::StatusOr<std::vector<ChangeId>> ParentsOf(std::string_view etag) {
  std::optional<std::vector<ChangeId>> heads;
  if (!etag.empty() && etag.size() <= kEtagBytesMax) heads = sync::HeadsOfEtag(etag);
  if (!heads.has_value() || heads->empty()) {
    return Malformed("etag", "etag_format",
                     "Sertakan etag dari permohonan seperti yang terakhir dilihat.",
                     "give the etag of the request as it was last seen");
  }
  std::sort(heads->begin(), heads->end());
  heads->erase(std::unique(heads->begin(), heads->end()), heads->end());
  return *std::move(heads);
}

// A stored request as validation asks for it. What the author saw whose parents are not the current
// heads, a value or a conflict, takes a walk through the history: the sequencer's Replica does it
// when it judges, here it is let pass.
class StoredView : public sync::RequestView {
 public:
  // Both must outlive the view.
  StoredView(const sync::StoredRequest& request, const std::vector<ChangeId>& parents)
      : request_(request), parents_(parents) {}

  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const sync::FieldState* field = request_.state.Find(path);
    if (field == nullptr || !field->value.has_value()) return std::nullopt;
    return field->value->ToProto();
  }
  bool KnowsPast() const override { return parents_ == request_.state.heads; }
  bool UnderReview(std::string_view path) const override {
    return request_.state.UnderReview(path);
  }
  bool ParentsContainConflict(std::string_view path) const override {
    return parents_ == request_.state.heads && UnderReview(path);
  }
  std::string Status() const override { return std::string(request_.state.status()); }
  size_t ElementCount(std::string_view collection) const override {
    return request_.local.ElementCount(collection);
  }

 private:
  const sync::StoredRequest& request_;
  const std::vector<ChangeId>& parents_;
};

// What any first node would say, said before anything is logged.
absl::Status Check(v1::ChangeBody body, const sync::Definition* definition,
                   const sync::StoredRequest* request, const std::vector<ChangeId>& parents) {
  // Stand-ins of the right size for what is added later.
  body.set_nonce(std::string(sync::kNonceBytes, 'n'));
  body.set_hlc(1);
  sync::Judgement judgement = sync::CheckShape(body, body.ByteSizeLong());
  if (judgement.ok && definition != nullptr) {
    if (request == nullptr) {
      judgement = sync::CheckAgainstDefinition(body, *definition, nullptr);
    } else {
      const StoredView view(*request, parents);
      judgement = sync::CheckAgainstDefinition(body, *definition, &view);
    }
  }
  return judgement.ok ? absl::OkStatus() : Refused(judgement.reason, judgement.violations);
}

// As the first node checks it, but with words for somebody at a terminal.
absl::Status CheckArea(const AreaTable& areas, const std::string& code) {
  if (areas.Permits(code)) return absl::OkStatus();
  return Malformed("area", "unknown_area",
                   "Tidak ada wilayah dengan kode ini; cari dengan: tikar areas search NAMA",
                   "there is no area with this code; find one with: tikar areas search NAME");
}

struct Target {
  sync::RequestKey key;
  sync::StoredRequest request;
  std::shared_ptr<const sync::Definition> definition;  // nullptr: not here
};

absl::StatusOr<Target> Load(const Published& published, const RequestNameParts& parts,
                            std::string_view name) {
  Target target;
  ASSIGN_OR_RETURN(target.key, ResolveRequest(*published.reader, parts, name));
  ASSIGN_OR_RETURN(auto stored, sync::LoadRequest(*published.reader, target.key));
  if (!stored.has_value()) return NoSuchThing(name);
  target.request = *std::move(stored);
  target.definition = published.definitions->Find(target.request.state.definition);
  return target;
}

v1::ChangeBody EditOf(const Target& target, const std::vector<ChangeId>& parents,
                      const std::string& actor, const std::string& role) {
  v1::ChangeBody body;
  body.set_region(target.key.region);
  body.set_request_id(target.key.id.bytes());
  body.set_actor(actor);
  body.set_role(role);
  for (const ChangeId& parent : parents) body.add_parents(parent.bytes());
  return body;
}

// The writes to `path` that somebody with these heads had before them. When the heads are the
// current ones, the current candidates; else all writes to the path in the heads' past: a Settle
// supersedes those that it names, and naming one that was superseded already has no effect.
absl::StatusOr<std::vector<ChangeId>> CandidatesSeen(const Published& published,
                                                     const Target& target, std::string_view path,
                                                     const std::vector<ChangeId>& heads) {
  std::vector<ChangeId> seen;
  const sync::State& state = target.request.state;
  if (heads == state.heads) {
    if (const sync::FieldState* field = state.Find(path)) {
      for (const sync::Candidate& candidate : field->candidates) seen.push_back(candidate.change);
    }
    return seen;
  }
  ASSIGN_OR_RETURN(const v1::GetRequestHistoryResponse history,
                   sync::LoadHistory(*published.reader, target.key, *published.definitions));
  std::set<std::string> past;
  for (const ChangeId& head : heads) past.insert(head.bytes());
  // Parents come before children, so from the end every child is met before its parents.
  for (auto item = history.items().rbegin(); item != history.items().rend(); ++item) {
    if (!past.contains(item->change_id())) continue;
    past.insert(item->parents().begin(), item->parents().end());
    const bool wrote = std::any_of(item->writes().begin(), item->writes().end(),
                                   [&](const auto& write) { return write.path() == path; });
    if (wrote && item->stamp().verdict() == v1::VERDICT_ACCEPTED) {
      if (const auto id = ChangeId::FromBytes(item->change_id())) seen.push_back(*id);
    }
  }
  std::sort(seen.begin(), seen.end());
  return seen;
}

}  // namespace

absl::StatusOr<v1::ChangeBody> AuthorCreate(const Published& published, const AreaTable& areas,
                                            const CatalogueOffers& catalogue,
                                            const v1::CreateRequestRequest& call) {
  ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", call.parent()));
  if (region.empty()) {
    return Malformed("parent", "region_required", "Sebutkan satu wilayah, misalnya regions/15.01.",
                     "name one region, such as regions/15.01");
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const sync::Definition> definition,
                   OfferedIn(published, catalogue, region, call.service()));
  if (definition == nullptr && published.definitions->Newest(call.service()) != nullptr) {
    return Malformed("service", "service_not_adopted",
                     "Wilayah ini belum mengadopsi layanan itu: tikar catalog adopt --help",
                     "this region has not adopted that service yet: tikar catalog adopt --help");
  }
  if (definition == nullptr) {
    return Malformed("service", "unknown_service",
                     "Layanan ini tidak ada di server; lihat yang ada: tikar services list",
                     "this server has no such service; see those it has: tikar services list");
  }
  RETURN_IF_ERROR(CheckArea(areas, call.area()));
  v1::ChangeBody body;
  body.set_region(region);
  body.set_actor(call.actor());
  body.set_role(call.role());
  v1::Create& create = *body.add_mutations()->mutable_create();
  create.set_definition_hash(definition->hash().bytes());
  create.set_service(definition->proto().service());
  create.set_version(definition->proto().version());
  create.set_area(call.area());
  for (const v1::FieldValue& field : call.fields()) {
    if (!field.has_value()) continue;  // A new request is empty already.
    v1::SetField& set = *body.add_mutations()->mutable_set_field();
    set.set_path(field.path());
    *set.mutable_value() = field.value();
  }
  for (const std::string& comment : call.comments()) {
    v1::AddElement& add = *body.add_mutations()->mutable_add_element();
    add.set_collection("comments");
    add.mutable_value()->set_text(comment);
  }
  RETURN_IF_ERROR(Check(body, definition.get(), nullptr, {}));
  return body;
}

absl::StatusOr<v1::ChangeBody> AuthorUpdate(const Published& published, const AreaTable& areas,
                                            const v1::UpdateRequestRequest& call) {
  ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(call.name()));
  ASSIGN_OR_RETURN(const std::vector<ChangeId> parents, ParentsOf(call.etag()));
  if (call.mutations().empty()) {
    return Malformed("mutations", "mutations_missing", "Sebutkan 1 sampai 64 perubahan.",
                     "give 1 to 64 mutations");
  }
  for (const v1::Mutation& mutation : call.mutations()) {
    if (!mutation.has_set_field() || mutation.set_field().path() != sync::kAreaPath) continue;
    RETURN_IF_ERROR(CheckArea(areas, mutation.set_field().value().text()));
  }
  ASSIGN_OR_RETURN(const Target target, Load(published, parts, call.name()));
  v1::ChangeBody body = EditOf(target, parents, call.actor(), call.role());
  *body.mutable_mutations() = call.mutations();
  RETURN_IF_ERROR(Check(body, target.definition.get(), &target.request, parents));
  return body;
}

absl::StatusOr<v1::ChangeBody> AuthorSettle(const Published& published,
                                            const v1::SettleConflictRequest& call) {
  ASSIGN_OR_RETURN(const ConflictNameParts parts, ParseConflictName(call.name()));
  ASSIGN_OR_RETURN(const std::vector<ChangeId> parents, ParentsOf(call.etag()));
  ASSIGN_OR_RETURN(const Target target, Load(published, parts.request, call.name()));
  ASSIGN_OR_RETURN(const std::vector<ChangeId> candidates,
                   CandidatesSeen(published, target, parts.path, parents));
  v1::ChangeBody body = EditOf(target, parents, call.actor(), call.role());
  v1::Settle& settle = *body.add_mutations()->mutable_settle();
  settle.set_path(parts.path);
  for (const ChangeId& candidate : candidates) settle.add_candidates(candidate.bytes());
  if (call.has_value()) *settle.mutable_value() = call.value();
  settle.set_reason(call.reason());
  if (candidates.empty()) {
    return Malformed("name", "nothing_to_settle",
                     "Pada etag ini tidak ada yang menunggu keputusan di sini.",
                     "at this etag nothing waited for a decision here");
  }
  RETURN_IF_ERROR(Check(body, target.definition.get(), &target.request, parents));
  return body;
}

}  // namespace tikar::server
