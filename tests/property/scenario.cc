#include "scenario.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "comparison.h"
#include "node.h"
#include "reference_map.h"
#include "sync/text_merge.h"
#include "tikar/v1/change.pb.h"

namespace tikar::property {
namespace {

// Runs of the shrinker; a failure must not take longer to tell than it took to find.
constexpr int kShrinkRunsMax = 3000;

std::string BytesOf(const sync::Fold& fold) {
  std::string bytes = sync::EncodeState(fold.state);
  for (const auto& [path, element] : fold.elements) {
    absl::StrAppend(&bytes, path, sync::EncodeField(element));
  }
  return bytes;
}

reference::State Expected(const Node& node) {
  return reference::Fold(node.Observations(), node.Definitions(),
                         [](std::string_view base, std::string_view ours, std::string_view theirs) {
                           return sync::MergeText(base, ours, theirs);
                         });
}

// A mask may lack bits, which costs a walk through the history; a bit too many would lose a write.
// `exact` is empty where there is nothing to compare with: not READY, or too many heads.
bool ClaimsTooMuch(const std::vector<std::vector<uint64_t>>& cover,
                   const std::vector<std::vector<uint64_t>>& exact) {
  for (size_t field = 0; field < exact.size(); ++field) {
    if (field >= cover.size() || cover[field].size() != exact[field].size()) return true;
    for (size_t candidate = 0; candidate < exact[field].size(); ++candidate) {
      if ((cover[field][candidate] & ~exact[field][candidate]) != 0) return true;
    }
  }
  return false;
}

// Of what is stored and of the full fold against the reference; to tell which of the two paths is
// wrong.
std::string Compare(const Node& node, Result& result) {
  const absl::StatusOr<Held> held = node.Load();
  if (absl::IsNotFound(held.status()) && node.Observations().empty()) return "";
  if (!held.ok()) return absl::StrCat("  cannot be read: ", held.status().ToString(), "\n");
  const sync::Fold fold = node.FoldAll();
  reference::State expected = Expected(node);
  const std::string incremental = Differences(expected, held->state, held->elements);
  const std::string full = Differences(expected, fold.state, fold.elements);
  result.compared.push_back(std::move(expected));
  result.bytes = held->bytes;
  std::string failure;
  if (!full.empty()) absl::StrAppend(&failure, "the full fold:\n", full);
  if (!incremental.empty()) absl::StrAppend(&failure, "what is stored:\n", incremental);
  if (held->bytes != BytesOf(fold)) {
    absl::StrAppend(&failure, "  the stored bytes are not those of the full fold\n");
  }
  if (held->local.missing != fold.missing) {
    absl::StrAppend(&failure, "  missing parents are not those of the full fold\n");
  }
  if (held->local.has_timer_change != fold.has_timer_change) {
    absl::StrAppend(&failure,
                    "  whether there are changes by a timer is not as in the full fold\n");
  }
  for (const auto& [id, change] : reference::JoinAll(node.Observations())) {
    const auto stamp = held->stamps.find(*sync::ChangeId::FromBytes(id));
    if (stamp == held->stamps.end() || stamp->second != sync::Stamp::FromProto(change.stamp)) {
      absl::StrAppend(&failure, "  the joined stamp of a change is another one\n");
    }
  }
  if (ClaimsTooMuch(held->local.cover, fold.cover)) {
    absl::StrAppend(&failure, "  a cover mask says that a head covers what it does not\n");
  }
  if (sync::DigestOf(sync::EncodeState(held->state), held->local.element_sum) !=
      sync::DigestOf(fold.state, fold.elements)) {
    absl::StrAppend(&failure, "  the digest is not that of the full fold\n");
  }
  return failure;
}

std::string RepeatEverything(Node& node, const Groups& groups, const std::string& bytes) {
  std::vector<Arrival> again;
  for (const std::vector<Arrival>& group : groups) {
    again.insert(again.end(), group.rbegin(), group.rend());
  }
  for (const bool is_elsewhere : {false, true}) {
    const std::string how = is_elsewhere ? "again from other logs" : "again";
    const absl::Status status =
        is_elsewhere ? node.DeliverFromOtherLogs(again) : node.Deliver(again);
    if (!status.ok()) {
      return absl::StrCat("  cannot be received ", how, ": ", status.ToString(), "\n");
    }
    if (node.touched()) return absl::StrCat("  receiving everything ", how, " touched the feed\n");
    const absl::StatusOr<Held> held = node.Load();
    if (held.ok() && held->bytes != bytes) {
      return absl::StrCat("  receiving everything ", how, " changed the state\n");
    }
  }
  return "";
}

}  // namespace

Result Run(const History& history, const Groups& groups, const std::set<size_t>& compare_after) {
  Result result;
  Node node(&history);
  for (const std::vector<Arrival>& group : groups) {
    ++result.groups;
    if (const absl::Status status = node.Deliver(group); !status.ok()) {
      result.failure = absl::StrCat("  cannot be received: ", status.ToString(), "\n");
      break;
    }
    if (!compare_after.contains(result.groups) && result.groups != groups.size()) continue;
    result.failure = Compare(node, result);
    if (!result.failure.empty()) break;
  }
  if (result.failure.empty()) result.failure = RepeatEverything(node, groups, result.bytes);
  result.counters = node.counters();
  return result;
}

Groups Shrink(const History& history, Groups groups) {
  int runs = 0;
  const auto fails = [&history, &runs](const Groups& candidate) {
    ++runs;
    return !candidate.empty() && !Run(history, candidate, {}).failure.empty();
  };
  Groups single;
  for (const std::vector<Arrival>& group : groups) {
    for (const Arrival& arrival : group) single.push_back({arrival});
  }
  if (fails(single)) groups = std::move(single);
  // Ever smaller pieces are left out, as in Zeller's delta debugging.
  for (size_t piece = groups.size() / 2; piece >= 1;) {
    bool smaller = false;
    for (size_t at = 0; at + piece <= groups.size() && runs < kShrinkRunsMax;) {
      Groups candidate = groups;
      candidate.erase(candidate.begin() + static_cast<int64_t>(at),
                      candidate.begin() + static_cast<int64_t>(at + piece));
      if (fails(candidate)) {
        groups = std::move(candidate);
        smaller = true;
      } else {
        at += piece;
      }
    }
    if (runs >= kShrinkRunsMax) break;
    if (piece > 1) {
      piece /= 2;
    } else if (!smaller) {
      break;
    }
  }
  return groups;
}

std::string Describe(const History& history, const Groups& groups) {
  const auto name = [](std::string_view id) {
    return sync::ChangeId::FromBytes(id)->hex().substr(0, 8);
  };
  std::string text;
  for (const std::vector<Arrival>& group : groups) {
    text += "  group\n";
    for (const Arrival& arrival : group) {
      if (arrival.kind == Arrival::Kind::kDefinition) {
        absl::StrAppend(&text, "    definition ", arrival.index, "\n");
        continue;
      }
      const reference::Observation& observation = history.observations[arrival.index];
      absl::StrAppend(&text, "    ", name(reference::ChangeIdOf(observation)));
      v1::ChangeBody body;
      std::vector<std::string> parents = observation.stub_parents;
      if (!observation.body.empty()) {
        body.ParseFromString(observation.body);
        parents.assign(body.parents().begin(), body.parents().end());
        absl::StrAppend(&text, " by ", body.actor(), " at ", body.hlc() >> 16);
      } else {
        text += " without body";
      }
      text += " after";
      for (const std::string& parent : parents) absl::StrAppend(&text, " ", name(parent));
      absl::StrAppend(&text, ", stamp {", observation.stamp.ShortDebugString(), "}\n");
      for (const v1::Mutation& mutation : body.mutations()) {
        if (!mutation.has_settle()) {
          absl::StrAppend(&text, "        ", mutation.ShortDebugString().substr(0, 200), "\n");
          continue;
        }
        absl::StrAppend(&text, "        settle ", mutation.settle().path(), " = ",
                        mutation.settle().value().ShortDebugString(), " naming");
        for (const std::string& id : mutation.settle().candidates()) {
          absl::StrAppend(&text, " ", name(id));
        }
        text += "\n";
      }
    }
  }
  return text;
}

}  // namespace tikar::property
