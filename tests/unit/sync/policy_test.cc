#include "sync/policy.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kerinci.h"
#include "sync/limits.h"

namespace tikar::sync {
namespace {

using Base = std::optional<Value>;

ChangeId Id(char digit) { return *ChangeId::FromHex(std::string(32, digit)); }

Candidate By(char digit, uint64_t effective_time, std::optional<Value> value,
             WriteKind kind = WriteKind::kSet) {
  return {.change = Id(digit),
          .mutation_index = 0,
          .kind = value ? kind : WriteKind::kClear,
          .value = std::move(value),
          .actor = "hp-siti",
          .role = "petugas",
          .effective_time = effective_time};
}

// The field as its policy in the complaint's definition decides it.
FieldState Decided(std::string path, std::vector<Candidate> candidates, bool under_review = false,
                   Base base = std::nullopt) {
  FieldState field{
      .path = std::move(path), .under_review = under_review, .candidates = std::move(candidates)};
  const FieldRule rule = FieldRuleOf(field.path, Complaint().get());
  const TextBase read_base = [&]() -> absl::StatusOr<std::optional<Value>> { return base; };
  EXPECT_TRUE(Decide(rule, Complaint().get(), read_base, &field).ok());
  return field;
}

TEST(PolicyTest, EveryPathHasARule) {
  const Definition* definition = Complaint().get();
  EXPECT_EQ(FieldRuleOf("judul", definition), FieldRule::kLatest);
  EXPECT_EQ(FieldRuleOf("deskripsi", definition), FieldRule::kText);
  EXPECT_EQ(FieldRuleOf("prioritas", definition), FieldRule::kHighest);
  EXPECT_EQ(FieldRuleOf("tenggat", definition), FieldRule::kLowest);
  EXPECT_EQ(FieldRuleOf("bahan", definition), FieldRule::kUnion);
  EXPECT_EQ(FieldRuleOf("biaya", definition), FieldRule::kReview);
  EXPECT_EQ(FieldRuleOf("status", definition), FieldRule::kWorkflow);
  EXPECT_EQ(FieldRuleOf("@retracted", definition), FieldRule::kReview);
  EXPECT_EQ(FieldRuleOf("@definition", definition), FieldRule::kLatest);
  EXPECT_EQ(FieldRuleOf("assignee", definition), FieldRule::kLatest);
  EXPECT_EQ(FieldRuleOf("tidak_dikenal", definition), FieldRule::kLatest);
  EXPECT_EQ(FieldRuleOf(ElementPath("comments", Id('a'), 0), definition), FieldRule::kElement);
  EXPECT_EQ(FieldRuleOf("status", nullptr), FieldRule::kLatest);
}

TEST(PolicyTest, EveryPairOfWritesIsResolvedTheSameFromBothSides) {
  for (int rule = 0; rule <= static_cast<int>(FieldRule::kElement); ++rule) {
    for (int a = 1; a < kWriteKinds; ++a) {
      for (int b = 1; b < kWriteKinds; ++b) {
        const Resolution resolution = ResolutionOf(
            static_cast<FieldRule>(rule), static_cast<WriteKind>(a), static_cast<WriteKind>(b));
        EXPECT_NE(resolution, Resolution::kUnreachable);
        EXPECT_EQ(resolution, ResolutionOf(static_cast<FieldRule>(rule), static_cast<WriteKind>(b),
                                           static_cast<WriteKind>(a)));
      }
    }
  }
}

TEST(PolicyTest, OneCandidateIsTheValue) {
  const FieldState field = Decided("judul", {By('a', 1, Value::Text("satu"))});
  EXPECT_EQ(field.value, Value::Text("satu"));
  EXPECT_EQ(field.rule, v1::RULE_ONLY);
}

TEST(PolicyTest, TwoWhoWroteTheSameDoNotDisagree) {
  const FieldState field =
      Decided("biaya", {By('a', 1, Value::Integer(5)), By('b', 2, Value::Integer(5))});
  EXPECT_EQ(field.rule, v1::RULE_ONLY);
}

TEST(LatestTest, TheLaterWriteWinsAndAtTheSameTimeTheLargerId) {
  EXPECT_EQ(Decided("judul", {By('a', 9, Value::Text("kemudian")), By('b', 8, Value::Text("dulu"))})
                .value,
            Value::Text("kemudian"));
  const FieldState tie =
      Decided("judul", {By('a', 9, Value::Text("a")), By('b', 9, Value::Text("b"))});
  EXPECT_EQ(tie.value, Value::Text("b"));
  EXPECT_EQ(tie.rule, v1::RULE_LATEST);
}

TEST(LatestTest, AnEmptiedFieldCanWin) {
  EXPECT_EQ(Decided("judul", {By('a', 1, Value::Text("satu")), By('b', 2, std::nullopt)}).value,
            std::nullopt);
}

TEST(ExtremesTest, TheLargestPriorityAndTheSmallestDeadlineWinWhateverTheTime) {
  const FieldState priority =
      Decided("prioritas", {By('a', 1, Value::Integer(3)), By('b', 2, Value::Integer(-7))});
  EXPECT_EQ(priority.value, Value::Integer(3));
  EXPECT_EQ(priority.rule, v1::RULE_HIGHEST);
  const FieldState deadline =
      Decided("tenggat", {By('a', 1, Value::Date(20'000)), By('b', 2, Value::Date(-1))});
  EXPECT_EQ(deadline.value, Value::Date(-1));
  EXPECT_EQ(deadline.rule, v1::RULE_LOWEST);
}

TEST(ExtremesTest, EmptyRanksBelowAllInBoth) {
  EXPECT_EQ(Decided("prioritas", {By('a', 1, Value::Integer(-9)), By('b', 2, std::nullopt)}).value,
            Value::Integer(-9));
  EXPECT_EQ(Decided("tenggat", {By('a', 1, Value::Date(9)), By('b', 2, std::nullopt)}).value,
            Value::Date(9));
}

TEST(UnionTest, AllChoicesOfAllTogether) {
  const FieldState field =
      Decided("bahan", {By('a', 1, Value::Choices({"kayu", "batu"})),
                        By('b', 2, Value::Choices({"besi", "kayu"})), By('c', 3, std::nullopt)});
  EXPECT_EQ(field.value, Value::Choices({"batu", "besi", "kayu"}));
  EXPECT_EQ(field.rule, v1::RULE_UNION);
}

TEST(UnionTest, WhatIsNoSetOfChoicesLeavesItToTheLatest) {
  const FieldState field =
      Decided("bahan", {By('a', 1, Value::Choices({"kayu"})), By('b', 2, Value::Text("besi"))});
  EXPECT_EQ(field.value, Value::Text("besi"));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
}

TEST(UnionTest, MoreItemsThanAValueHoldsLeavesItToTheLatest) {
  const auto choices = [](char first) {
    std::vector<std::string> items;
    for (size_t i = 0; i < kChoiceItemsMax; ++i) items.push_back(first + std::to_string(i));
    return Value::Choices(items);
  };
  const FieldState field = Decided("bahan", {By('a', 1, choices('a')), By('b', 2, choices('b'))});
  EXPECT_EQ(field.value, choices('b'));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
}

TEST(TextTest, TwoCorrectionsOfOneDescriptionMeet) {
  const FieldState field = Decided("deskripsi",
                                   {By('a', 1, Value::Text("jembatan kayu putus di desa")),
                                    By('b', 2, Value::Text("jembatan putus di desa Tamiai"))},
                                   false, Value::Text("jembatan putus di desa"));
  EXPECT_EQ(field.value, Value::Text("jembatan kayu putus di desa Tamiai"));
  EXPECT_EQ(field.rule, v1::RULE_TEXT);
}

TEST(TextTest, TooLargeToMergeLeavesItToTheLatest) {
  const std::string half(kTextBytesMax * 3 / 4, 'x');
  const FieldState field = Decided(
      "deskripsi", {By('a', 1, Value::Text(half + " a")), By('b', 2, Value::Text("b " + half))});
  EXPECT_EQ(field.value, Value::Text("b " + half));
  EXPECT_EQ(field.rule, v1::RULE_TEXT_LATEST);
}

TEST(TextTest, WhatIsNoTextLeavesItToTheLatest) {
  const FieldState field =
      Decided("deskripsi", {By('a', 2, Value::Integer(1)), By('b', 1, Value::Text("b"))});
  EXPECT_EQ(field.value, Value::Integer(1));
  EXPECT_EQ(field.rule, v1::RULE_LATEST);
}

TEST(TextTest, AnUnreadableBaseIsTheCallersErrorAndNotAValue) {
  FieldState field{.path = "deskripsi",
                   .candidates = {By('a', 1, Value::Text("a")), By('b', 2, Value::Text("b"))}};
  const TextBase damaged = []() -> absl::StatusOr<std::optional<Value>> {
    return absl::DataLossError("the log is damaged");
  };
  EXPECT_EQ(Decide(FieldRule::kText, Complaint().get(), damaged, &field).code(),
            absl::StatusCode::kDataLoss);
}

TEST(WorkflowTest, TheStateThatStandsLastWinsEvenWhenWrittenEarlier) {
  const FieldState field = Decided(
      "status", {By('a', 1, Value::Text("disetujui")), By('b', 2, Value::Text("diperiksa"))});
  EXPECT_EQ(field.value, Value::Text("disetujui"));
  EXPECT_EQ(field.rule, v1::RULE_WORKFLOW);
}

TEST(WorkflowTest, StatesThatNobodyKnowsStandBelowAllAndAmongThemselvesBytewise) {
  EXPECT_EQ(Decided("status", {By('a', 1, Value::Text("diterima")), By('b', 2, Value::Text("zzz"))})
                .value,
            Value::Text("diterima"));
  EXPECT_EQ(
      Decided("status", {By('a', 2, Value::Text("yyy")), By('b', 1, Value::Text("zzz"))}).value,
      Value::Text("zzz"));
}

TEST(WorkflowTest, OnlyTwoDifferentDecisionsClash) {
  const Definition* definition = Complaint().get();
  const auto clash = [&](const char* a, const char* b) {
    return Clash(FieldRule::kWorkflow, definition, Value::Text(a), Value::Text(b));
  };
  EXPECT_TRUE(clash("disetujui", "ditolak"));
  EXPECT_TRUE(clash("dibayar", "ditolak")) << "a terminal state is a decision";
  EXPECT_FALSE(clash("disetujui", "disetujui"));
  EXPECT_FALSE(clash("disetujui", "diperiksa"));
  EXPECT_FALSE(clash("disetujui", "zzz"));
}

TEST(ReviewTest, IsProvisionallyTheLatest) {
  const FieldState field =
      Decided("biaya", {By('a', 2, Value::Integer(5)), By('b', 1, Value::Integer(6))}, true);
  EXPECT_EQ(field.value, Value::Integer(5));
  EXPECT_EQ(field.rule, v1::RULE_REVIEW);
  EXPECT_TRUE(Clash(FieldRule::kReview, Complaint().get(), Value::Integer(5), std::nullopt))
      << "to empty a field is to disagree with its value";
}

TEST(ReviewTest, GoesOnWhenTheCandidatesHaveComeToAgree) {
  const FieldState field = Decided("biaya", {By('a', 2, Value::Integer(5))}, true);
  EXPECT_EQ(field.value, Value::Integer(5));
  EXPECT_EQ(field.rule, v1::RULE_REVIEW);
}

TEST(ReviewTest, ARetractionUnderReviewLeavesTheRequestVisible) {
  const FieldState field =
      Decided("@retracted", {By('a', 1, Value::Flag(true), WriteKind::kRetract)}, true);
  EXPECT_EQ(field.value, Value::Flag(false));
  EXPECT_EQ(field.rule, v1::RULE_REVIEW);
}

TEST(ElementTest, AnEditStandsAgainstALaterRemoval) {
  const std::string path = ElementPath("comments", Id('f'), 0);
  const FieldState field = Decided(
      path, {By('a', 1, Value::Text("diperbaiki")), By('b', 9, std::nullopt, WriteKind::kRemove)});
  EXPECT_EQ(field.value, Value::Text("diperbaiki"));
  EXPECT_EQ(field.rule, v1::RULE_EDIT_BEATS_REMOVE);
  EXPECT_EQ(Decided(path, {By('a', 1, Value::Text("satu")), By('b', 9, Value::Text("dua"))}).value,
            Value::Text("dua"));
}

TEST(WinnerTest, InAMergeAllWinElseWhoHasTheValue) {
  const FieldState merged = Decided(
      "bahan", {By('a', 1, Value::Choices({"kayu"})), By('b', 2, Value::Choices({"besi"}))});
  EXPECT_TRUE(IsWinner(merged, merged.candidates[0]));
  EXPECT_TRUE(IsWinner(merged, merged.candidates[1]));
  const FieldState latest =
      Decided("judul", {By('a', 1, Value::Text("satu")), By('b', 2, Value::Text("dua"))});
  EXPECT_FALSE(IsWinner(latest, latest.candidates[0]));
  EXPECT_TRUE(IsWinner(latest, latest.candidates[1]));
  EXPECT_EQ(LatestOf(latest)->change, Id('b'));
  EXPECT_EQ(LatestOf(FieldState()), nullptr);
}

}  // namespace
}  // namespace tikar::sync
