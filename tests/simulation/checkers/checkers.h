// The checkers, one for each promise of the design's section 4 and of what users of earlier systems
// suffered. Each is a file of its own, which says the promise, how it is judged and what excuses a
// breach; canaries/list has for each at least one way to break what ships that it must notice.
#ifndef TIKAR_TESTS_SIMULATION_CHECKERS_CHECKERS_H_
#define TIKAR_TESTS_SIMULATION_CHECKERS_CHECKERS_H_

#include <memory>

#include "checker.h"

namespace tikar::simulation {

// What was acknowledged is there after every crash, and comes back after a restore.
std::unique_ptr<Checker> MakeNoAcknowledgedChangeLost();
// No bytes leave a node that tell of what a power cut could take back.
std::unique_ptr<Checker> MakeNothingLeavesBeforeFsync();
// Nodes hold the same bytes in the end, and phones show what their node holds.
std::unique_ptr<Checker> MakeConverged();
// A change counts by the join of all stamps that it got, the same everywhere.
std::unique_ptr<Checker> MakeVerdictsJoin();
// A phone that is told that it has everything has everything.
std::unique_ptr<Checker> MakeCursorNeverSkips();
// A pass that was broken off goes on where it was.
std::unique_ptr<Checker> MakeCursorResumesMidStream();
// What is sent twice is logged once, and a call that is repeated makes one change.
std::unique_ptr<Checker> MakeRetryIsIdempotent();
// An officer never meets an own edit as somebody else's.
std::unique_ptr<Checker> MakeOwnEchoIsNoConflict();
// No review ends because somebody wrote on.
std::unique_ptr<Checker> MakeReviewEndsOnlyBySettle();
// What lost is in the history, with who wrote it and by which rule it lost.
std::unique_ptr<Checker> MakeLosingValueKept();
// In the end no phone has anything that no server has said a word about.
std::unique_ptr<Checker> MakeQueueDrains();
// A change that no server can take stops none of the others.
std::unique_ptr<Checker> MakePoisonDoesNotBlock();
// Nothing waits for what is there already, nobody longer than the longest pause.
std::unique_ptr<Checker> MakeNoWaitingForEver();
// What left a phone's scope leaves the phone; what is to be sent stays.
std::unique_ptr<Checker> MakeScopeLeaveTold();
// A place in a log is given out once.
std::unique_ptr<Checker> MakeSequenceNeverReused();
// Clocks that lie, stand still or run back never make a stamp repeat or run away.
std::unique_ptr<Checker> MakeHlcMonotonic();
// What an older build does not understand passes through it unharmed.
std::unique_ptr<Checker> MakeOldAndNewVersionsConverge();

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_CHECKERS_CHECKERS_H_
