#include "history_delivery.h"

#include <algorithm>
#include <set>
#include <string>

#include "history_definitions.h"
#include "reference.h"
#include "tikar/v1/change.pb.h"

namespace tikar::property {
namespace {

// A node may hear of a thing again at any time.
void RepeatSome(std::vector<Arrival>& arrivals, Random& random) {
  const size_t count = arrivals.size();
  for (size_t i = 0; i < count; ++i) {
    if (!random.Percent(15)) continue;
    const Arrival again = arrivals[i];
    arrivals.insert(arrivals.begin() + random.Between(0, static_cast<int64_t>(arrivals.size())),
                    again);
  }
}

// Each entry behind its parents' first ones, as far as they are here at all and bodies name them;
// otherwise anyhow. What stubs say does not count: they may lie in a circle.
std::vector<Arrival> ParentsFirst(const History& history, Random& random) {
  std::set<std::string> waiting;
  std::vector<size_t> left;
  for (size_t i = 0; i < history.observations.size(); ++i) {
    waiting.insert(reference::ChangeIdOf(history.observations[i]));
    left.push_back(i);
  }
  std::vector<Arrival> arrivals;
  while (!left.empty()) {
    const size_t at = random.Below(left.size());
    const reference::Observation& observation = history.observations[left[at]];
    v1::ChangeBody body;
    body.ParseFromString(observation.body);
    if (std::any_of(body.parents().begin(), body.parents().end(),
                    [&waiting](const std::string& parent) { return waiting.contains(parent); })) {
      continue;
    }
    waiting.erase(reference::ChangeIdOf(observation));
    arrivals.push_back({Arrival::Kind::kEntry, left[at]});
    left.erase(left.begin() + static_cast<int64_t>(at));
  }
  return arrivals;
}

}  // namespace

std::vector<Arrival> Deliver(const History& history, Order order, Random& random) {
  std::vector<Arrival> definitions, entries;
  for (size_t i = 0; i < AllDefinitions().bytes.size(); ++i) {
    definitions.push_back({Arrival::Kind::kDefinition, i});
  }
  for (size_t i = 0; i < history.observations.size(); ++i) {
    entries.push_back({Arrival::Kind::kEntry, i});
  }
  switch (order) {
    case Order::kAsWritten:
      break;
    case Order::kReversed:
      std::reverse(entries.begin(), entries.end());
      break;
    case Order::kCausal:
      entries = ParentsFirst(history, random);
      break;
    case Order::kShuffled:
    case Order::kLateDefinitions:
      random.Shuffle(entries);
      break;
    case Order::kByActor: {
      const auto author = [&history](const Arrival& arrival) {
        v1::ChangeBody body;
        body.ParseFromString(history.observations[arrival.index].body);
        return body.actor();
      };
      std::stable_sort(
          entries.begin(), entries.end(),
          [&author](const Arrival& a, const Arrival& b) { return author(a) > author(b); });
      break;
    }
  }
  if (order == Order::kLateDefinitions) {
    for (const Arrival& definition : definitions) {
      entries.insert(entries.begin() + random.Between(0, static_cast<int64_t>(entries.size())),
                     definition);
    }
  } else {
    entries.insert(entries.begin(), definitions.begin(), definitions.end());
  }
  if (order != Order::kAsWritten) RepeatSome(entries, random);
  return entries;
}

}  // namespace tikar::property
