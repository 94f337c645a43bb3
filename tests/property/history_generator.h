// Seeded random histories of one request: what officers, offices and clocks that lie may bring
// about.
//
// Actors hold partial views and write on what they have seen, so ancestry forks and joins as it
// does in the field. What comes out is what a set of nodes would have logged: for each change one
// to three observations (entries with different stamps), void and quarantined ones, stubs without a
// body. Roles and edges are not obeyed: mirrors never judge content, so the merge must bear all of
// it.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_GENERATOR_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_GENERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "random.h"
#include "reference.h"

namespace tikar::property {

inline constexpr char kRegion[] = "15.01";

// The definitions that histories pin, as published.
struct DefinitionSet {
  std::vector<std::string> bytes;
  reference::Definitions by_hash;
};

// Three: the one of the Create; the one that Rebase moves to, which decides several fields by
// another policy and orders the states otherwise; one whose merge rules are newer than this build.
const DefinitionSet& AllDefinitions();

struct History {
  uint64_t seed = 0;
  std::string request_id;  // 16 bytes
  // In the order in which they were written, without duplicates.
  std::vector<reference::Observation> observations;

  // What it is like, counted while it was made.
  int actors = 0;
  int changes = 0;
  int not_fast_forward = 0;  // parents were not all heads when the change was made
  int stamped_twice = 0;     // changes with stamps that differ
};

History MakeHistory(uint64_t seed);

// What reaches a node, and when.
struct Arrival {
  enum class Kind { kEntry, kDefinition };
  Kind kind = Kind::kEntry;
  size_t index = 0;  // into History::observations or DefinitionSet::bytes
};

// Ways to deliver the same history. All but kAsWritten send some entries twice.
enum class Order {
  kAsWritten,
  kCausal,           // parents before children, otherwise anyhow
  kReversed,         // children before parents, the Create last
  kShuffled,         // entries anywhere
  kLateDefinitions,  // shuffled, and each definition at a random place
  kByActor,          // each actor's changes in a row: a phone after weeks offline
};
inline constexpr int kOrders = 6;

// Every observation and every definition at least once.
std::vector<Arrival> Deliver(const History& history, Order order, Random& random);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_GENERATOR_H_
