#include "checkers/checkers.h"

namespace tikar::simulation {

// Those that judge at once come before those that judge at the end: the first finding ends the run,
// and it should be the one nearest to the cause.
std::vector<std::unique_ptr<Checker>> MakeCheckers() {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(MakeNothingLeavesBeforeFsync());
  checkers.push_back(MakeSequenceNeverReused());
  checkers.push_back(MakeHlcMonotonic());
  checkers.push_back(MakeRetryIsIdempotent());
  checkers.push_back(MakeReviewEndsOnlyBySettle());
  checkers.push_back(MakeCursorResumesMidStream());
  checkers.push_back(MakeCursorNeverSkips());
  checkers.push_back(MakeScopeLeaveTold());
  checkers.push_back(MakeNoAcknowledgedChangeLost());
  checkers.push_back(MakeVerdictsJoin());
  checkers.push_back(MakePoisonDoesNotBlock());
  checkers.push_back(MakeQueueDrains());
  checkers.push_back(MakeOldAndNewVersionsConverge());
  checkers.push_back(MakeNoWaitingForEver());
  checkers.push_back(MakeConverged());
  checkers.push_back(MakeOwnEchoIsNoConflict());
  checkers.push_back(MakeLosingValueKept());
  return checkers;
}

}  // namespace tikar::simulation
