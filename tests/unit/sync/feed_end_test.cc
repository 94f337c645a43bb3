#include "sync/feed_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "feed_fixture.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FeedEndTest : public FeedTest {
 protected:
  // Somebody who wants what comes.
  Phone Watcher(const std::string& prefix) {
    Phone watcher({prefix});
    const auto cursor = FeedEnd(node_.reader(), {prefix});
    EXPECT_TRUE(cursor.ok()) << cursor.status();
    if (cursor.ok()) watcher.set_cursor(*cursor);
    return watcher;
  }
};

TEST_F(FeedEndTest, WhatIsThereIsNotSentAndWhatComesIs) {
  for (const char* prefix : {"15", "15.01", "15.01.06"}) {
    const Written old = File(kSungaibetungHilir), other = File(kSungaibetungHilir);
    Phone watcher = Watcher(prefix);
    const FeedPage nothing = watcher.Read(node_);
    EXPECT_THAT(nothing.requests, IsEmpty()) << prefix;
    EXPECT_TRUE(nothing.caught_up);
    Edit(old);
    Edit(old);
    EXPECT_THAT(KeysOf(watcher.Read(node_)), ElementsAre(old.key)) << prefix;
    const Written fresh = File(kSungaibetungHilir);
    const FeedPage page = watcher.Read(node_);
    EXPECT_THAT(KeysOf(page), ElementsAre(fresh.key)) << prefix;
    EXPECT_FALSE(page.roamed);
    EXPECT_FALSE(watcher.Has(other));
  }
}

TEST_F(FeedEndTest, ARegionThatIsNewComesWhole) {
  File(kSungaibetungHilir);
  Phone watcher = Watcher("12");
  EXPECT_TRUE(watcher.Read(node_).caught_up);
  const Written nias = File("12.04.01");
  EXPECT_THAT(KeysOf(watcher.Read(node_)), ElementsAre(nias.key));
}

TEST_F(FeedEndTest, WhatIsElsewhereIsNotSent) {
  File(kSungaibetungHilir);
  Phone watcher = Watcher(kGunungKerinci);
  File(kTamiai);
  EXPECT_THAT(watcher.Read(node_).requests, IsEmpty());
}

}  // namespace
}  // namespace tikar::sync
