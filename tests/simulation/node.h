// Node: one server: a disk, a clock that may lie, and the engine that ships, without threads.
//
// The engine's threads are replaced by a schedule: Kick plans that the engine does one piece of its
// work (judging a group, an fsync, an answer, a read), and which piece it is, is drawn. So the
// orders in which threads could have run are tried, and a seed repeats one.
#ifndef TIKAR_TESTS_SIMULATION_NODE_H_
#define TIKAR_TESTS_SIMULATION_NODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "device_clock.h"
#include "node_disk.h"
#include "server/engine/engine.h"
#include "stage.h"
#include "stream.h"

namespace tikar::simulation {

// Not safe for threads.
class Node {
 public:
  // `stage` outlives it. `old`: an earlier build. `has_forms`: the definitions came with it.
  Node(Stage* stage, NodeIndex index, bool old, bool has_forms);
  ~Node();

  NodeIndex index() const { return index_; }
  bool running() const { return engine_ != nullptr; }
  bool old() const { return old_; }
  // Null while it does not run.
  server::Engine* engine() { return engine_.get(); }
  // The newest durable version; null while it does not run or opens its store.
  std::shared_ptr<const server::Published> published() const;
  DeviceClock& clock() { return clock_; }
  const DeviceClock& clock() const { return clock_; }
  NodeDisk& disk() { return disk_; }
  const NodeDisk& disk() const { return disk_; }

  // Starts a process; tries again by itself while the disk does not let it.
  void Start();
  // In order, as for an upgrade.
  void Stop();
  // The machine loses its power. Does not start again by itself.
  void Crash();
  // Does not run. From now on it has all capabilities of this build.
  void Upgrade();
  // Does not run. The disk is a copy of what it was, in a new machine.
  void Restore(const sync::Reader& backup, uint64_t backup_step);
  void SetFull(bool full);

  // Something may be to do.
  void Kick();
  // The engine has nothing to do and answered everything.
  bool idle() const { return !kicked_; }

  void Add(std::shared_ptr<Stream> stream);
  void Remove(Stream* stream);

  // When something was written last, true time.
  int64_t last_write_ms() const { return last_write_ms_; }

 private:
  void OpenEngine();
  void AddForms();
  void Work();
  void PlanTick();
  void PlanRecovery();
  void OnWrite(const sync::Reader& before, const sync::WriteBatch& batch);
  void OnDurable(const sync::WriteBatch& batch);
  void Changed(NodeChange what, uint64_t backup_step = 0);
  // Which requests it will have lost something of.
  void NoteLost(const sync::Reader& backup);
  // Ends the process after everything that it could still tell was cut off.
  void DropEngine();

  Stage& stage_;
  const NodeIndex index_;
  bool old_;
  const bool has_forms_;
  DeviceClock clock_;
  NodeDisk disk_;
  std::unique_ptr<server::Engine> engine_;
  std::vector<std::shared_ptr<Stream>> streams_;
  uint64_t process_ = 0;  // names the engine that an event was planned for
  uint64_t machine_ = 0;
  bool wanted_ = false;  // to run
  bool kicked_ = false;
  bool recovering_ = false;
  int64_t last_write_ms_ = 0;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_NODE_H_
