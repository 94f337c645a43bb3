// Duplicates: requests that may be one and the same thing, filed twice, and requests that a person
// has joined.
//
// Two requests of one region are possible duplicates when both are compared at all (index_rows.h),
// they are of one service, and both definitions' rules hold for them: not farther apart, and not
// created farther apart, than either rule allows, and equal in the fields that both rules name.
// Distances are those on a sphere, exact to 0.6 %. Nobody looks across the meridian of 180°, and
// where a thousand requests lie near one, not all of them are looked at.
//
// A request is joined to another by its field `duplicate_of`, and parted by clearing it; it is not
// proposed again afterwards. Concurrent joins can make a circle: the smallest id in it then stands
// for all.
//
// Functions of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_DUPLICATES_H_
#define TIKAR_SYNC_DUPLICATES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/index_rows.h"
#include "sync/query.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::sync {

// Of one request that are told: beyond it a person reads a map, not a list.
inline constexpr size_t kPossibleDuplicatesMax = 50;
// Requests that say of another that they are the same as it, told at most.
inline constexpr size_t kJoinedMax = 1'000;
// Steps from one duplicate to the next that are followed.
inline constexpr size_t kJoinChainMax = 64;

// Metres between two places, 1e-7 degrees; on a sphere of the earth's mean radius.
double DistanceMetres(int64_t latitude_a_e7, int64_t longitude_a_e7, int64_t latitude_b_e7,
                      int64_t longitude_b_e7);

struct PossibleDuplicate {
  RequestId other;
  uint32_t distance_metres = 0;
};

// Of one request, nearest first, at most kPossibleDuplicatesMax; none when it is not compared.
absl::StatusOr<std::vector<PossibleDuplicate>> PossibleDuplicates(
    const Reader& reader, const State& state, const DefinitionSource& definitions);

// Pairs of a region, by the time at which the later of the two was created, then the nearer first.
struct DuplicatePair {
  RequestId later;
  RequestId earlier;
  uint32_t distance_metres = 0;
};
class DuplicatePairs {
 public:
  // Begins with the pairs in which `from` or a younger request is the later one; nullopt: at the
  // beginning. `reader` must outlive it.
  DuplicatePairs(const Reader& reader, std::string region, const std::optional<RequestId>& from);

  // The pairs in which the next request is the later one; often none. nullopt: that was the last
  // request. One call costs some looks into the store.
  struct Step {
    RequestId later;
    std::vector<DuplicatePair> pairs;  // at most kPossibleDuplicatesMax
  };
  absl::StatusOr<std::optional<Step>> Next();

 private:
  absl::StatusOr<const std::vector<uint8_t>*> LevelsOf(const std::string& service);

  const Reader& reader_;
  const std::string region_;
  std::string begin_;
  std::map<std::string, std::vector<uint8_t>> levels_;  // that a service has rows of
};

// Requests that say of this one that they are the same; ascending, at most kJoinedMax.
absl::StatusOr<std::vector<RequestId>> JoinedTo(const Reader& reader, const RequestKey& main);

// The request that stands for all that are joined to it: `state` itself where it is joined to none,
// or to one that is not here, cannot be shown or was retracted. Follows at most kJoinChainMax
// steps.
absl::StatusOr<RequestId> RootOf(const Reader& reader, const State& state);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DUPLICATES_H_
