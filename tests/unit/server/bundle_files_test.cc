#include "server/bundle_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BundleFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tikar_bundles_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static sync::BundleHeader Part(uint32_t part, uint32_t parts, uint8_t id = 1) {
    sync::BundleHeader header;
    header.id[0] = id;
    header.part = part;
    header.parts = parts;
    return header;
  }

  std::string root_;
};

TEST_F(BundleFilesTest, MissingPartsAreRememberedAcrossARestart) {
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(3, 4)), ElementsAre(1, 2, 4));
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(3, 4)), ElementsAre(1, 2, 4));
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(1, 4)), ElementsAre(2, 4));
  // Of another bundle, and of one that is no more than a part.
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(1, 2, 9)), ElementsAre(2));
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(1, 1, 7)), IsEmpty());
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(4, 4)), ElementsAre(2));
  EXPECT_THAT(*BundleFiles(root_).NotePart(Part(2, 4)), IsEmpty());
}

TEST_F(BundleFilesTest, WhatIsNotedOfBundlesHasALimit) {
  BundleFiles files(root_);
  for (int i = 0; i < 600; ++i) {
    sync::BundleHeader header = Part(1, 2);
    header.id[1] = static_cast<uint8_t>(i);
    header.id[2] = static_cast<uint8_t>(i >> 8);
    EXPECT_THAT(*files.NotePart(header), ElementsAre(2));
  }
  size_t count = 0;
  for ([[maybe_unused]] const auto& file :
       std::filesystem::directory_iterator(root_ + "/bundles/incoming")) {
    ++count;
  }
  EXPECT_EQ(count, 256u);
}

TEST_F(BundleFilesTest, CertificatesAndAcknowledgementsAreReplacedWhole) {
  BundleFiles files(root_);
  sync::PublicKey key;
  key[0] = 5;
  EXPECT_TRUE(absl::IsNotFound(files.Certificate("nias").status()));
  EXPECT_FALSE(files.Acknowledgement(key)->has_value());
  for (const char* text : {"a longer first one", "second"}) {
    ASSERT_TRUE(files.KeepCertificate("nias", text).ok());
    ASSERT_TRUE(files.KeepAcknowledgement(key, text).ok());
    EXPECT_EQ(*files.Certificate("nias"), text);
    EXPECT_EQ(**files.Acknowledgement(key), text);
  }
  ASSERT_TRUE(files.KeepCertificate("hub", "x").ok());
  EXPECT_THAT(files.Nodes(), ElementsAre("hub", "nias"));
}

TEST_F(BundleFilesTest, ASpoolLeavesNothingBehind) {
  BundleFiles files(root_);
  {
    auto spool = files.MakeSpool();
    ASSERT_TRUE(spool.ok()) << spool.status();
    ASSERT_TRUE((*spool)->Append("kerinci").ok());
    ASSERT_TRUE((*spool)->Append("nias").ok());
    EXPECT_EQ((*spool)->size(), 11u);
    EXPECT_EQ(*(*spool)->Read(5, 4), "cini");
    EXPECT_EQ(*(*spool)->Read(9, 100), "as");
    EXPECT_TRUE(std::filesystem::is_empty(root_ + "/bundles"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/bundles"));
}

}  // namespace
}  // namespace tikar::server
