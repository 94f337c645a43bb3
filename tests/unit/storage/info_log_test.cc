#include "storage/info_log.h"

#include <filesystem>
#include <memory>
#include <string>

#include "data_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tikar::storage {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(InfoLogTest, AppendsTimedLinesAndKeepsThoseOfEarlierRuns) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("rocksdb.log");
  for (const char* file : {"000012.sst", "000013.sst"}) {
    InfoLog log(path);
    rocksdb::Log(rocksdb::InfoLogLevel::INFO_LEVEL, &log, "made %s\n", file);
  }
  EXPECT_THAT(ReadFile(path),
              ContainsRegex("^20[0-9-]+T[0-9:.]+Z made 000012.sst\n20[^\n]+ made 000013.sst\n$"));
}

TEST(InfoLogTest, TwoFilesBoundItsSize) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("rocksdb.log");
  InfoLog log(path, /*bytes_max=*/1000);
  for (int i = 0; i < 500; ++i) {
    rocksdb::Log(rocksdb::InfoLogLevel::WARN_LEVEL, &log, "line %d of a long story", i);
  }
  EXPECT_LE(std::filesystem::file_size(path), 1000u);
  EXPECT_LE(std::filesystem::file_size(path + ".old"), 1000u);
  EXPECT_THAT(ReadFile(path), HasSubstr("line 499 "));
}

TEST(InfoLogTest, LineOfAnyLengthAndUnwritablePlaceAreNoErrors) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("rocksdb.log");
  {
    InfoLog log(path);
    rocksdb::Log(rocksdb::InfoLogLevel::INFO_LEVEL, &log, "%s", std::string(100'000, 'x').c_str());
  }
  EXPECT_THAT(std::filesystem::file_size(path),
              testing::AllOf(testing::Gt(10'000u), testing::Lt(20'000u)));
  InfoLog nowhere(directory.path("missing/rocksdb.log"));
  rocksdb::Log(rocksdb::InfoLogLevel::INFO_LEVEL, &nowhere, "lost");
  EXPECT_FALSE(std::filesystem::exists(directory.path("missing")));
}

}  // namespace
}  // namespace tikar::storage
