#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query_fixture.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;

TEST_F(QueryTest, AHistoryTellsParentsBeforeChildrenAndWhoDidWhat) {
  const Written created = File(kTamiai, "Jembatan");
  const Written early = node_.Take(siti_.After(created).Set("judul", "Siti").Comment("satu"));
  const Written late = node_.Take(budi_.AtMinute(60).After(created).Go("diterima", "diperiksa"));
  const Written joined = node_.Take(siti_.Edit(created.key, Ids({early, late})).Retract());
  const v1::GetRequestHistoryResponse history = History(created.key);
  ASSERT_EQ(history.items_size(), 4);
  EXPECT_EQ(history.items(0).change_id(), created.id.bytes());
  EXPECT_THAT(history.items(0).kinds(), ElementsAre("create", "set"));
  EXPECT_EQ(history.items(0).generation(), 1u);
  EXPECT_EQ(history.items(1).change_id(), early.id.bytes()) << "of two that are ready the earlier";
  EXPECT_EQ(history.items(1).actor(), "hp-siti");
  EXPECT_EQ(history.items(1).role(), "petugas");
  EXPECT_THAT(history.items(1).kinds(), ElementsAre("set", "add"));
  EXPECT_EQ(history.items(2).change_id(), late.id.bytes());
  EXPECT_EQ(history.items(3).change_id(), joined.id.bytes());
  EXPECT_EQ(history.items(3).parents_size(), 2);
  EXPECT_EQ(history.items(3).generation(), 3u);
  EXPECT_EQ(history.items(3).stamp().verdict(), v1::VERDICT_ACCEPTED);
  EXPECT_EQ(history.request().name(), RequestName(created.key));
}

TEST_F(QueryTest, AWriteThatIsTheValueSaysSoAndAReplacedOneSaysByWhich) {
  const Written created = File(kTamiai, "satu");
  const Written edited = node_.Take(siti_.After(created).Set("judul", "dua"));
  EXPECT_EQ(OutcomeOf(edited, "judul").rule(), v1::RULE_ONLY);
  const v1::WriteOutcome replaced = OutcomeOf(created, "judul");
  EXPECT_EQ(replaced.rule(), v1::RULE_SUPERSEDED);
  EXPECT_EQ(replaced.by_change_id(), edited.id.bytes());
  EXPECT_EQ(replaced.value().text(), "satu") << "what was written is still to be read";
  EXPECT_EQ(OutcomeOf(created, "status").value().text(), "diterima");
}

TEST_F(QueryTest, WhoLostByTheClockIsToldToWhomAndWhy) {
  const Written created = File(kTamiai, "satu");
  const Written early = node_.Take(siti_.After(created).Set("judul", "Siti"));
  const Written late = node_.Take(budi_.AtMinute(60).After(created).Set("judul", "Budi"));
  EXPECT_EQ(OutcomeOf(early, "judul").rule(), v1::RULE_LATEST);
  EXPECT_EQ(OutcomeOf(early, "judul").by_change_id(), late.id.bytes());
  EXPECT_EQ(OutcomeOf(late, "judul").rule(), v1::RULE_ONLY);
  // Also once somebody who saw both has written on.
  node_.Take(siti_.Edit(created.key, Ids({early, late})).Set("judul", "bersama"));
  EXPECT_EQ(OutcomeOf(early, "judul").rule(), v1::RULE_LATEST);
  EXPECT_EQ(OutcomeOf(early, "judul").by_change_id(), late.id.bytes());
  EXPECT_EQ(OutcomeOf(late, "judul").rule(), v1::RULE_SUPERSEDED);
}

TEST_F(QueryTest, WhoLostByTheWorkflowOrByValueIsToldSo) {
  const Written created = File(kTamiai, "satu");
  const Written low = node_.Take(siti_.After(created)
                                     .Set("prioritas", Value::Integer(1))
                                     .Set("tenggat", Value::Date(9))
                                     .Go("diterima", "diperiksa"));
  const Written high = node_.Take(budi_.After(created)
                                      .Set("prioritas", Value::Integer(2))
                                      .Set("tenggat", Value::Date(8))
                                      .Go("diterima", "disetujui"));
  for (const auto& [path, rule] :
       {std::pair("prioritas", v1::RULE_HIGHEST), std::pair("tenggat", v1::RULE_LOWEST),
        std::pair("status", v1::RULE_WORKFLOW)}) {
    EXPECT_EQ(OutcomeOf(low, path).rule(), rule) << path;
    EXPECT_EQ(OutcomeOf(low, path).by_change_id(), high.id.bytes()) << path;
    EXPECT_EQ(OutcomeOf(high, path).rule(), v1::RULE_ONLY) << path;
  }
}

TEST_F(QueryTest, WhatWasMergedIsPartOfTheValue) {
  const Written created = node_.Take(siti_.Create().Set("deskripsi", "jembatan putus"));
  const Written a = node_.Take(siti_.After(created)
                                   .Set("deskripsi", "jembatan kayu putus")
                                   .Set("bahan", Value::Choices({"kayu"})));
  const Written b = node_.Take(budi_.After(created)
                                   .Set("deskripsi", "jembatan putus total")
                                   .Set("bahan", Value::Choices({"besi"})));
  for (const Written& change : {a, b}) {
    EXPECT_EQ(OutcomeOf(change, "deskripsi").rule(), v1::RULE_TEXT);
    EXPECT_EQ(OutcomeOf(change, "bahan").rule(), v1::RULE_UNION);
  }
}

TEST_F(QueryTest, WhatWaitsForAPersonSaysSoAndThenWhoDecided) {
  const Written created = File(kTamiai, "satu");
  const auto [five, six] = Dispute(created);
  EXPECT_EQ(OutcomeOf(five, "biaya").rule(), v1::RULE_REVIEW);
  EXPECT_EQ(OutcomeOf(six, "biaya").rule(), v1::RULE_REVIEW);
  Draft settle = head_.Edit(created.key, Ids({five, six}));
  settle.Settle("biaya", Ids({five, six}), Value::Integer(6));
  settle.body().mutable_mutations(0)->mutable_settle()->set_reason("sesuai kuitansi");
  const Written settled = node_.Take(settle);
  EXPECT_EQ(OutcomeOf(five, "biaya").rule(), v1::RULE_SETTLED);
  EXPECT_EQ(OutcomeOf(five, "biaya").by_change_id(), settled.id.bytes());
  EXPECT_EQ(OutcomeOf(six, "biaya").rule(), v1::RULE_SUPERSEDED) << "it was taken over";
  EXPECT_EQ(OutcomeOf(settled, "biaya").rule(), v1::RULE_ONLY);
  const v1::GetRequestHistoryResponse history = History(created.key);
  EXPECT_EQ(history.items(3).reason(), "sesuai kuitansi");
  EXPECT_THAT(history.items(3).kinds(), ElementsAre("settle"));
}

TEST_F(QueryTest, ARemovalThatAnEditBeatIsToldSo) {
  const Written created = node_.Take(siti_.Create().Comment("Rusak"));
  const std::string path = ElementPath("comments", created.id, 1);
  const Written edited = node_.Take(siti_.After(created).Set(path, "Rusak berat"));
  const Written removed = node_.Take(budi_.AtMinute(60).After(created).Remove(path));
  EXPECT_EQ(OutcomeOf(removed, path).rule(), v1::RULE_EDIT_BEATS_REMOVE);
  EXPECT_EQ(OutcomeOf(removed, path).by_change_id(), edited.id.bytes());
  EXPECT_FALSE(OutcomeOf(removed, path).has_value());
}

TEST_F(QueryTest, ATimerThatGaveWayToAPersonSaysToWhom) {
  const Written created = File(kTamiai, "satu");
  const Written closed =
      node_.TakeFromHome(Officer("timer", "").After(created).Go("diterima", "ditolak"));
  EXPECT_EQ(OutcomeOf(closed, "status").rule(), v1::RULE_ONLY);
  const Written comment = node_.Take(siti_.After(created).Comment("Belum selesai"));
  EXPECT_EQ(OutcomeOf(closed, "status").rule(), v1::RULE_MOOT);
  EXPECT_EQ(OutcomeOf(closed, "status").by_change_id(), comment.id.bytes());
  EXPECT_EQ(OutcomeOf(closed, "status").value().text(), "ditolak");
  EXPECT_EQ(OutcomeOf(created, "status").rule(), v1::RULE_ONLY) << "it was not replaced";
}

TEST_F(QueryTest, ARefusedChangeStandsInTheHistoryWithItsReasonAndWithoutEffect) {
  const Written created = File(kTamiai, "satu");
  const Written refused = siti_.After(created).Set("tidak_ada", "x");
  node_.Push(refused);
  const v1::GetRequestHistoryResponse history = History(created.key);
  ASSERT_EQ(history.items_size(), 2);
  EXPECT_EQ(history.items(1).change_id(), refused.id.bytes());
  EXPECT_EQ(history.items(1).stamp().verdict(), v1::VERDICT_VOID);
  EXPECT_EQ(history.items(1).stamp().reason(), v1::REFUSAL_REASON_INVALID_VALUE);
  EXPECT_EQ(history.items(1).writes_size(), 0);
}

TEST_F(QueryTest, ARequestThatIsNotHereHasNoHistory) {
  EXPECT_EQ(LoadHistory(node_.reader(), {kKerinci, RequestId()}, *node_.replica().definitions())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

TEST_F(QueryTest, AHistoryComesInPagesThatTogetherAreTheWhole) {
  const Written created = File(kTamiai, "satu");
  Written last = created;
  for (int i = 0; i < 20; ++i) {
    last = node_.Take(siti_.After(last).Set("deskripsi", std::string(900, 'x')));
    node_.Take(budi_.After(created).Comment("rusak"));
  }
  const v1::GetRequestHistoryResponse whole = History(created.key);
  ASSERT_EQ(whole.items_size(), 41 + 1) << "and a joining change";
  const auto pages_of = [&](PageQuery query) {
    std::vector<v1::GetRequestHistoryResponse> pages;
    do {
      auto page =
          LoadHistoryPage(node_.reader(), created.key, *node_.replica().definitions(), query);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return pages;
      query.token = page->next_page_token();
      pages.push_back(*std::move(page));
    } while (!query.token.empty());
    return pages;
  };
  const auto expect_whole = [&](const std::vector<v1::GetRequestHistoryResponse>& pages) {
    v1::GetRequestHistoryResponse joined;
    for (const v1::GetRequestHistoryResponse& page : pages) {
      EXPECT_GT(page.items_size(), 0);
      EXPECT_EQ(page.has_request(), joined.items().empty()) << "on the first page only";
      joined.MergeFrom(page);
    }
    joined.clear_next_page_token();
    EXPECT_EQ(joined.SerializeAsString(), whole.SerializeAsString());
  };
  const auto by_ten = pages_of({.size = 10});
  EXPECT_EQ(by_ten.size(), 5u);
  expect_whole(by_ten);
  expect_whole(pages_of({.size = 42}));

  constexpr size_t kBytesMax = 8000;
  const auto by_bytes = pages_of({.size = 1000, .bytes_max = kBytesMax});
  EXPECT_GT(by_bytes.size(), 2u);
  expect_whole(by_bytes);
  for (const v1::GetRequestHistoryResponse& page : by_bytes) {
    EXPECT_TRUE(page.items_size() == 1 ||
                page.ByteSizeLong() <= kBytesMax + page.next_page_token().size() + 4);
  }
}

TEST_F(QueryTest, AHistoryThatChangedBetweenPagesIsBegunAgain) {
  const Written created = File(kTamiai, "satu");
  const Written edited = node_.Take(siti_.After(created).Set("judul", "dua"));
  const auto next = [&](const std::string& token) {
    return LoadHistoryPage(node_.reader(), created.key, *node_.replica().definitions(),
                           {.size = 1, .token = token});
  };
  std::string token = next("")->next_page_token();
  EXPECT_EQ(next(token)->items(0).change_id(), edited.id.bytes());
  EXPECT_EQ(next(token)->next_page_token(), "");
  // Something that is sent again changes nothing.
  node_.Push(edited);
  EXPECT_TRUE(next(token).ok());
  // A change that is refused stands in the history too.
  node_.Push(siti_.After(edited).Set("tidak_ada", "x"));
  EXPECT_EQ(next(token).status().code(), absl::StatusCode::kFailedPrecondition);
  token = next("")->next_page_token();
  node_.Take(siti_.After(edited).Comment("tiga"));
  EXPECT_EQ(next(token).status().code(), absl::StatusCode::kFailedPrecondition);
  token = next("")->next_page_token();
  for (const std::string& bad : {std::string("1"), token + "-1", token.substr(0, token.size() - 1),
                                 token.substr(0, token.size() - 1) + "0",
                                 token.substr(0, token.size() - 1) + "x", std::string(900, '-')}) {
    EXPECT_EQ(next(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace tikar::sync
