#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "engine_fixture.h"
#include "server/engine/sequencer.h"
#include "sync/keys.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SequencerTest : public EngineTest {
 protected:
  Mailbox<TaskResult> answers_;
};

TEST_F(SequencerTest, NothingLeavesBeforeTheFsync) {
  StartEngine();
  const uint64_t number_before = sequencer().Current()->number;
  const std::string bridge = Complaint("petugas-1", 1);
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  ASSERT_TRUE(Submit({By("petugas-1", bridge)}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));

  EXPECT_TRUE(answers_.empty());
  EXPECT_FALSE(IsPublished(bridge));
  EXPECT_EQ(sequencer().Current()->number, number_before);

  disk_.Release();
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->status.ok()) << answer->status;
  ASSERT_THAT(answer->results, SizeIs(1));
  EXPECT_EQ(answer->results[0].verdict, v1::VERDICT_ACCEPTED);
  EXPECT_FALSE(answer->results[0].duplicate);
  EXPECT_TRUE(IsPublished(bridge));
  EXPECT_GT(answer->published->number, number_before);
}

TEST_F(SequencerTest, WhatComesDuringAnFsyncSharesTheNextOnes) {
  StartEngine();
  const uint64_t groups_before = sequencer().status().groups_committed;
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 0))}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  constexpr int kPhones = 50;
  for (int phone = 1; phone <= kPhones; ++phone) {
    ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", phone))}, &answers_).ok());
  }
  disk_.Release();
  for (int phone = 0; phone <= kPhones; ++phone) {
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->status.ok()) << answer->status;
  }
  // The first one, the group that was prepared meanwhile, and the rest.
  EXPECT_LE(sequencer().status().groups_committed - groups_before, 3u);
  EXPECT_LE(disk_.syncs() - syncs_before, 3);
  EXPECT_EQ(sequencer().status().changes_committed, 51u);
}

TEST_F(SequencerTest, OneSubmittersAnswersComeInOrder) {
  StartEngine();
  constexpr int kPushes = 200;
  for (int push = 0; push < kPushes; ++push) {
    ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", push))}, &answers_).ok());
  }
  uint64_t seq = 0;
  for (int push = 0; push < kPushes; ++push) {
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    ASSERT_TRUE(answer->status.ok());
    EXPECT_GT(answer->results[0].seq, seq);
    seq = answer->results[0].seq;
  }
}

TEST_F(SequencerTest, ARetryIsADuplicate) {
  StartEngine();
  const std::string bridge = Complaint("petugas-1", 1);
  ASSERT_TRUE(Submit({By("petugas-1", bridge)}, &answers_).ok());
  ASSERT_TRUE(Submit({By("petugas-1", bridge)}, &answers_).ok());
  const auto first = answers_.Take(), second = answers_.Take();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(first->results[0].duplicate);
  EXPECT_TRUE(second->results[0].duplicate);
  EXPECT_EQ(first->results[0].seq, second->results[0].seq);
}

TEST_F(SequencerTest, AFullQueueTurnsAwayWithADelay) {
  StartEngine([](EngineOptions& options) { options.sequencer.queue_changes_max = 3; });
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  // Two groups are under way; the rest waits in the queue.
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 0))}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  int taken = 1;
  absl::Status status;
  while (taken < 20) {
    status = Submit({By("petugas-1", Complaint("petugas-1", taken))}, &answers_);
    if (!status.ok()) break;
    ++taken;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "OVERLOADED");
  EXPECT_GE(RetryMsOf(status), kRetryOverloadedMs / 2);
  EXPECT_LE(RetryMsOf(status), kRetryOverloadedMs * 3 / 2);
  // Three in the queue, at most two groups (of up to three) on their way.
  EXPECT_LE(taken, 3 + 1 + 3);
  disk_.Release();
  for (int i = 0; i < taken; ++i) {
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->status.ok());
  }
  // Room again.
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 99))}, &answers_).ok());
  EXPECT_TRUE(answers_.Take()->status.ok());
}

TEST_F(SequencerTest, TheQueueIsBoundedInBytesToo) {
  StartEngine([](EngineOptions& options) { options.sequencer.queue_bytes_max = 1000; });
  const absl::Status status = Submit({By("petugas-1", Complaint("petugas-1", 1, 2000))}, &answers_);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(sequencer().status().queue_bytes, 0u);
}

TEST_F(SequencerTest, AFailedFsyncAcknowledgesNothingAndWritingComesBackByItself) {
  StartEngine();
  const std::string before = Complaint("petugas-1", 1), lost = Complaint("petugas-1", 2);
  ASSERT_TRUE(Submit({By("petugas-1", before)}, &answers_).ok());
  ASSERT_TRUE(answers_.Take()->status.ok());

  disk_.SetUsable(false);
  disk_.FailNextSync();
  ASSERT_TRUE(Submit({By("petugas-1", lost)}, &answers_).ok());
  const auto failed = answers_.Take();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(failed->status), "REFUSING_WRITES");
  EXPECT_GT(RetryMsOf(failed->status), 0);
  EXPECT_THAT(failed->results, IsEmpty());

  // While the disk is away: writes are refused with the reason, reads are served.
  ASSERT_TRUE(disk_.WaitForProbes(2));
  EXPECT_THAT(sequencer().status().refusing_writes, HasSubstr("disk full"));
  const absl::Status refused = Submit({By("petugas-1", lost)}, &answers_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(IsPublished(before));
  EXPECT_FALSE(IsPublished(lost));
  EXPECT_EQ(disk_.opens(), 1);

  disk_.SetUsable(true);
  absl::Status taken;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {
    taken = Submit({By("petugas-1", lost)}, &answers_);
    std::this_thread::yield();
  } while (!taken.ok() && std::chrono::steady_clock::now() < deadline);
  ASSERT_TRUE(taken.ok()) << taken;
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->status.ok()) << answer->status;
  EXPECT_FALSE(answer->results[0].duplicate) << "what was not synced had been published";
  EXPECT_TRUE(IsPublished(before));
  EXPECT_TRUE(IsPublished(lost));
  EXPECT_THAT(sequencer().status().refusing_writes, IsEmpty());
  EXPECT_EQ(disk_.opens(), 2);
}

TEST_F(SequencerTest, AFailedWriteAnswersEverybodyWhoWaits) {
  StartEngine();
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 0))}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  disk_.SetUsable(false);
  disk_.FailNextWrite();
  for (int i = 1; i <= 5; ++i) {
    // The failure may come between two of them.
    Mailbox<TaskResult>* answers = &answers_;
    const absl::Status taken = Submit({By("petugas-1", Complaint("petugas-1", i))}, answers);
    if (!taken.ok()) {
      EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
      TaskResult refused;
      refused.status = taken;
      answers_.Put(refused);
    }
  }
  disk_.Release();
  int acknowledged = 0;
  for (int i = 0; i <= 5; ++i) {
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value()) << "somebody waits for ever";
    acknowledged += answer->status.ok();
  }
  EXPECT_LE(acknowledged, 1);
  disk_.SetUsable(true);
}

TEST_F(SequencerTest, StopFinishesWhatWasTakenAndTakesNoMore) {
  StartEngine();
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  constexpr int kPushes = 30;
  for (int i = 0; i < kPushes; ++i) {
    ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", i))}, &answers_).ok());
  }
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  std::thread stopper([this] { EXPECT_TRUE(engine_->Stop().ok()); });
  absl::Status late;
  Mailbox<TaskResult> late_answers;
  int late_taken = 0;
  while (late.ok()) {
    late = Submit({By("petugas-1", Complaint("petugas-1", 1000 + late_taken))}, &late_answers);
    late_taken += late.ok();
  }
  EXPECT_EQ(late.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(late), "STOPPING");
  disk_.Release();
  stopper.join();
  for (int i = 0; i < kPushes; ++i) {
    ASSERT_FALSE(answers_.empty());
    EXPECT_TRUE(answers_.Take()->status.ok());
  }
  EXPECT_EQ(late_answers.size(), static_cast<size_t>(late_taken));
}

TEST_F(SequencerTest, StopWhileTheStoreIsAwayEnds) {
  StartEngine();
  disk_.SetUsable(false);
  disk_.FailNextSync();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 1))}, &answers_).ok());
  EXPECT_FALSE(answers_.Take()->status.ok());
  ASSERT_TRUE(disk_.WaitForProbes(1));
  engine_->Stop().IgnoreError();
  EXPECT_EQ(Submit({By("petugas-1", Complaint("petugas-1", 2))}, &answers_).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(SequencerTest, RacingRetriesOfACallMakeOneChange) {
  StartEngine();
  AddForm();
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 1))}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  AuthoredChange call;
  ASSERT_TRUE(call.body.ParseFromString(Complaint("admin/sari", 7)));
  call.idempotency_key = "CreateRequest\nadmin/sari\n1";
  for (int retry = 0; retry < 3; ++retry) {
    ASSERT_TRUE(sequencer()
                    .Author(call, [this](TaskResult result) { answers_.Put(std::move(result)); })
                    .ok());
  }
  disk_.Release();
  ASSERT_TRUE(answers_.Take()->status.ok());
  const auto first = answers_.Take();
  ASSERT_TRUE(first.has_value() && first->status.ok());
  ASSERT_THAT(first->results, SizeIs(1));
  ASSERT_EQ(first->results[0].verdict, v1::VERDICT_ACCEPTED);
  for (int retry = 1; retry < 3; ++retry) {
    const auto again = answers_.Take();
    ASSERT_TRUE(again.has_value() && again->status.ok());
    EXPECT_THAT(again->results, IsEmpty());
    ASSERT_TRUE(again->made_earlier);
    EXPECT_EQ(again->earlier.change, first->results[0].change_id);
    EXPECT_EQ(again->earlier.request.id, first->results[0].request_id);
  }
}

TEST_F(SequencerTest, TheServersOwnChangesNeverShareATime) {
  StartEngine();
  AddForm();
  std::vector<uint64_t> hlcs;
  for (int i = 0; i < 20; ++i) {
    AuthoredChange call;
    ASSERT_TRUE(call.body.ParseFromString(Complaint("admin/sari", i)));
    call.idempotency_key = "key " + std::to_string(i);
    ASSERT_TRUE(sequencer()
                    .Author(call, [this](TaskResult result) { answers_.Put(std::move(result)); })
                    .ok());
  }
  for (int i = 0; i < 20; ++i) {
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value() && answer->status.ok());
    const sync::SubmissionResult& result = answer->results[0];
    const auto stored =
        sync::LoadRequest(*answer->published->reader, {result.region, result.request_id});
    ASSERT_TRUE(stored.ok() && stored->has_value());
    hlcs.push_back((*stored)->state.create_time);
  }
  EXPECT_TRUE(std::is_sorted(hlcs.begin(), hlcs.end()));
  EXPECT_EQ(std::adjacent_find(hlcs.begin(), hlcs.end()), hlcs.end());
}

TEST_F(SequencerTest, ADefinitionIsPublishedAndABadOneIsToldToItsSenderOnly) {
  StartEngine();
  AddForm();
  EXPECT_NE(sequencer().Current()->definitions->Newest("pengaduan"), nullptr);
  ASSERT_TRUE(sequencer()
                  .AddDefinition("no definition",
                                 [this](TaskResult result) { answers_.Put(std::move(result)); })
                  .ok());
  EXPECT_EQ(answers_.Take()->status.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 1))}, &answers_).ok());
  EXPECT_TRUE(answers_.Take()->status.ok());
}

TEST_F(SequencerTest, EntriesOfAnotherNodeAreTakenAndMalformedOnesRefused) {
  StartEngine();
  AddForm();
  const std::string body = Complaint("petugas-nias", 1);
  v1::Entry entry;
  entry.set_region("15.01");
  entry.set_origin(77);
  entry.set_seq(1);
  entry.mutable_stamp()->set_received_at_ms(kMorning + 500);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_ACCEPTED);
  const sync::Hash hash = sync::Sha256(body);
  entry.set_change_hash(hash.bytes());
  entry.set_body(body);
  entry.set_leaf_hash(
      sync::LeafHash("15.01", sync::Origin{77}, 1, sync::Stamp::FromProto(entry.stamp()), hash)
          .bytes());
  const auto receive = [this](v1::Entry one) {
    EXPECT_TRUE(sequencer()
                    .Receive({std::move(one)},
                             [this](TaskResult result) { answers_.Put(std::move(result)); })
                    .ok());
    return answers_.Take()->status;
  };
  const absl::Status received = receive(entry);
  EXPECT_TRUE(received.ok()) << received;
  EXPECT_TRUE(IsPublished(body));
  entry.set_seq(2);
  entry.set_change_hash(std::string(32, 'h'));
  EXPECT_EQ(receive(entry).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SequencerTest, BadBytesAreAnsweredAndHurtNobody) {
  StartEngine();
  AddForm();
  ASSERT_TRUE(
      Submit({By("petugas-1", "no change at all"), By("petugas-1", Complaint("petugas-1", 1)),
              By("petugas-2", Complaint("petugas-1", 2))},
             &answers_)
          .ok());
  const auto answer = answers_.Take();
  ASSERT_TRUE(answer.has_value() && answer->status.ok());
  ASSERT_THAT(answer->results, SizeIs(3));
  EXPECT_EQ(answer->results[0].verdict, v1::VERDICT_VOID);
  EXPECT_EQ(answer->results[1].verdict, v1::VERDICT_ACCEPTED);
  EXPECT_EQ(answer->results[2].verdict, v1::VERDICT_VOID) << "somebody else's change";
}

// Half of a group is judged when the other half meets a request that cannot be read. Each
// submission is judged again, alone, and whole.
TEST_F(SequencerTest, ADamagedRequestHurtsOnlyWhoeverWritesToIt) {
  StartEngine();
  AddForm();
  const std::string damaged = Complaint("petugas-1", 1);
  ASSERT_TRUE(Submit({By("petugas-1", damaged)}, &answers_).ok());
  ASSERT_TRUE(answers_.Take()->status.ok());
  disk_.Damage(sync::Family::kRequests, sync::keys::Record(KeyOf(damaged)));

  // Two groups on their way to the disk: the next submissions wait for one another.
  const int syncs_before = disk_.syncs();
  disk_.Hold();
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 2))}, &answers_).ok());
  ASSERT_TRUE(disk_.WaitForSyncs(syncs_before + 1));
  ASSERT_TRUE(Submit({By("petugas-1", Complaint("petugas-1", 3))}, &answers_).ok());
  while (sequencer().status().queue_changes > 0) std::this_thread::yield();
  const std::string before = Complaint("petugas-2", 4), after = Complaint("petugas-2", 5);
  ASSERT_TRUE(Submit({By("petugas-2", before)}, &answers_).ok());
  ASSERT_TRUE(
      Submit({By("petugas-2", Complaint("petugas-2", 6)), By("petugas-1", damaged)}, &answers_)
          .ok());
  ASSERT_TRUE(
      Submit({By("petugas-2", after), By("petugas-2", Complaint("petugas-2", 7))}, &answers_).ok());
  disk_.Release();

  std::vector<TaskResult> answers;
  for (int i = 0; i < 5; ++i) {
    auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    answers.push_back(*std::move(answer));
  }
  EXPECT_EQ(answers[3].status.code(), absl::StatusCode::kDataLoss) << answers[3].status;
  for (const int judged : {0, 1, 2, 4}) {
    ASSERT_TRUE(answers[judged].status.ok()) << judged << ": " << answers[judged].status;
    for (const sync::SubmissionResult& result : answers[judged].results) {
      EXPECT_EQ(result.verdict, v1::VERDICT_ACCEPTED) << judged;
    }
  }
  ASSERT_THAT(answers[4].results, SizeIs(2));
  EXPECT_EQ(answers[4].results[0].request_id, KeyOf(after).id);
  EXPECT_TRUE(IsPublished(before));
  EXPECT_TRUE(IsPublished(after));
  EXPECT_FALSE(IsPublished(Complaint("petugas-2", 6))) << "told to have failed, so it must have";
}

TEST_F(SequencerTest, ManySubmittersAtOnceAreAllAnswered) {
  StartEngine();
  constexpr int kThreads = 8, kPushes = 40;
  std::atomic<int> ok{0}, answered{0};
  {
    std::vector<std::thread> phones;
    for (int phone = 0; phone < kThreads; ++phone) {
      phones.emplace_back([&, phone] {
        const std::string actor = "petugas-" + std::to_string(phone);
        for (int push = 0; push < kPushes; ++push) {
          Mailbox<TaskResult> answers;
          if (!Submit({By(actor, Complaint(actor, phone * 1000 + push))}, &answers).ok()) continue;
          const auto answer = answers.Take();
          answered += answer.has_value();
          ok += answer.has_value() && answer->status.ok();
        }
      });
    }
    for (std::thread& phone : phones) phone.join();
  }
  EXPECT_EQ(answered, kThreads * kPushes);
  EXPECT_EQ(ok, kThreads * kPushes);
  EXPECT_EQ(sequencer().status().changes_committed, static_cast<uint64_t>(kThreads * kPushes));
  EXPECT_EQ(sequencer().status().queue_changes, 0u);
}

}  // namespace
}  // namespace tikar::server
