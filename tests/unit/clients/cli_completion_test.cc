// The scripts in the shell that they are for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/cli/application.h"

namespace tikar::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::string Script(const char* shell) {
  const char* arguments[] = {"tikar", "completion", shell};
  std::ostringstream out, err;
  EXPECT_EQ(RunTikar(3, arguments, out, err), 0) << err.str();
  return out.str();
}

class BashCompletionTest : public ::testing::Test {
 protected:
  BashCompletionTest() {
    std::string pattern = ::testing::TempDir() + "tikar_completion_XXXXXX";
    directory_ = mkdtemp(pattern.data());
    std::ofstream(directory_ + "/script") << Script("bash");
  }
  ~BashCompletionTest() override { std::filesystem::remove_all(directory_); }

  // What bash offers for the last of `words`, as it breaks them itself: "--output=js" is three.
  std::vector<std::string> Complete(const std::vector<std::string>& words) const {
    std::ofstream(directory_ + "/try")
        << "cd " << directory_ << "\nsource ./script\nCOMP_WORDS=('" << absl::StrJoin(words, "' '")
        << "')\nCOMP_CWORD=" << words.size() - 1
        << "\n_tikar\nfor word in \"${COMPREPLY[@]}\"; do echo \"$word\"; done\n";
    FILE* bash =
        popen(absl::StrCat("bash --noprofile --norc -u ", directory_, "/try 2>&1").c_str(), "r");
    std::string output;
    char buffer[4096];
    while (fgets(buffer, sizeof(buffer), bash) != nullptr) output += buffer;
    EXPECT_EQ(pclose(bash), 0) << output;
    return absl::StrSplit(output, '\n', absl::SkipEmpty());
  }

  std::string directory_;
};

TEST_F(BashCompletionTest, CompletesCommandsAndThoseBelowThem) {
  EXPECT_THAT(Complete({"tikar", ""}),
              IsSupersetOf({"requests", "conflicts", "services", "areas", "status", "context"}));
  EXPECT_THAT(Complete({"tikar", "req"}), ElementsAre("requests"));
  EXPECT_THAT(Complete({"tikar", "requests", "e"}), ElementsAre("edit"));
  EXPECT_THAT(Complete({"tikar", "requests", "w"}), ElementsAre("watch"));
  EXPECT_THAT(Complete({"tikar", "context", ""}), ElementsAre("list", "use", "add", "remove"));
  // A command that has one below it.
  EXPECT_THAT(Complete({"tikar", "inbox", "dis"}), ElementsAre("dismiss"));
  EXPECT_THAT(Complete({"tikar", "inbox", "--ki"}), ElementsAre("--kind"));
}

TEST_F(BashCompletionTest, CompletesOptionsOfTheCommandAndGlobalOnes) {
  EXPECT_THAT(Complete({"tikar", "requests", "list", "--ass"}), ElementsAre("--assignee"));
  EXPECT_THAT(Complete({"tikar", "requests", "list", "--"}),
              IsSupersetOf({"--area", "--status", "--server", "--output", "--help"}));
  EXPECT_THAT(Complete({"tikar", "requests", "show", "--"}), Not(Contains("--area")));
}

TEST_F(BashCompletionTest, AGlobalOptionBeforeTheCommandDoesNotHideIt) {
  EXPECT_THAT(Complete({"tikar", "--server", "requests", "conflicts", "r"}),
              ElementsAre("resolve"));
  EXPECT_THAT(Complete({"tikar", "--output", "=", "json", "areas", "s"}),
              ElementsAre("search", "show"));
  EXPECT_THAT(Complete({"tikar", "--no-color", "areas", "sh"}), ElementsAre("show"));
}

TEST_F(BashCompletionTest, CompletesChoices) {
  EXPECT_THAT(Complete({"tikar", "--output", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(Complete({"tikar", "status", "--output", "=", "js"}), ElementsAre("json"));
  EXPECT_THAT(Complete({"tikar", "status", "--output", "="}), ElementsAre("table", "json"));
  EXPECT_THAT(Complete({"tikar", "--lang", "i"}), ElementsAre("id"));
  EXPECT_THAT(Complete({"tikar", "completion", "b"}), ElementsAre("bash"));
  EXPECT_THAT(Complete({"tikar", "inbox", "--kind", "l"}), ElementsAre("late"));
  EXPECT_THAT(Complete({"tikar", "export", "--format", ""}), ElementsAre("geojson", "csv"));
  // A value that nobody can guess.
  EXPECT_THAT(Complete({"tikar", "requests", "list", "--area", ""}), IsEmpty());
}

TEST_F(BashCompletionTest, CompletesFilesWhereFilesAreMeant) {
  EXPECT_THAT(Complete({"tikar", "requests", "import", "--map", "scr"}), ElementsAre("script"));
  EXPECT_THAT(Complete({"tikar", "requests", "import", "--map", "x", "scr"}),
              ElementsAre("script"));
  EXPECT_THAT(Complete({"tikar", "catalog", "publish", "scr"}), ElementsAre("script"));
  EXPECT_THAT(Complete({"tikar", "requests", "show", "scr"}), IsEmpty());
}

TEST_F(BashCompletionTest, IsCompleteInItself) {
  const std::string script = Script("bash");
  EXPECT_THAT(script, HasSubstr("complete -F _tikar tikar\n"));
  for (const char* group : {"requests", "conflicts", "services", "areas", "context"}) {
    EXPECT_THAT(Complete({"tikar", group, ""}),
                Contains("list").Times(std::string(group) == "areas" ? 0 : 1));
  }
}

// Without zsh on the machine its script can only be looked at.
TEST(ZshCompletionTest, DescribesCommandsOptionsAndChoices) {
  const std::string script = Script("zsh");
  EXPECT_EQ(script.rfind("#compdef tikar\n", 0), 0u);
  EXPECT_THAT(script, HasSubstr("'history:Who changed what, when, and what became of it'"));
  EXPECT_THAT(script, HasSubstr("--output) compadd -- table json; return ;;"));
  EXPECT_THAT(script, HasSubstr("--map) _files; return ;;"));
  // Quotes in a description end no word of the script.
  EXPECT_THAT(script, HasSubstr("'requests:Citizens'\\'' requests'"));
}

TEST(ZshCompletionTest, ZshTakesItWhereItIsInstalled) {
  if (system("command -v zsh > /dev/null") != 0) GTEST_SKIP() << "no zsh on this machine";
  const std::string path = ::testing::TempDir() + "tikar_completion_zsh";
  std::ofstream(path) << Script("zsh");
  EXPECT_EQ(system(("zsh -n " + path).c_str()), 0);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tikar::cli
