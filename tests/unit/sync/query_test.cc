#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "query_fixture.h"
#include "sync/keys.h"
#include "sync/ref.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
