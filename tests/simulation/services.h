// Services: what the officers of a run work on. One field for each policy, a workflow in which
// money leaves the house, two versions.
#ifndef TIKAR_TESTS_SIMULATION_SERVICES_H_
#define TIKAR_TESTS_SIMULATION_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "sync/definition.h"
#include "sync/types.h"

namespace tikar::simulation {

inline constexpr char kService[] = "pengaduan";
inline constexpr char kOfficer[] = "petugas";
inline constexpr char kHead[] = "kepala";

class Services : public sync::DefinitionSource {
 public:
  Services();

  std::shared_ptr<const sync::Definition> Find(const sync::DefinitionHash& hash) const override;
  // Oldest first. New requests pin the first; the office moves some to the last.
  const std::vector<std::shared_ptr<const sync::Definition>>& all() const { return all_; }

 private:
  std::vector<std::shared_ptr<const sync::Definition>> all_;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_SERVICES_H_
