// Receipts: they hold with nothing but a public key, and nothing in them can be altered.
#include "sync/receipt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "note_keys.h"
#include "replica_fixture.h"
#include "sync/merkle_log.h"
#include "sync/state.h"

namespace tikar::sync {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReceiptTest : public ReplicaTest {
 protected:
  CheckpointMaker MakerOf(char letter) {
    return [=](const Checkpoint& checkpoint) -> absl::StatusOr<std::string> {
      return FormatSignedNote(SignCheckpoint(checkpoint, SignerOf(letter)));
    };
  }
  v1::Receipt Receipt(const Node& node, const RequestKey& request, ReceiptQuery query = {}) {
    v1::Receipt whole;
    pages_ = 0;
    do {
      const auto page = MakeReceipt(node.reader(), request, query, MakerOf('k'));
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      ++pages_;
      uncovered_ += page->uncovered;
      whole.MergeFrom(page->receipt);
      query.token = page->next_token;
    } while (!query.token.empty());
    return whole;
  }
  absl::StatusOr<CheckedReceipt> Check(const v1::Receipt& receipt, char letter = 'k') {
    const PublicKey key = SignerOf(letter).public_key();
    return CheckReceipt(receipt, {&key, 1});
  }
  void ExpectRefused(const v1::Receipt& receipt, const char* why) {
    const absl::Status status = Check(receipt).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }

  size_t pages_ = 0;
  uint32_t uncovered_ = 0;
};

TEST_F(ReceiptTest, ShowsWhatWasRecordedAndWhen) {
  for (int i = 0; i < 300; ++i) node_.Push(budi_.Create());
  const Written created = node_.Take(siti_.Create().Set("deskripsi", "jembatan putus"));
  node_.now_ms += kDayMs;
  const Written set = node_.Take(siti_.After(created).Set("biaya", Value::Integer(5)));
  node_.now_ms += kDayMs;
  node_.Push(siti_.After(set).Set("tidak_ada", "x"));
  node_.Push(budi_.Create());
  const auto checked = Check(Receipt(node_, created.key));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->request, created.key);
  EXPECT_TRUE(checked->shows_create);
  EXPECT_EQ(checked->changes, 3u);
  ASSERT_THAT(checked->entries, SizeIs(3));
  EXPECT_EQ(checked->entries[0].seq, 301u);
  EXPECT_EQ(checked->entries[0].change, created.id);
  EXPECT_EQ(checked->entries[1].change, set.id);
  EXPECT_EQ(checked->entries[2].verdict, v1::VERDICT_VOID);
  EXPECT_EQ(checked->entries[1].received_at_ms - checked->entries[0].received_at_ms, kDayMs);
  EXPECT_THAT(checked->entries, Each(Field(&CheckedEntry::has_body, false)));
  ASSERT_THAT(checked->logs, SizeIs(1));
  EXPECT_EQ(checked->logs[0].checkpoint.size, 304u);
  EXPECT_TRUE(checked->logs[0].signers.at(0).is_log);
  EXPECT_FALSE(Check(Receipt(node_, created.key), 'x').ok());
}

TEST_F(ReceiptTest, NoWordOfTheCitizenIsInItUnlessAskedFor) {
  const Written created = node_.Take(siti_.Create().Set("deskripsi", "jembatan putus"));
  EXPECT_THAT(Receipt(node_, created.key).SerializeAsString(), Not(HasSubstr("jembatan")));
  EXPECT_THAT(Receipt(node_, created.key).SerializeAsString(), Not(HasSubstr("hp-siti")));
  const v1::Receipt whole = Receipt(node_, created.key, {.with_bodies = true});
  EXPECT_EQ(whole.logs(0).entries(0).body(), created.body);
  const auto checked = Check(whole);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_TRUE(checked->entries[0].has_body);
}

TEST_F(ReceiptTest, OfARequestThatTwoNodesTook) {
  Node hub(2);
  const Written created = node_.Take(siti_.Create());
  hub.PullFrom(node_);
  const Written set = hub.Take(siti_.After(created).Set("biaya", Value::Integer(5)));
  node_.Take(set);
  node_.PullFrom(hub);
  const auto checked = Check(Receipt(node_, created.key));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->logs, SizeIs(2));
  EXPECT_THAT(checked->entries, SizeIs(3));
  EXPECT_EQ(checked->changes, 2u);
}

TEST_F(ReceiptTest, WhatLiesBeyondAGapIsNotShownAndCounted) {
  Node hub(2);
  const Written created = node_.Take(siti_.Create());
  node_.Push(budi_.Create());
  node_.Take(siti_.After(created).Set("biaya", Value::Integer(5)));
  const std::vector<v1::Entry> entries = node_.EntriesAfter({});
  hub.Receive({entries[0], entries[2]});
  const auto checked = Check(Receipt(hub, created.key));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->entries, SizeIs(1));
  EXPECT_EQ(uncovered_, 1u);
}

TEST_F(ReceiptTest, ComesInPages) {
  const Written created = node_.Take(siti_.Create());
  Written last = created;
  for (int i = 0; i < 20; ++i) {
    last = node_.Take(siti_.After(last).Set("biaya", Value::Integer(i)));
    node_.Push(budi_.Create());
  }
  const v1::Receipt receipt =
      Receipt(node_, created.key, {.with_bodies = true, .bytes_max = 2'000});
  EXPECT_GT(pages_, 3u);
  const auto checked = Check(receipt);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->entries, SizeIs(21));
  Receipt(node_, created.key, {.bytes_max = 1});
  EXPECT_EQ(pages_, 21u);
  const auto page = MakeReceipt(node_.reader(), created.key, {.token = "rubbish"}, MakerOf('k'));
  EXPECT_TRUE(absl::IsInvalidArgument(page.status()));
}

TEST_F(ReceiptTest, OfNothingThereIsNone) {
  const Written elsewhere = siti_.Create();
  EXPECT_TRUE(
      absl::IsNotFound(MakeReceipt(node_.reader(), elsewhere.key, {}, MakerOf('k')).status()));
  const Written created = node_.Take(siti_.Create());
  const auto refusing = MakeReceipt(node_.reader(), created.key, {}, [](const Checkpoint&) {
    return absl::FailedPreconditionError("no key");
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(refusing.status()));
}

TEST_F(ReceiptTest, NothingInItCanBeAltered) {
  const Written created = node_.Take(siti_.Create());
  node_.Take(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written other = node_.Take(budi_.Create());
  const v1::Receipt good = Receipt(node_, created.key, {.with_bodies = true});
  ASSERT_TRUE(Check(good).ok());
  const auto altered = [&](auto alter) {
    v1::Receipt receipt = good;
    alter(receipt, *receipt.mutable_logs(0), *receipt.mutable_logs(0)->mutable_entries(0));
    return receipt;
  };
  using R = v1::Receipt;
  using L = v1::LogProof;
  using E = v1::EntryProof;
  ExpectRefused(altered([](R& r, L&, E&) { r.set_format("tikar receipt 2"); }), "newer tikar");
  ExpectRefused(altered([](R& r, L&, E&) { r.clear_request(); }), "names no request");
  ExpectRefused(altered([](R& r, L&, E&) { r.mutable_request()->back() = 'G'; }), "no request");
  ExpectRefused(altered([&](R& r, L&, E&) { r.set_request(RequestName(other.key)); }),
                "another request");
  ExpectRefused(altered([](R& r, L&, E&) { r.clear_logs(); }), "no entries");
  ExpectRefused(altered([](R& r, L&, E&) { *r.add_logs() = r.logs(0); }), "comes twice");
  ExpectRefused(altered([](R&, L& l, E&) { l.mutable_checkpoint()->append("x"); }), "signed note");
  ExpectRefused(altered([](R&, L& l, E&) { (*l.mutable_checkpoint())[40] ^= 1; }), "");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_seq(0); }), "entry 0");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_seq(2); }), "entry 2");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_received_at_ms(e.received_at_ms() - 1); }),
                "not in that tree");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_verdict(v1::VERDICT_VOID); }), "not in that tree");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_verdict(v1::Verdict(256 + e.verdict())); }),
                "no verdict");
  ExpectRefused(altered([](R&, L&, E& e) { e.set_signature_id("x"); }), "not in that tree");
  ExpectRefused(altered([](R&, L&, E& e) { e.mutable_change_hash()->back() ^= 1; }), "not in that");
  ExpectRefused(altered([](R&, L&, E& e) { e.mutable_change_hash()->pop_back(); }), "32 bytes");
  ExpectRefused(altered([](R&, L&, E& e) { (*e.mutable_proof(0))[3] ^= 1; }), "not in that tree");
  ExpectRefused(altered([](R&, L&, E& e) { e.mutable_proof(0)->pop_back(); }), "32 bytes");
  ExpectRefused(altered([](R&, L&, E& e) { e.mutable_proof()->RemoveLast(); }), "too short");
  ExpectRefused(altered([&](R&, L&, E& e) { e.set_body(other.body); }), "not the one");
  // Of another region's log, well signed.
  ExpectRefused(
      altered([&](R&, L& l, E&) {
        l.set_checkpoint(*MakerOf('k')(
            {.log = LogLine(kNias, node_.origin()), .size = 3, .root = MerkleEmptyRoot()}));
      }),
      "region 12.04");
  ExpectRefused(altered([&](R&, L& l, E&) {
                  l.set_checkpoint(*MakerOf('k')(
                      {.log = "example.com/other", .size = 3, .root = MerkleEmptyRoot()}));
                }),
                "no log of ours");
}

TEST_F(ReceiptTest, WithoutTheCreateItDoesNotShowThatTheRequestWasFiled) {
  const Written created = node_.Take(siti_.Create());
  node_.Take(siti_.After(created).Set("biaya", Value::Integer(5)));
  v1::Receipt receipt = Receipt(node_, created.key);
  receipt.mutable_logs(0)->mutable_entries()->DeleteSubrange(0, 1);
  const auto checked = Check(receipt);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_FALSE(checked->shows_create);
  EXPECT_THAT(checked->entries, SizeIs(1));
}

}  // namespace
}  // namespace tikar::sync
