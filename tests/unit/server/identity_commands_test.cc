// tikard init, sign, renew and identity, as an operator types them.
#include "server/identity_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "identity_fixture.h"

namespace tikar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kToday = 1'795'000'000;  // 2026-11-18

class IdentityCommandsTest : public IdentityFixture {
 protected:
  std::string At(const std::string& name) const { return root_ + "/" + name; }
  CommandOutcome Run(std::vector<std::string> arguments, int64_t now_s = kToday) {
    return RunIdentityCommand(std::move(arguments), now_s);
  }
  // Of a command that is expected to succeed.
  std::string Output(std::vector<std::string> arguments, int64_t now_s = kToday) {
    const CommandOutcome outcome = Run(std::move(arguments), now_s);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    EXPECT_THAT(outcome.error, IsEmpty());
    return outcome.output;
  }
  // Of a command that is expected to fail with this exit code.
  std::string Error(int exit_code, std::vector<std::string> arguments, int64_t now_s = kToday) {
    const CommandOutcome outcome = Run(std::move(arguments), now_s);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.output;
    EXPECT_THAT(outcome.output, IsEmpty());
    return outcome.error;
  }
  void MakeHub() { Output({"init", "--data-dir", At("hub"), "--name", "hub", "--regions", "all"}); }
};

TEST_F(IdentityCommandsTest, ANetworkOfTwoNodesInFourCommands) {
  EXPECT_THAT(Output({"init", "--data-dir", At("hub"), "--name", "hub", "--regions", "all",
                      "--host", "hub.example.go.id", "--host", "10.1.1.1"}),
              AllOf(HasSubstr("Made the identity of node hub"), HasSubstr("regions  all\n"),
                    HasSubstr("hosts    hub.example.go.id, 10.1.1.1\n"),
                    HasSubstr("until    2028-11-17\n"), HasSubstr("ca.key")));
  const std::string asked = Output({"init", "--data-dir", At("nias"), "--name", "nias", "--host",
                                    "10.12.4.1", "--request", At("nias.request")});
  EXPECT_THAT(asked, HasSubstr("--data-dir " + At("nias") + " --install nias.identity"));
  const std::string key = asked.substr(asked.find("key      ") + 9, 19);
  const std::string answered = Output({"sign", At("nias.request"), "--data-dir", At("hub"),
                                       "--regions", "12.04,12.14", "--out", At("nias.identity")});
  EXPECT_THAT(answered, AllOf(HasSubstr("Signed node nias"), HasSubstr("regions  12.04,12.14\n"),
                              HasSubstr("key      " + key)))
      << "the two can be compared";
  EXPECT_THAT(
      Output({"init", "--data-dir", At("nias"), "--install", At("nias.identity")}),
      AllOf(HasSubstr("this is node nias"), HasSubstr("regions  12.04,12.14\n"), HasSubstr(key)));
  EXPECT_THAT(Output({"identity", "--data-dir", At("nias")}),
              AllOf(HasSubstr("Node nias\n"), HasSubstr(key), HasSubstr("CA       "),
                    Not(HasSubstr("Attention"))));
}

TEST_F(IdentityCommandsTest, EveryStepMayBeDoneAgain) {
  MakeHub();
  EXPECT_THAT(Output({"init", "--data-dir", At("hub"), "--name", "hub", "--regions", "all"}),
              HasSubstr("nothing was changed"));
  for (int round = 0; round < 2; ++round) {
    Output({"init", "--data-dir", At("nias"), "--name", "nias", "--request", At("nias.request")});
    Output({"sign", At("nias.request"), "--data-dir", At("hub"), "--regions", "12.04", "--out",
            At("nias.identity")});
  }
  Output({"init", "--data-dir", At("nias"), "--install", At("nias.identity")});
  EXPECT_THAT(Output({"init", "--data-dir", At("nias"), "--install", At("nias.identity")}),
              HasSubstr("Was installed already"));
}

TEST_F(IdentityCommandsTest, MistakesOfTheCommandLineSayWhatIsRight) {
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x")}), HasSubstr("--name is missing"));
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x"), "--name", "kerinci"}),
              AllOf(HasSubstr("--regions is missing"), HasSubstr("--request FILE")));
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x"), "--name", "Kerinci", "--regions", "15.01"}),
              HasSubstr("is no name of a node"));
  EXPECT_THAT(
      Error(2, {"init", "--data-dir", At("x"), "--name", "kerinci", "--regions", "15.01,Jambi"}),
      HasSubstr("\"Jambi\" is no province or region"));
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x"), "--name", "kerinci", "--regions", "15.01",
                        "--host", "http://kerinci"}),
              HasSubstr("is no host"));
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x"), "--name", "nias", "--regions", "12.04",
                        "--request", At("r")}),
              HasSubstr("tikard sign --regions"));
  EXPECT_THAT(Error(2, {"init", "--data-dir", At("x"), "--request", At("r"), "--install", At("i")}),
              HasSubstr("either"));
  EXPECT_THAT(Error(2, {"init", "--colour", "red"}), HasSubstr("tikard init: "));
  EXPECT_THAT(Error(2, {"sign", At("r"), "--out", At("o")}), HasSubstr("--regions"));
  EXPECT_THAT(Error(2, {"init", "--name", "a", "--name", "b"}), HasSubstr("--name"))
      << "two names, and nobody knows which is meant";
  EXPECT_FALSE(std::filesystem::exists(At("x")));
}

TEST_F(IdentityCommandsTest, MistakesOfFilesNameTheFile) {
  MakeHub();
  EXPECT_THAT(Error(1, {"sign", At("none"), "--data-dir", At("hub"), "--regions", "12.04", "--out",
                        At("o")}),
              HasSubstr(At("none")));
  std::ofstream(At("rusak")) << "rusak\n";
  EXPECT_THAT(Error(1, {"sign", At("rusak"), "--data-dir", At("hub"), "--regions", "12.04", "--out",
                        At("o")}),
              HasSubstr(At("rusak") + ": is no request"));
  EXPECT_THAT(Error(1, {"init", "--data-dir", At("nias"), "--install", At("rusak")}),
              HasSubstr(At("rusak") + ": holds something else than certificates"));
  Output({"init", "--data-dir", At("nias"), "--name", "nias", "--request", At("nias.request")});
  EXPECT_THAT(Error(1, {"sign", At("nias.request"), "--data-dir", At("nias"), "--regions", "12.04",
                        "--out", At("o")}),
              HasSubstr("the CA is not here"));
  EXPECT_THAT(Error(1, {"identity", "--data-dir", At("nias")}), HasSubstr("no certificate yet"));
  EXPECT_THAT(Error(1, {"identity", "--data-dir", At("nobody")}),
              HasSubstr("tikard init --name NAME --regions CODES"));
  // A slip that would destroy the CA.
  const std::string key = Contents(At("hub/identity/ca.key"));
  EXPECT_THAT(Error(1, {"sign", At("nias.request"), "--data-dir", At("hub"), "--regions", "12.04",
                        "--out", At("hub/identity/ca.key")}),
              HasSubstr("is something else"));
  EXPECT_EQ(Contents(At("hub/identity/ca.key")), key);
}

TEST_F(IdentityCommandsTest, AnEndedCertificateIsToldAndRenewed) {
  MakeHub();
  const int64_t soon = kToday + (kCertificateDays - 10) * kDaySeconds;
  const int64_t over = kToday + kCertificateDays * kDaySeconds;
  EXPECT_THAT(Output({"identity", "--data-dir", At("hub")}, soon),
              HasSubstr("Attention: the node's certificate ends on 2028-11-17, in 10 days"));
  EXPECT_THAT(Error(1, {"identity", "--data-dir", At("hub")}, over),
              AllOf(HasSubstr("ended on 2028-11-17"), HasSubstr("tikard renew")));
  EXPECT_THAT(Output({"renew", "--data-dir", At("hub")}, over), HasSubstr("until    2030-11-17"));
  Output({"identity", "--data-dir", At("hub")}, over);

  Output({"init", "--data-dir", At("nias"), "--name", "nias", "--host", "10.12.4.1", "--request",
          At("nias.request")});
  Output({"sign", At("nias.request"), "--data-dir", At("hub"), "--regions", "12.04", "--out",
          At("nias.identity")});
  Output({"init", "--data-dir", At("nias"), "--install", At("nias.identity")});
  EXPECT_THAT(Error(1, {"renew", "--data-dir", At("nias")}, over),
              AllOf(HasSubstr("the CA is not here"), HasSubstr("renew --data-dir")));
  EXPECT_THAT(Output({"renew", "--data-dir", At("nias"), "--request", At("nias.request")}, over),
              HasSubstr("Until now its regions are 12.04"));
  EXPECT_THAT(Output({"sign", At("nias.request"), "--data-dir", At("hub"), "--regions", "12.04",
                      "--out", At("nias.identity")},
                     over),
              HasSubstr("hosts    10.12.4.1"));
  EXPECT_THAT(Output({"init", "--data-dir", At("nias"), "--install", At("nias.identity")}, over),
              HasSubstr("until    2030-11-17"));
}

TEST_F(IdentityCommandsTest, HelpHasExamples) {
  for (const char* command : {"init", "sign", "renew", "identity"}) {
    EXPECT_TRUE(IsIdentityCommand(command));
    EXPECT_THAT(Output({command, "--help"}), AllOf(HasSubstr("Examples:"), HasSubstr("--data-dir"),
                                                   HasSubstr(std::string("tikard ") + command)));
  }
  EXPECT_FALSE(IsIdentityCommand("--listen"));
  EXPECT_FALSE(IsIdentityCommand("serve"));
}

}  // namespace
}  // namespace tikar::server
