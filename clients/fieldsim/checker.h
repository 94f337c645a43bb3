// The checker: does what the phones were told agree with what the server holds, and with what all
// phones show?
//
//   1. Every exchange came to the end, and no change is unsent.
//   2. The server refused none: the SDK judges by the same rules before it queues.
//   3. Every acknowledged change is in the history of its request, once.
//   4. No history has a change under a device's name that the device did not make, and no change
//      has two places in one log.
//   5. Every device holds what the server has within its scope, no more and no less, with the same
//      state digests; so all devices of one scope show the same.
//
// Pure functions.
#ifndef TIKAR_CLIENTS_FIELDSIM_CHECKER_H_
#define TIKAR_CLIENTS_FIELDSIM_CHECKER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clients/fieldsim/records.h"

namespace tikar::fieldsim {

enum class Fault {
  // The last exchange failed.
  kNotSynced,
  // Never answered.
  kUnsent,
  kRefused,
  // Acknowledged, and not on the server.
  kLost,
  // Twice in a history or in a log.
  kDuplicated,
  // On the server under the name of a device that did not make it.
  kInvented,
  // In the device's scope on the server, and not on the device.
  kMissing,
  // On the device, and not in its scope on the server.
  kSurplus,
  // Another state than the server's.
  kDiverged,
};
// "lost", as in the JSON report.
std::string_view FaultName(Fault fault);

struct Finding {
  Fault fault = Fault::kLost;
  std::string actor;
  // What exactly, for people: names the change or the request.
  std::string text;
};

// Empty: all is well. In the order of the devices.
std::vector<Finding> Check(const std::vector<DeviceRecord>& devices, const ServerRecord& server);

// What the server made of the devices' concurrent work.
struct Conflicts {
  // Changes beside which another one of the same request was made, neither knowing of the other.
  uint64_t concurrent_changes = 0;
  // Fields in which concurrent writes still stand against each other: decided by their policy, and
  // left for a person.
  uint64_t decided = 0;
  uint64_t under_review = 0;
};
Conflicts CountConflicts(const ServerRecord& server);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_CHECKER_H_
