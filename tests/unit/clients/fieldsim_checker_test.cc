// The checker must fail on every fault that it names: the records of a sound run with one thing
// spoilt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "clients/fieldsim/checker.h"

namespace tikar::fieldsim {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

sync::ChangeId Id(uint8_t number) {
  sync::ChangeId id;
  id[15] = number;
  return id;
}

sync::RequestKey Key(uint8_t number) {
  sync::RequestId id;
  id[15] = number;
  return {"15.01", id};
}

MadeChange Acknowledge(DeviceRecord* device, uint8_t change, uint8_t request, uint64_t seq) {
  device->made.push_back({Id(change), Key(request)});
  Answers& answers = device->answers[Id(change)];
  answers.verdict = v1::VERDICT_ACCEPTED;
  answers.places.insert({"15.01", 7, seq});
  return device->made.back();
}

ServerChange OnServer(uint8_t change, const std::string& actor,
                      std::vector<sync::ChangeId> parents) {
  return {Id(change), actor, std::move(parents), v1::VERDICT_ACCEPTED};
}

// Siti files two requests in Gunung Kerinci and Budi edits the first; the coordinator only looks.
// The third lies in another kecamatan and was there before.
struct SampleRun {
  SampleRun() {
    siti.actor = "fieldsim/a/0001";
    budi.actor = "fieldsim/a/0002";
    coordinator.actor = "fieldsim/a/0050";
    siti.scope = budi.scope = {"15.01.06"};
    coordinator.scope = {"15.01"};
    Acknowledge(&siti, 1, 1, 1);
    Acknowledge(&siti, 2, 2, 2);
    Acknowledge(&budi, 3, 1, 3);
    server.requests[Key(1)] = {"15.01.06.2010", "digest 1", 0, 0};
    server.requests[Key(2)] = {"15.01.06.2011", "digest 2", 0, 0};
    server.requests[Key(3)] = {"15.01.07.2001", "digest 3", 0, 0};
    server.histories[Key(1)] = {OnServer(1, siti.actor, {}), OnServer(3, budi.actor, {Id(1)})};
    server.histories[Key(2)] = {OnServer(2, siti.actor, {})};
    siti.held = {{Key(1), {"digest 1"}}, {Key(2), {"digest 2"}}};
    budi.held = siti.held;
    coordinator.held = siti.held;
    coordinator.held[Key(3)] = {"digest 3"};
    siti.synced = budi.synced = coordinator.synced = true;
  }

  std::vector<Finding> Check() const { return fieldsim::Check({siti, budi, coordinator}, server); }

  DeviceRecord siti, budi, coordinator;
  ServerRecord server;
};

TEST(CheckerTest, ASoundRunHasNoFindings) { EXPECT_THAT(SampleRun().Check(), IsEmpty()); }

TEST(CheckerTest, AChangeHeldForAPersonIsNotLost) {
  SampleRun run;
  run.budi.answers[Id(3)].verdict = v1::VERDICT_QUARANTINED;
  run.server.histories[Key(1)][1].verdict = v1::VERDICT_QUARANTINED;
  EXPECT_THAT(run.Check(), IsEmpty());
}

struct Spoilt {
  std::string name;
  std::function<void(SampleRun*)> spoil;
  Fault fault;
  std::string actor;
  std::string said;
};

class SpoiltRunTest : public testing::TestWithParam<Spoilt> {};

TEST_P(SpoiltRunTest, IsFoundAndNamed) {
  SampleRun run;
  GetParam().spoil(&run);
  const std::vector<Finding> findings = run.Check();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(FaultName(findings[0].fault), FaultName(GetParam().fault));
  EXPECT_EQ(findings[0].actor, GetParam().actor);
  EXPECT_THAT(findings[0].text, HasSubstr(GetParam().said));
}

constexpr char kSiti[] = "fieldsim/a/0001", kBudi[] = "fieldsim/a/0002";
constexpr char kCoordinator[] = "fieldsim/a/0050";
constexpr char kChange3[] = "change 00000000000000000000000000000003";

INSTANTIATE_TEST_SUITE_P(
    Faults, SpoiltRunTest,
    testing::Values(
        Spoilt{"AnAcknowledgedChangeIsDropped",
               [](SampleRun* run) { run->server.histories[Key(1)].pop_back(); }, Fault::kLost,
               kBudi, kChange3},
        Spoilt{"ARequestIsDropped",
               [](SampleRun* run) {
                 run->server.histories.erase(Key(2));
                 run->server.requests.erase(Key(2));
                 for (DeviceRecord* device : {&run->siti, &run->budi, &run->coordinator}) {
                   device->held.erase(Key(2));
                 }
               },
               Fault::kLost, kSiti, "change 00000000000000000000000000000002"},
        Spoilt{"AnAcceptedChangeIsVoidOnTheServer",
               [](SampleRun* run) { run->server.histories[Key(1)][1].verdict = v1::VERDICT_VOID; },
               Fault::kLost, kBudi, kChange3},
        Spoilt{"AChangeIsUnderAnotherName",
               [](SampleRun* run) { run->server.histories[Key(1)][1].actor = "admin/somebody"; },
               Fault::kLost, kBudi, kChange3},
        Spoilt{"AChangeIsInAHistoryTwice",
               [](SampleRun* run) {
                 auto& history = run->server.histories[Key(1)];
                 history.push_back(history.back());
               },
               Fault::kDuplicated, kBudi, "is on the server twice"},
        Spoilt{"AChangeIsInTwoHistories",
               [](SampleRun* run) {
                 run->server.histories[Key(2)].push_back(run->server.histories[Key(1)][1]);
               },
               Fault::kDuplicated, kBudi, "is on the server twice"},
        Spoilt{"AChangeHasTwoPlacesInALog",
               [](SampleRun* run) {
                 run->budi.answers[Id(3)].places.insert({"15.01", 7, 9});
               },
               Fault::kDuplicated, kBudi, "two places in one log"},
        Spoilt{"ARetryBecameASecondChange",
               [](SampleRun* run) {
                 run->server.histories[Key(1)].push_back(OnServer(4, kBudi, {Id(1)}));
               },
               Fault::kInvented, kBudi, "change 00000000000000000000000000000004"},
        Spoilt{"AChangeWasNeverAnswered", [](SampleRun* run) { run->budi.answers.clear(); },
               Fault::kUnsent, kBudi, kChange3},
        Spoilt{"AChangeWasRefused",
               [](SampleRun* run) {
                 run->budi.answers[Id(3)].verdict = v1::VERDICT_VOID;
                 run->budi.answers[Id(3)].refusal = "too long";
               },
               Fault::kRefused, kBudi, "too long"},
        Spoilt{"TheLastExchangeFailed",
               [](SampleRun* run) { run->siti.last_sync = absl::UnavailableError("no route"); },
               Fault::kNotSynced, kSiti, "no route"},
        Spoilt{"ThePhoneNeverCameToTheEnd", [](SampleRun* run) { run->siti.synced = false; },
               Fault::kNotSynced, kSiti, "never said that this was all"},
        Spoilt{"ARequestIsNotOnThePhone", [](SampleRun* run) { run->siti.held.erase(Key(2)); },
               Fault::kMissing, kSiti, "is not on the phone"},
        Spoilt{"ARequestOfAnotherKecamatanIsOnThePhone",
               [](SampleRun* run) { run->budi.held[Key(3)] = {"digest 3"}; }, Fault::kSurplus,
               kBudi, "not in its scope"},
        Spoilt{"ARequestIsOnAPhoneOnly",
               [](SampleRun* run) { run->coordinator.held[Key(9)] = {"digest 9"}; },
               Fault::kSurplus, kCoordinator, "not in its scope"},
        Spoilt{"APhoneShowsAnotherState",
               [](SampleRun* run) { run->coordinator.held[Key(1)] = {"digest of yesterday"}; },
               Fault::kDiverged, kCoordinator, "another state"},
        Spoilt{"APhoneStillShowsItsOwnEdit", [](SampleRun* run) { run->budi.held[Key(1)] = {""}; },
               Fault::kDiverged, kBudi, "still waits"}),
    [](const auto& info) { return info.param.name; });

TEST(CountConflictsTest, CountsWhatStandsBesideAnother) {
  ServerRecord server;
  server.requests[Key(1)] = {"15.01.06.2010", "d", 2, 1};
  // 1 - 2 - 4, and 3 beside 2 and 4; 5 knows all.
  server.histories[Key(1)] = {OnServer(1, "a", {}), OnServer(2, "a", {Id(1)}),
                              OnServer(3, "b", {Id(1)}), OnServer(4, "a", {Id(2)}),
                              OnServer(5, "b", {Id(3), Id(4)})};
  server.histories[Key(2)] = {OnServer(6, "a", {}), OnServer(7, "b", {Id(6)})};
  const Conflicts conflicts = CountConflicts(server);
  EXPECT_EQ(conflicts.concurrent_changes, 3u);
  EXPECT_EQ(conflicts.decided, 2u);
  EXPECT_EQ(conflicts.under_review, 1u);
}

}  // namespace
}  // namespace tikar::fieldsim
