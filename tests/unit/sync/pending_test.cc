#include "sync/pending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kerinci.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;

class PendingTest : public testing::Test {
 protected:
  Written Apply(const Written& change) {
    ApplyPending(change.Parse(), Complaint().get(), &view_);
    return change;
  }
  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  LocalView view_;
};

TEST_F(PendingTest, ANewRequestShowsAtOnceWithItsFirstState) {
  const Written created = Apply(siti_.Create().Set("judul", "Jembatan putus").Comment("Bawa tali"));
  EXPECT_EQ(view_.state.key, created.key);
  EXPECT_EQ(view_.state.availability, v1::AVAILABILITY_READY);
  EXPECT_EQ(view_.state.service, "pengaduan");
  EXPECT_EQ(view_.state.status(), "diterima");
  EXPECT_EQ(view_.state.area(), kSungaibetungHilir);
  EXPECT_EQ(view_.state.Text("judul"), "Jembatan putus");
  EXPECT_THAT(view_.state.heads, ElementsAre(created.id));
  EXPECT_EQ(view_.state.change_count, 1u);
  EXPECT_EQ(view_.elements.at(ElementPath("comments", created.id, 2)).value,
            Value::Text("Bawa tali"));
}

TEST_F(PendingTest, WithoutItsDefinitionANewRequestShowsWithoutAStatus) {
  ApplyPending(siti_.Create().Set("judul", "Jembatan").Finish().Parse(), nullptr, &view_);
  EXPECT_EQ(view_.state.availability, v1::AVAILABILITY_NEEDS_DEFINITION);
  EXPECT_EQ(view_.state.status(), "");
  EXPECT_EQ(view_.state.Text("judul"), "Jembatan");
}

TEST_F(PendingTest, AnEditGoesOnTopAndBecomesTheParentOfTheNext) {
  const Written created = Apply(siti_.Create().Set("judul", "satu"));
  const Written edited = Apply(
      siti_.Edit(created.key, view_.state.heads).Set("judul", "dua").Go("diterima", "diperiksa"));
  EXPECT_EQ(view_.state.Text("judul"), "dua");
  EXPECT_EQ(view_.state.status(), "diperiksa");
  EXPECT_THAT(view_.state.heads, ElementsAre(edited.id));
  EXPECT_EQ(view_.state.update_time, edited.Parse().body.hlc());
}

TEST_F(PendingTest, TheStatesItEntersCountByTheAuthorsClock) {
  const Written created = Apply(siti_.Create());
  const Written moved = Apply(siti_.After(created).Go("diterima", "diperiksa"));
  EXPECT_EQ(view_.state.EnteredAt("diterima"), created.Parse().body.hlc());
  EXPECT_EQ(view_.state.EnteredAt("diperiksa"), moved.Parse().body.hlc());
  EXPECT_EQ(view_.state.EnteredAt("dibayar"), std::nullopt);
}

TEST_F(PendingTest, BesideAHeadThatTheAuthorHadNotSeenBothAreHeads) {
  const Written created = Apply(siti_.Create());
  const Written theirs = Apply(budi_.After(created).Set("judul", "Budi"));
  const Written own = Apply(siti_.After(created).Set("judul", "Siti"));
  EXPECT_EQ(view_.state.heads, Ids({theirs, own}));
  EXPECT_EQ(view_.state.Text("judul"), "Siti") << "one's own writes show as if they had won";
}

TEST_F(PendingTest, WhatTheServerAnswersIsWhatThePhoneShowed) {
  const Written created = Apply(siti_.Create().Set("judul", "satu").Comment("dua"));
  Apply(siti_.After(created).Set("biaya", Value::Integer(5)).Clear("judul"));
  State state;
  Elements elements;
  const v1::Request proto =
      RequestToProto(view_.state, view_.elements, DigestOf(view_.state, view_.elements), 1);
  ASSERT_TRUE(RequestFromProto(proto, &state, &elements).ok());
  EXPECT_EQ(state.Find("biaya")->value, Value::Integer(5));
  EXPECT_EQ(state.Find("judul")->value, std::nullopt);
  EXPECT_EQ(elements.size(), 1u);
}

TEST_F(PendingTest, ARemovedCommentCountsNoMore) {
  const Written created = Apply(siti_.Create().Comment("satu").Comment("dua"));
  const LocalRequestView local(&view_);
  EXPECT_EQ(local.ElementCount("comments"), 2u);
  EXPECT_EQ(local.ElementCount("tags"), 0u);
  Apply(siti_.After(created).Remove(ElementPath("comments", created.id, 1)));
  EXPECT_EQ(local.ElementCount("comments"), 1u);
}

TEST_F(PendingTest, AReviewGoesOnUntilItIsSettled) {
  const Written created = Apply(siti_.Create());
  FieldState& cost = view_.state.FindOrAdd("biaya");
  cost.under_review = true;
  cost.value = Value::Integer(5);
  cost.candidates = {{.change = created.id,
                      .mutation_index = 1,
                      .kind = WriteKind::kSet,
                      .value = Value::Integer(5),
                      .actor = "hp-siti",
                      .role = "petugas",
                      .effective_time = 1}};
  const Written added = Apply(budi_.After(created).Set("biaya", Value::Integer(6)));
  EXPECT_TRUE(view_.state.UnderReview("biaya"));
  EXPECT_EQ(view_.state.Find("biaya")->value, Value::Integer(5)) << "provisional as it was";
  EXPECT_EQ(view_.state.Find("biaya")->candidates.size(), 2u);
  Apply(Officer("kantor", "kepala")
            .After(added)
            .Settle("biaya", Ids({created, added}), Value::Integer(6)));
  EXPECT_FALSE(view_.state.UnderReview("biaya"));
  EXPECT_EQ(view_.state.Find("biaya")->value, Value::Integer(6));
}

TEST_F(PendingTest, ThePhoneValidatesAgainstWhatItsOfficerSees) {
  const Written created = Apply(siti_.Create().Set("judul", "satu"));
  const LocalRequestView local(&view_);
  EXPECT_EQ(local.Status(), "diterima");
  EXPECT_EQ(local.FieldValue("judul")->text(), "satu");
  EXPECT_FALSE(local.FieldValue("deskripsi").has_value());
  EXPECT_FALSE(local.UnderReview("status"));
  view_.state.FindOrAdd("status").under_review = true;
  EXPECT_TRUE(local.UnderReview("status"));
  EXPECT_TRUE(local.ParentsContainConflict("status"));
  // With the same code as the server: nobody pays out meanwhile.
  const Written paid = Officer("kantor", "kepala").After(created).Go("disetujui", "dibayar");
  const Judgement judgement = CheckAgainstDefinition(paid.Parse().body, *Complaint(), &local);
  EXPECT_FALSE(judgement.ok);
  EXPECT_EQ(judgement.reason, v1::REFUSAL_REASON_UNDER_REVIEW);
}

}  // namespace
}  // namespace tikar::sync
