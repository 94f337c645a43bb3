#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "clients/cli/failure.h"
#include "clients/cli/replaced_file.h"

namespace tikar::cli {
namespace {

class ReplacedFileTest : public ::testing::Test {
 protected:
  ReplacedFileTest() {
    std::string pattern = ::testing::TempDir() + "tikar_replaced_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ReplacedFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/peta.geojson"; }
  std::string Held() const {
    std::ostringstream text;
    text << std::ifstream(path()).rdbuf();
    return text.str();
  }
  size_t Files() const {
    const std::filesystem::directory_iterator all(folder_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }

  std::string folder_;
};

TEST_F(ReplacedFileTest, TakesItsPlaceWhole) {
  std::ofstream(path()) << "old";
  auto file = ReplacedFile::Open(path(), 0600);
  ASSERT_TRUE(file.ok()) << file.status();
  (*file)->stream() << "new";
  EXPECT_EQ(Held(), "old");
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(Held(), "new");
  EXPECT_EQ(Files(), 1u);
  struct stat attributes;
  ASSERT_EQ(stat(path().c_str(), &attributes), 0);
  EXPECT_EQ(attributes.st_mode & 0777, 0600u);
}

TEST_F(ReplacedFileTest, OrLeavesWhatWasThere) {
  std::ofstream(path()) << "old";
  {
    auto file = ReplacedFile::Open(path(), 0600);
    ASSERT_TRUE(file.ok()) << file.status();
    (*file)->stream() << "half of the ne" << std::flush;
  }
  EXPECT_EQ(Held(), "old");
  EXPECT_EQ(Files(), 1u) << "and nothing beside it";
}

TEST_F(ReplacedFileTest, AFolderThatIsNotThereIsAMistakeInTheCommandLine) {
  const auto file = ReplacedFile::Open(folder_ + "/tidak/ada", 0600);
  EXPECT_EQ(ExitCodeOf(file.status()), ExitCode::kUsage);
  EXPECT_THAT(std::string(file.status().message()), ::testing::HasSubstr("No such file"));
}

TEST_F(ReplacedFileTest, WhatCouldNotBeWrittenIsAFailure) {
  auto file = ReplacedFile::Open(path(), 0600);
  ASSERT_TRUE(file.ok()) << file.status();
  // As when the disk is full: no byte goes through.
  rlimit before, none;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  (*file)->stream() << "new";
  const absl::Status committed = (*file)->Commit();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(ExitCodeOf(committed), ExitCode::kFailed) << committed;
  file->reset();
  EXPECT_EQ(Files(), 0u);
}

}  // namespace
}  // namespace tikar::cli
