#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli_sample.h"
#include "clients/cli/contexts.h"
#include "clients/cli/failure.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

contexts::v1::Contexts TwoContexts() {
  return Parse<contexts::v1::Contexts>(R"(
    current: "kerinci"
    contexts { name: "kerinci" server: "127.0.0.1:50151" actor: "admin/ani" role: "penyelia" }
    contexts { name: "nias" server: "127.0.0.1:50152" }
  )");
}

class ContextsFileTest : public ::testing::Test {
 protected:
  ContextsFileTest() {
    std::string pattern = ::testing::TempDir() + "tikar_contexts_XXXXXX";
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/config/tikar/contexts";
  }
  ~ContextsFileTest() override { fs::remove_all(directory_); }

  std::string directory_;
  std::string path_;
};

TEST_F(ContextsFileTest, ComesBackAsItWasSaved) {
  ASSERT_TRUE(LoadContexts(path_).ok());
  EXPECT_TRUE(LoadContexts(path_)->contexts().empty());  // no file yet
  ASSERT_TRUE(SaveContexts(path_, TwoContexts()).ok());
  const auto loaded = LoadContexts(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->SerializeAsString(), TwoContexts().SerializeAsString());
  // A second save takes its place and leaves nothing beside it.
  ASSERT_TRUE(SaveContexts(path_, contexts::v1::Contexts()).ok());
  EXPECT_TRUE(LoadContexts(path_)->contexts().empty());
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(path_).parent_path()), {}), 1);
}

TEST_F(ContextsFileTest, IsForItsOwnerAlone) {
  ASSERT_TRUE(SaveContexts(path_, TwoContexts()).ok());
  struct stat state;
  ASSERT_EQ(stat(path_.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(fs::path(path_).parent_path().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0700u);

  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const absl::Status refused = LoadContexts(path_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Explain(refused, Language::kEnglish, "").advice, "chmod 600 " + path_);
}

TEST_F(ContextsFileTest, SaysWhereItIsBroken) {
  fs::create_directories(fs::path(path_).parent_path());
  std::ofstream(path_) << "current: \"kerinci\"\nserver 127.0.0.1\n";
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  const absl::Status broken = LoadContexts(path_).status();
  EXPECT_EQ(broken.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(broken.message()), HasSubstr("is no file of contexts; line 2: "));
}

TEST_F(ContextsFileTest, AFolderThatCannotBeWrittenIsAnError) {
  std::ofstream(directory_ + "/config") << "a file, no folder";
  EXPECT_FALSE(SaveContexts(path_, TwoContexts()).ok());
}

TEST(ContextsPathTest, FollowsXdg) {
  setenv("HOME", "/nobody", 1);
  setenv("XDG_CONFIG_HOME", "/etc/ani", 1);
  EXPECT_EQ(ContextsPath(), "/etc/ani/tikar/contexts");
  setenv("XDG_CONFIG_HOME", "relative", 1);
  EXPECT_EQ(ContextsPath(), "/nobody/.config/tikar/contexts");
  unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(ContextsPath(), "/nobody/.config/tikar/contexts");
  unsetenv("HOME");
  EXPECT_EQ(ContextsPath(), std::nullopt);
}

// Name of the chosen context; "" for none.
std::string Chosen(const ServerWish& wish) {
  static const contexts::v1::Contexts contexts = TwoContexts();
  const auto chosen = ChooseContext(wish, contexts);
  EXPECT_TRUE(chosen.ok()) << chosen.status();
  return chosen.ok() && *chosen != nullptr ? (*chosen)->name() : "";
}

TEST(ChooseContextTest, WhatWasTypedBeatsTheEnvironmentAndThatTheCurrentOne) {
  EXPECT_EQ(Chosen({}), "kerinci");
  EXPECT_EQ(Chosen({.context_variable = "nias"}), "nias");
  EXPECT_EQ(Chosen({.context_flag = "kerinci", .context_variable = "nias"}), "kerinci");
  // An address stands above contexts of its rank, and then nobody's name goes there.
  EXPECT_EQ(Chosen({.server_variable = "h:1", .context_variable = "nias"}), "");
  EXPECT_EQ(Chosen({.context_flag = "nias", .server_variable = "h:1"}), "nias");
  EXPECT_EQ(Chosen({.server_flag = "h:1", .context_variable = "nias"}), "");
}

TEST(ChooseContextTest, AnUnknownNameIsAWrongCommandLineThatNamesThoseThereAre) {
  const absl::Status unknown = ChooseContext({.context_flag = "siak"}, TwoContexts()).status();
  EXPECT_EQ(ExitCodeOf(unknown), ExitCode::kUsage);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("there are: kerinci, nias"));
  const absl::Status both =
      ChooseContext({.server_flag = "h:1", .context_flag = "nias"}, TwoContexts()).status();
  EXPECT_EQ(ExitCodeOf(both), ExitCode::kUsage);
}

TEST(ContextNameTest, IsShortAndPlain) {
  EXPECT_TRUE(IsContextName("kerinci-2.hub_a"));
  EXPECT_FALSE(IsContextName(""));
  EXPECT_FALSE(IsContextName("-x"));
  EXPECT_FALSE(IsContextName("Kerinci"));
  EXPECT_FALSE(IsContextName(std::string(65, 'a')));
}

}  // namespace
}  // namespace tikar::cli
