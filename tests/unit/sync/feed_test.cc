#include "sync/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kerinci_node.h"
#include "sync/keys.h"
#include "sync/records.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

RequestKey KeyOf(const v1::Request& request) {
  State state;
  Elements elements;
  EXPECT_TRUE(RequestFromProto(request, &state, &elements).ok());
  return state.key;
}

// A phone as the protocol wants it: stores what a page brings together with its cursor; drops by
// itself what a smaller scope no longer covers; and when it has to start over, drops at the end
// what did not come again.
class Phone {
 public:
  explicit Phone(std::vector<std::string> scope, std::string actor = "")
      : scope_(std::move(scope)), actor_(std::move(actor)) {}

  FeedPage Read(const Node& node, size_t requests_max = 500, size_t bytes_max = 256 << 10) {
    FeedQuery query;
    query.scope = scope_;
    query.actor = actor_;
    query.cursor = cursor_;
    query.requests_max = requests_max;
    query.bytes_max = bytes_max;
    absl::StatusOr<FeedPage> page = ReadFeed(node.reader(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    for (const v1::Request& request : page->requests) {
      requests_[KeyOf(request)] = request;
      from_before_.erase(KeyOf(request));
      ++received_;
    }
    for (const v1::Removal& removal : page->removals) {
      requests_.erase({removal.region(), *RequestId::FromBytes(removal.request_id())});
    }
    cursor_ = page->cursor;
    cursor_scope_ = scope_;
    if (page->caught_up) {
      for (const RequestKey& key : from_before_) requests_.erase(key);
      from_before_.clear();
    }
    return *std::move(page);
  }

  // Pages until there is nothing more. Returns how many requests came.
  size_t Pass(const Node& node, size_t requests_max = 500) {
    const size_t before = received_;
    for (int pages = 0; pages < 10'000; ++pages) {
      if (Read(node, requests_max).caught_up) return received_ - before;
    }
    ADD_FAILURE() << "the pass never ends";
    return 0;
  }

  void SetScope(std::vector<std::string> scope) {
    // The cursor speaks of what an earlier change of the scope has dropped.
    if (cursor_scope_ != scope_) StartOver();
    scope_ = std::move(scope);
    std::erase_if(requests_, [&](const auto& entry) { return !Wants(entry.second); });
  }
  void StartOver() {
    cursor_.clear();
    for (const auto& [key, request] : requests_) from_before_.insert(key);
  }
  bool Wants(const v1::Request& request) const {
    const bool here = std::any_of(scope_.begin(), scope_.end(), [&](const std::string& prefix) {
      return AreaWithin(request.area(), prefix);
    });
    return here || (!actor_.empty() && AssigneeOf(request) == actor_);
  }

  bool Has(const Written& change) const { return requests_.contains(change.key); }
  std::string TitleOf(const Written& change) const {
    for (const v1::FieldState& field : requests_.at(change.key).fields()) {
      if (field.path() == "judul") return field.value().text();
    }
    return "";
  }
  // How what it holds differs from what is in its scope on the node; empty when it does not.
  std::vector<std::string> DifferencesFrom(const Node& node) const {
    std::vector<std::string> differences;
    std::set<RequestKey> in_scope;
    for (const auto& [row, bytes] : node.Rows(Family::kRequests, "r")) {
      const RequestKey key{row.substr(1, 5), *RequestId::FromBytes(row.substr(6))};
      const v1::Request request = ToProto(node.Request(key));
      if (request.availability() != v1::AVAILABILITY_READY || !Wants(request)) continue;
      in_scope.insert(key);
      const auto held = requests_.find(key);
      if (held == requests_.end()) {
        differences.push_back("lacks " + request.name());
      } else if (held->second.state_digest() != request.state_digest()) {
        differences.push_back("has an old state of " + request.name());
      }
    }
    for (const auto& [key, request] : requests_) {
      if (!in_scope.contains(key)) differences.push_back("still has " + request.name());
    }
    return differences;
  }
  size_t count() const { return requests_.size(); }
  const std::string& cursor() const { return cursor_; }
  void set_cursor(std::string cursor) { cursor_ = std::move(cursor); }

 private:
  static std::string AssigneeOf(const v1::Request& request) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.path() == "assignee") return field.value().text();
    }
    return "";
  }

  std::vector<std::string> scope_;
  const std::string actor_;
  std::string cursor_;
  std::vector<std::string> cursor_scope_;  // with which the cursor was made
  std::map<RequestKey, v1::Request> requests_;
  std::set<RequestKey> from_before_;  // not seen again since it started over
  size_t received_ = 0;
};

class FeedTest : public testing::Test {
 protected:
  Written File(std::string_view area) {
    return node_.Take(siti_.Create(area).Set("judul", "ke-" + std::to_string(++filed_)));
  }
  Written Edit(const Written& created) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key))
                          .Set("judul", "lagi-" + std::to_string(++filed_)));
  }
  Written Move(const Written& created, std::string_view area) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key)).Set("area", area));
  }
  Written Assign(const Written& created, std::string_view actor) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key)).Set("assignee", actor));
  }
  static std::vector<RequestKey> KeysOf(const FeedPage& page) {
    std::vector<RequestKey> keys;
    for (const v1::Request& request : page.requests) keys.push_back(KeyOf(request));
    return keys;
  }
  static std::vector<RequestKey> RemovedBy(const FeedPage& page) {
    std::vector<RequestKey> keys;
    for (const v1::Removal& removal : page.removals) {
      keys.push_back({removal.region(), *RequestId::FromBytes(removal.request_id())});
    }
    return keys;
  }

  Officer siti_{"hp-siti"};
  Node node_{1};
  int filed_ = 0;
};

TEST(AreaTest, PrefixesAreWholeSegments) {
  EXPECT_TRUE(AreaWithin("15.01.06.2010", "15.01.06"));
  EXPECT_TRUE(AreaWithin("15.01.06", "15.01.06"));
  EXPECT_TRUE(AreaWithin("15.01.06.2010", "15"));
  EXPECT_FALSE(AreaWithin("15.01.06", "15.01.06.2010"));
  EXPECT_FALSE(AreaWithin("15.010.6", "15.01"));
  for (const char* prefix : {"15", "15.01", "15.01.06", "15.01.06.2010"}) {
    EXPECT_TRUE(IsAreaPrefix(prefix)) << prefix;
  }
  for (const char* prefix : {"", "1", "15.", "15.1", "15.01.6", "15.01.06.201", "15-01", "@x",
                             "15.01.06.20100", "15.0a"}) {
    EXPECT_FALSE(IsAreaPrefix(prefix)) << prefix;
  }
  EXPECT_EQ(BucketOfArea("15.01.06.2010"), "15.01.06");
  EXPECT_EQ(BucketOfArea("15.01.06"), "15.01.06");
  EXPECT_EQ(BucketOfArea("15.01"), "15.01");
}

TEST_F(FeedTest, AFirstPassBringsEverythingInScopeAndNothingElse) {
  const Written mine = File(kSungaibetungHilir), other = File(kTamiai);
  Phone phone({kGunungKerinci});
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(KeysOf(page), ElementsAre(mine.key));
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_TRUE(page.caught_up);
  EXPECT_EQ(page.remaining, 0u);
  EXPECT_THAT(page.definitions, ElementsAre(Complaint()->hash()));
  ASSERT_EQ(page.feeds.size(), 1u);
  EXPECT_EQ(page.feeds[0].region(), kKerinci);
  EXPECT_EQ(page.feeds[0].feed_id(), node_.Region().feed_id());
  EXPECT_FALSE(phone.Has(other));
  EXPECT_FALSE(page.roamed);
}

TEST_F(FeedTest, NothingNewMeansAnEmptyPage) {
  File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.requests, IsEmpty());
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_TRUE(page.caught_up);
  EXPECT_EQ(page.remaining, 0u);
}

TEST_F(FeedTest, AnEditBringsItsRequestOnceMore) {
  const Written a = File(kSungaibetungHilir), b = File(kSungaibatuGantih);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 2u);
  Edit(a);
  Edit(a);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(a.key));
  EXPECT_TRUE(phone.Has(b));
}

TEST_F(FeedTest, AProvinceAndARegencyAreScopesToo) {
  File(kSungaibetungHilir), File(kTamiai), File("12.04.01");
  for (const char* scope : {"15", "15.01"}) {
    Phone phone({scope});
    EXPECT_EQ(phone.Pass(node_), 2u) << scope;
  }
}

TEST_F(FeedTest, APassResumesAfterEveryPageOfOneRequest) {
  std::vector<Written> filed;
  for (int i = 0; i < 20; ++i) filed.push_back(File(i % 2 == 0 ? kSungaibetungHilir : kTamiai));
  Phone phone({kKerinci});
  size_t pages = 0;
  std::set<RequestKey> seen;
  while (true) {
    const FeedPage page = phone.Read(node_, /*requests_max=*/1);
    ++pages;
    ASSERT_LE(page.requests.size(), 1u);
    for (const RequestKey& key : KeysOf(page)) EXPECT_TRUE(seen.insert(key).second) << "sent twice";
    EXPECT_EQ(page.caught_up, seen.size() == filed.size());
    EXPECT_EQ(page.remaining == 0, page.caught_up);
    if (page.caught_up) break;
    ASSERT_LT(pages, 30u);
  }
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, APageHasAtLeastOneRequestHoweverSmallItsBytes) {
  File(kSungaibetungHilir), File(kSungaibetungHilir);
  Phone phone({kKerinci});
  EXPECT_EQ(phone.Read(node_, 500, /*bytes_max=*/1).requests.size(), 1u);
  EXPECT_EQ(phone.Read(node_, 500, 1).requests.size(), 1u);
  EXPECT_TRUE(phone.Read(node_, 500, 1).caught_up);
}

TEST_F(FeedTest, RemainingCountsDownToNothing) {
  for (int i = 0; i < 10; ++i) File(kSungaibetungHilir);
  Phone phone({kKerinci});
  uint64_t before = 11;
  while (true) {
    const FeedPage page = phone.Read(node_, 1);
    EXPECT_LT(page.remaining, before);
    before = page.remaining;
    if (page.caught_up) break;
    ASSERT_GT(page.remaining, 0u);
  }
  EXPECT_EQ(before, 0u);
}

TEST_F(FeedTest, NothingIsSkippedWhileOthersWriteInBetween) {
  std::vector<Written> filed;
  for (int i = 0; i < 10; ++i) filed.push_back(File(i % 2 == 0 ? kSungaibetungHilir : kTamiai));
  Phone phone({kKerinci});
  for (int i = 0; i < 10; ++i) {
    phone.Read(node_, 1);
    Edit(filed[static_cast<size_t>(i * 7 % 10)]);
    filed.push_back(File(i % 3 == 0 ? kTamiai : kSungaibetungHilir));
  }
  phone.Pass(node_, 1);
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, ARequestThatMovesAwayIsToldToHaveLeft) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci}), neighbour({kBatangMerangin});
  phone.Pass(node_), neighbour.Pass(node_);
  Move(moved, kTamiai);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(RemovedBy(page), ElementsAre(moved.key));
  EXPECT_EQ(page.removals[0].reason(), v1::REMOVAL_REASON_LEFT_SCOPE);
  EXPECT_THAT(page.requests, IsEmpty());
  neighbour.Pass(node_);
  EXPECT_TRUE(neighbour.Has(moved));
  // Back again, and edited there.
  Move(moved, kSungaibatuGantih);
  phone.Pass(node_), neighbour.Pass(node_);
  EXPECT_TRUE(phone.Has(moved));
  EXPECT_FALSE(neighbour.Has(moved));
}

TEST_F(FeedTest, LeavingIsToldEvenWhenTheRequestIsEditedElsewhereAfterwards) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  Move(moved, kTamiai);
  Edit(moved);
  Edit(moved);
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(moved));
  // There is one row that says so, not one per edit.
  EXPECT_EQ(node_.Rows(Family::kFeed, keys::FeedPrefix(kKerinci, kGunungKerinci)).size(), 1u);
  EXPECT_EQ(node_.Rows(Family::kFeed).size(), 2u);
}

TEST_F(FeedTest, AMoveWithinTheScopeIsNoLeaving) {
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kKerinci});
  phone.Pass(node_);
  Move(moved, kTamiai);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.removals, IsEmpty());
  EXPECT_THAT(KeysOf(page), ElementsAre(moved.key));
}

TEST_F(FeedTest, AVillagesPhoneGetsItsVillageAlone) {
  const Written here = File(kSungaibetungHilir), next_door = File(kSungaibatuGantih);
  Phone phone({kSungaibetungHilir});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(here));
  Edit(next_door);
  EXPECT_THAT(phone.Read(node_).requests, IsEmpty());
  Move(here, kSungaibatuGantih);  // the same kecamatan
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(here));
}

TEST_F(FeedTest, WhatIsAssignedToSomebodyIsWithThemWhereverItIs) {
  const Written far = File(kTamiai);
  Phone phone({kGunungKerinci}, "hp-siti");
  phone.Pass(node_);
  EXPECT_FALSE(phone.Has(far));
  Assign(far, "hp-siti");
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(far.key));
  Edit(far);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(far.key)) << "it follows";
  Assign(far, "hp-budi");
  EXPECT_THAT(RemovedBy(phone.Read(node_)), ElementsAre(far.key));
}

TEST_F(FeedTest, WhatIsInScopeAndAssignedComesOnceAndStaysWhenTakenAway) {
  const Written near = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci}, "hp-siti");
  phone.Pass(node_);
  Assign(near, "hp-siti");
  EXPECT_EQ(phone.Pass(node_), 1u);
  Assign(near, "hp-budi");
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(near));
}

TEST_F(FeedTest, AnActorWhoseNameBeginsLikeAnothersGetsNothingOfTheirs) {
  const Written far = File(kTamiai);
  Assign(far, "hp-siti.dua");
  Phone phone({kGunungKerinci}, "hp-siti");
  EXPECT_EQ(phone.Pass(node_), 0u);
}

TEST_F(FeedTest, AnEnlargedScopeIsFilledAlone) {
  const Written here = File(kSungaibetungHilir), there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u) << "what was there is not sent again";
  EXPECT_TRUE(phone.Has(there));
  EXPECT_TRUE(phone.Has(here));
}

TEST_F(FeedTest, ARegencyAfterItsKecamatanBringsOnlyTheRest) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kKerinci});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(there));
  phone.SetScope({kSungaibetungHilir});
  EXPECT_EQ(phone.Pass(node_), 0u) << "a smaller scope needs nothing";
}

TEST_F(FeedTest, AScopeEnlargedInTheMiddleOfThePassIsFilledAtItsEnd) {
  for (int i = 0; i < 6; ++i) File(kSungaibetungHilir), File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Read(node_, 2);
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_, 1), 10u) << "12 less the 2 that it has";
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(FeedTest, CaughtUpIsNotSaidBeforeWhatIsNewInTheScopeIsFilled) {
  const Written here = File(kSungaibetungHilir);
  const Written far = node_.Take(siti_.Create("12.04.01.2001"));
  const Written also_far = node_.Take(siti_.Create("12.04.02.2001"));
  Phone phone({kKerinci, "12.04.01"});
  phone.Pass(node_);
  phone.SetScope({kKerinci, "12.04"});
  Edit(here);
  // Regions are read in order: this page is full with Nias and says nothing of the rest yet.
  const FeedPage page = phone.Read(node_, 1);
  EXPECT_FALSE(page.caught_up);
  phone.Pass(node_, 1);
  EXPECT_TRUE(phone.Has(also_far));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
  // And when the first region fills the page exactly while the second waits to be filled.
  Phone both({"12.04"});
  both.Pass(node_);
  node_.Take(siti_.After(far).Set("judul", "Nias"));
  both.SetScope({"12.04", kKerinci});
  EXPECT_FALSE(both.Read(node_, 1).caught_up);
  both.Pass(node_, 1);
  EXPECT_TRUE(both.Has(here));
}

TEST_F(FeedTest, AReducedScopeSendsNothingOfWhatWasDroppedAndFillsItWhenItComesBack) {
  const Written here = File(kSungaibetungHilir), there = File(kTamiai);
  Phone phone({kGunungKerinci, kBatangMerangin});
  phone.Pass(node_);
  phone.SetScope({kGunungKerinci});
  Edit(there);
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(page.requests, IsEmpty());
  EXPECT_FALSE(phone.Has(there));
  phone.SetScope({kGunungKerinci, kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_EQ(phone.TitleOf(there), node_.FieldText(there.key, "judul"));
  EXPECT_TRUE(phone.Has(here));
}

TEST_F(FeedTest, AnotherScopeAltogetherStartsThere) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kBatangMerangin});
  EXPECT_EQ(phone.Pass(node_), 1u);
  EXPECT_TRUE(phone.Has(there));
  EXPECT_EQ(phone.count(), 1u);
}

TEST_F(FeedTest, TwoRegionsAreCaughtUpTogether) {
  const Written kerinci = File(kSungaibetungHilir);
  const Written nias = node_.Take(siti_.Create("12.04.01.2001"));
  Phone phone({kKerinci, kNias});
  const FeedPage first = phone.Read(node_, 1);
  EXPECT_THAT(KeysOf(first), ElementsAre(nias.key));
  EXPECT_FALSE(first.caught_up);
  EXPECT_EQ(first.feeds.size(), 2u);
  const FeedPage second = phone.Read(node_, 1);
  EXPECT_THAT(KeysOf(second), ElementsAre(kerinci.key));
  phone.Pass(node_, 1);
  Edit(kerinci);
  EXPECT_THAT(KeysOf(phone.Read(node_)), ElementsAre(kerinci.key)) << "Nias is not sent again";
}

TEST_F(FeedTest, WhatWaitsForItsDefinitionComesWithIt) {
  const Written waiting = node_.Take(siti_.Create(kTamiai, *NewerComplaint()));
  Phone phone({kKerinci});
  EXPECT_EQ(phone.Pass(node_), 0u);
  node_.AddDefinition(*NewerComplaint());
  const FeedPage page = phone.Read(node_);
  EXPECT_THAT(KeysOf(page), ElementsAre(waiting.key));
  EXPECT_THAT(page.definitions, ElementsAre(NewerComplaint()->hash()));
}

// Roaming.

class RoamingTest : public FeedTest {
 protected:
  void Exchange() {
    for (const char* region : {kKerinci, kNias}) {
      hub_.PullFrom(node_, region);
      node_.PullFrom(hub_, region);
    }
  }
  Node hub_{2};
};

TEST_F(RoamingTest, OnAnotherNodeOnlyWhatThePhoneDoesNotKnowIsSent) {
  std::vector<Written> filed;
  for (int i = 0; i < 30; ++i) filed.push_back(File(kSungaibetungHilir));
  Exchange();
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(node_), 30u);
  const Written edited = hub_.Take(siti_.After(filed[7]).Set("judul", "di pusat"));
  const FeedPage page = phone.Read(hub_);
  EXPECT_TRUE(page.roamed);
  EXPECT_THAT(KeysOf(page), ElementsAre(filed[7].key)) << "not the world";
  EXPECT_TRUE(page.caught_up);
  // And back.
  Exchange();
  EXPECT_EQ(phone.Pass(node_), 0u) << "the hub has told it all";
  Edit(filed[3]);
  EXPECT_EQ(phone.Pass(node_), 1u);
  Exchange();
  EXPECT_EQ(phone.Pass(hub_), 0u);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, WhatLeftTheScopeMeanwhileIsTold) {
  const Written moved = File(kSungaibetungHilir), stays = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  hub_.Take(siti_.After(moved).Set("area", kTamiai));
  EXPECT_THAT(RemovedBy(phone.Read(hub_)), ElementsAre(moved.key));
  EXPECT_TRUE(phone.Has(stays));
}

TEST_F(RoamingTest, ResumesInTheMiddleAfterEveryPageOfOneRequest) {
  std::vector<Written> filed;
  for (int i = 0; i < 10; ++i) filed.push_back(File(kSungaibetungHilir));
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  for (int i = 0; i < 5; ++i) hub_.Take(siti_.After(filed[i]).Set("judul", "di pusat"));
  EXPECT_EQ(phone.Pass(hub_, 1), 5u);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, GoesOnOverANodeThatLacksSomeOfIt) {
  const Written known = File(kSungaibetungHilir);
  Exchange();
  const Written only_here = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  EXPECT_EQ(phone.Pass(hub_), 0u);
  EXPECT_TRUE(phone.Has(only_here)) << "what a node does not know it does not take away";
  const Written at_hub = hub_.Take(siti_.After(known).Set("judul", "di pusat"));
  phone.Pass(hub_);
  Exchange();
  phone.Pass(hub_);
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
  phone.Pass(node_);
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(RoamingTest, WhatANodeThatIsBehindLearnsLaterToHaveLeftIsToldThen) {
  File(kSungaibetungHilir);
  Exchange();
  const Written moved = File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(moved));
  Move(moved, kTamiai);
  Exchange();  // for the hub it was never anywhere else
  phone.Pass(hub_);
  EXPECT_FALSE(phone.Has(moved));
}

TEST_F(RoamingTest, WhatAnUnfinishedFirstPassBroughtAndHasLeftSinceIsTold) {
  for (int i = 0; i < 5; ++i) File(kSungaibetungHilir);
  Phone phone({kGunungKerinci});
  const Written moved = node_.Take(siti_.Create());
  while (!phone.Has(moved)) phone.Read(node_, 1);
  Move(moved, kTamiai);
  Exchange();
  phone.Pass(hub_, 2);
  EXPECT_FALSE(phone.Has(moved));
  EXPECT_THAT(phone.DifferencesFrom(hub_), IsEmpty());
}

TEST_F(RoamingTest, EntriesBehindAGapAreNotForgotten) {
  const Written known = File(kSungaibetungHilir);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  const Written late = File(kSungaibetungHilir);
  Edit(known);
  const std::vector<v1::Entry> entries = node_.EntriesAfter(hub_.Vector());
  ASSERT_EQ(entries.size(), 2u);
  hub_.Receive({entries[1]});
  phone.Pass(hub_);
  EXPECT_EQ(phone.TitleOf(known), node_.FieldText(known.key, "judul"));
  hub_.Receive({entries[0]});
  phone.Pass(hub_);
  EXPECT_TRUE(phone.Has(late));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

TEST_F(RoamingTest, AScopeEnlargedOnTheWayIsFilledOnTheOtherNode) {
  File(kSungaibetungHilir);
  const Written there = File(kTamiai);
  Exchange();
  Phone phone({kGunungKerinci});
  phone.Pass(node_);
  phone.SetScope({kKerinci});
  EXPECT_EQ(phone.Pass(hub_, 1), 1u);
  EXPECT_TRUE(phone.Has(there));
}

TEST_F(RoamingTest, ARegionThatTheOtherNodeLacksKeepsItsPlace) {
  File(kSungaibetungHilir);
  node_.Take(siti_.Create("12.04.01.2001"));
  Node kerinci_only(3);
  kerinci_only.PullFrom(node_, kKerinci);
  Phone phone({kKerinci, kNias});
  EXPECT_EQ(phone.Pass(node_), 2u);
  EXPECT_EQ(phone.Pass(kerinci_only), 0u);
  EXPECT_EQ(phone.Pass(node_), 0u);
}

TEST_F(RoamingTest, ANewOriginOfTheSameNodeSendsNothingTwice) {
  for (int i = 0; i < 10; ++i) File(kSungaibetungHilir);
  Node moved(7, "mesin-lama");
  moved.PullFrom(node_);
  Phone phone({kGunungKerinci});
  EXPECT_EQ(phone.Pass(moved), 10u);
  moved.MoveToMachine("mesin-baru");
  EXPECT_EQ(phone.Pass(moved), 0u);
  const Written filed = moved.Take(siti_.Create());
  EXPECT_EQ(phone.Pass(moved), 1u);
  EXPECT_TRUE(phone.Has(filed));
}

// Cursors that nobody should trust.

class CursorTest : public RoamingTest {
 protected:
  absl::StatusOr<FeedPage> ReadWith(const std::string& cursor) {
    FeedQuery query;
    query.scope = {kGunungKerinci, kBatangMerangin};
    query.actor = "hp-siti";
    query.cursor = cursor;
    query.requests_max = 3;
    return ReadFeed(node_.reader(), query);
  }
  // In the middle of a first pass, at its end, in the middle of a fill, of a later pass and of
  // roaming.
  std::vector<std::string> Cursors() {
    std::vector<Written> filed;
    for (int i = 0; i < 6; ++i)
      filed.push_back(File(kSungaibetungHilir)), filed.push_back(File(kTamiai));
    Assign(filed[1], "hp-siti");
    Exchange();
    std::vector<std::string> cursors;
    Phone phone({kGunungKerinci}, "hp-siti");
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    cursors.push_back(phone.cursor());
    phone.SetScope({kGunungKerinci, kBatangMerangin});
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    for (const Written& created : filed) Edit(created);
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    Exchange();
    for (const Written& created : filed) {
      hub_.Take(siti_.Edit(created.key, hub_.Heads(created.key)).Set("judul", "di pusat"));
    }
    phone.Read(hub_, 1);
    cursors.push_back(phone.cursor());
    return cursors;
  }
};

TEST_F(CursorTest, OneWithAFlippedBitIsRefused) {
  for (const std::string& cursor : Cursors()) {
    EXPECT_TRUE(ReadWith(cursor).ok());
    for (size_t bit = 0; bit < 8 * cursor.size(); ++bit) {
      std::string damaged = cursor;
      damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
      ASSERT_EQ(ReadWith(damaged).status().code(), absl::StatusCode::kInvalidArgument) << bit;
    }
    for (size_t size = 1; size < cursor.size(); ++size) {
      ASSERT_EQ(ReadWith(cursor.substr(0, size)).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
    EXPECT_FALSE(ReadWith(cursor + "x").ok());
  }
  EXPECT_FALSE(ReadWith(std::string(300 << 10, '\1')).ok());
}

// Somebody who computes the check anew can lie about anything: the server answers or refuses, and
// shows nothing outside the scope.
TEST_F(CursorTest, OneThatWasForgedNeitherHarmsNorShowsMore) {
  constexpr size_t kCheckBytes = 8;
  const Written secret = File("15.01.08.2001");
  size_t taken = 0;
  for (const std::string& cursor : Cursors()) {
    const std::string content = cursor.substr(0, cursor.size() - kCheckBytes);
    for (size_t at = 0; at < content.size(); ++at) {
      for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff, content[at] ^ 1, content[at] ^ 0x40}) {
        std::string forged = content;
        forged[at] = static_cast<char>(byte);
        forged += Sha256(forged).view().substr(0, kCheckBytes);
        const absl::StatusOr<FeedPage> page = ReadWith(forged);
        if (!page.ok()) {
          ASSERT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument) << page.status();
          continue;
        }
        ++taken;
        for (const v1::Request& request : page->requests) ASSERT_NE(KeyOf(request), secret.key);
      }
    }
  }
  EXPECT_GT(taken, 100u);
}

TEST_F(CursorTest, OneOfAPositionThatWasNeverGivenOutStartsFromWhatThePhoneKnows) {
  // The node was restored from a backup, but its feed id stayed: what the phone has is ahead of it.
  Node ahead(9), behind(9);
  const Written created = siti_.Create();
  ahead.Take(created), behind.Take(created);
  ahead.Take(siti_.After(created).Set("judul", "hilang"));
  Phone phone({kKerinci});
  phone.Pass(ahead);
  const FeedPage page = phone.Read(behind);
  EXPECT_TRUE(page.caught_up);
  EXPECT_THAT(page.requests, IsEmpty());
  behind.Take(siti_.After(created).Comment("baru"));
  phone.Pass(behind);
  EXPECT_THAT(phone.DifferencesFrom(behind), IsEmpty());
}

TEST_F(CursorTest, AScopeThatIsNoneIsRefused) {
  FeedQuery query;
  const auto code = [&] { return ReadFeed(node_.reader(), query).status().code(); };
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope = {"Kerinci"};
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope = std::vector<std::string>(65, "15.01");
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope.pop_back();
  EXPECT_EQ(code(), absl::StatusCode::kOk);
}

TEST_F(CursorTest, ADamagedFeedRowIsToldAsDamage) {
  File(kSungaibetungHilir);
  WriteBatch batch;
  batch.Put(Family::kFeed, keys::Feed(kKerinci, kGunungKerinci, node_.Region().feed_position()),
            "R");
  ASSERT_TRUE(node_.store().Write(batch).ok());
  Phone phone({kKerinci});
  FeedQuery query;
  query.scope = {kKerinci};
  EXPECT_EQ(ReadFeed(node_.reader(), query).status().code(), absl::StatusCode::kDataLoss);
}

// An entry from elsewhere whose area or assignee is no name: kept, and no key of the feed breaks
// over it.
TEST_F(FeedTest, AnAreaThatIsNoneBreaksNoRow) {
  Node lenient(2, "", /*knows_definition=*/false);
  const Written created = lenient.Take(siti_.Create());
  Draft draft = siti_.After(created);
  const std::string nul("\0x", 2);
  draft.Set("area", nul).Set("assignee", nul);
  v1::Entry entry;
  entry.set_region(kKerinci);
  entry.set_origin(4711);
  entry.set_seq(1);
  entry.mutable_stamp()->set_received_at_ms(node_.now_ms);
  entry.mutable_stamp()->set_verdict(v1::VERDICT_ACCEPTED);
  const Written odd = draft;
  entry.set_body(odd.body);
  entry.set_change_hash(Sha256(odd.body).bytes());
  node_.PullFrom(lenient);
  const Written sound = File(kTamiai);
  Phone phone({kKerinci}, "hp-siti");
  phone.Pass(node_);
  node_.Receive({entry});
  phone.Pass(node_);
  EXPECT_TRUE(phone.Has(sound));
  EXPECT_FALSE(phone.Has(created));
  EXPECT_THAT(phone.DifferencesFrom(node_), IsEmpty());
}

// The model: after each complete pass a phone holds exactly what is in its scope on the node,
// whatever happened in between: writes, moves, assignments, other nodes, new machines, other
// scopes, passes left half done.
class RandomFeedTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomFeedTest, APhoneHoldsWhatIsInItsScope) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  std::mt19937_64 random(GetParam());
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const std::vector<std::string> areas = {kSungaibetungHilir, kSungaibatuGantih, kGunungKerinci,
                                          kTamiai, "15.01.08.2001"};
  const std::vector<std::string> prefixes = {
      kSungaibetungHilir, kSungaibatuGantih, kGunungKerinci, kTamiai,
      kBatangMerangin,    "15.01.08",        kKerinci,       "15"};
  const auto scope = [&] {
    std::vector<std::string> chosen;
    for (size_t i = 1 + below(3); i > 0; --i) chosen.push_back(prefixes[below(prefixes.size())]);
    return chosen;
  };
  Node district(GetParam() * 2 + 1, "mesin-0"), hub(GetParam() * 2 + 2, "pusat-0");
  Node* const nodes[] = {&district, &hub};
  Officer siti("hp-siti"), budi("hp-budi");
  Officer* const officers[] = {&siti, &budi};
  std::vector<Phone> phones;
  for (int i = 0; i < 3; ++i)
    phones.emplace_back(scope(), i == 0 ? "hp-siti" : i == 1 ? "hp-budi" : "");
  std::vector<Written> filed;
  const auto exchange = [&] {
    hub.PullFrom(district);
    district.PullFrom(hub);
  };
  int machines = 0;
  for (int step = 0; step < 400; ++step) {
    Node& node = *nodes[below(2)];
    Officer& officer = *officers[below(2)];
    Phone& phone = phones[below(phones.size())];
    const size_t what = below(100);
    if (filed.empty() || what < 15) {
      filed.push_back(officer.Create(areas[below(areas.size())]));
      node.Take(filed.back());
    } else if (what < 50) {
      const Written& created = filed[below(filed.size())];
      if (!node.Has(created.key)) continue;
      Draft draft = officer.Edit(created.key, node.Heads(created.key));
      switch (below(4)) {
        case 0:
          draft.Set("area", areas[below(areas.size())]);
          break;
        case 1:
          draft.Set("assignee", below(2) ? "hp-siti" : "hp-budi");
          break;
        case 2:
          draft.Clear("assignee");
          break;
        default:
          draft.Comment("catatan");
      }
      node.Take(draft);
    } else if (what < 80) {
      phone.Read(node, 1 + below(3));
    } else if (what < 85) {
      phone.SetScope(scope());
    } else if (what < 90) {
      exchange();
    } else if (what < 92) {
      node.MoveToMachine("mesin-" + std::to_string(++machines));
    } else {
      exchange();
      phone.Pass(node, 1 + below(4));
      ASSERT_THAT(phone.DifferencesFrom(node), IsEmpty()) << "step " << step;
    }
  }
  exchange();
  for (Phone& phone : phones) {
    phone.Pass(hub);
    EXPECT_THAT(phone.DifferencesFrom(district), IsEmpty());
    // Caught up on both: the world is not sent again.
    EXPECT_EQ(phone.Pass(district), 0u);
    EXPECT_EQ(phone.Pass(hub), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFeedTest, testing::Range<uint64_t>(1, 61));

}  // namespace
}  // namespace tikar::sync
