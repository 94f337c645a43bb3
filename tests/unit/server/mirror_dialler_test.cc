// How long the dialler waits, and what it takes for an address. That it dials is seen by
// tests/integration/server_mirror_test.cc.
#include "server/mirror_dialler.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "server/mirror_options.h"

namespace tikar::server {
namespace {

constexpr uint64_t kNoSpread = 0;

TEST(DialBackoffTest, DoublesUpToTheLongestAndStaysThere) {
  EXPECT_EQ(DialBackoffMs(1, 0, kNoSpread), kDialBackoffMsMin);
  EXPECT_EQ(DialBackoffMs(2, 0, kNoSpread), 2 * kDialBackoffMsMin);
  EXPECT_EQ(DialBackoffMs(3, 0, kNoSpread), 4 * kDialBackoffMsMin);
  EXPECT_EQ(DialBackoffMs(100, 0, kNoSpread), kDialBackoffMsMax);
  EXPECT_EQ(DialBackoffMs(std::numeric_limits<int>::max(), 0, kNoSpread), kDialBackoffMsMax);
}

TEST(DialBackoffTest, IsSpreadByHalf) {
  int64_t least = kDialBackoffMsMax, most = 0;
  for (uint64_t random = 0; random < 40'000; ++random) {
    const int64_t wait = DialBackoffMs(100, 0, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_EQ(least, kDialBackoffMsMax / 2);
  EXPECT_EQ(most, kDialBackoffMsMax);
}

TEST(DialBackoffTest, IsAtLeastWhatThePeerAskedForWithinTheLongest) {
  EXPECT_EQ(DialBackoffMs(1, 3'000, kNoSpread), 3'000);
  EXPECT_EQ(DialBackoffMs(100, 3'000, kNoSpread), kDialBackoffMsMax);
  EXPECT_EQ(DialBackoffMs(1, int64_t{86'400'000}, kNoSpread), kDialBackoffMsMax);
}

TEST(MirrorOptionsTest, APeerIsANameAndAnAddress) {
  const auto peer = ParsePeer("nias=10.12.4.1:50152");
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->name, "nias");
  EXPECT_EQ(peer->address, "10.12.4.1:50152");
  EXPECT_TRUE(ParsePeer("hub=[2001:db8::1]:50152").ok());
  EXPECT_TRUE(ParsePeer("hub=hub.example.go.id:50152").ok());
  for (const char* text :
       {"", "nias", "=10.12.4.1:1", "Nias=10.12.4.1:1", "nias=10.12.4.1", "nias=:1", "nias=host:0",
        "nias=host:65536", "nias=2001:db8::1:50152", "nias=a b:1", "nias=http://host:1"}) {
    EXPECT_EQ(ParsePeer(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(MirrorOptionsTest, WhatANodeMirrorsIsByPrefix) {
  EXPECT_TRUE(IsMirrored({"*"}, "15.01"));
  EXPECT_TRUE(IsMirrored({"*"}, "*"));
  EXPECT_TRUE(IsMirrored({"15"}, "15.01"));
  EXPECT_FALSE(IsMirrored({"15.01"}, "15"));
  EXPECT_FALSE(IsMirrored({"15.01"}, "*"));
  EXPECT_EQ(MirrorRegionsMistake("15.01,12"), "");
  EXPECT_EQ(MirrorRegionsMistake("*"), "");
  EXPECT_NE(MirrorRegionsMistake("15.01,"), "");
  EXPECT_NE(MirrorRegionsMistake("Kerinci"), "");
}

}  // namespace
}  // namespace tikar::server
