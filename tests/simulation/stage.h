// Stage: what nodes, phones and links share in one run.
#ifndef TIKAR_TESTS_SIMULATION_STAGE_H_
#define TIKAR_TESTS_SIMULATION_STAGE_H_

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checker.h"
#include "network.h"
#include "options.h"
#include "random.h"
#include "schedule.h"
#include "services.h"
#include "sync/types.h"
#include "trace.h"

namespace tikar::simulation {

struct Stage {
  Stage(const Options& drawn, bool verbose)
      : options(drawn),
        random(drawn.seed),
        network(&options, &schedule, &random),
        trace(&schedule, verbose) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Tells all checkers.
  template <typename Observation>
  void Tell(void (Checker::*method)(const Observation&), const Observation& observation) {
    for (const std::unique_ptr<Checker>& checker : checkers) ((*checker).*method)(observation);
  }
  // What never may be, whatever the promises are.
  void FailWorld(std::string message) {
    findings.Add({"World", std::move(message), schedule.step(), schedule.now_ms()});
  }

  const Options options;
  Schedule schedule;
  property::Random random;
  Network network;
  Trace trace;
  Findings findings;
  std::vector<std::unique_ptr<Checker>> checkers;
  const Services services;
  // Changes on which every stream breaks that carries them: a gateway before the nodes cannot read
  // them.
  std::set<std::string> poison;  // bodies
  // Of which a restored node has lost an entry.
  std::set<sync::RequestKey> lost_by_restore;
  bool healed = false;
  uint64_t streams = 0;  // begun so far
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_STAGE_H_
