// What the sequencer does besides taking changes: commands, timers, and folding again what waited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "server/engine/offers.h"
#include "sync/keys.h"
#include "sync/limits.h"

namespace tikar::server {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class CommandsTest : public EngineTest {
 protected:
  TaskResult Run(Command command) {
    Mailbox<TaskResult> answers;
    EXPECT_TRUE(
        sequencer()
            .Run(std::move(command), 0, [&](TaskResult result) { answers.Put(std::move(result)); })
            .ok());
    auto answer = answers.Take();
    EXPECT_TRUE(answer.has_value());
    return answer.has_value() ? *std::move(answer) : TaskResult();
  }
  sync::DefinitionHash AddVersion(uint32_t version) {
    const std::string bytes = ComplaintFormBytes(version);
    const TaskResult result = Run([bytes](sync::Replica& replica, int64_t now_ms) {
      return replica.AddDefinition(bytes, now_ms);
    });
    EXPECT_TRUE(result.status.ok()) << result.status;
    return sync::Sha256(bytes);
  }
  Mailbox<TaskResult> answers_;
};

TEST_F(CommandsTest, ACommandIsDurableBeforeItsAnswer) {
  StartEngine();
  const sync::DefinitionHash form = AddVersion(1);
  const int syncs = disk_.syncs();
  const TaskResult adopted = Run([form](sync::Replica& replica, int64_t now_ms) {
    return replica.Adopt("15.01", form, "admin/sari", now_ms);
  });
  ASSERT_TRUE(adopted.status.ok()) << adopted.status;
  EXPECT_GT(disk_.syncs(), syncs);
  const auto offered = OfferedIn(*adopted.published, {}, "15.01", "pengaduan");
  ASSERT_TRUE(offered.ok());
  ASSERT_NE(*offered, nullptr);
  EXPECT_EQ((*offered)->hash(), form);
}

TEST_F(CommandsTest, ACommandThatRefusesHarmsNobody) {
  StartEngine();
  AddForm();
  const int opens = disk_.opens();
  for (const absl::Status& refusal :
       {absl::InvalidArgumentError("malformed"), absl::NotFoundError("not here"),
        absl::AlreadyExistsError("taken")}) {
    const TaskResult result = Run([refusal](sync::Replica&, int64_t) { return refusal; });
    EXPECT_EQ(result.status, refusal);
  }
  EXPECT_EQ(disk_.opens(), opens);
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 1))}, &answers_).ok());
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->status.ok()) << answer->status;
}

TEST_F(CommandsTest, WhatWaitsForADefinitionIsFoldedPieceByPiece) {
  StartEngine();
  // More than one piece.
  constexpr int kRequests = static_cast<int>(sync::kUpgradesPerGroupMax) * 2 + 10;
  std::vector<sync::Submission> submissions;
  for (int i = 0; i < kRequests; ++i) {
    submissions.push_back(By("petugas-1", Complaint("petugas-1", i)));
  }
  ASSERT_TRUE(Submit(std::move(submissions), &answers_).ok());
  const auto taken = answers_.Take();
  ASSERT_TRUE(taken.has_value());
  ASSERT_TRUE(taken->status.ok()) << taken->status;
  AddForm();
  const auto waiting = [&] {
    const auto page =
        sync::ListRequests(*sequencer().Current()->reader, "15.01", {}, {.size = kRequests});
    EXPECT_TRUE(page.ok()) << page.status();
    size_t count = 0;
    for (const v1::Request& request : page->requests()) {
      if (request.availability() != v1::AVAILABILITY_READY) ++count;
    }
    EXPECT_THAT(page->requests(), SizeIs(kRequests));
    return count;
  };
  // Pieces and others' changes take turns; each answer shows a version that is one piece on.
  for (int i = 0; i < 10 && waiting() > 0; ++i) {
    ASSERT_TRUE(Submit({By("petugas-2", Complaint("petugas-2", i, 0, "15.02"))}, &answers_).ok());
    ASSERT_TRUE(answers_.Take().has_value());
  }
  EXPECT_EQ(waiting(), 0u);
}

// It used to keep the node from taking anything, for ever.
TEST_F(CommandsTest, ADamagedRequestThatWaitsStopsNeitherTheNodeNorWhatElseWaits) {
  StartEngine();
  const std::string damaged = Complaint("petugas-1", 1), whole = Complaint("petugas-1", 2);
  for (const std::string& body : {damaged, whole}) {
    ASSERT_TRUE(Submit({By("petugas-1", body)}, &answers_).ok());
    ASSERT_TRUE(answers_.Take()->status.ok());
  }
  disk_.Damage(sync::Family::kRequests, sync::keys::Record(KeyOf(damaged)));
  AddForm();
  const auto availability_of = [&](const std::string& body) {
    const auto stored = sync::LoadRequest(*sequencer().Current()->reader, KeyOf(body));
    EXPECT_TRUE(stored.ok() && stored->has_value()) << stored.status();
    return (*stored)->state.availability;
  };
  EXPECT_EQ(availability_of(whole), v1::AVAILABILITY_READY);
  // Nor after a start, which tries it again.
  ASSERT_TRUE(engine_->Stop().ok());
  StartEngine();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 3))}, &answers_).ok());
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->status.ok()) << answer->status;
  EXPECT_THAT(sequencer().status().refusing_writes, IsEmpty());
  EXPECT_EQ(availability_of(whole), v1::AVAILABILITY_READY);
}

TEST_F(CommandsTest, WhereWhatWaitsCannotBeLookedForTheNodeTakesChangesAllTheSame) {
  StartEngine();
  // More than is folded with the definition.
  const int waiting = static_cast<int>(sync::kUpgradesPerGroupMax) + 10;
  std::vector<sync::Submission> submissions;
  for (int i = 0; i < waiting; ++i) {
    submissions.push_back(By("petugas-1", Complaint("petugas-1", i)));
  }
  ASSERT_TRUE(Submit(std::move(submissions), &answers_).ok());
  ASSERT_TRUE(answers_.Take()->status.ok());
  // The piece that folds the rest comes after this.
  const sync::DefinitionHash form = sync::Sha256(ComplaintFormBytes());
  const TaskResult added = Run([&](sync::Replica& replica, int64_t now_ms) {
    auto outcome = replica.AddDefinition(ComplaintFormBytes(), now_ms);
    disk_.FailScansOf(sync::keys::WaitPrefix(form) + "1");
    return outcome;
  });
  ASSERT_TRUE(added.status.ok()) << added.status;
  const int opens = disk_.opens();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Submit({By("petugas-2", Complaint("petugas-2", i))}, &answers_).ok());
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->status.ok()) << answer->status;
  }
  EXPECT_EQ(disk_.opens(), opens);
  EXPECT_THAT(sequencer().status().refusing_writes, IsEmpty());
  disk_.FailScansOf("");
}

TEST_F(CommandsTest, TimersRunAtStartAndAgainAfterTheirInterval) {
  const int64_t now_before_ms = now_ms_;
  StartEngine([](EngineOptions& options) { options.timers_interval_ms = 1; });
  ASSERT_TRUE(disk_.WaitForSyncs(disk_.syncs() + 3));
  EXPECT_EQ(now_ms_, now_before_ms);
  // Nothing is due, so nothing is made.
  EXPECT_EQ(sequencer().status().changes_committed, 0u);
}

TEST_F(CommandsTest, TimersOutliveAFailingDisk) {
  StartEngine([](EngineOptions& options) { options.timers_interval_ms = 1; });
  disk_.FailNextSync();
  ASSERT_TRUE(disk_.WaitForSyncs(disk_.syncs() + 20));
  EXPECT_GE(disk_.opens(), 2);
}

TEST(OffersTest, TheCatalogueOffersTheNewestVersionOfEachService) {
  const std::string first = ComplaintFormBytes(1), third = ComplaintFormBytes(3);
  const CatalogueOffers offers = NewestOf({first, third, ComplaintFormBytes(2), "rubbish"});
  EXPECT_THAT(offers, SizeIs(1));
  EXPECT_EQ(offers.at("pengaduan"), sync::Sha256(third));
}

}  // namespace
}  // namespace tikar::server
