#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "clients/cli/application.h"
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

TEST(ApplicationTest, EveryCommandHasHelpWithExamples) {
  const std::vector<std::vector<const char*>> commands = {
      {"requests", "list"},     {"requests", "show"},
      {"requests", "history"},  {"requests", "create"},
      {"requests", "edit"},     {"requests", "import"},
      {"conflicts", "list"},    {"conflicts", "show"},
      {"conflicts", "resolve"}, {"status"},
      {"areas", "search"},      {"services", "list"}};
  for (auto command : commands) {
    std::string example = "tikar";
    for (const char* word : command) example += std::string(" ") + word;
    command.push_back("--help");
    const Output help = Tikar(command);
    EXPECT_EQ(help.exit_code, 0) << example;
    EXPECT_THAT(help.out, HasSubstr("Examples:\n  " + example));
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
  EXPECT_EQ(Tikar({"requests", "import", "--map", "/no/such/map", "/no/such/file"}).exit_code, 2);
}

TEST(ApplicationTest, AnUnknownCommandIsNamedWithThoseThatThereAre) {
  EXPECT_THAT(Tikar({"paint"}).err, HasSubstr("tikar has no command \"paint\"; it has: requests"));
  EXPECT_THAT(Tikar({"requests", "paint"}).err,
              HasSubstr("tikar requests has no command \"paint\"; it has: list, show"));
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
  EXPECT_THAT(output.err, HasSubstr("Is tikard running at " + server + "? Start it with ci/serve"));
}

TEST(ApplicationTest, FailuresAreJsonWhereJsonWasAskedFor) {
  const std::string server = ClosedPort();
  const Output output = Tikar({"--server", server.c_str(), "--timeout", "0.5", "--lang", "id",
                               "--output", "json", "requests", "list"});
  EXPECT_EQ(output.exit_code, 4);
  const nlohmann::json json = nlohmann::json::parse(output.err);
  EXPECT_EQ(json["error"]["code"], "UNAVAILABLE");
  EXPECT_EQ(json["error"]["exit_code"], 4);
  EXPECT_THAT(json["error"]["advice"].get<std::string>(), HasSubstr("Apakah tikard berjalan"));
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
