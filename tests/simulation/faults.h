// Faults: what breaks during the safety phase, and when. All of it is drawn before the run begins.
#ifndef TIKAR_TESTS_SIMULATION_FAULTS_H_
#define TIKAR_TESTS_SIMULATION_FAULTS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "node.h"
#include "phone.h"
#include "stage.h"

namespace tikar::simulation {

// Not safe for threads.
class Faults {
 public:
  // All outlive it.
  Faults(Stage* stage, const std::vector<std::string>* regions,
         std::vector<std::unique_ptr<Node>>* nodes, std::vector<std::unique_ptr<Phone>>* phones);

  // Plans everything. Clones are added to the phones when they come.
  void Plan();
  // Ends everything that is still broken.
  void Heal();

 private:
  struct NodeBackup {
    NodeIndex node;
    uint64_t step;
    std::shared_ptr<const sync::Reader> rows;
  };
  struct PhoneBackup {
    PhoneIndex phone;
    uint64_t step;
    PhoneDisk::Image files;
  };

  // `count` times, at drawn moments of the safety phase, unless it is healed by then.
  void Repeat(size_t count, const std::function<void()>& fault);
  Node& DrawNode();
  Phone& DrawPhone();
  void Later(int64_t delay_ms, std::function<void()> event);

  void CrashNode();
  void RestoreNode();
  void FillNode();
  void KillPhone();
  void RestorePhone();
  void ClonePhone();
  void FillPhone();
  void Partition();
  void ChangeScope();
  void TurnClock();

  Stage& stage_;
  const std::vector<std::string>& regions_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  std::vector<std::unique_ptr<Phone>>& phones_;
  std::vector<NodeBackup> node_backups_;
  std::vector<PhoneBackup> phone_backups_;
};

// Where an officer works: a few kecamatan, a whole region, or all.
std::vector<std::string> DrawScope(property::Random* random,
                                   const std::vector<std::string>& regions);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_FAULTS_H_
