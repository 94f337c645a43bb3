// A fleet's day: who works where, what each phone does when, and what came of it.
//
//   1. Some requests are filed that others will edit too, and every phone fetches what its scope
//      holds.
//   2. Outings: a phone makes some changes without a signal, then syncs. The outings of all phones
//      are mixed; what one phone does not know of the others' yet is how conflicts arise.
//   3. All phones sync once more, and the checker compares them with the server.
//
// Officers work in one kecamatan each, about ten in every one. Each fiftieth phone is a
// coordinator's, who keeps the whole regency: scopes overlap.
#ifndef TIKAR_CLIENTS_FIELDSIM_FLEET_H_
#define TIKAR_CLIENTS_FIELDSIM_FLEET_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/fieldsim/checker.h"
#include "clients/fieldsim/settings.h"

namespace tikar::fieldsim {

struct FleetReport {
  // Part of the devices' names.
  std::string run;
  bool light = false;
  uint64_t districts = 0;
  uint64_t changes = 0;
  // Told by the server to have been stored: accepted, or held for a person.
  uint64_t acknowledged = 0;
  uint64_t quarantined = 0;
  uint64_t requests_created = 0;
  Conflicts conflicts;
  uint64_t exchanges = 0;
  // Nearest-rank percentiles of one exchange: dialling, new attempts and the phone's own work
  // included.
  int64_t sync_p50_us = 0;
  int64_t sync_p99_us = 0;
  int64_t sync_max_us = 0;
  uint64_t bytes_up = 0;
  uint64_t bytes_down = 0;
  // From the first change to the last exchange; the checking comes on top.
  int64_t work_ms = 0;
  int64_t check_ms = 0;
  std::vector<Finding> findings;

  bool ok() const { return findings.empty(); }
  uint64_t changes_per_second() const {
    return work_ms == 0 ? 0 : acknowledged * 1000 / static_cast<uint64_t>(work_ms);
  }
};

struct FleetEvents {
  // Called ten times a second: which part of the run it is, and how far, 0 to 1.
  std::function<void(std::string_view part, double done)> progress;
  // True: finish what was begun, and no more.
  const std::atomic<bool>* stop = nullptr;
};

// Runs it all. An error: the run itself could not be made (no server, no such area or service, a
// full disk). What the checker found is in the report.
absl::StatusOr<FleetReport> RunFleet(const Settings& settings, const FleetEvents& events);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_FLEET_H_
