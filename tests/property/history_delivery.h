// In which order the entries of a random history reach a node.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_DELIVERY_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_DELIVERY_H_

#include <cstddef>
#include <vector>

#include "history_generator.h"
#include "random.h"

namespace tikar::property {

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

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_DELIVERY_H_
