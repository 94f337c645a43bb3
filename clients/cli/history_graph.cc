// A lane is an edge from a change to one of its children that is still to come, so the lanes beside
// a row are all edges that pass it. A change takes the leftmost lane that leads to it, ends the
// others, and leaves its lane to its first child; each further child gets a lane to the right.

#include "clients/cli/history_graph.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

constexpr size_t kFree = static_cast<size_t>(-1);
constexpr std::string_view kHiddenLanes = "┊";

// Children of each item, by index, in the order of the items.
std::vector<std::vector<size_t>> ChildrenOf(
    const google::protobuf::RepeatedPtrField<v1::HistoryItem>& items) {
  std::map<std::string_view, size_t> seen;
  std::vector<std::vector<size_t>> children(static_cast<size_t>(items.size()));
  for (int i = 0; i < items.size(); ++i) {
    const size_t child = static_cast<size_t>(i);
    for (const std::string& parent : items[i].parents()) {
      const auto found = seen.find(parent);
      if (found == seen.end()) continue;
      std::vector<size_t>& siblings = children[found->second];
      // A parent that is named twice is one edge.
      if (siblings.empty() || siblings.back() != child) siblings.push_back(child);
    }
    seen.emplace(items[i].change_id(), child);
  }
  return children;
}

class Lanes {
 public:
  explicit Lanes(size_t lanes_max) : lanes_max_(lanes_max) { CHECK(lanes_max > 0); }

  GraphRows Place(size_t item, const std::vector<size_t>& children, std::string_view dot) {
    GraphRows rows;
    std::vector<size_t> incoming = LanesTo(item);
    if (incoming.empty()) incoming.push_back(TakeFreeLane(0, item));
    const size_t own = incoming.front();
    if (incoming.size() > 1) rows.before = Connector(own, incoming, "┴", "╯");
    for (const size_t lane : incoming) targets_[lane] = kFree;

    rows.change = Row([&](size_t lane) { return lane == own ? dot : PassingCell(lane); });
    if (!children.empty()) targets_[own] = children.front();
    rows.beside = Row([&](size_t lane) { return PassingCell(lane); });
    if (children.size() > 1) {
      std::vector<size_t> outgoing = {own};
      for (size_t i = 1; i < children.size(); ++i) {
        outgoing.push_back(TakeFreeLane(own + 1, children[i]));
      }
      std::sort(outgoing.begin(), outgoing.end());
      rows.after = Connector(own, outgoing, "┬", "╮");
    }
    while (!targets_.empty() && targets_.back() == kFree) targets_.pop_back();
    return rows;
  }

 private:
  std::vector<size_t> LanesTo(size_t item) const {
    std::vector<size_t> lanes;
    for (size_t lane = 0; lane < targets_.size(); ++lane) {
      if (targets_[lane] == item) lanes.push_back(lane);
    }
    return lanes;
  }

  size_t TakeFreeLane(size_t from, size_t item) {
    size_t lane = from;
    while (lane < targets_.size() && targets_[lane] != kFree) ++lane;
    if (lane >= targets_.size()) targets_.resize(lane + 1, kFree);
    targets_[lane] = item;
    return lane;
  }

  std::string_view PassingCell(size_t lane) const {
    return targets_[lane] == kFree ? std::string_view(" ") : std::string_view("│");
  }

  std::string Row(const std::function<std::string_view(size_t)>& cell_of) const {
    return Joined(cell_of, [](size_t) { return std::string_view(" "); });
  }

  // A line from lane `own` to all of `ends`, which are sorted and begin with it.
  std::string Connector(size_t own, const std::vector<size_t>& ends, std::string_view middle,
                        std::string_view last) const {
    const auto cell_of = [&](size_t lane) -> std::string_view {
      if (lane == own) return "├";
      if (lane == ends.back()) return last;
      if (std::binary_search(ends.begin(), ends.end(), lane)) return middle;
      if (lane < own || lane > ends.back()) return PassingCell(lane);
      return targets_[lane] == kFree ? "─" : "┼";
    };
    return Joined(cell_of, [&](size_t lane) -> std::string_view {
      return lane >= own && lane < ends.back() ? "─" : " ";
    });
  }

  // Cells with what stands between each and the next, cut to lanes_max_.
  std::string Joined(const std::function<std::string_view(size_t)>& cell_of,
                     const std::function<std::string_view(size_t)>& gap_of) const {
    const bool hides = targets_.size() > lanes_max_;
    const size_t shown = hides ? lanes_max_ - 1 : targets_.size();
    std::string row;
    for (size_t lane = 0; lane < shown; ++lane) {
      row += cell_of(lane);
      if (lane + 1 < targets_.size()) row += gap_of(lane);
    }
    if (hides) {
      std::string_view cell = kHiddenLanes;
      for (size_t lane = shown; lane < targets_.size(); ++lane) {
        const std::string_view hidden = cell_of(lane);
        if (hidden == kGraphDot || hidden == kGraphHollowDot) cell = hidden;
      }
      row += cell;
    }
    while (!row.empty() && row.back() == ' ') row.pop_back();
    return row;
  }

  const size_t lanes_max_;
  // Which item each lane leads to; kFree: none.
  std::vector<size_t> targets_;
};

}  // namespace

std::vector<GraphRows> DrawHistoryGraph(
    const google::protobuf::RepeatedPtrField<v1::HistoryItem>& items, size_t lanes_max) {
  const std::vector<std::vector<size_t>> children = ChildrenOf(items);
  Lanes lanes(lanes_max);
  std::vector<GraphRows> rows;
  for (int i = 0; i < items.size(); ++i) {
    const size_t item = static_cast<size_t>(i);
    const bool counts = items[i].stamp().verdict() == v1::VERDICT_ACCEPTED;
    rows.push_back(lanes.Place(item, children[item], counts ? kGraphDot : kGraphHollowDot));
  }
  return rows;
}

}  // namespace tikar::cli
