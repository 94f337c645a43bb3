#include "sync/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "kerinci_node.h"
#include "sync/keys.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class QueryTest : public testing::Test {
 protected:
  Written File(std::string_view area, std::string_view title) {
    return node_.Take(siti_.Create(area).Set("judul", title));
  }
  v1::ListRequestsResponse List(const v1::RequestFilter& filter = {}, size_t page_size = 50,
                                std::string_view token = "", std::string_view region = kKerinci,
                                size_t scan_max = 20'000) {
    absl::StatusOr<v1::ListRequestsResponse> page =
        ListRequests(node_.reader(), region, filter, page_size, token, scan_max);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : v1::ListRequestsResponse();
  }
  static std::string TitleOf(const v1::Request& request) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.path() == "judul") return field.value().text();
    }
    return "";
  }
  static std::vector<std::string> Titles(const v1::ListRequestsResponse& page) {
    std::vector<std::string> titles;
    for (const v1::Request& request : page.requests()) titles.push_back(TitleOf(request));
    return titles;
  }
  v1::GetRequestHistoryResponse History(const RequestKey& key) {
    absl::StatusOr<v1::GetRequestHistoryResponse> history =
        LoadHistory(node_.reader(), key, *node_.replica().definitions());
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? *std::move(history) : v1::GetRequestHistoryResponse();
  }
  // What became of a change's write to `path`.
  v1::WriteOutcome OutcomeOf(const Written& change, std::string_view path) {
    const v1::GetRequestHistoryResponse history = History(change.key);
    for (const v1::HistoryItem& item : history.items()) {
      if (item.change_id() != change.id.bytes()) continue;
      for (const v1::WriteOutcome& write : item.writes()) {
        if (write.path() == path) return write;
      }
    }
    ADD_FAILURE() << "no write to " << path;
    return {};
  }
  ConflictPage Conflicts(size_t page_size = 50, std::string_view token = "",
                         std::string_view area = "", std::string_view service = "",
                         std::string_view region = kKerinci) {
    absl::StatusOr<ConflictPage> page = ListConflicts(
        node_.reader(), region, area, service, page_size, token, *node_.replica().definitions());
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : ConflictPage();
  }
  // Two who did not know of each other disagree about the money.
  std::pair<Written, Written> Dispute(const Written& created) {
    return {node_.Take(siti_.After(created).Set("biaya", Value::Integer(5))),
            node_.Take(budi_.After(created).Set("biaya", Value::Integer(6)))};
  }

  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Officer head_{"kantor", "kepala"};
  Node node_{1};
};

// Lists.

TEST_F(QueryTest, RequestsComeNewestFirstInPages) {
  for (const char* title : {"satu", "dua", "tiga", "empat", "lima"}) File(kTamiai, title);
  const v1::ListRequestsResponse first = List({}, 2);
  EXPECT_THAT(Titles(first), ElementsAre("lima", "empat"));
  const v1::ListRequestsResponse second = List({}, 2, first.next_page_token());
  EXPECT_THAT(Titles(second), ElementsAre("tiga", "dua"));
  // What is filed meanwhile is newer and moves no page.
  File(kTamiai, "enam");
  const v1::ListRequestsResponse third = List({}, 2, second.next_page_token());
  EXPECT_THAT(Titles(third), ElementsAre("satu"));
  EXPECT_EQ(third.next_page_token(), "");
}

TEST_F(QueryTest, MoreRequestsThanOneLookTakesComeInOnePage) {
  std::vector<Submission> group;
  for (int i = 0; i < 600; ++i) group.push_back(Sent(siti_.Create()));
  node_.Ingest(group);
  EXPECT_EQ(List({}, 1000).requests_size(), 600);
  EXPECT_EQ(List({}, 1000).next_page_token(), "");
  EXPECT_EQ(List({}, 600).requests_size(), 600);
}

TEST_F(QueryTest, EachFilterHolds) {
  const Written bridge = File(kSungaibetungHilir, "Jembatan Putus");
  const Written lamp = File(kTamiai, "Lampu jalan");
  node_.Take(siti_.After(lamp).Go("diterima", "diperiksa").Set("assignee", "hp-budi"));
  const Written flood = File(kTamiai, "Banjir");
  node_.Take(siti_.After(flood).Retract());
  const Written dispute = File(kSungaibatuGantih, "Biaya");
  Dispute(dispute);

  const auto titles = [&](auto set) {
    v1::RequestFilter filter;
    set(filter);
    return Titles(List(filter));
  };
  EXPECT_THAT(titles([](v1::RequestFilter&) {}),
              ElementsAre("Biaya", "Lampu jalan", "Jembatan Putus"))
      << "retracted ones are hidden";
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_show_retracted(true); }),
              ElementsAre("Biaya", "Banjir", "Lampu jalan", "Jembatan Putus"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_area(kGunungKerinci); }),
              ElementsAre("Biaya", "Jembatan Putus"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_area("15.01.0"); }), IsEmpty());
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_status("diperiksa"); }),
              ElementsAre("Lampu jalan"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_assignee("hp-budi"); }),
              ElementsAre("Lampu jalan"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_service("gampil"); }), IsEmpty());
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_service("pengaduan"); }).size(), 3u);
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_text("jemBATan pu"); }),
              ElementsAre("Jembatan Putus"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) { f.set_under_review(true); }), ElementsAre("Biaya"));
  EXPECT_THAT(titles([](v1::RequestFilter& f) {
                f.set_area(kGunungKerinci);
                f.set_text("lampu");
              }),
              IsEmpty());
}

TEST_F(QueryTest, AFilterThatMatchesLittleAnswersShortPagesThatGoOn) {
  File(kTamiai, "jarum");
  for (int i = 0; i < 600; ++i) File(kTamiai, "jerami");
  v1::RequestFilter filter;
  filter.set_text("jarum");
  const v1::ListRequestsResponse first = List(filter, 50, "", kKerinci, /*scan_max=*/100);
  EXPECT_EQ(first.requests_size(), 0);
  ASSERT_NE(first.next_page_token(), "");
  std::string token = first.next_page_token();
  std::vector<std::string> found;
  int pages = 1;
  while (!token.empty()) {
    const v1::ListRequestsResponse page = List(filter, 50, token, kKerinci, 100);
    for (const std::string& title : Titles(page)) found.push_back(title);
    token = page.next_page_token();
    ASSERT_LT(++pages, 10);
  }
  EXPECT_THAT(found, ElementsAre("jarum"));
}

TEST_F(QueryTest, AllRegionsAreListedWithoutOneNamed) {
  File(kTamiai, "Kerinci");
  File("12.04.01.2001", "Nias");
  EXPECT_THAT(Titles(List({}, 50, "", "")), UnorderedElementsAre("Kerinci", "Nias"));
  EXPECT_THAT(Titles(List({}, 50, "", kNias)), ElementsAre("Nias"));
  const v1::ListRequestsResponse first = List({}, 1, "", "");
  EXPECT_EQ(List({}, 1, first.next_page_token(), "").requests_size(), 1);
}

TEST_F(QueryTest, ATokenThatWasTamperedWithIsRefusedOrHarmless) {
  for (int i = 0; i < 5; ++i) File(kTamiai, "x");
  const std::string token = List({}, 2).next_page_token();
  for (const std::string& bad : {std::string("zz"), std::string("7"), token + "0", token.substr(1),
                                 std::string("00") + token, std::string(2000, '7')}) {
    EXPECT_EQ(ListRequests(node_.reader(), kKerinci, {}, 2, bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(ListRequests(node_.reader(), kNias, {}, 2, token).status().code(),
            absl::StatusCode::kInvalidArgument)
      << "another region's";
  std::mt19937_64 random(15);
  for (int round = 0; round < 2000; ++round) {
    std::string tampered = token;
    tampered[random() % tampered.size()] = "0123456789abcdefxyz"[random() % 19];
    const auto page = ListRequests(node_.reader(), kKerinci, {}, 2, tampered);
    if (page.ok()) {
      for (const v1::Request& request : page->requests()) EXPECT_EQ(TitleOf(request), "x");
    } else {
      EXPECT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST_F(QueryTest, ARequestIsFoundByItsRefAndByItsId) {
  const Written created = File(kTamiai, "Jembatan");
  File(kTamiai, "Lampu");
  EXPECT_THAT(*FindByRef(node_.reader(), MakeRef(created.key.id)), ElementsAre(created.key));
  EXPECT_THAT(*FindById(node_.reader(), created.key.id), ElementsAre(created.key));
  RequestId other = created.key.id;
  other[0] ^= 1;  // the same ref, but another request
  EXPECT_THAT(*FindByRef(node_.reader(), MakeRef(other)), ElementsAre(created.key));
  EXPECT_THAT(*FindById(node_.reader(), other), IsEmpty());
  EXPECT_THAT(*FindByRef(node_.reader(), "0000000000"), IsEmpty());
}

TEST_F(QueryTest, WhatIsShownHasTheDigestOfWhatIsStored) {
  const Written created = node_.Take(siti_.Create().Comment("satu").Comment("dua"));
  node_.Take(siti_.After(created).Remove(ElementPath("comments", created.id, 1)));
  const StoredRequest request = node_.Request(created.key);
  EXPECT_EQ(ToProto(request).state_digest(), DigestOf(request.state, request.elements).bytes());
  EXPECT_EQ(ToProto(request).feed_position(), 2u);
  EXPECT_EQ(ToProto(request).elements_size(), 2) << "removed ones too";
}

TEST_F(QueryTest, ARegionsFiguresAreCounted) {
  const Written created = File(kTamiai, "Jembatan");
  Dispute(created);
  node_.Take(siti_.After(siti_.Create(kTamiai).Finish()).Set("judul", "yatim"));
  const v1::RegionStatus status = node_.Region();
  EXPECT_EQ(status.requests(), 2u);
  EXPECT_EQ(status.changes(), 4u);
  EXPECT_EQ(status.conflicts(), 1u);
  EXPECT_EQ(status.waiting(), 1u);
  EXPECT_EQ(status.feed_position(), 4u);
}

// Conflicts.

TEST_F(QueryTest, TheInboxShowsOldestReviewsFirstInPages) {
  std::vector<Written> disputed;
  for (const char* title : {"satu", "dua", "tiga"}) {
    disputed.push_back(File(kTamiai, title));
    Dispute(disputed.back());
  }
  const ConflictPage first = Conflicts(2);
  ASSERT_EQ(first.conflicts.size(), 2u);
  EXPECT_EQ(first.conflicts[0].title(), "satu");
  EXPECT_EQ(first.conflicts[1].title(), "dua");
  EXPECT_LE(first.conflicts[0].open_since(), first.conflicts[1].open_since());
  const ConflictPage second = Conflicts(2, first.next_page_token);
  ASSERT_EQ(second.conflicts.size(), 1u);
  EXPECT_EQ(second.conflicts[0].title(), "tiga");
  EXPECT_EQ(second.next_page_token, "");
}

TEST_F(QueryTest, AConflictShowsBothSidesAndWhoMaySettle) {
  const Written created = File(kTamiai, "Jembatan");
  const auto [five, six] = Dispute(created);
  const ConflictPage page = Conflicts();
  ASSERT_EQ(page.conflicts.size(), 1u);
  const v1::Conflict& conflict = page.conflicts[0];
  EXPECT_EQ(conflict.name(), RequestName(created.key) + "/conflicts/biaya");
  EXPECT_EQ(conflict.request_ref(), MakeRef(created.key.id));
  EXPECT_EQ(conflict.service(), "pengaduan");
  EXPECT_EQ(conflict.area(), kTamiai);
  EXPECT_EQ(conflict.policy(), v1::POLICY_REVIEW);
  EXPECT_THAT(conflict.settler_roles(), ElementsAre("kepala"));
  EXPECT_EQ(conflict.field().candidates_size(), 2);
  EXPECT_EQ(*HeadsOfEtag(conflict.etag()), Ids({five, six}));
  // What the inbox shows is enough to settle it.
  std::vector<ChangeId> candidates;
  for (const v1::Candidate& candidate : conflict.field().candidates()) {
    candidates.push_back(*ChangeId::FromBytes(candidate.change_id()));
  }
  node_.Take(head_.Edit(created.key, *HeadsOfEtag(conflict.etag()))
                 .Settle("biaya", candidates, Value::Integer(6)));
  EXPECT_THAT(Conflicts().conflicts, IsEmpty());
  EXPECT_EQ(MakeConflict(node_.Request(created.key), "biaya", *node_.replica().definitions())
                .status()
                .code(),
            absl::StatusCode::kNotFound);
}

TEST_F(QueryTest, ConflictsAreFilteredByAreaAndService) {
  Dispute(File(kTamiai, "Tamiai"));
  Dispute(File(kSungaibetungHilir, "Sungaibetung"));
  ASSERT_EQ(Conflicts(50, "", kBatangMerangin).conflicts.size(), 1u);
  EXPECT_EQ(Conflicts(50, "", kBatangMerangin).conflicts[0].title(), "Tamiai");
  EXPECT_THAT(Conflicts(50, "", "", "gampil").conflicts, IsEmpty());
  EXPECT_EQ(Conflicts(50, "", "", "pengaduan").conflicts.size(), 2u);
  EXPECT_EQ(Conflicts(50, "", "", "", "").conflicts.size(), 2u) << "all regions";
}

TEST_F(QueryTest, AConflictsTokenThatWasTamperedWithIsRefusedOrHarmless) {
  for (int i = 0; i < 3; ++i) Dispute(File(kTamiai, "x"));
  const std::string token = Conflicts(1).next_page_token;
  EXPECT_EQ(ListConflicts(node_.reader(), kNias, "", "", 1, token, *node_.replica().definitions())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  std::mt19937_64 random(15);
  for (int round = 0; round < 2000; ++round) {
    std::string tampered = token;
    tampered[random() % tampered.size()] = "0123456789abcdefxyz"[random() % 19];
    const auto page = ListConflicts(node_.reader(), kKerinci, "", "", 1, tampered,
                                    *node_.replica().definitions());
    EXPECT_TRUE(page.ok() || page.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

// Histories.

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

TEST_F(QueryTest, AGapInTheLogIsToldAsDamage) {
  for (int i = 0; i < 3; ++i) File(kTamiai, "x");
  WriteBatch batch;
  batch.Delete(Family::kLog, keys::Log(kKerinci, node_.origin(), 2));
  ASSERT_TRUE(node_.store().Write(batch).ok());
  const auto entries = EntriesAfter(node_.reader(), kKerinci, {}, 1 << 20);
  EXPECT_EQ(entries.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(entries.status().message()), HasSubstr("near entry 2"));
}

}  // namespace
}  // namespace tikar::sync
