// Phone: one field app: flash, a clock that may lie, and the SDK that ships, driven as its runner
// drives it (clients/cpp/sync_runner.h), over simulated streams.
#ifndef TIKAR_TESTS_SIMULATION_PHONE_H_
#define TIKAR_TESTS_SIMULATION_PHONE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clients/cpp/field_app.h"
#include "device_clock.h"
#include "node.h"
#include "phone_disk.h"
#include "stage.h"
#include "stream.h"

namespace tikar::simulation {

struct PhoneSettings {
  std::string actor;
  std::string role;
  std::vector<std::string> scope;
  NodeIndex home = 0;
  bool roaming = false;
  bool live = false;
  bool newer_app = false;
};

// Not safe for threads.
class Phone {
 public:
  // All outlive it.
  Phone(Stage* stage, std::vector<std::unique_ptr<Node>>* nodes, PhoneIndex index,
        PhoneSettings settings);
  ~Phone();

  PhoneIndex index() const { return index_; }
  const PhoneSettings& settings() const { return settings_; }
  DeviceClock& clock() { return clock_; }
  const DeviceClock& clock() const { return clock_; }
  PhoneDisk& disk() { return disk_; }
  // Null while the app could not be opened, or the phone is not used any more.
  client::FieldApp* app() { return app_.get(); }
  bool used() const { return used_; }

  // Opens the app, and again by itself while its disk does not let it.
  void Open();
  // Begins to come for visits (or to stay).
  void Start();

  // The officer writes. OK and true: it is queued.
  absl::StatusOr<bool> Create(const client::NewRequest& request, bool poison);
  absl::StatusOr<bool> Edit(const sync::RequestKey& key, std::vector<v1::Mutation> mutations,
                            bool poison);

  // The request that was written to last.
  const sync::RequestKey& last_made() const { return last_made_; }

  // The app dies and is opened again. `power`: with the phone, so that what was not synced goes.
  void Kill(bool power);
  // Its files become these. `clone_of`: it is a new phone made from a backup of that one.
  void Restore(const PhoneDisk::Image& files, uint64_t backup_step,
               std::optional<PhoneIndex> clone_of);
  void SetScope(std::vector<std::string> scope);
  void SetFull(bool full);
  // Nothing breaks any more.
  void Heal();
  // Its owner got another one.
  void Retire();

  // The last visit that ended well began then (short), or the live stream has been quiet since
  // then; nullopt: neither.
  std::optional<int64_t> SettledSince() const;
  // What is on its files, by plain SQL.
  PhoneContents Read() const;

 private:
  absl::StatusOr<bool> Queued(absl::StatusOr<client::EditOutcome> outcome, bool poison);
  void Visit();
  void PlanVisit(int64_t delay_ms);
  void Apply(absl::StatusOr<client::SyncSession::Step> step);
  void OnMessage(const v1::SyncResponse& response);
  void OnEnd(const absl::Status& status, std::optional<int64_t> retry_delay_ms);
  void WatchSilence();
  // What the runner asks the catalogue after a stream.
  void FetchForms(NodeIndex node);
  // The power may have gone during a call.
  void Survive();
  void DropApp();
  void Tell(PhoneChange what, uint64_t backup_step = 0, PhoneIndex source = 0);

  Stage& stage_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  const PhoneIndex index_;
  PhoneSettings settings_;
  DeviceClock clock_;
  PhoneDisk disk_;
  class SeededRandom;
  std::unique_ptr<SeededRandom> random_;
  std::unique_ptr<client::FieldApp> app_;
  uint64_t process_ = 0;  // names the app that an event was planned for
  bool used_ = true;
  bool started_ = false;
  bool opened_before_ = false;

  // The stream under way, if any.
  std::unique_ptr<client::SyncSession> session_;
  std::shared_ptr<Stream> stream_;
  client::SyncMode mode_ = client::SyncMode::kShort;
  absl::Status own_error_;
  std::string cursor_;
  int64_t visit_began_ms_ = 0;
  int64_t heard_ms_ = 0;  // or said something
  bool caught_up_ = false;
  uint64_t visit_planned_ = 0;
  std::optional<NodeIndex> again_at_;
  std::optional<int64_t> settled_since_ms_;
  sync::RequestKey last_made_;
};

// What the files of a phone hold.
PhoneContents ReadContents(const PhoneDisk::Image& files);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_PHONE_H_
