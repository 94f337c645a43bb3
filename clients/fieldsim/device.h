// One simulated phone: an app on the SDK, an officer who writes, and visits to the server.
//
// A full phone keeps its data in a SQLite file, and its app runs only between WakeUp and Sleep: as
// on a phone that is put away, what is not in the file is gone. A light one keeps it in SQLite's
// memory and stays awake. All else is the same SDK, over the same wire.
//
// Thread safety: none; one worker has a device at a time.
#ifndef TIKAR_CLIENTS_FIELDSIM_DEVICE_H_
#define TIKAR_CLIENTS_FIELDSIM_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/field_app.h"
#include "clients/fieldsim/places.h"
#include "clients/fieldsim/randomness.h"
#include "clients/fieldsim/records.h"
#include "clients/fieldsim/wire_log.h"
#include "clients/fieldsim/writer.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::fieldsim {

// What all phones share; outlives them.
struct DeviceWorld {
  std::string server;
  const Writer* writer = nullptr;
  uint64_t seed = 0;
  int64_t patience_ms = 0;
  // The server is near and the fleet in a hurry; a phone's own waits are ten times as long.
  client::BackoffLimits backoff = {100, 10'000};
};

struct DeviceOptions {
  uint64_t number = 0;
  std::string actor;
  std::vector<std::string> scope;
  // Where it creates requests.
  const District* district = nullptr;
  int64_t clock_offset_ms = 0;
  // Empty: a light one.
  std::string database_path;
};

class Device {
 public:
  Device(const DeviceWorld* world, DeviceOptions options);

  // Opens the app where it is closed; Sleep closes a full phone's.
  absl::Status WakeUp();
  void Sleep();

  // One change each; the phone must be awake. FailedPrecondition: the form could not be filled in,
  // with what the SDK says is wrong.
  absl::Status Create();
  // Of one of its own requests; creates one while there is none.
  absl::Status EditOwn();
  // NotFound: the request is not on this phone.
  absl::Status EditShared(const sync::RequestKey& key);

  // One visit to the server, tried again until the patience ends. What went wrong is in last_sync()
  // and in Record().
  void Sync();
  const absl::Status& last_sync() const { return last_sync_; }

  // The requests that this device created, in order.
  const std::vector<sync::RequestKey>& own() const { return own_; }
  const District& district() const { return *options_.district; }
  size_t made() const { return made_.size(); }
  // Microseconds of each visit.
  const std::vector<int64_t>& sync_times_us() const { return sync_times_us_; }
  const WireLog& wire() const { return *wire_; }
  // Reads the whole phone, which must be awake.
  absl::StatusOr<DeviceRecord> Record();

 private:
  bool light() const { return options_.database_path.empty(); }
  Dice NextDice() const { return Dice{world_->seed, options_.number, made_.size()}; }
  // Edits by the dice, or with a remark where the state forbids what they said. True: it was
  // queued.
  absl::StatusOr<bool> TryEdit(const sync::RequestKey& key, Dice* dice);
  void Note(const client::EditOutcome& outcome);

  const DeviceWorld* const world_;
  const DeviceOptions options_;
  DeviceClock clock_;
  SeededRandom random_;
  const std::shared_ptr<WireLog> wire_ = std::make_shared<WireLog>();
  std::unique_ptr<client::FieldApp> app_;
  std::vector<MadeChange> made_;
  std::vector<sync::RequestKey> own_;
  std::vector<int64_t> sync_times_us_;
  absl::Status last_sync_;
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_DEVICE_H_
