// Exchange: how nodes learn each other's entries: each asks another one, now and then, for what it
// lacks, and takes what comes.
//
// Questions and answers are datagrams: they get lost, come twice, and overtake each other. What is
// put to the test is the Replica (EntriesAfter, Receive), not a protocol of links.
#ifndef TIKAR_TESTS_SIMULATION_EXCHANGE_H_
#define TIKAR_TESTS_SIMULATION_EXCHANGE_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node.h"
#include "stage.h"
#include "sync/version_vector.h"

namespace tikar::simulation {

// Not safe for threads.
class Exchange {
 public:
  // All outlive it.
  Exchange(Stage* stage, const std::vector<std::string>* regions,
           std::vector<std::unique_ptr<Node>>* nodes);

  // Every node begins to ask.
  void Start();
  // Whether all nodes hold the same entries, durably, and can use them all.
  bool Converged() const;

 private:
  struct Question {
    NodeIndex asker;
    std::map<std::string, sync::VersionVector> known;
    std::set<sync::DefinitionHash> definitions;
  };
  struct Answer {
    std::vector<v1::Entry> entries;
    std::vector<std::string> definitions;
  };

  void Plan(NodeIndex asker);
  void Ask(NodeIndex asker);
  void Reply(NodeIndex peer, const Question& question);
  void Take(NodeIndex asker, const Answer& answer);
  void Transmit(NodeIndex from, NodeIndex to, std::function<void()> arrive);

  Stage& stage_;
  const std::vector<std::string>& regions_;
  std::vector<std::unique_ptr<Node>>& nodes_;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_EXCHANGE_H_
