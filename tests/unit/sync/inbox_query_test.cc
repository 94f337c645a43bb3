#include "sync/inbox_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "office_fixture.h"
#include "sync/keys.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class InboxTest : public OfficeTest {
 protected:
  v1::ListInboxResponse Page(const PageQuery& page = {}, std::string_view region = kKerinci,
                             std::vector<v1::InboxKind> kinds = {}) {
    auto response = ListInbox(
        node_.reader(),
        {.region = std::string(region), .kinds = std::move(kinds), .now_ms = node_.now_ms}, page,
        Definitions(), calendar_);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::ListInboxResponse();
  }
  std::vector<v1::InboxItem> Items(const PageQuery& first = {}, std::string_view region = kKerinci,
                                   const std::vector<v1::InboxKind>& kinds = {}) {
    std::vector<v1::InboxItem> items;
    PageQuery page = first;
    size_t pages = 0;
    do {
      const v1::ListInboxResponse response = Page(page, region, kinds);
      EXPECT_LE(static_cast<size_t>(response.items_size()), page.size);
      items.insert(items.end(), response.items().begin(), response.items().end());
      page.token = response.next_page_token();
    } while (!page.token.empty() && ++pages < 10'000);
    return items;
  }
  std::vector<v1::InboxItem> Of(v1::InboxKind kind) { return Items({}, kKerinci, {kind}); }
  // Somebody in a role that the definition does not know writes something.
  Written Refused(const Written& created) {
    Officer stranger("hp-asing", "pelancong");
    const Written change = stranger.After(created).Set("judul", "coretan");
    EXPECT_EQ(node_.Push(change).verdict, v1::VERDICT_VOID);
    return change;
  }
  // One of each kind.
  void FillTheInbox() {
    const Value bridge = PlaceAt(-19'500'000, 1'012'500'000);
    one_ = node_.Take(
        File().Set("lokasi", bridge).Set("judul", "jembatan").Set("assignee", "hp-budi"));
    other_ = node_.Take(File().Set("lokasi", bridge));
    node_.Take(siti_.After(one_).Set("biaya", Value::Integer(5)));
    node_.Take(budi_.After(one_).Set("biaya", Value::Integer(6)));
    refused_ = Refused(other_);
    node_.Take(siti_.After(File()).Set("judul", "tanpa awal"));
    node_.Take(siti_.Create(kSungaibetungHilir, *NewerComplaint()));
    node_.Take(siti_.After(node_.Take(File())).AddNewerKind());
    node_.now_ms = kThreeDaysDueMs;
  }

  Written one_, other_, refused_;
};

TEST_F(InboxTest, HoldsOneOfEachKindInTheOrderOfTheirNumbers) {
  FillTheInbox();
  std::vector<int> kinds;
  for (const v1::InboxItem& item : Items()) kinds.push_back(item.kind());
  EXPECT_THAT(kinds,
              ElementsAre(v1::INBOX_KIND_UNDER_REVIEW, v1::INBOX_KIND_LATE, v1::INBOX_KIND_LATE,
                          v1::INBOX_KIND_REFUSED, v1::INBOX_KIND_POSSIBLE_DUPLICATE,
                          v1::INBOX_KIND_NEEDS_CREATE, v1::INBOX_KIND_NEEDS_DEFINITION,
                          v1::INBOX_KIND_NEEDS_NEWER_SERVER));
}

TEST_F(InboxTest, AnItemSaysWhatANextStepNeeds) {
  FillTheInbox();
  const v1::InboxItem review = Of(v1::INBOX_KIND_UNDER_REVIEW).at(0);
  EXPECT_EQ(review.request(), RequestName(one_.key));
  EXPECT_EQ(review.request_ref(), MakeRef(one_.key.id));
  EXPECT_EQ(review.path(), "biaya");
  EXPECT_EQ(review.title(), "jembatan");
  EXPECT_EQ(review.actor(), "hp-budi");
  EXPECT_EQ(review.status(), "diterima");
  EXPECT_EQ(review.etag(), EtagOf(node_.Heads(one_.key)));
  const v1::InboxItem late = Of(v1::INBOX_KIND_LATE).at(0);
  EXPECT_EQ(late.clock().key(), "verifikasi");
  EXPECT_EQ(late.since_ms(), kThreeDaysDueMs);
  const v1::InboxItem refused = Of(v1::INBOX_KIND_REFUSED).at(0);
  EXPECT_EQ(refused.change_id(), refused_.id.bytes());
  EXPECT_EQ(refused.actor(), "hp-asing");
  EXPECT_EQ(refused.reason(), v1::REFUSAL_REASON_ROLE);
  EXPECT_EQ(refused.since_ms(), kMorningMs + 24 * kHourMs);
  const v1::InboxItem pair = Of(v1::INBOX_KIND_POSSIBLE_DUPLICATE).at(0);
  EXPECT_EQ(pair.request(), RequestName(other_.key));
  EXPECT_EQ(pair.other_request(), RequestName(one_.key));
  EXPECT_EQ(pair.other_request_ref(), MakeRef(one_.key.id));
  EXPECT_EQ(pair.distance_metres(), 0u);
  EXPECT_EQ(Of(v1::INBOX_KIND_NEEDS_CREATE).at(0).request_ref(), "");
  EXPECT_EQ(Of(v1::INBOX_KIND_NEEDS_DEFINITION).at(0).definition_hash(),
            NewerComplaint()->hash().bytes());
}

TEST_F(InboxTest, PagesOfAnySizeHoldTheSameItemsInTheSameOrder) {
  FillTheInbox();
  // A cluster in which one request has several pairs.
  for (int i = 0; i < 4; ++i) {
    node_.Take(File().Set("lokasi", PlaceAt(-19'500'000, 1'012'500'000 + 100 * i)));
  }
  node_.Take(Officer("hp-nias").Create("12.04.01.2001", *Office()));
  const std::vector<v1::InboxItem> whole = Items({}, "");
  EXPECT_GT(whole.size(), 20u);
  const auto same = [](const std::vector<v1::InboxItem>& a, const std::vector<v1::InboxItem>& b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
             return x.SerializeAsString() == y.SerializeAsString();
           });
  };
  for (const size_t size : {1, 2, 3, 7}) {
    EXPECT_TRUE(same(Items({.size = size}, ""), whole)) << size << " items a page";
  }
  EXPECT_TRUE(same(Items({.bytes_max = 1}, ""), whole)) << "one item fills a page";
  EXPECT_TRUE(same(Items({.scan_max = 1}, ""), whole)) << "a page looks at one row";
}

TEST_F(InboxTest, WhatIsLateIsListedByWhenItWasDueWhateverItsNumberOfDays) {
  node_.now_ms = kMorningMs + 60 * 24 * kHourMs;
  const Written long_silent = Examined();  // due on the 16th
  std::vector<Written> filed;
  for (const int64_t day : {16, 9, 14, 1}) {
    siti_.AtMinute(day * 24 * 60);
    filed.push_back(node_.Take(File()));
  }
  std::vector<std::string> names;
  std::vector<int64_t> since;
  for (const v1::InboxItem& item : Items({.size = 2}, kKerinci, {v1::INBOX_KIND_LATE})) {
    names.push_back(item.request());
    since.push_back(item.since_ms());
  }
  EXPECT_THAT(names, ElementsAre(RequestName(filed[3].key), RequestName(filed[1].key),
                                 RequestName(long_silent.key), RequestName(filed[2].key),
                                 RequestName(filed[0].key)));
  EXPECT_TRUE(std::is_sorted(since.begin(), since.end()));
}

TEST_F(InboxTest, NothingIsLateBeforeItIsDue) {
  node_.Take(File());
  node_.now_ms = kThreeDaysDueMs - 1;
  EXPECT_THAT(Items(), IsEmpty());
  node_.now_ms = kThreeDaysDueMs;
  EXPECT_THAT(Items(), SizeIs(1));
}

TEST_F(InboxTest, ARefusedChangeIsDismissedOnceAndStaysInTheHistory) {
  const Written created = node_.Take(File());
  const Written refused = Refused(created);
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), SizeIs(1));
  node_.Commit(node_.replica().DismissRefused(created.key, refused.id, node_.now_ms));
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty());
  EXPECT_EQ(node_.StateOf(created.key).change_count, 2u);
  for (const ChangeId& change : {refused.id, created.id}) {
    EXPECT_EQ(node_.replica().DismissRefused(created.key, change, node_.now_ms).status().code(),
              absl::StatusCode::kNotFound);
  }
  node_.Push(refused);
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty()) << "a retry does not bring it back";
}

TEST_F(InboxTest, ARefusedChangeIsForgottenAfterNinetyDays) {
  const Written created = node_.Take(File());
  Refused(created);
  node_.now_ms += kRefusedKeptMs;
  node_.Take(File());
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), SizeIs(1));
  node_.now_ms += 1;
  node_.Take(File());
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty());
}

TEST_F(InboxTest, ARefusedChangeThatAnotherNodeTookIsOffTheList) {
  const Written created = node_.Take(File());
  const Written refused = Refused(created);
  v1::Entry entry;
  entry.set_region(kKerinci);
  entry.set_origin(71);
  entry.set_seq(1);
  entry.set_change_hash(Sha256(refused.body).bytes());
  entry.set_body(refused.body);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_VOID);
  entry.mutable_stamp()->set_reason(v1::REFUSAL_REASON_ROLE);
  entry.mutable_stamp()->set_received_at_ms(kMorningMs);
  node_.Receive({entry});
  ASSERT_THAT(Of(v1::INBOX_KIND_REFUSED), SizeIs(1));
  EXPECT_EQ(Of(v1::INBOX_KIND_REFUSED)[0].since_ms(), kMorningMs) << "the earliest refusal";
  EXPECT_EQ(Of(v1::INBOX_KIND_REFUSED)[0].actor(), "hp-asing");
  entry.set_seq(2);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_ACCEPTED);
  entry.mutable_stamp()->set_reason(v1::REFUSAL_REASON_UNSPECIFIED);
  node_.Receive({entry});
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty());
  EXPECT_THAT(node_.Rows(Family::kRequests, keys::RefusedPrefix(kKerinci)), IsEmpty());
}

TEST_F(InboxTest, ARefusalThatCannotHaveBeenThenIsForgottenOrDismissedLikeAnyOther) {
  const Written created = node_.Take(File());
  Officer stranger("hp-asing", "pelancong");
  v1::Entry entry;
  entry.set_region(kKerinci);
  entry.set_origin(71);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_VOID);
  entry.mutable_stamp()->set_reason(v1::REFUSAL_REASON_ROLE);
  const auto receive = [&](int64_t received_at_ms) {
    const Written refused = stranger.After(created).Set("judul", "coretan");
    entry.set_seq(entry.seq() + 1);
    entry.set_change_hash(Sha256(refused.body).bytes());
    entry.set_body(refused.body);
    entry.mutable_stamp()->set_received_at_ms(received_at_ms);
    node_.Receive({entry});
    return refused;
  };
  receive(-1);
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), SizeIs(1));
  node_.Take(File());
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty()) << "it is old";
  const Written late = receive(INT64_MAX);
  ASSERT_THAT(Of(v1::INBOX_KIND_REFUSED), SizeIs(1));
  EXPECT_EQ(Of(v1::INBOX_KIND_REFUSED)[0].since_ms(), kHlcMsMax);
  node_.Commit(node_.replica().DismissRefused(created.key, late.id, node_.now_ms));
  EXPECT_THAT(Of(v1::INBOX_KIND_REFUSED), IsEmpty());
}

TEST_F(InboxTest, ATokenOfAnotherQueryIsRefused) {
  FillTheInbox();
  const std::string token = Page({.size = 1}).next_page_token();
  ASSERT_FALSE(token.empty());
  const auto status_of = [&](const std::string& bad, std::vector<v1::InboxKind> kinds,
                             std::string region) {
    return ListInbox(node_.reader(),
                     {.region = std::move(region), .kinds = std::move(kinds), .now_ms = 0},
                     {.token = bad}, Definitions(), calendar_)
        .status()
        .code();
  };
  EXPECT_EQ(status_of(token, {v1::INBOX_KIND_REFUSED}, kKerinci),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status_of(token, {}, kNias), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status_of("01", {}, kKerinci), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status_of("zz", {}, kKerinci), absl::StatusCode::kInvalidArgument);
  // A place of no index, in each kind.
  for (const char* kind : {"01", "02", "03", "04", "05", "06", "07"}) {
    EXPECT_EQ(status_of(std::string(kind) + "31352e3031ff", {}, kKerinci),
              absl::StatusCode::kInvalidArgument)
        << kind;
  }
}

}  // namespace
}  // namespace tikar::sync
