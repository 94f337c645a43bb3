// One delivery of one history to one node, and everything that must be true of what the node then
// holds.
#ifndef TIKAR_TESTS_PROPERTY_SCENARIO_H_
#define TIKAR_TESTS_PROPERTY_SCENARIO_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "history_delivery.h"
#include "history_generator.h"
#include "reference.h"
#include "sync/history.h"

namespace tikar::property {

// Arrivals, grouped as they reach the node.
using Groups = std::vector<std::vector<Arrival>>;

struct Result {
  // What is wrong; empty: nothing.
  std::string failure;
  // After how many groups it was found.
  size_t groups = 0;
  // Bytes of the final state and elements.
  std::string bytes;
  // The states of the reference that were compared.
  std::vector<reference::State> compared;
  sync::HistoryCounters counters;
};

// Delivers group by group. After as many groups as `compare_after` names, and at the end:
//   incremental ≡ full         what is stored has the bytes of the full fold;
//   as the rule says           member by member what the reference says;
//   bookkeeping                missing parents and the element sum are those of the full fold;
// and at the end, idempotence: everything once more changes no byte and touches nothing in the
// feed.
Result Run(const History& history, const Groups& groups, const std::set<size_t>& compare_after);

// A delivery that fails, made smaller while it goes on failing.
Groups Shrink(const History& history, Groups groups);

// For people: each arrival on a line.
std::string Describe(const History& history, const Groups& groups);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_SCENARIO_H_
