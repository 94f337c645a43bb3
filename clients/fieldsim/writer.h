// What a simulated officer writes: a form filled in, and the edits of a request that is there.
//
// Works for every service from its definition; complaints get whole stories. What it writes is
// valid as far as the definition tells; what only the request's state can forbid (a field under
// review, a full collection) the SDK refuses, and the caller takes something else.
//
// Thread safety: const methods may be called from any thread.
#ifndef TIKAR_CLIENTS_FIELDSIM_WRITER_H_
#define TIKAR_CLIENTS_FIELDSIM_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cpp/field_app.h"
#include "clients/fieldsim/phrases.h"
#include "clients/fieldsim/places.h"
#include "clients/fieldsim/randomness.h"
#include "sync/definition.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/request.pb.h"

namespace tikar::fieldsim {

using Definitions = std::vector<std::shared_ptr<const sync::Definition>>;
// What each region offers of the services that are simulated.
using DefinitionsOfRegions = std::map<std::string, Definitions>;

class Writer {
 public:
  // The fleet's role is one that may fill in the forms of all of `offered`, which is not empty in
  // any region: "petugas" if that may. FailedPrecondition: there is none.
  static absl::StatusOr<Writer> Make(DefinitionsOfRegions offered);

  const std::string& role() const { return role_; }
  // The region must be one of those that Make was given.
  const Definitions& OfferedIn(const std::string& region) const { return offered_.at(region); }

  // A form that the district's region offers. `now_ms` by the officer's clock.
  client::NewRequest NewRequest(const District& district, int64_t now_ms, Dice* dice) const;

  // An edit of the request as the officer sees it.
  std::vector<v1::Mutation> Edit(const v1::Request& shown, int64_t now_ms, Dice* dice) const;
  // One that stands beside every other. Empty: the service has no comments.
  std::vector<v1::Mutation> Remark(const v1::Request& shown, Dice* dice) const;

 private:
  struct Scene {
    const District* district;
    const Village* village;
    const Story* story;
    int64_t now_ms;
  };

  Writer(DefinitionsOfRegions offered, std::string role)
      : offered_(std::move(offered)), role_(std::move(role)) {}

  // nullptr: the request pins what no region of the fleet offers.
  const sync::Definition* DefinitionOf(const v1::Request& request) const;
  // nullopt: nothing fitting comes to mind.
  std::optional<v1::Value> ValueFor(const sync::Definition& definition, const v1::Field& field,
                                    const Scene& scene, Dice* dice) const;
  std::optional<std::string> TextFor(const sync::Definition& definition, const v1::Field& field,
                                     const Scene& scene, Dice* dice) const;
  std::optional<v1::Mutation> WriteOn(const sync::Definition& definition, const v1::Request& shown,
                                      Dice* dice) const;
  std::optional<v1::Mutation> Step(const sync::Definition& definition, const v1::Request& shown,
                                   Dice* dice) const;
  std::optional<v1::Mutation> Correct(const sync::Definition& definition, const v1::Request& shown,
                                      int64_t now_ms, Dice* dice) const;

  DefinitionsOfRegions offered_;
  std::string role_;
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_WRITER_H_
