#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "clients/cli/application.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/settings.h"
#include "sync/names.h"
#include "sync/ref.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;

struct Output {
  int exit_code;
  std::string out;
  std::string err;
};

Output Tikar(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "tikar");
  std::ostringstream out, err;
  const int code = RunTikar(static_cast<int>(arguments.size()), arguments.data(), out, err);
  return {code, out.str(), err.str()};
}

// A port that was free a moment ago and that nobody listens on.
std::string ClosedPort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  EXPECT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length), 0);
  close(socket);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

TEST(ApplicationTest, HelpAndVersionAreNoFailures) {
  const Output version = Tikar({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, HasSubstr("tikar 0."));
  EXPECT_EQ(Tikar({"--help"}).exit_code, 0);
}

// Paths of all commands that can be run: {"requests", "list"}, ….
void AddCommands(const CLI::App& app, const std::vector<std::string>& path,
                 std::vector<std::vector<std::string>>& commands) {
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  if (below.empty()) commands.push_back(path);
  for (const CLI::App* command : below) {
    std::vector<std::string> longer = path;
    longer.push_back(command->get_name());
    AddCommands(*command, longer, commands);
  }
}

TEST(ApplicationTest, EveryCommandHasHelpWithExamplesInBothLanguages) {
  CLI::App app("", "tikar");
  CommandLine line;
  BuildCommandTree(app, line, Language::kEnglish);
  std::vector<std::vector<std::string>> commands;
  AddCommands(app, {}, commands);
  EXPECT_GE(commands.size(), 19u);
  for (const auto& command : commands) {
    const std::string typed = "tikar " + absl::StrJoin(command, " ");
    std::vector<const char*> arguments;
    for (const std::string& word : command) arguments.push_back(word.c_str());
    arguments.push_back("--help");
    const Output help = Tikar(arguments);
    EXPECT_EQ(help.exit_code, 0) << typed;
    EXPECT_THAT(help.out, HasSubstr("Examples:\n  "));
    EXPECT_THAT(help.out.substr(help.out.find("Examples:")), HasSubstr(typed));
    arguments.insert(arguments.begin(), {"--lang", "id"});
    const Output indonesian = Tikar(arguments);
    EXPECT_THAT(indonesian.out, HasSubstr("Contoh:\n  "));
    EXPECT_THAT(indonesian.out, HasSubstr("Pemakaian: " + typed));
  }
}

TEST(ApplicationTest, AWrongCommandLineIsExitCodeTwoAndNothingIsSent) {
  EXPECT_EQ(Tikar({}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "paint"}).exit_code, 2);
  EXPECT_EQ(Tikar({"--output", "xml", "status"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "list", "--limit", "0"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "list", "--limit", "5", "--all"}).exit_code, 2);
  EXPECT_EQ(Tikar({"--actor", "Ani Lestari", "status"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "show", "7ZK4Q-X9M2H-C"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "create", "--service", "pengaduan", "--area", "15"}).exit_code, 2);
  EXPECT_EQ(Tikar({"conflicts", "resolve", "7ZK4Q-X9M2H-C"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "watch", "--for", "tomorrow"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "watch", "--for", "-1s"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "watch", "--count", "0"}).exit_code, 2);
  EXPECT_EQ(Tikar({"export"}).exit_code, 2);
  EXPECT_EQ(Tikar({"export", "--format", "xlsx"}).exit_code, 2);
  EXPECT_EQ(Tikar({"export", "--format", "csv", "--output", "json"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "import", "--map", "/no/such/map", "/no/such/file"}).exit_code, 2);
}

TEST(ApplicationTest, AnUnknownCommandIsNamedWithThoseThatThereAre) {
  EXPECT_THAT(Tikar({"paint"}).err,
              HasSubstr("tikar has no command \"paint\"; it has: inbox, requests"));
  EXPECT_THAT(Tikar({"requests", "paint"}).err,
              HasSubstr("tikar requests has no command \"paint\"; it has: list, show"));
}

TEST(ApplicationTest, AWrongOptionIsToldInPlainWordsWithWhereToLook) {
  EXPECT_EQ(Tikar({"requests", "list", "--output", "xml"}).err,
            "Failed: --output: takes one of: table, json; not \"xml\"\n"
            "See: tikar requests list --help\n");
  EXPECT_EQ(Tikar({"requests", "list", "--limit", "0"}).err,
            "Failed: --limit: takes a number from 1 to 1000000, not \"0\"\n"
            "See: tikar requests list --help\n");
  EXPECT_THAT(Tikar({"requests", "list", "--limit", "5", "--all"}).err,
              HasSubstr("--limit cannot stand with --all"));
  EXPECT_THAT(Tikar({"requests", "edit", "7ZK4Q-X9M2H-P", "--from", "diterima"}).err,
              HasSubstr("--from needs --status"));
  EXPECT_THAT(Tikar({"requests", "list", "--colour"}).err, HasSubstr("not known here: --colour"));
  EXPECT_THAT(Tikar({"requests", "show"}).err, HasSubstr("request is required"));
  EXPECT_THAT(Tikar({"requests"}).err, HasSubstr("name a command; there are: list, show"));
  EXPECT_THAT(Tikar({"--lang", "id", "requests", "show"}).err,
              HasSubstr("Gagal: request wajib ada\nLihat: tikar requests show --help\n"));
}

TEST(ApplicationTest, TheEnvironmentMayNameTheLanguage) {
  setenv("TIKAR_LANG", "id", 1);
  EXPECT_THAT(Tikar({"requests"}).err, HasSubstr("sebut perintahnya"));
  EXPECT_THAT(Tikar({"--lang=en", "requests"}).err, HasSubstr("name a command"));
  unsetenv("TIKAR_LANG");
  EXPECT_EQ(Tikar({"--lang", "jv", "status"}).exit_code, 2);
}

class ContextCommandsTest : public ::testing::Test {
 protected:
  ContextCommandsTest() {
    std::string pattern = ::testing::TempDir() + "tikar_context_XXXXXX";
    directory_ = mkdtemp(pattern.data());
    setenv("XDG_CONFIG_HOME", directory_.c_str(), 1);
  }
  ~ContextCommandsTest() override { std::filesystem::remove_all(directory_); }

  static nlohmann::json List() {
    return nlohmann::json::parse(Tikar({"context", "list", "--output", "json"}).out);
  }

  std::string directory_;
};

TEST_F(ContextCommandsTest, AreAddedUsedReplacedAndRemoved) {
  EXPECT_THAT(Tikar({"context", "list"}).out, HasSubstr("No contexts yet"));
  EXPECT_EQ(List()["current"], nullptr);
  EXPECT_THAT(Tikar({"context", "add", "kerinci", "--server", "127.0.0.1:50151", "--actor",
                     "admin/ani", "--role", "penyelia"})
                  .out,
              HasSubstr("In use from now on: kerinci (127.0.0.1:50151)"));
  EXPECT_THAT(Tikar({"context", "add", "nias", "--server", "127.0.0.1:50152"}).out,
              HasSubstr("tikar context use nias"));
  EXPECT_EQ(List()["current"], "kerinci");
  EXPECT_EQ(List()["contexts"].size(), 2u);
  EXPECT_EQ(List()["contexts"][0]["role"], "penyelia");
  EXPECT_THAT(Tikar({"context", "list"}).out, HasSubstr("*  kerinci  127.0.0.1:50151  admin/ani"));

  EXPECT_EQ(Tikar({"context", "use", "nias"}).exit_code, 0);
  EXPECT_EQ(List()["current"], "nias");
  const Output taken = Tikar({"context", "add", "nias", "--server", "127.0.0.1:9"});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err, HasSubstr("--replace"));
  EXPECT_EQ(Tikar({"context", "add", "nias", "--server", "127.0.0.1:9", "--replace"}).exit_code, 0);
  EXPECT_EQ(List()["contexts"][1]["server"], "127.0.0.1:9");

  EXPECT_THAT(Tikar({"context", "remove", "nias"}).out, HasSubstr("no context is in use now"));
  EXPECT_EQ(List()["current"], nullptr);
  EXPECT_EQ(List()["contexts"].size(), 1u);
}

TEST_F(ContextCommandsTest, WhatCannotBeIsSaid) {
  EXPECT_EQ(Tikar({"context", "use", "siak"}).exit_code, 3);
  EXPECT_EQ(Tikar({"context", "remove", "siak"}).exit_code, 3);
  EXPECT_EQ(Tikar({"context", "add", "siak"}).exit_code, 2);
  EXPECT_EQ(Tikar({"context", "add", "siak", "--server", "siak"}).exit_code, 2);
  EXPECT_EQ(Tikar({"context", "add", "Siak Raya", "--server", "h:1"}).exit_code, 2);
  EXPECT_EQ(Tikar({"status", "--context", "siak"}).exit_code, 2);
  EXPECT_EQ(Tikar({"status", "--context", "siak", "--server", "h:1"}).exit_code, 2);
}

// Whatever is wrong with the file, a server that is named is reached and the file can be mended.
TEST_F(ContextCommandsTest, AFileThatOthersMayReadStopsOnlyWhoNeedsIt) {
  ASSERT_EQ(Tikar({"context", "add", "kerinci", "--server", "127.0.0.1:50151"}).exit_code, 0);
  const std::string path = directory_ + "/tikar/contexts";
  std::filesystem::permissions(path, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const Output refused = Tikar({"status"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("chmod 600 " + path));
  const std::string server = ClosedPort();
  EXPECT_EQ(Tikar({"status", "--server", server.c_str(), "--timeout", "0.5"}).exit_code, 4);
  EXPECT_EQ(Tikar({"completion", "bash"}).exit_code, 0);
}

TEST(ApplicationTest, AWrongCommandLineIsJsonWhereJsonWasAskedFor) {
  for (const std::vector<const char*>& arguments : std::vector<std::vector<const char*>>{
           {"--output", "json", "paint"}, {"requests", "list", "--limit", "0", "--output=json"}}) {
    const Output output = Tikar(arguments);
    EXPECT_EQ(output.exit_code, 2);
    const nlohmann::json json = nlohmann::json::parse(output.err);
    EXPECT_EQ(json["error"]["exit_code"], 2);
    EXPECT_EQ(json["error"]["code"], "INVALID_ARGUMENT");
  }
}

TEST(ApplicationTest, TheServerIsAHostAndAPort) {
  for (const char* server : {"localhost", "localhost:", ":50151", "localhost:0", "localhost:65536",
                             "localhost:http", "::1:50151", "dns:///localhost:50151", ""}) {
    const Output output = Tikar({"--server", server, "status"});
    EXPECT_EQ(output.exit_code, 2) << server;
  }
  EXPECT_THAT(Tikar({"--server", "localhost:0", "status"}).err, HasSubstr("HOST:PORT"));
  EXPECT_EQ(Tikar({"--server", "[::1]:1", "--timeout", "0.5", "status"}).exit_code, 4);
}

TEST(ApplicationTest, AServerThatIsNotThereIsExitCodeFourWithAdvice) {
  const std::string server = ClosedPort();
  const Output output = Tikar({"--server", server.c_str(), "--timeout", "0.5", "status"});
  EXPECT_EQ(output.exit_code, 4);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err, "Failed: no server answers at " + server +
                            ". Start tikard there (ci/serve), or name another address with "
                            "--server.\n");
}

TEST(ApplicationTest, FailuresAreJsonWhereJsonWasAskedFor) {
  const std::string server = ClosedPort();
  const Output output = Tikar({"--server", server.c_str(), "--timeout", "0.5", "--lang", "id",
                               "--output", "json", "requests", "list"});
  EXPECT_EQ(output.exit_code, 4);
  const nlohmann::json json = nlohmann::json::parse(output.err);
  EXPECT_EQ(json["error"]["code"], "UNAVAILABLE");
  EXPECT_EQ(json["error"]["exit_code"], 4);
  EXPECT_THAT(json["error"]["advice"].get<std::string>(), HasSubstr("Jalankan tikard di sana"));
}

TEST(ApplicationTest, GlobalFlagsMayStandBehindTheCommand) {
  const std::string server = ClosedPort();
  EXPECT_EQ(Tikar({"status", "--timeout", "0.5", "--server", server.c_str()}).exit_code, 4);
}

TEST(DefaultActorTest, IsAnActorsName) {
  EXPECT_TRUE(sync::IsActorName(DefaultActor())) << DefaultActor();
  EXPECT_THAT(DefaultActor(), HasSubstr("admin/"));
}

TEST(RequestNameTest, OfARefAnIdAndAName) {
  const sync::RequestId id = *sync::RequestId::FromHex("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f");
  const std::string ref = sync::MakeRef(id);
  EXPECT_EQ(*RequestNameOf(ref), "regions/-/requests/" + ref);
  EXPECT_EQ(*RequestNameOf(sync::FormatRef(ref)), "regions/-/requests/" + ref);
  EXPECT_EQ(*RequestNameOf("0190F5C2-a7b0-7c3e-8d1f-2a3b4c5d6e7f"),
            "regions/-/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f");
  EXPECT_EQ(*RequestNameOf("regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"),
            "regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f");
}

TEST(RequestNameTest, AWrongCharacterIsFoundBeforeAnythingIsSent) {
  std::string ref = sync::MakeRef(*sync::RequestId::FromHex("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"));
  ref[3] = ref[3] == '7' ? '8' : '7';
  EXPECT_FALSE(RequestNameOf(ref).ok());
  EXPECT_FALSE(RequestNameOf("regions/15.01/requests/").ok());
  EXPECT_FALSE(RequestNameOf("").ok());
}

TEST(ParentOfAreaTest, IsTheRegionWhereThereIsOne) {
  EXPECT_EQ(ParentOfArea("15.01.06.2010"), "regions/15.01");
  EXPECT_EQ(ParentOfArea("15.01"), "regions/15.01");
  EXPECT_EQ(ParentOfArea("15"), "regions/-");
  EXPECT_EQ(ParentOfArea(""), "regions/-");
}

}  // namespace
}  // namespace tikar::cli
