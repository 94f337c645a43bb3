// What the nodes of a random history logged of its changes: entries with stamps that differ, void
// and quarantined ones, and stubs that lie.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_LOGS_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_LOGS_H_

#include <string>
#include <vector>

#include "history_draft.h"
#include "reference.h"

namespace tikar::property {

// What one to three nodes logged of `made`, whose body is `bytes`.
std::vector<reference::Observation> Observe(Draft& draft, const Made& made,
                                            const std::string& bytes);

// A node that logged a stub may be wrong about its parents: it leaves one out, or names any change,
// also one that came later.
void LieInStubs(Draft& draft, std::vector<reference::Observation>& observations);

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_LOGS_H_
