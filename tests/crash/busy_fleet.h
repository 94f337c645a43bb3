// Phones that write until they are told to stop, and what they hold against the server.
//
// Each phone is the simulator's (clients/fieldsim): the SDK over real gRPC, half of them in SQLite
// files that are closed between two visits. A phone makes some changes, of which many are on
// requests that its neighbours edit too, and visits the server until that has answered all of them,
// however often it dies meanwhile.
#ifndef TIKAR_TESTS_CRASH_BUSY_FLEET_H_
#define TIKAR_TESTS_CRASH_BUSY_FLEET_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/fieldsim/checker.h"
#include "clients/fieldsim/device.h"

namespace tikar::crash {

struct FleetOptions {
  std::string server;  // host:port
  std::string folder;  // for the phones' files; exists
  uint64_t seed = 1;
  size_t phones = 24;
  size_t threads = 8;
};

// What the phones made and what became of it.
struct Balance {
  uint64_t made = 0;
  uint64_t acknowledged = 0;
  uint64_t requests = 0;
  uint64_t visits = 0;
  fieldsim::Conflicts conflicts;
  // What is wrong. Empty: all is well.
  std::vector<fieldsim::Finding> findings;
};

// Thread safety: none; it has threads of its own between Begin and Finish.
class BusyFleet {
 public:
  // Asks the server, which must be there, where there are areas and what is filed.
  static absl::StatusOr<std::unique_ptr<BusyFleet>> Make(const FleetOptions& options);
  ~BusyFleet();

  // All phones, once. An error: one did not come to the end.
  absl::Status VisitAll();
  // They write and visit from now on.
  void Begin();
  // Nobody begins anything more; returns when all have finished what they began. An error: a phone
  // could not write, or its visit never ended well.
  absl::Status Finish();
  // Changes that the phones have written so far.
  uint64_t made() const { return made_; }

  // Reads all phones and all of the server, and compares.
  absl::StatusOr<Balance> Compare();
  // What the server sent to all phones so far, bytes.
  uint64_t bytes_down() const;

  size_t phones() const { return devices_.size(); }

 private:
  explicit BusyFleet(const FleetOptions& options);

  // The requests of one kecamatan that everybody there may edit.
  class Board {
   public:
    void Add(const sync::RequestKey& request);
    std::optional<sync::RequestKey> Pick(fieldsim::Dice* dice) const;

   private:
    mutable std::mutex mutex_;
    std::vector<sync::RequestKey> requests_ ABSL_GUARDED_BY(mutex_);
  };

  // One outing of a phone: changes, then a visit.
  absl::Status GoOut(size_t number, uint64_t outing);
  absl::Status Write(size_t number, fieldsim::Dice* dice);
  absl::Status Visit(size_t number);
  // Runs `work` for each phone on the threads; the first error.
  template <typename Work>
  absl::Status Each(const Work& work);

  const FleetOptions options_;
  std::string actors_;  // how the phones' names begin
  std::vector<fieldsim::District> districts_;
  std::unique_ptr<fieldsim::Writer> writer_;
  fieldsim::DeviceWorld world_;
  std::vector<std::unique_ptr<fieldsim::Device>> devices_;
  std::vector<std::unique_ptr<Board>> boards_;  // by district
  std::atomic<uint64_t> made_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tikar::crash

#endif  // TIKAR_TESTS_CRASH_BUSY_FLEET_H_
