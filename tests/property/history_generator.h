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

#include "reference.h"

namespace tikar::property {

inline constexpr char kRegion[] = "15.01";

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

// The same seed gives the same history on every machine.
History MakeHistory(uint64_t seed);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_GENERATOR_H_
