#include "sync/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kerinci.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What a node knows of one request, laid out by hand.
class Knowledge {
 public:
  explicit Knowledge(
      std::vector<std::shared_ptr<const Definition>> definitions = {Complaint(), NewerComplaint()})
      : definitions_(std::move(definitions)) {}

  Written Know(const Written& change, v1::Verdict verdict = v1::VERDICT_ACCEPTED,
               int64_t clock_offset_ms = 0) {
    parsed_.push_back(change.Parse());
    key_ = change.key;
    FoldChange& known = changes_.emplace_back();
    known.id = change.id;
    known.stamp.received_at_ms = kMorningMs + 24 * 60 * 60 * 1000;
    known.stamp.clock_offset_ms = clock_offset_ms;
    known.stamp.verdict = verdict;
    known.parents = parsed_.back().parents;
    known.change = &parsed_.back();
    return change;
  }
  // Only the stub of it.
  void KnowStub(const Written& change) {
    Know(change, v1::VERDICT_VOID);
    changes_.back().change = nullptr;
    changes_.back().stub = true;
  }

  Fold Run() const { return FoldRequest(key_, changes_, definitions_); }
  // In another order.
  Fold RunShuffled(uint64_t seed) const {
    std::vector<FoldChange> changes = changes_;
    std::shuffle(changes.begin(), changes.end(), std::mt19937_64(seed));
    return FoldRequest(key_, changes, definitions_);
  }

 private:
  KnownDefinitions definitions_;
  RequestKey key_;
  std::deque<ParsedChange> parsed_;  // addresses stay
  std::vector<FoldChange> changes_;
};

class FoldTest : public testing::Test {
 protected:
  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Officer head_{"kantor", "kepala"};
  Officer timer_{"timer", ""};
  Knowledge known_;
};

TEST_F(FoldTest, ACreateAloneIsReadyInItsFirstState) {
  const Written created = known_.Know(siti_.Create().Set("judul", "Jembatan putus"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(fold.state.service, "pengaduan");
  EXPECT_EQ(fold.state.definition, Complaint()->hash());
  EXPECT_EQ(fold.state.status(), "diterima");
  EXPECT_EQ(fold.state.area(), kSungaibetungHilir);
  EXPECT_EQ(fold.state.Text("judul"), "Jembatan putus");
  EXPECT_THAT(fold.state.heads, ElementsAre(created.id));
  EXPECT_EQ(fold.state.change_count, 1u);
  EXPECT_EQ(fold.generations.at(created.id), 1u);
}

TEST_F(FoldTest, NothingAtAllIsAStateTooAndNeedsItsCreate) {
  const Fold fold = FoldRequest({"15.01", RequestId()}, {}, KnownDefinitions());
  EXPECT_EQ(fold.state.availability, v1::AVAILABILITY_NEEDS_CREATE);
  EXPECT_THAT(fold.state.heads, IsEmpty());
}

TEST_F(FoldTest, AnEditWithoutItsCreateWaitsForItAndKnowsWhatIsMissing) {
  const Written created = siti_.Create();
  const Written edited = known_.Know(siti_.After(created).Set("judul", "Jembatan"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.availability, v1::AVAILABILITY_NEEDS_CREATE);
  EXPECT_THAT(fold.missing, ElementsAre(created.id));
  EXPECT_THAT(fold.state.heads, ElementsAre(edited.id));
  EXPECT_THAT(fold.state.fields, IsEmpty());
}

TEST_F(FoldTest, WithoutItsDefinitionARequestWaitsForIt) {
  Knowledge known({NewerComplaint()});
  known.Know(siti_.Create());
  EXPECT_EQ(known.Run().state.availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  EXPECT_THAT(known.Run().state.fields, IsEmpty());
  EXPECT_EQ(known.Run().state.definition, Complaint()->hash());
}

TEST_F(FoldTest, AMutationOfANewerAppNeedsANewerServerUnlessItWasRefused) {
  const Written created = known_.Know(siti_.Create());
  const Written newer = siti_.After(created).AddNewerKind();
  known_.Know(newer);
  EXPECT_EQ(known_.Run().state.availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
  Knowledge again;
  again.Know(created);
  again.Know(newer, v1::VERDICT_VOID);
  EXPECT_EQ(again.Run().state.availability, v1::AVAILABILITY_READY);
}

TEST_F(FoldTest, MergeRulesOfTheFutureNeedANewerServer) {
  v1::Definition proto = ComplaintProto();
  proto.set_merge_version(kMergeVersionNewest + 1);
  const std::shared_ptr<const Definition> future = ParseDefinition(proto);
  Knowledge known({future});
  known.Know(siti_.Create(kTamiai, *future));
  EXPECT_EQ(known.Run().state.availability, v1::AVAILABILITY_NEEDS_NEWER_SERVER);
}

TEST_F(FoldTest, ARefusedChangeKeepsTheAncestryOfItsChildrenAndWritesNothing) {
  const Written created = known_.Know(siti_.Create().Set("judul", "satu"));
  const Written refused = siti_.After(created).Set("judul", "ditolak");
  known_.KnowStub(refused);
  const Written child = known_.Know(siti_.After(refused).Set("judul", "dua"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.Text("judul"), "dua");
  EXPECT_EQ(fold.state.Find("judul")->rule, v1::RULE_ONLY) << "it has seen the first title";
  EXPECT_THAT(fold.state.heads, ElementsAre(child.id));
  EXPECT_EQ(fold.state.change_count, 3u);
  EXPECT_EQ(fold.generations.at(child.id), 3u);
}

TEST_F(FoldTest, TwoWhoDidNotKnowOfEachOtherAreBothCandidates) {
  const Written created = known_.Know(siti_.Create().Set("judul", "satu"));
  known_.Know(siti_.After(created).Set("judul", "Siti"));
  const Written later = known_.Know(budi_.AtMinute(30).After(created).Set("judul", "Budi"));
  const Fold fold = known_.Run();
  const FieldState& title = *fold.state.Find("judul");
  EXPECT_EQ(title.candidates.size(), 2u);
  EXPECT_EQ(title.value, Value::Text("Budi"));
  EXPECT_EQ(title.rule, v1::RULE_LATEST);
  EXPECT_FALSE(title.under_review);
  EXPECT_EQ(fold.state.update_time, PackHlc(kMorningMs + 31 * 60'000, 0));
  EXPECT_NE(later.id, created.id);
}

TEST_F(FoldTest, APhoneAYearAheadDoesNotWinByItsClock) {
  constexpr int64_t kYearMs = 365LL * 24 * 60 * 60 * 1000;
  const Written created = known_.Know(siti_.Create());
  Officer ahead("hp-budi", "petugas", kMorningMs + kYearMs);
  known_.Know(ahead.After(created).Set("judul", "Budi"), v1::VERDICT_ACCEPTED, -kYearMs);
  known_.Know(siti_.AtMinute(30).After(created).Set("judul", "Siti"));
  EXPECT_EQ(known_.Run().state.Text("judul"), "Siti");
}

TEST_F(FoldTest, TwoDecisionsThatDidNotKnowOfEachOtherGoUnderReview) {
  const Written created = known_.Know(siti_.Create());
  const Written approved = known_.Know(siti_.After(created).Go("diterima", "disetujui"));
  const Written rejected = known_.Know(budi_.After(created).Go("diterima", "ditolak"));
  const Fold fold = known_.Run();
  EXPECT_TRUE(fold.state.UnderReview("status"));
  EXPECT_EQ(fold.state.Find("status")->rule, v1::RULE_REVIEW);
  EXPECT_EQ(fold.state.Find("status")->candidates.size(), 2u);
  EXPECT_THAT(fold.disputed, ElementsAre("status"));
  EXPECT_NE(approved.id, rejected.id);
}

TEST_F(FoldTest, AReviewDoesNotVanishBecauseOneSideWritesOn) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  // Siti, who knows nothing of Budi, corrects herself to what he wrote.
  known_.Know(siti_.After(five).Set("biaya", Value::Integer(6)));
  const Fold fold = known_.Run();
  EXPECT_TRUE(fold.state.UnderReview("biaya"));
  EXPECT_EQ(fold.state.Find("biaya")->value, Value::Integer(6));
}

TEST_F(FoldTest, AWriteOverASeenReviewAddsACandidateAndOnlySettleEndsIt) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written six = known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  const Written seven =
      known_.Know(siti_.Edit(created.key, Ids({five, six})).Set("biaya", Value::Integer(7)));
  EXPECT_EQ(known_.Run().state.Find("biaya")->candidates.size(), 3u);
  EXPECT_TRUE(known_.Run().state.UnderReview("biaya"));
  known_.Know(head_.After(seven).Settle("biaya", {five.id, six.id, seven.id}, Value::Integer(8)));
  const Fold fold = known_.Run();
  EXPECT_FALSE(fold.state.UnderReview("biaya"));
  EXPECT_EQ(fold.state.Find("biaya")->value, Value::Integer(8));
  EXPECT_EQ(fold.state.Find("biaya")->candidates.size(), 1u);
}

TEST_F(FoldTest, TwoRacingSettlementsWithDifferentValuesAreANewReview) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written six = known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  Officer deputy("wakil", "kepala");
  const std::vector<ChangeId> both = Ids({five, six});
  known_.Know(head_.Edit(created.key, both).Settle("biaya", both, Value::Integer(5)));
  EXPECT_FALSE(known_.Run().state.UnderReview("biaya"));
  known_.Know(deputy.Edit(created.key, both).Settle("biaya", both, Value::Integer(6)));
  EXPECT_TRUE(known_.Run().state.UnderReview("biaya"));
}

TEST_F(FoldTest, TwoSettlementsThatAgreeEndIt) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written six = known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  Officer deputy("wakil", "kepala");
  const std::vector<ChangeId> both = Ids({five, six});
  known_.Know(head_.Edit(created.key, both).Settle("biaya", both, Value::Integer(5)));
  known_.Know(deputy.Edit(created.key, both).Settle("biaya", both, Value::Integer(5)));
  EXPECT_FALSE(known_.Run().state.UnderReview("biaya"));
}

TEST_F(FoldTest, ACandidateThatASettlementDidNotKnowReopensTheReview) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written six = known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  const std::vector<ChangeId> both = Ids({five, six});
  known_.Know(head_.Edit(created.key, both).Settle("biaya", both, Value::Integer(5)));
  known_.Know(Officer("hp-ani").After(created).Set("biaya", Value::Integer(9)));
  const Fold fold = known_.Run();
  EXPECT_TRUE(fold.state.UnderReview("biaya"));
  EXPECT_EQ(fold.state.Find("biaya")->candidates.size(), 2u) << "the settled ones stay settled";
}

TEST_F(FoldTest, ASettlementCoversNothingThatIsNotInItsPast) {
  const Written created = known_.Know(siti_.Create());
  const Written five = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)));
  const Written six = known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)));
  // Names what it has not seen.
  known_.Know(head_.After(five).Settle("biaya", {five.id, six.id}, Value::Integer(5)));
  EXPECT_TRUE(known_.Run().state.UnderReview("biaya"));
}

TEST_F(FoldTest, ARetractionHidesWhatItHasSeen) {
  const Written created = known_.Know(siti_.Create());
  known_.Know(siti_.After(created).Retract());
  const Fold fold = known_.Run();
  EXPECT_TRUE(fold.state.retracted());
  EXPECT_TRUE(fold.retract_open);
}

TEST_F(FoldTest, ARetractionBesideAnotherChangeLeavesTheRequestVisibleUntilSettled) {
  const Written created = known_.Know(siti_.Create());
  const Written retracted = known_.Know(siti_.After(created).Retract());
  const Written comment = known_.Know(budi_.After(created).Comment("Masih rusak"));
  Fold fold = known_.Run();
  EXPECT_FALSE(fold.state.retracted());
  EXPECT_TRUE(fold.state.UnderReview("@retracted"));
  known_.Know(head_.Edit(created.key, Ids({retracted, comment}))
                  .Settle("@retracted", {retracted.id}, Value::Flag(true)));
  fold = known_.Run();
  EXPECT_TRUE(fold.state.retracted());
  EXPECT_FALSE(fold.state.UnderReview("@retracted"));
}

TEST_F(FoldTest, TwoRetractionsDoNotContradictEachOther) {
  const Written created = known_.Know(siti_.Create());
  known_.Know(siti_.After(created).Retract());
  known_.Know(budi_.After(created).Retract());
  EXPECT_TRUE(known_.Run().state.retracted());
}

TEST_F(FoldTest, ARestoredRequestIsVisibleAgain) {
  const Written created = known_.Know(siti_.Create());
  const Written retracted = known_.Know(siti_.After(created).Retract());
  known_.Know(siti_.After(retracted).Restore());
  EXPECT_FALSE(known_.Run().state.retracted());
  EXPECT_FALSE(known_.Run().state.UnderReview("@retracted"));
}

TEST_F(FoldTest, ACommentIsAnElementThatAnEditKeepsAgainstItsRemoval) {
  const Written created = known_.Know(siti_.Create().Comment("Rusak"));
  const std::string path = ElementPath("comments", created.id, 1);
  EXPECT_EQ(known_.Run().elements.at(path).value, Value::Text("Rusak"));
  EXPECT_EQ(known_.Run().state.Find(path), nullptr) << "a row of its own";
  known_.Know(siti_.After(created).Remove(path));
  EXPECT_EQ(known_.Run().elements.at(path).value, std::nullopt);
  known_.Know(budi_.After(created).Set(path, "Rusak berat"));
  EXPECT_EQ(known_.Run().elements.at(path).value, Value::Text("Rusak berat"));
  EXPECT_EQ(known_.Run().elements.at(path).rule, v1::RULE_EDIT_BEATS_REMOVE);
}

TEST_F(FoldTest, ARebaseDecidesEverythingByTheOtherDefinition) {
  v1::Definition proto = ComplaintProto();
  proto.set_version(3);
  for (v1::Field& field : *proto.mutable_fields()) {
    if (field.key() == "prioritas") field.set_policy(v1::POLICY_LOWEST);
  }
  const std::shared_ptr<const Definition> other = ParseDefinition(proto);
  Knowledge known({Complaint(), other});
  const Written created = known.Know(siti_.Create());
  known.Know(siti_.After(created).Set("prioritas", Value::Integer(1)));
  known.Know(budi_.After(created).Set("prioritas", Value::Integer(9)));
  EXPECT_EQ(known.Run().state.Find("prioritas")->value, Value::Integer(9));
  known.Know(head_.After(created).Rebase(*other));
  EXPECT_EQ(known.Run().state.definition, other->hash());
  EXPECT_EQ(known.Run().state.Find("prioritas")->value, Value::Integer(1));
}

TEST_F(FoldTest, TheBaseOfATextMergeIsTheWriteThatBothSidesSaw) {
  const Written created = known_.Know(siti_.Create().Set("deskripsi", "jembatan putus di desa"));
  known_.Know(siti_.After(created).Set("deskripsi", "jembatan kayu putus di desa"));
  known_.Know(budi_.After(created).Set("deskripsi", "jembatan putus di desa Tamiai"));
  EXPECT_EQ(known_.Run().state.Text("deskripsi"), "jembatan kayu putus di desa Tamiai");
  EXPECT_EQ(known_.Run().state.Find("deskripsi")->rule, v1::RULE_TEXT);
}

TEST_F(FoldTest, ATimerThatSawEverythingIsAChangeLikeAnyOther) {
  const Written created = known_.Know(siti_.Create());
  const Written closed = known_.Know(timer_.After(created).Go("diterima", "ditolak"));
  known_.Know(siti_.After(closed).Comment("Baik"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.status(), "ditolak");
  EXPECT_TRUE(fold.has_timer_change);
}

TEST_F(FoldTest, ATimerGivesWayToWhateverAPersonDidMeanwhile) {
  const Written created = known_.Know(siti_.Create());
  const Written closed = known_.Know(timer_.AtMinute(90).After(created).Go("diterima", "ditolak"));
  const Written comment = known_.Know(budi_.After(created).Comment("Belum selesai"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.status(), "diterima");
  EXPECT_THAT(fold.state.Find("status")->candidates, testing::SizeIs(1));
  EXPECT_EQ(fold.state.EnteredAt("ditolak"), std::nullopt);
  EXPECT_EQ(fold.state.heads, Ids({closed, comment})) << "it keeps its place in the history";
  EXPECT_EQ(fold.state.change_count, 3u);
  EXPECT_EQ(fold.state.update_time, comment.Parse().body.hlc()) << "nobody did anything at 90";
}

TEST_F(FoldTest, ADecisionBesideATimersIsNoConflict) {
  const Written created = known_.Know(siti_.Create());
  known_.Know(timer_.After(created).Go("diterima", "ditolak"));
  known_.Know(siti_.After(created).Go("diterima", "disetujui"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.status(), "disetujui");
  EXPECT_FALSE(fold.state.UnderReview("status"));
}

TEST_F(FoldTest, NoTimerGivesWayToATimerNorToAChangeThatOnlyJoinsNorToARefusedOne) {
  const Written created = known_.Know(siti_.Create());
  known_.Know(timer_.After(created).Go("diterima", "ditolak"));
  known_.Know(timer_.After(created).Go("diterima", "disetujui"));
  known_.Know(head_.Edit(created.key, {created.id}));
  known_.Know(budi_.After(created).Comment("Belum"), v1::VERDICT_VOID);
  EXPECT_TRUE(known_.Run().state.UnderReview("status")) << "two timers may contradict each other";
}

TEST_F(FoldTest, WhatATimerHadReplacedStandsAgainOnceItGivesWay) {
  const Written created = known_.Know(siti_.Create());
  const Written paid = known_.Know(timer_.After(created).Go("diterima", "disetujui"));
  const Written seen = known_.Know(siti_.After(paid).Set("judul", "Jembatan"));
  EXPECT_EQ(known_.Run().state.status(), "disetujui");
  known_.Know(budi_.After(created).Comment("dari pulau, sebulan kemudian"));
  const Fold fold = known_.Run();
  EXPECT_EQ(fold.state.status(), "diterima");
  EXPECT_EQ(fold.state.Text("judul"), "Jembatan") << "who saw the timer's change loses nothing";
}

TEST_F(FoldTest, ATimerThatGivesWayContestsNoRetraction) {
  const Written created = known_.Know(siti_.Create());
  known_.Know(timer_.After(created).Go("diterima", "ditolak"));
  known_.Know(siti_.After(created).Retract());
  const Fold fold = known_.Run();
  EXPECT_TRUE(fold.state.retracted());
  EXPECT_FALSE(fold.state.UnderReview("@retracted"));
}

TEST_F(FoldTest, ACreateIsNoTimersWhateverItsActor) {
  const Written created = known_.Know(timer_.Create());
  known_.Know(siti_.Edit(created.key, {siti_.Create().Finish().id}).Set("judul", "Jembatan"));
  EXPECT_EQ(known_.Run().state.availability, v1::AVAILABILITY_READY);
  EXPECT_FALSE(known_.Run().has_timer_change);
}

TEST_F(FoldTest, TellsWhenEachStateWasEnteredLast) {
  const Written created = known_.Know(siti_.Create());
  const Written first = known_.Know(siti_.After(created).Go("diterima", "diperiksa"));
  const Written back = known_.Know(siti_.After(first).Go("diperiksa", "diterima"));
  const Written again = known_.Know(siti_.After(back).Go("diterima", "diperiksa"));
  known_.Know(siti_.After(again).Go("diperiksa", "hilang"));
  known_.Know(siti_.After(again).Go("diperiksa", "dibayar"), v1::VERDICT_VOID);
  const auto hlc = [](const Written& change) { return change.Parse().body.hlc(); };
  EXPECT_THAT(known_.Run().state.entered, ElementsAre(EnteredState{"diperiksa", hlc(again)},
                                                      EnteredState{"diterima", hlc(back)}))
      << "neither a state that the workflow does not have, nor a refused step";
}

TEST_F(FoldTest, ASettlementEntersTheStateThatItDecidesFor) {
  const Written created = known_.Know(siti_.Create());
  const Written yes = known_.Know(siti_.After(created).Go("diterima", "disetujui"));
  const Written no = known_.Know(budi_.After(created).Go("diterima", "ditolak"));
  const Written settled =
      known_.Know(head_.AtMinute(60)
                      .Edit(created.key, Ids({yes, no}))
                      .Settle("status", Ids({yes, no}), Value::Text("ditolak")));
  EXPECT_EQ(known_.Run().state.EnteredAt("ditolak"), settled.Parse().body.hlc());
  EXPECT_EQ(known_.Run().state.EnteredAt("disetujui"), yes.Parse().body.hlc());
}

TEST_F(FoldTest, TheOrderOfArrivalDoesNotMatter) {
  const Written created = known_.Know(siti_.Create().Set("deskripsi", "jembatan").Comment("satu"));
  const Written a = known_.Know(siti_.After(created).Set("biaya", Value::Integer(5)).Retract());
  const Written b =
      known_.Know(budi_.After(created).Set("biaya", Value::Integer(6)).Comment("dua"));
  known_.KnowStub(budi_.After(b).Set("judul", "ditolak"));
  known_.Know(head_.Edit(created.key, Ids({a, b})).Settle("biaya", Ids({a, b}), Value::Integer(7)));
  const Fold expected = known_.Run();
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const Fold fold = known_.RunShuffled(seed);
    ASSERT_EQ(EncodeState(fold.state), EncodeState(expected.state)) << "seed " << seed;
    ASSERT_TRUE(fold.elements == expected.elements) << "seed " << seed;
    ASSERT_EQ(fold.cover, expected.cover) << "seed " << seed;
  }
}

TEST_F(FoldTest, ItsMasksTellWhichHeadsHaveSeenACandidate) {
  const Written created = known_.Know(siti_.Create().Set("judul", "satu"));
  const Written a = known_.Know(siti_.After(created).Set("judul", "Siti"));
  const Written b = known_.Know(budi_.After(created).Set("tenggat", Value::Date(9)));
  const Fold fold = known_.Run();
  ASSERT_EQ(fold.cover.size(), fold.state.fields.size());
  const auto masks = [&](std::string_view path) {
    return fold.cover[fold.state.Find(path) - fold.state.fields.data()];
  };
  const auto head = [&](const Written& change) {
    return uint64_t{1} << (std::find(fold.state.heads.begin(), fold.state.heads.end(), change.id) -
                           fold.state.heads.begin());
  };
  EXPECT_THAT(masks("judul"), ElementsAre(head(a)));
  EXPECT_THAT(masks("tenggat"), ElementsAre(head(b)));
  EXPECT_THAT(masks("area"), ElementsAre(head(a) | head(b)));
}

}  // namespace
}  // namespace tikar::sync
