#include "server/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tikar::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FlagsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tikar_flags_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
    return directory_ + "/" + name;
  }
  static ParsedFlags Parse(std::vector<std::string> arguments) {
    return ParseFlags(std::move(arguments), "1.2.3", "/usr/share/tikar/catalog");
  }
  std::string directory_;
};

TEST_F(FlagsTest, SilenceIsLoopbackAndTheInstalledCatalogue) {
  const ParsedFlags parsed = Parse({});
  EXPECT_FALSE(parsed.exit);
  EXPECT_EQ(parsed.flags.listen, "127.0.0.1:50151");
  EXPECT_EQ(parsed.flags.data_directory, "data");
  EXPECT_EQ(parsed.flags.catalog, "/usr/share/tikar/catalog");
  EXPECT_EQ(parsed.flags.log_level, Level::kInfo);
}

TEST_F(FlagsTest, BothFormsOfAFlagAreRead) {
  const ParsedFlags parsed =
      Parse({"--data-dir", "/var/lib/tikar", "--log-level=debug", "--log-format", "json",
             "--streams-max=7", "--drain-seconds", "3"});
  ASSERT_FALSE(parsed.exit) << parsed.message;
  EXPECT_EQ(parsed.flags.data_directory, "/var/lib/tikar");
  EXPECT_EQ(parsed.flags.log_level, Level::kDebug);
  EXPECT_TRUE(parsed.flags.log_json);
  EXPECT_EQ(parsed.flags.streams_max, 7u);
  EXPECT_EQ(parsed.flags.drain_seconds, 3);
}

TEST_F(FlagsTest, WhatComesLaterCorrectsAFlagFile) {
  const std::string path =
      Write("tikard.flags", "# Kerinci\n\n  --data-dir /srv/tikar  \n--log-level=error\n");
  const ParsedFlags parsed = Parse({"--flagfile", path, "--log-level", "warning"});
  ASSERT_FALSE(parsed.exit) << parsed.message;
  EXPECT_EQ(parsed.flags.data_directory, "/srv/tikar");
  EXPECT_EQ(parsed.flags.log_level, Level::kWarning);
}

TEST_F(FlagsTest, FlagFilesMayNameOthersButNotForEver) {
  const std::string inner = Write("inner", "--listen=127.0.0.1:0\n");
  const std::string outer = Write("outer", "--flagfile=" + inner + "\n--threads=3\n");
  const auto expanded = ExpandFlagFiles({"--flagfile=" + outer, "--catalog", "c"});
  ASSERT_TRUE(expanded.ok()) << expanded.status();
  EXPECT_THAT(*expanded, ElementsAre("--listen=127.0.0.1:0", "--threads=3", "--catalog", "c"));
  const std::string loop = directory_ + "/loop";
  Write("loop", "--flagfile=" + loop + "\n");
  const auto endless = ExpandFlagFiles({"--flagfile", loop});
  EXPECT_EQ(endless.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FlagsTest, MistakesAreNamed) {
  const std::string path = Write("bad", "--log-level=info\nlisten 127.0.0.1\n");
  EXPECT_THAT(Parse({"--flagfile", path}).message, HasSubstr(path + ":2: expected a flag"));
  EXPECT_THAT(Parse({"--flagfile", directory_ + "/none"}).message, HasSubstr("cannot be read"));
  EXPECT_THAT(Parse({"--flagfile"}).message, HasSubstr("needs a path"));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--colour", "red"},
                                                {"--log-level", "loud"},
                                                {"--log-format=xml"},
                                                {"--threads=-1"},
                                                {"--streams-max=many"},
                                                {"stray"}}) {
    const ParsedFlags parsed = Parse(wrong);
    EXPECT_TRUE(parsed.exit) << wrong.front();
    EXPECT_EQ(parsed.exit_code, 2) << wrong.front();
    EXPECT_THAT(parsed.message, HasSubstr("tikard: ")) << wrong.front();
  }
}

TEST_F(FlagsTest, HelpHasExamplesAndVersionIsOneLine) {
  const ParsedFlags help = Parse({"--help"});
  EXPECT_TRUE(help.exit);
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.message, HasSubstr("Examples:"));
  EXPECT_THAT(help.message, HasSubstr("--data-dir"));
  const ParsedFlags version = Parse({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.message, "tikard 1.2.3\n");
}

TEST_F(FlagsTest, HomeIsAllUnlessRegionsAreNamed) {
  EXPECT_TRUE(IsHome(Parse({}).flags.home, "15.01"));
  EXPECT_FALSE(IsHome(Parse({"--home", "none"}).flags.home, "15.01"));
  const ParsedFlags some = Parse({"--home=15.01,73"});
  ASSERT_FALSE(some.exit) << some.message;
  EXPECT_TRUE(IsHome(some.flags.home, "15.01"));
  EXPECT_FALSE(IsHome(some.flags.home, "15.02"));
  EXPECT_TRUE(IsHome(some.flags.home, "73.71")) << "a whole province";
  EXPECT_THAT(Parse({"--home", "15.01", "--home", "15.02"}).flags.home, ElementsAre("15.02"));
  for (const char* bad : {"Kerinci", "15.01,", "15.01.06", "all,15.01"}) {
    const ParsedFlags refused = Parse({"--home", bad});
    EXPECT_EQ(refused.exit_code, 2) << bad;
    EXPECT_THAT(refused.message, HasSubstr("no province or region"));
  }
}

TEST_F(FlagsTest, OtherNodesAreLetInOnlyWhereToldTo) {
  EXPECT_EQ(Parse({}).flags.mirror_listen, "");
  EXPECT_EQ(Parse({"--mirror-listen=0.0.0.0:50152"}).flags.mirror_listen, "0.0.0.0:50152");
  EXPECT_THAT(Parse({"--help"}).message, HasSubstr("tikard init"));
}

TEST_F(FlagsTest, TimersRunEveryMinuteUnlessToldOtherwise) {
  EXPECT_EQ(Parse({}).flags.timers_interval_seconds, 60);
  EXPECT_EQ(Parse({"--timers-interval=5"}).flags.timers_interval_seconds, 5);
  EXPECT_EQ(Parse({"--timers-interval=0"}).exit_code, 2);
}

}  // namespace
}  // namespace tikar::server
