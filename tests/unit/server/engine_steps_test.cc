// The engine without threads: nothing happens but step by step.
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "engine_fixture.h"

namespace tikar::server {
namespace {

class EngineStepsTest : public EngineTest {
 protected:
  void SetUp() override {
    StartEngine([](EngineOptions& options) { options.threads = false; });
    Settle();
  }

  // Everything that there is to do.
  void Settle() {
    while (engine_->Step(Engine::Work::kSequencer) || engine_->Step(Engine::Work::kSyncer) ||
           engine_->Step(Engine::Work::kCompletion) || engine_->Step(Engine::Work::kRead)) {
    }
  }
  void Submit(const std::string& body) {
    const absl::Status taken =
        sequencer().Submit({By("kerinci/petugas-1", body)},
                           [this](TaskResult result) { answers_.push_back(std::move(result)); });
    ASSERT_TRUE(taken.ok()) << taken;
  }

  std::vector<TaskResult> answers_;
};

TEST_F(EngineStepsTest, AnswerComesAfterTheSyncAndNotBefore) {
  const std::string body = Complaint("kerinci/petugas-1", 1);
  Submit(body);
  EXPECT_FALSE(engine_->Step(Engine::Work::kSyncer)) << "nothing was written yet";
  ASSERT_TRUE(engine_->Step(Engine::Work::kSequencer));
  EXPECT_FALSE(engine_->Step(Engine::Work::kCompletion)) << "nothing is durable yet";
  EXPECT_FALSE(IsPublished(body));
  ASSERT_TRUE(engine_->Step(Engine::Work::kSyncer));
  EXPECT_TRUE(IsPublished(body));
  EXPECT_TRUE(answers_.empty());
  ASSERT_TRUE(engine_->Step(Engine::Work::kCompletion));
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(answers_[0].status.ok());
}

TEST_F(EngineStepsTest, SequencerWaitsForTheSyncerWhenTwoGroupsAreUnderWay) {
  for (int i = 0; i < 3; ++i) {
    Submit(Complaint("kerinci/petugas-1", i));
    // The third is not begun: one group is being synced, the next one is ready.
    EXPECT_EQ(engine_->Step(Engine::Work::kSequencer), i < 2);
  }
  ASSERT_TRUE(engine_->Step(Engine::Work::kSyncer));
  EXPECT_TRUE(engine_->Step(Engine::Work::kSequencer));
  Settle();
  EXPECT_EQ(answers_.size(), 3u);
}

TEST_F(EngineStepsTest, FailedStoreIsOpenedByOneStep) {
  EXPECT_FALSE(engine_->Step(Engine::Work::kRecovery)) << "nothing failed";
  disk_.FailNextSync();
  Submit(Complaint("kerinci/petugas-1", 1));
  Settle();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(absl::IsUnavailable(answers_[0].status));
  EXPECT_FALSE(sequencer().status().refusing_writes.empty());
  disk_.SetUsable(false);
  EXPECT_TRUE(engine_->Step(Engine::Work::kRecovery));
  EXPECT_FALSE(sequencer().status().refusing_writes.empty());
  disk_.SetUsable(true);
  EXPECT_TRUE(engine_->Step(Engine::Work::kRecovery));
  EXPECT_TRUE(sequencer().status().refusing_writes.empty());
}

TEST_F(EngineStepsTest, StopFinishesWhatWasAdmitted) {
  Submit(Complaint("kerinci/petugas-1", 1));
  Submit(Complaint("kerinci/petugas-1", 2));
  EXPECT_TRUE(engine_->Stop().ok());
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_TRUE(answers_[0].status.ok());
  EXPECT_TRUE(answers_[1].status.ok());
}

}  // namespace
}  // namespace tikar::server
