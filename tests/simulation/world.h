// World: one run, from its options to its findings.
//
//   World world(DrawOptions(seed), {});
//   const Result result = world.Run();
//   if (!result.findings.empty()) …
#ifndef TIKAR_TESTS_SIMULATION_WORLD_H_
#define TIKAR_TESTS_SIMULATION_WORLD_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "checker.h"
#include "exchange.h"
#include "faults.h"
#include "node.h"
#include "officers.h"
#include "options.h"
#include "phone.h"
#include "stage.h"

namespace tikar::simulation {

struct Watch {
  // A line on stdout for everything that happens.
  bool verbose = false;
  // Names of the checkers that judge; empty: all.
  std::set<std::string> checkers = {};
};

struct Result {
  std::vector<Findings::Finding> findings;
  // The same for the same seed and the same code.
  uint64_t trace_hash = 0;
  uint64_t steps = 0;
  int64_t simulated_ms = 0;
};

// Not safe for threads.
class World : private Sight {
 public:
  World(const Options& options, const Watch& watch);
  ~World() override;

  // Once.
  Result Run();

 private:
  void SetUp();
  void Heal();
  // Everybody has come together and has nothing left to do.
  bool Settled() const;
  // Runs events until then, or until somebody has found something.
  void RunUntil(int64_t time_ms);
  bool over() const;

  // Sight:
  const Options& options() const override { return stage_.options; }
  int64_t now_ms() const override { return stage_.schedule.now_ms(); }
  uint64_t step() const override { return stage_.schedule.step(); }
  bool healed() const override { return stage_.healed; }
  size_t node_count() const override { return nodes_.size(); }
  bool NodeRuns(NodeIndex node) const override { return nodes_[node]->running(); }
  int64_t NodeClockMs(NodeIndex node) const override { return nodes_[node]->clock().Read(); }
  std::shared_ptr<const sync::Reader> NodeDurable(NodeIndex node) const override {
    return nodes_[node]->disk().durable();
  }
  std::shared_ptr<const sync::Reader> NodeWritten(NodeIndex node) const override {
    return nodes_[node]->disk().written();
  }
  sync::Origin NodeOrigin(NodeIndex node) const override;
  bool NodeIsOld(NodeIndex node) const override { return nodes_[node]->old(); }
  size_t phone_count() const override { return phones_.size(); }
  int64_t PhoneClockMs(PhoneIndex phone) const override { return phones_[phone]->clock().Read(); }
  std::string PhoneActor(PhoneIndex phone) const override {
    return phones_[phone]->settings().actor;
  }
  bool PhoneIsUsed(PhoneIndex phone) const override { return phones_[phone]->used(); }
  std::optional<client::RequestOnPhone> PhoneShows(PhoneIndex phone,
                                                   const sync::RequestKey& key) const override;
  PhoneContents ReadPhone(PhoneIndex phone) const override { return phones_[phone]->Read(); }
  bool LostByRestore(const sync::RequestKey& key) const override {
    return stage_.lost_by_restore.contains(key);
  }
  const std::vector<std::string>& regions() const override { return regions_; }
  const sync::DefinitionSource& definitions() const override { return stage_.services; }

  Stage stage_;
  std::vector<std::string> regions_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Phone>> phones_;
  Exchange exchange_;
  Officers officers_;
  Faults faults_;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_WORLD_H_
