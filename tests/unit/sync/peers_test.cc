#include "sync/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace tikar::sync {
namespace {

using ::testing::HasSubstr;

const PeerRecord kNias{.name = "nias",
                       .address = "10.12.4.1:50152",
                       .regions = {"12.04", "12.14"},
                       .created_at_ms = 1'769'900'000'000};

TEST(PeersTest, BytesAreFrozen) {
  const std::string bytes = EncodePeer(kNias);
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "01"
            "0f31302e31322e342e313a3530313532"
            "0205"
            "31322e3034"
            "05"
            "31322e3134"
            "808c96e48267");
  const auto read = DecodePeer("nias", bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, kNias);
}

TEST(PeersTest, WhatIsDamagedOrOfALaterBuildIsSaid) {
  const std::string bytes = EncodePeer(kNias);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodePeer("nias", bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_EQ(DecodePeer("nias", bytes + "x").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodePeer("No name", bytes).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(DecodePeer("nias", "\x02" + bytes.substr(1)).status().message()),
              HasSubstr("upgrade tikard"));
}

TEST(PeersTest, NamesOfNodesAreDnsLabels) {
  for (const char* name : {"nias", "hub-2", "1", "a-b-c"}) EXPECT_TRUE(IsNodeName(name)) << name;
  for (const char* name : {"", "-nias", "nias-", "Nias", "nias.id", "ni as", "nías"}) {
    EXPECT_FALSE(IsNodeName(name)) << name;
  }
  EXPECT_TRUE(IsNodeName(std::string(63, 'a')));
  EXPECT_FALSE(IsNodeName(std::string(64, 'a')));
}

TEST(PeersTest, PrefixesAreProvincesAndRegionsOrAll) {
  for (const char* prefix : {"*", "15", "15.01"}) EXPECT_TRUE(IsMirrorPrefix(prefix)) << prefix;
  for (const char* prefix : {"", "1", "15.", "15.01.06", "**", "15.0a"}) {
    EXPECT_FALSE(IsMirrorPrefix(prefix)) << prefix;
  }
  EXPECT_TRUE(MirrorPrefixHolds("*", "15.01"));
  EXPECT_TRUE(MirrorPrefixHolds("15", "15.01"));
  EXPECT_TRUE(MirrorPrefixHolds("15.01", "15.01"));
  EXPECT_FALSE(MirrorPrefixHolds("15.01", "15.02"));
  EXPECT_FALSE(MirrorPrefixHolds("1", "15.02"));
}

}  // namespace
}  // namespace tikar::sync
