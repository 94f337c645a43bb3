#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "query_fixture.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

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

TEST_F(QueryTest, AllRegionsTogetherAreListedNewestFirst) {
  std::vector<std::string> titles;
  // In turns, and at the end many of one region.
  for (int i = 0; i < 20; ++i) {
    titles.insert(titles.begin(), "Kerinci " + std::to_string(i));
    File(kTamiai, titles.front());
    titles.insert(titles.begin(), "Nias " + std::to_string(i));
    File("12.04.05.2001", titles.front());
  }
  for (int i = 0; i < 600; ++i) {
    titles.insert(titles.begin(), "Nias lagi " + std::to_string(i));
    File("12.04.05.2001", titles.front());
  }
  EXPECT_EQ(Titles(List({}, 1000, "", "")), titles);
  for (const size_t page_size : {size_t{1}, size_t{7}, size_t{320}}) {
    std::vector<std::string> found;
    std::string token;
    do {
      const v1::ListRequestsResponse page = List({}, page_size, token, "");
      ASSERT_GT(page.requests_size(), 0);
      for (const std::string& title : Titles(page)) found.push_back(title);
      token = page.next_page_token();
    } while (!token.empty());
    EXPECT_EQ(found, titles) << page_size << " a page";
  }
  v1::RequestFilter jambi;
  jambi.set_area("15");
  EXPECT_EQ(List(jambi, 1000, "", "").requests_size(), 20);
}

TEST_F(QueryTest, OfAllRegionsTooOnlySoMuchIsLookedAtPerPage) {
  File(kTamiai, "jarum");
  for (int i = 0; i < 50; ++i) File(i % 2 == 0 ? kTamiai : "12.04.05.2001", "jerami");
  v1::RequestFilter filter;
  filter.set_text("jarum");
  std::string token;
  int pages = 0;
  std::vector<std::string> found;
  do {
    const v1::ListRequestsResponse page = List(filter, 50, token, "", /*scan_max=*/20);
    for (const std::string& title : Titles(page)) found.push_back(title);
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(found, ElementsAre("jarum"));
}

TEST_F(QueryTest, APageEndsBeforeItGetsTooLarge) {
  std::vector<std::string> titles;
  for (int i = 0; i < 9; ++i) {
    // Every third one alone is larger than a page.
    const std::string title = std::to_string(i) + std::string(i % 3 == 0 ? 190 : 10, 'x');
    titles.insert(titles.begin(), title);
    node_.Take(siti_.Create(kTamiai)
                   .Set("judul", title)
                   .Set("deskripsi", std::string(i % 3 == 0 ? 8000 : 700, 'y')));
  }
  constexpr size_t kBytesMax = 5000;
  std::vector<std::string> found;
  std::string token;
  do {
    const auto page =
        ListRequests(node_.reader(), kKerinci, {}, {.token = token, .bytes_max = kBytesMax});
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_GT(page->requests_size(), 0);
    EXPECT_TRUE(page->requests_size() == 1 ||
                page->ByteSizeLong() <= kBytesMax + page->next_page_token().size() + 4);
    for (const std::string& title : Titles(*page)) found.push_back(title);
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_EQ(found, titles);
}

TEST_F(QueryTest, ATokenThatWasTamperedWithIsRefusedOrHarmless) {
  for (int i = 0; i < 5; ++i) File(kTamiai, "x");
  const std::string token = List({}, 2).next_page_token();
  for (const std::string& bad : {std::string("zz"), std::string("7"), token + "0", token.substr(1),
                                 std::string("00") + token, std::string(2000, '7')}) {
    EXPECT_EQ(ListRequests(node_.reader(), kKerinci, {}, {.size = 2, .token = bad}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(ListRequests(node_.reader(), kNias, {}, {.size = 2, .token = token}).status().code(),
            absl::StatusCode::kInvalidArgument)
      << "another region's";
  std::mt19937_64 random(15);
  for (int round = 0; round < 2000; ++round) {
    std::string tampered = token;
    tampered[random() % tampered.size()] = "0123456789abcdefxyz"[random() % 19];
    const auto page = ListRequests(node_.reader(), kKerinci, {}, {.size = 2, .token = tampered});
    if (page.ok()) {
      for (const v1::Request& request : page->requests()) EXPECT_EQ(TitleOf(request), "x");
    } else {
      EXPECT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
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
  EXPECT_EQ(ListConflicts(node_.reader(), kNias, "", "", {.size = 1, .token = token},
                          *node_.replica().definitions())
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
  std::mt19937_64 random(15);
  for (int round = 0; round < 2000; ++round) {
    std::string tampered = token;
    tampered[random() % tampered.size()] = "0123456789abcdefxyz"[random() % 19];
    const auto page = ListConflicts(node_.reader(), kKerinci, "", "",
                                    {.size = 1, .token = tampered}, *node_.replica().definitions());
    EXPECT_TRUE(page.ok() || page.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(QueryTest, AnInboxPageEndsBeforeItGetsTooLargeOrHasLookedAtTooMuch) {
  for (int i = 0; i < 6; ++i) Dispute(File(kTamiai, std::to_string(i)));
  const size_t one = Conflicts(1).conflicts[0].ByteSizeLong();
  const auto pages_of = [&](PageQuery query) {
    std::vector<std::vector<std::string>> pages;
    do {
      const auto page =
          ListConflicts(node_.reader(), kKerinci, "", "", query, *node_.replica().definitions());
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return pages;
      std::vector<std::string>& titles = pages.emplace_back();
      for (const v1::Conflict& conflict : page->conflicts) titles.push_back(conflict.title());
      query.token = page->next_page_token;
    } while (!query.token.empty());
    return pages;
  };
  using Pages = std::vector<std::vector<std::string>>;
  EXPECT_EQ(pages_of({.bytes_max = 2 * one + one / 2}),
            (Pages{{"0", "1"}, {"2", "3"}, {"4", "5"}}));
  EXPECT_EQ(pages_of({.bytes_max = 1}), (Pages{{"0"}, {"1"}, {"2"}, {"3"}, {"4"}, {"5"}}));
  EXPECT_EQ(pages_of({.scan_max = 4}), (Pages{{"0", "1", "2", "3"}, {"4", "5"}}));
}

}  // namespace
}  // namespace tikar::sync
