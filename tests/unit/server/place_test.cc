#include "server/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PlaceTest : public ::testing::Test {
 protected:
  PlaceTest() {
    std::string pattern = (fs::temp_directory_path() / "tikar_place_XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Make(data_);
  }
  ~PlaceTest() override { fs::remove_all(root_); }

  static void Make(const std::string& directory) {
    fs::create_directory(directory);
    std::ofstream(directory + "/SYNCED") << "synced";
  }
  static Place At(const std::string& directory) {
    const absl::StatusOr<Place> place = PlaceOf(directory);
    EXPECT_TRUE(place.ok()) << place.status();
    return place.ok() ? *place : Place();
  }
  std::string Moved(const Place& before) { return WhyMoved(before, At(data_)); }

  std::string root_;
  const std::string data_ = root_ + "/data";
};

TEST_F(PlaceTest, StaysTheSameWhileTheStoreIsUsed) {
  const Place before = At(data_);
  EXPECT_TRUE(before.contains(kPlaceDirectory));
  EXPECT_TRUE(before.contains(kPlaceFile));
  std::ofstream(data_ + "/SYNCED", std::ios::in | std::ios::out) << "more";
  std::ofstream(data_ + "/other") << "x";
  EXPECT_EQ(At(data_), before);
  EXPECT_EQ(Moved(before), "");
}

TEST_F(PlaceTest, AMoveOnOneDiskIsNone) {
  const Place before = At(data_);
  fs::rename(data_, root_ + "/elsewhere");
  EXPECT_EQ(WhyMoved(before, At(root_ + "/elsewhere")), "");
}

TEST_F(PlaceTest, ACopyIsOneAlsoWhereItTakesThePlaceOfWhatItWasCopiedFrom) {
  const Place before = At(data_);
  const std::string copy = root_ + "/copy";
  fs::copy(data_, copy, fs::copy_options::recursive);
  EXPECT_THAT(WhyMoved(before, At(copy)), HasSubstr("is a copy"));
  // Inode numbers are given out again at once; again and again, so that they are.
  for (int i = 0; i < 50; ++i) {
    fs::remove_all(data_);
    fs::copy(copy, data_, fs::copy_options::recursive);
    ASSERT_NE(Moved(before), "") << "after " << i;
  }
}

TEST_F(PlaceTest, FilesThatWerePutBackAreNoticed) {
  const Place before = At(data_);
  for (int i = 0; i < 50; ++i) {
    fs::remove(data_ + "/SYNCED");
    std::ofstream(data_ + "/SYNCED") << "synced";
    ASSERT_THAT(Moved(before), HasSubstr("put back from a copy")) << "after " << i;
  }
}

TEST_F(PlaceTest, AnotherMachineOrBoardIsNamed) {
  Place before = At(data_), now = before;
  before[kPlaceMachine] = "a";
  now[kPlaceMachine] = "b";
  EXPECT_THAT(WhyMoved(before, now), HasSubstr("another machine"));
  now[kPlaceMachine] = "a";
  before[kPlaceBoard] = "c";
  now[kPlaceBoard] = "d";
  EXPECT_THAT(WhyMoved(before, now), HasSubstr("other hardware"));
}

TEST_F(PlaceTest, WhatIsNotKnownSaysNothing) {
  const Place now = At(data_);
  EXPECT_EQ(WhyMoved({}, now), "");
  EXPECT_EQ(WhyMoved(now, {}), "");
  Place before = now;
  before.erase(kPlaceDirectory);
  EXPECT_EQ(WhyMoved(before, now), "");
}

TEST_F(PlaceTest, StandsInTheStoreAsTextAndAnOlderTikardsMachineIsRead) {
  const Place place = {{kPlaceMachine, "ab12"}, {kPlaceDirectory, "7/8.9"}};
  EXPECT_EQ(EncodePlace(place), "directory=7/8.9\nmachine=ab12\n");
  EXPECT_EQ(DecodePlace(EncodePlace(place)), place);
  EXPECT_EQ(DecodePlace("ab12"), (Place{{kPlaceMachine, "ab12"}}));
  EXPECT_EQ(DecodePlace(""), Place());
}

TEST_F(PlaceTest, ADirectoryThatIsNotThereIsAnError) {
  EXPECT_FALSE(PlaceOf(root_ + "/nowhere").ok());
}

}  // namespace
}  // namespace tikar::server
