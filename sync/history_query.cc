// LoadHistory and LoadHistoryPage: every change of one request, and what became of each write.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sync/as_of.h"
#include "sync/fold.h"
#include "sync/history.h"
#include "sync/keys.h"
#include "sync/mutation_kind.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

std::string_view ReasonOf(const v1::Mutation& mutation) {
  if (mutation.has_transition()) return mutation.transition().reason();
  if (mutation.has_retract()) return mutation.retract().reason();
  if (mutation.has_restore()) return mutation.restore().reason();
  if (mutation.has_settle()) return mutation.settle().reason();
  return {};
}

// Of a message within another one: tag and length.
constexpr size_t kFramingBytes = 6;
// Between the parts of a token: digest, feed position, index of the next item.
constexpr char kTokenSeparator[] = "-";

struct Item {
  ChangeId id;
  const Header* header = nullptr;
  const ParsedChange* change = nullptr;  // null: a stub
  uint64_t effective_time = 0;
  std::vector<uint64_t> past;  // bit i: items_[i] is in it
  // Of a moot timer change, the first one that it gives way to.
  std::optional<ChangeId> gives_way_to;

  bool live() const { return change != nullptr && header->live(); }
};

class HistoryLoader {
 public:
  // As it is, or as it was on `as_of_ms`.
  HistoryLoader(const Reader& reader, const RequestKey& key, const DefinitionSource& definitions,
                std::optional<int64_t> as_of_ms = std::nullopt)
      : reader_(reader),
        definitions_(definitions),
        as_of_ms_(as_of_ms),
        history_(reader, key, &counters_) {}

  absl::StatusOr<v1::GetRequestHistoryResponse> Run(const StoredRequest& request) {
    definition_ = definitions_.Find(request.state.definition);
    RETURN_IF_ERROR(LoadItems());
    v1::GetRequestHistoryResponse response;
    for (const Item& item : items_) *response.add_items() = ToProto(item, request);
    *response.mutable_request() = sync::ToProto(request);
    return response;
  }

  absl::StatusOr<v1::GetRequestHistoryResponse> RunPage(const StoredRequest& request,
                                                        const PageQuery& query) {
    v1::Request shown = sync::ToProto(request);
    const std::string version = VersionOf(shown);
    ASSIGN_OR_RETURN(const size_t first, FirstOf(query.token, version));
    definition_ = definitions_.Find(request.state.definition);
    RETURN_IF_ERROR(LoadItems());
    v1::GetRequestHistoryResponse response;
    size_t bytes = 0;
    if (first == 0) {
      *response.mutable_request() = std::move(shown);
      bytes = response.ByteSizeLong();
    }
    for (size_t i = first; i < items_.size(); ++i) {
      v1::HistoryItem item = ToProto(items_[i], request);
      bytes += item.ByteSizeLong() + kFramingBytes;
      const size_t count = i - first;
      if (count == query.size || (count > 0 && bytes > query.bytes_max)) {
        response.set_next_page_token(absl::StrCat(version, kTokenSeparator, i));
        break;
      }
      *response.add_items() = std::move(item);
    }
    return response;
  }

 private:
  // Changes whenever anything in the history does: every change that comes, and every stamp that
  // makes a difference, gives the request another place in the feed; and where a feed begins anew
  // the digest tells.
  static std::string VersionOf(const v1::Request& request) {
    return absl::StrCat(StateDigest::FromBytes(request.state_digest())->hex(), kTokenSeparator,
                        request.feed_position());
  }

  // The place of a page's first item in the history.
  static absl::StatusOr<size_t> FirstOf(const std::string& token, const std::string& version) {
    if (token.empty()) return 0;
    const std::vector<std::string> parts = absl::StrSplit(token, kTokenSeparator);
    size_t first = 0;
    if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &first) || first == 0) {
      return absl::InvalidArgumentError("page_token is not one of this history");
    }
    if (absl::StrCat(parts[0], kTokenSeparator, parts[1]) != version) {
      return absl::FailedPreconditionError("the request changed after the page before");
    }
    return first;
  }

  v1::HistoryItem ToProto(const Item& item, const StoredRequest& request) const {
    v1::HistoryItem proto;
    Describe(item, &proto);
    if (!item.live()) return proto;
    for (const Write& write : item.change->writes) DescribeWrite(item, write, request, &proto);
    return proto;
  }

  // Parents first; of those that are ready, the earliest by effective time, then id.
  absl::Status LoadItems() {
    ASSIGN_OR_RETURN(const std::vector<ChangeId> ids, history_.LoadAll());
    std::map<ChangeId, Item> by_id;
    std::map<ChangeId, std::vector<ChangeId>> children;
    std::map<ChangeId, size_t> waiting;
    for (const ChangeId& id : ids) {
      ASSIGN_OR_RETURN(const Header* header, HeaderOf(id));
      if (header == nullptr) continue;
      Item& item = by_id[id];
      item.id = id;
      item.header = header;
      if (header->has_body) {
        ASSIGN_OR_RETURN(item.change, history_.FindChange(id));
      }
      if (item.change != nullptr) {
        item.effective_time = EffectiveTimeOf(item.change->body.hlc(), item.header->stamp);
      }
    }
    using Ready = std::pair<uint64_t, ChangeId>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
    for (const auto& [id, item] : by_id) {
      size_t known = 0;
      for (const ChangeId& parent : item.header->Ancestors()) {
        if (!by_id.contains(parent)) continue;
        children[parent].push_back(id);
        ++known;
      }
      waiting[id] = known;
      if (known == 0) ready.emplace(item.effective_time, id);
    }
    while (!ready.empty()) {
      const ChangeId id = ready.top().second;
      ready.pop();
      Item& item = by_id[id];
      item.past.assign(items_.size() / 64 + 1, 0);
      for (const ChangeId& parent : item.header->Ancestors()) {
        const auto at = place_.find(parent);
        if (at == place_.end()) continue;
        item.past[at->second / 64] |= uint64_t{1} << (at->second % 64);
        const std::vector<uint64_t>& further = items_[at->second].past;
        for (size_t w = 0; w < further.size(); ++w) item.past[w] |= further[w];
      }
      place_[id] = items_.size();
      items_.push_back(std::move(item));
      for (const ChangeId& child : children[id]) {
        if (--waiting[child] == 0) ready.emplace(by_id[child].effective_time, child);
      }
    }
    for (Item& item : items_) item.gives_way_to = FirstBesideTimer(item);
    return absl::OkStatus();
  }

  // nullptr: it had not been received then.
  absl::StatusOr<const Header*> HeaderOf(const ChangeId& id) {
    ASSIGN_OR_RETURN(const Header* now, history_.Find(id));
    if (!as_of_ms_) return now;
    ASSIGN_OR_RETURN(std::optional<Header> then,
                     HeaderAsOf(reader_, history_.key().region, *now, *as_of_ms_));
    return then ? &headers_then_.emplace_back(*std::move(then)) : nullptr;
  }

  // What makes a timer change moot, by the rule of README.md; of several the first in the history.
  std::optional<ChangeId> FirstBesideTimer(const Item& timer) const {
    if (!timer.live() || !IsByTimer(timer.change->body)) return std::nullopt;
    for (const Item& other : items_) {
      if (!other.live() || IsByTimer(other.change->body) ||
          other.change->body.mutations().empty()) {
        continue;
      }
      if (!IsPast(timer, other) && !IsPast(other, timer)) return other.id;
    }
    return std::nullopt;
  }

  // Whether `a` is in the past of `b`.
  bool IsPast(const Item& a, const Item& b) const {
    const size_t place = place_.at(a.id);
    return place / 64 < b.past.size() && (b.past[place / 64] >> (place % 64) & 1) != 0;
  }

  static void Describe(const Item& item, v1::HistoryItem* proto) {
    proto->set_change_id(item.id.bytes());
    for (const ChangeId& parent : item.header->parents) proto->add_parents(parent.bytes());
    *proto->mutable_stamp() = item.header->stamp.ToProto();
    proto->set_generation(item.header->generation);
    if (item.change == nullptr) return;
    const v1::ChangeBody& body = item.change->body;
    proto->set_actor(body.actor());
    proto->set_role(body.role());
    proto->set_hlc(body.hlc());
    proto->set_effective_time(item.effective_time);
    std::string reasons;
    std::set<std::string_view> kinds;
    for (const v1::Mutation& mutation : body.mutations()) {
      if (kinds.insert(MutationKindName(mutation)).second) {
        proto->add_kinds(std::string(MutationKindName(mutation)));
      }
      if (const std::string_view reason = ReasonOf(mutation); !reason.empty()) {
        if (!reasons.empty()) reasons += '\n';
        reasons += reason;
      }
    }
    proto->set_reason(reasons);
  }

  void DescribeWrite(const Item& item, const Write& write, const StoredRequest& request,
                     v1::HistoryItem* proto) const {
    v1::WriteOutcome& outcome = *proto->add_writes();
    outcome.set_path(write.path);
    const Candidate self =
        MakeCandidate(write, *item.change, item.header->stamp, definition_.get());
    if (self.value) *outcome.mutable_value() = self.value->ToProto();
    if (item.gives_way_to) {
      outcome.set_rule(v1::RULE_MOOT);
      outcome.set_by_change_id(item.gives_way_to->bytes());
      return;
    }
    const FieldState* field = request.state.Find(write.path);
    if (const auto element = request.elements.find(write.path); element != request.elements.end()) {
      field = &element->second;
    }
    if (field == nullptr) {
      outcome.set_rule(v1::RULE_UNSPECIFIED);
      return;
    }
    const auto current =
        std::find_if(field->candidates.begin(), field->candidates.end(),
                     [&](const Candidate& candidate) { return candidate.change == item.id; });
    if (current != field->candidates.end()) {
      if (field->under_review) {
        outcome.set_rule(v1::RULE_REVIEW);
      } else if (IsWinner(*field, *current)) {
        outcome.set_rule(field->rule == v1::RULE_UNION || field->rule == v1::RULE_TEXT
                             ? field->rule
                             : v1::RULE_ONLY);
      } else {
        Lose(*field, field->rule, &outcome);
      }
      return;
    }
    DescribeReplaced(item, write, self, &outcome);
  }

  void Lose(const FieldState& field, v1::Rule rule, v1::WriteOutcome* outcome) const {
    outcome->set_rule(rule);
    for (const Candidate& candidate : field.candidates) {
      if (candidate.value == field.value) outcome->set_by_change_id(candidate.change.bytes());
    }
  }

  // A write that another replaced: settled, or lost against one it did not know of, or simply
  // followed.
  void DescribeReplaced(const Item& item, const Write& write, const Candidate& self,
                        v1::WriteOutcome* outcome) const {
    FieldState contest{.path = write.path, .candidates = {self}};
    const Item* first_after = nullptr;
    for (const Item& other : items_) {
      if (!other.live() || other.gives_way_to || other.id == item.id) continue;
      const Write* theirs = other.change->FindWrite(write.path);
      if (theirs == nullptr) continue;
      if (IsPast(item, other)) {
        if (theirs->settles() &&
            std::binary_search(theirs->settled.begin(), theirs->settled.end(), item.id)) {
          outcome->set_rule(theirs->value == self.value ? v1::RULE_SUPERSEDED : v1::RULE_SETTLED);
          outcome->set_by_change_id(other.id.bytes());
          return;
        }
        if (first_after == nullptr) first_after = &other;
      } else if (!IsPast(other, item)) {
        contest.candidates.push_back(
            MakeCandidate(*theirs, *other.change, other.header->stamp, definition_.get()));
      }
    }
    outcome->set_rule(v1::RULE_SUPERSEDED);
    if (first_after != nullptr) outcome->set_by_change_id(first_after->id.bytes());
    if (contest.candidates.size() < 2) return;
    const FieldRule rule = FieldRuleOf(write.path, definition_.get());
    // Only who won matters here, not the text that a merge made of it.
    if (rule == FieldRule::kText || rule == FieldRule::kUnion) return;
    const auto no_base = []() -> absl::StatusOr<std::optional<Value>> { return std::nullopt; };
    if (!Decide(rule, definition_.get(), no_base, &contest).ok()) return;
    if (!IsWinner(contest, self)) Lose(contest, contest.rule, outcome);
  }

  const Reader& reader_;
  const DefinitionSource& definitions_;
  const std::optional<int64_t> as_of_ms_;
  HistoryCounters counters_;
  HistoryReader history_;
  std::deque<Header> headers_then_;
  std::shared_ptr<const Definition> definition_;
  std::vector<Item> items_;
  std::map<ChangeId, size_t> place_;
};

}  // namespace

absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistory(const Reader& reader,
                                                          const RequestKey& key,
                                                          const DefinitionSource& definitions) {
  ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader, key));
  if (!request) return absl::NotFoundError(absl::StrCat("no request ", RequestName(key)));
  return HistoryLoader(reader, key, definitions).Run(*request);
}

absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistoryPage(const Reader& reader,
                                                              const RequestKey& key,
                                                              const DefinitionSource& definitions,
                                                              const PageQuery& query) {
  ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader, key));
  if (!request) return absl::NotFoundError(absl::StrCat("no request ", RequestName(key)));
  return HistoryLoader(reader, key, definitions).RunPage(*request, query);
}

absl::StatusOr<v1::GetRequestHistoryResponse> LoadHistoryPageAsOf(
    const Reader& reader, const RequestKey& key, int64_t as_of_ms,
    const DefinitionSource& definitions, const PageQuery& query) {
  ASSIGN_OR_RETURN(std::optional<StoredRequest> request,
                   LoadRequestAsOf(reader, key, as_of_ms, definitions));
  if (!request) {
    return absl::NotFoundError(absl::StrCat("no request ", RequestName(key), " at that time"));
  }
  return HistoryLoader(reader, key, definitions, as_of_ms).RunPage(*request, query);
}

}  // namespace tikar::sync
