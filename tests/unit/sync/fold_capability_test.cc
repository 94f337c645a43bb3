#include "sync/fold_capability.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace tikar::sync {
namespace {

uint32_t LargestKind(const google::protobuf::Descriptor& message) {
  const google::protobuf::OneofDescriptor& kinds = *message.FindOneofByName("kind");
  int largest = 0;
  for (int i = 0; i < kinds.field_count(); ++i) {
    largest = std::max(largest, kinds.field(i)->number());
  }
  return static_cast<uint32_t>(largest);
}

// A kind that the API gained and this number did not would wait for ever.
TEST(FoldCapabilityTest, OfThisBuildIsAllThatItsApiHas) {
  EXPECT_EQ(kFoldCapability.mutation_kind, LargestKind(*v1::Mutation::descriptor()));
  EXPECT_EQ(kFoldCapability.value_kind, LargestKind(*v1::Value::descriptor()));
  EXPECT_EQ(kFoldCapability.merge_version, kMergeVersionNewest);
}

TEST(FoldCapabilityTest, CoversWhatIsNowhereLarger) {
  const FoldCapability base{.mutation_kind = 10, .value_kind = 8, .merge_version = 1};
  EXPECT_TRUE(base.Covers(base));
  EXPECT_TRUE(base.Covers({}));
  for (uint32_t FoldCapability::*part :
       {&FoldCapability::mutation_kind, &FoldCapability::value_kind,
        &FoldCapability::merge_version}) {
    FoldCapability larger = base;
    ++(larger.*part);
    EXPECT_FALSE(base.Covers(larger));
    EXPECT_TRUE(larger.Covers(base));
  }
}

}  // namespace
}  // namespace tikar::sync
