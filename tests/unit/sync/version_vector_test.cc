#include "sync/version_vector.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <utility>

#include "absl/status/status.h"

namespace tikar::sync {
namespace {

constexpr Origin kKerinci{0x15'01};
constexpr Origin kNias{0x12'04};
constexpr Origin kHub{std::numeric_limits<uint64_t>::max()};

VersionVector Vector(std::initializer_list<std::pair<Origin, uint64_t>> positions) {
  VersionVector result;
  for (const auto& [origin, seq] : positions) result.Advance(origin, seq);
  return result;
}

v1::VersionVector Proto(std::initializer_list<std::pair<uint64_t, uint64_t>> positions) {
  v1::VersionVector proto;
  for (const auto& [origin, seq] : positions) {
    v1::OriginPosition* const added = proto.add_positions();
    added->set_origin(origin);
    added->set_seq(seq);
  }
  return proto;
}

VersionVector Joined(VersionVector a, const VersionVector& b) {
  a.Join(b);
  return a;
}

TEST(VersionVectorTest, HoldsNothingAtFirst) {
  EXPECT_TRUE(VersionVector().empty());
  EXPECT_EQ(VersionVector().Get(kKerinci), 0u);
  EXPECT_EQ(VersionVector().ToProto().positions_size(), 0);
}

TEST(VersionVectorTest, AdvancesEachOriginByItself) {
  const VersionVector vector = Vector({{kKerinci, 7}, {kHub, 2}, {kNias, 5}});
  EXPECT_EQ(vector.Get(kKerinci), 7u);
  EXPECT_EQ(vector.Get(kNias), 5u);
  EXPECT_EQ(vector.Get(kHub), 2u);
  EXPECT_EQ(vector.Get(Origin{0x15'02}), 0u);
}

TEST(VersionVectorTest, NeverGoesBack) {
  VersionVector vector = Vector({{kKerinci, 7}});
  vector.Advance(kKerinci, 6);
  vector.Advance(kKerinci, 7);
  EXPECT_EQ(vector.Get(kKerinci), 7u);
  vector.Advance(kKerinci, 8);
  EXPECT_EQ(vector.Get(kKerinci), 8u);
}

TEST(VersionVectorTest, SequenceZeroSaysNothing) {
  EXPECT_EQ(Vector({{kKerinci, 0}}), VersionVector());
}

TEST(VersionVectorTest, IsSortedWhateverTheOrderOfAdvances) {
  const VersionVector expected = Vector({{kNias, 5}, {kKerinci, 7}, {kHub, 2}});
  EXPECT_EQ(Vector({{kHub, 2}, {kKerinci, 7}, {kNias, 5}}), expected);
  ASSERT_EQ(expected.positions().size(), 3u);
  EXPECT_EQ(expected.positions()[0], (VersionVector::Position{kNias, 5}));
  EXPECT_EQ(expected.positions()[1], (VersionVector::Position{kKerinci, 7}));
  EXPECT_EQ(expected.positions()[2], (VersionVector::Position{kHub, 2}));
}

TEST(VersionVectorTest, JoinTakesTheMostOfBoth) {
  EXPECT_EQ(Joined(Vector({{kNias, 5}, {kKerinci, 7}}), Vector({{kKerinci, 9}, {kHub, 1}})),
            Vector({{kNias, 5}, {kKerinci, 9}, {kHub, 1}}));
  EXPECT_EQ(Joined(Vector({{kKerinci, 9}}), VersionVector()), Vector({{kKerinci, 9}}));
}

TEST(VersionVectorTest, JoinsItselfWithoutChange) {
  VersionVector vector = Vector({{kNias, 5}, {kKerinci, 7}});
  vector.Join(vector);
  EXPECT_EQ(vector, Vector({{kNias, 5}, {kKerinci, 7}}));
}

TEST(VersionVectorTest, ComparesAsAPartialOrder) {
  const VersionVector island = Vector({{kNias, 5}, {kKerinci, 7}});
  EXPECT_EQ(Compare(VersionVector(), VersionVector()), CausalOrder::kEqual);
  EXPECT_EQ(Compare(island, island), CausalOrder::kEqual);
  EXPECT_EQ(Compare(VersionVector(), island), CausalOrder::kBefore);
  EXPECT_EQ(Compare(Vector({{kNias, 5}}), island), CausalOrder::kBefore);
  EXPECT_EQ(Compare(Vector({{kNias, 5}, {kKerinci, 6}}), island), CausalOrder::kBefore);
  EXPECT_EQ(Compare(island, Vector({{kNias, 4}, {kKerinci, 7}})), CausalOrder::kAfter);
  EXPECT_EQ(Compare(Vector({{kNias, 6}, {kKerinci, 6}}), island), CausalOrder::kConcurrent);
  EXPECT_EQ(Compare(Vector({{kHub, 1}}), island), CausalOrder::kConcurrent);
}

// Against an oracle that knows no vectors: for each origin, who holds more.
TEST(VersionVectorTest, JoinAndCompareAgreeWithSetsOfEntries) {
  constexpr uint32_t kSeed = 1501;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  int seen[4] = {};
  for (int round = 0; round < 5000; ++round) {
    uint64_t a_seqs[4], b_seqs[4];
    VersionVector a, b;
    bool a_has_more = false, b_has_more = false;
    for (uint64_t i = 0; i < 4; ++i) {
      a_seqs[i] = random() % 3;
      b_seqs[i] = random() % 2 == 0 ? a_seqs[i] : random() % 3;
      a.Advance(Origin{i + 1}, a_seqs[i]);
      b.Advance(Origin{i + 1}, b_seqs[i]);
      a_has_more |= a_seqs[i] > b_seqs[i];
      b_has_more |= b_seqs[i] > a_seqs[i];
    }
    const CausalOrder expected = a_has_more && b_has_more ? CausalOrder::kConcurrent
                                 : a_has_more             ? CausalOrder::kAfter
                                 : b_has_more             ? CausalOrder::kBefore
                                                          : CausalOrder::kEqual;
    ASSERT_EQ(Compare(a, b), expected) << "round " << round;
    ++seen[static_cast<int>(expected)];
    const VersionVector joined = Joined(a, b);
    ASSERT_EQ(joined, Joined(b, a));
    for (uint64_t i = 0; i < 4; ++i) {
      ASSERT_EQ(joined.Get(Origin{i + 1}), std::max(a_seqs[i], b_seqs[i])) << "round " << round;
    }
  }
  for (const int count : seen) EXPECT_GT(count, 100);
}

TEST(VersionVectorTest, TravelsAndComesBackTheSame) {
  const VersionVector vector =
      Vector({{kNias, 5}, {kKerinci, std::numeric_limits<uint64_t>::max()}, {kHub, 1}});
  const auto back = VersionVector::FromProto(vector.ToProto());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, vector);
  EXPECT_EQ(
      vector.ToProto().SerializeAsString(),
      Proto(
          {{Raw(kNias), 5}, {Raw(kKerinci), std::numeric_limits<uint64_t>::max()}, {Raw(kHub), 1}})
          .SerializeAsString());
}

TEST(VersionVectorTest, RefusesWhatNoNodeMakes) {
  for (const v1::VersionVector& proto : {
           Proto({{2, 1}, {1, 1}}),          // not sorted
           Proto({{1, 1}, {1, 2}}),          // twice
           Proto({{0, 1}}),                  // no origin
           Proto({{1, 0}}),                  // nothing held
           Proto({{1, 1}, {2, 1}, {2, 1}}),  // twice, at the end
       }) {
    EXPECT_EQ(VersionVector::FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument)
        << proto.ShortDebugString();
  }
}

}  // namespace
}  // namespace tikar::sync
