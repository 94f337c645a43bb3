// Which conflicts the random histories really met: policy by kind of mutation by kind of mutation.
// A property that never saw a case proves nothing about it, so too few hits fail the test.
#ifndef TIKAR_TESTS_PROPERTY_CONFLICT_TALLY_H_
#define TIKAR_TESTS_PROPERTY_CONFLICT_TALLY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reference.h"

namespace tikar::property {

// Counts by name, "review: set / settle". Not safe for threads: one each, then Add.
class ConflictTally {
 public:
  // The states of one history that were compared: each case counts once, however often it is there.
  void Count(const std::vector<reference::State>& states);
  void Add(const ConflictTally& other);

  // The cases that must have been met, with how often per 10,000 histories.
  struct Required {
    std::string name;
    uint64_t per_10000;
  };
  static const std::vector<Required>& RequiredCases();

  // Names of required cases met too rarely in so many histories.
  std::vector<std::string> Missing(uint64_t histories) const;
  // The required case that was met least, with its count.
  std::string Rarest() const;
  // All cases with their counts, required ones first.
  std::string Table(uint64_t histories) const;

 private:
  std::map<std::string, uint64_t> counts_;
};

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_CONFLICT_TALLY_H_
