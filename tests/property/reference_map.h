// What a node knows of a request, as the slow reference sees it: change id -> joined stamp and body
// or stub; and what follows from one change and its stamp alone.
#ifndef TIKAR_TESTS_PROPERTY_REFERENCE_MAP_H_
#define TIKAR_TESTS_PROPERTY_REFERENCE_MAP_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reference.h"

namespace tikar::reference {

struct Known {
  v1::Stamp stamp;
  std::optional<v1::ChangeBody> body;
  std::vector<std::string> parents;
};

// By change id.
using KnownMap = std::map<std::string, Known>;

KnownMap JoinAll(const std::vector<Observation>& observations);

// The joined stamp of two stamps for one change.
v1::Stamp Join(const v1::Stamp& a, const v1::Stamp& b);

uint64_t EffectiveTime(uint64_t hlc, const v1::Stamp& stamp);

}  // namespace tikar::reference

#endif  // TIKAR_TESTS_PROPERTY_REFERENCE_MAP_H_
