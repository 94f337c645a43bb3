// Nodes that know each other, as operators set them up: tikard's own commands, real processes, real
// sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "grpc/health/v1/health.pb.h"
#include "server/identity_setup.h"
#include "server/mirror_credentials.h"
#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHealthMethod[] = "/grpc.health.v1.Health/Check";

class IdentityTest : public ::testing::Test {
 protected:
  std::vector<std::string> Flags(const std::string& node, std::vector<std::string> more = {}) {
    std::vector<std::string> flags = {"--listen",        "127.0.0.1:0", "--data-dir",
                                      directory_ / node, "--catalog",   kCatalogDirectory};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  std::vector<std::string> MirrorFlags(const std::string& node) {
    return Flags(node, {"--mirror-listen", "127.0.0.1:0"});
  }
  // What `tikard ARGUMENT...` says; it must succeed.
  static std::string Run(std::vector<std::string> arguments) {
    Tikard command(std::move(arguments));
    const int status = command.Wait();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command.text();
    return command.text();
  }
  void MakeHub() {
    Run({"init", "--data-dir", directory_ / "hub", "--name", "hub", "--regions", "all", "--host",
         "127.0.0.1"});
  }
  void Join(const std::string& name, const std::string& regions) {
    const std::string request = directory_ / (name + ".request");
    const std::string answer = directory_ / (name + ".identity");
    Run({"init", "--data-dir", directory_ / name, "--name", name, "--request", request});
    Run({"sign", request, "--data-dir", directory_ / "hub", "--regions", regions, "--out", answer});
    Run({"init", "--data-dir", directory_ / name, "--install", answer});
  }
  std::shared_ptr<const Identity> Load(const std::string& node) {
    auto identity = Identity::Load(IdentityDirectory(directory_ / node));
    EXPECT_TRUE(identity.ok()) << identity.status();
    return identity.ok() ? *identity : nullptr;
  }
  // Where a tikard lets other nodes in.
  static std::string MirrorAddressOf(Tikard& tikard) {
    const std::string sign = "listening for other nodes address=", text = tikard.text();
    const size_t at = text.find(sign);
    EXPECT_NE(at, std::string::npos) << text;
    if (at == std::string::npos) return "";
    const size_t begin = at + sign.size();
    return text.substr(begin, text.find(' ', begin) - begin);
  }
  static std::shared_ptr<grpc::Channel> Dial(
      const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
      const std::string& peer = "") {
    static std::atomic<int> number{0};
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt("tikar.test.dial", number++);
    if (!peer.empty()) MirrorCredentials::ExpectPeer(peer, arguments);
    return grpc::CreateCustomChannel(address, credentials, arguments);
  }
  // Empty: it serves. Otherwise why not.
  static std::string Health(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::Status status;
    const std::vector<std::string> answers = CallRaw(channel, kHealthMethod, "", &status);
    if (!status.ok()) return absl::StrCat(status.error_code(), ": ", status.error_message());
    grpc::health::v1::HealthCheckResponse response;
    EXPECT_TRUE(answers.size() == 1 && response.ParseFromString(answers[0]));
    return response.status() == grpc::health::v1::HealthCheckResponse::SERVING ? "" : "not serving";
  }
  // Of a caller that gets no connection.
  static void ExpectRefused(const std::shared_ptr<grpc::Channel>& channel) {
    EXPECT_THAT(Health(channel),
                ::testing::StartsWith(absl::StrCat(grpc::StatusCode::UNAVAILABLE, ": ")));
  }
  TempDirectory directory_;
};

TEST_F(IdentityTest, NodesOfOneNetworkReachEachOtherAndNobodyElseDoes) {
  MakeHub();
  Join("kerinci", "15.01");
  Tikard hub(MirrorFlags("hub")), kerinci(MirrorFlags("kerinci"));
  ASSERT_FALSE(hub.address().empty()) << hub.text();
  ASSERT_FALSE(kerinci.address().empty()) << kerinci.text();
  EXPECT_THAT(hub.text(), HasSubstr(" node=hub regions=all certificate_until="));
  EXPECT_THAT(kerinci.text(), HasSubstr(" node=kerinci regions=15.01 "));
  const std::string to_hub = MirrorAddressOf(hub), to_kerinci = MirrorAddressOf(kerinci);
  const auto as_hub = MirrorCredentials(*Load("hub")).channel();
  const auto as_kerinci = MirrorCredentials(*Load("kerinci")).channel();
  EXPECT_EQ(Health(Dial(to_hub, as_kerinci, "hub")), "");
  EXPECT_EQ(Health(Dial(to_kerinci, as_hub, "kerinci")), "");

  ExpectRefused(Dial(to_kerinci, as_hub, "nias"));
  ExpectRefused(Dial(to_hub, grpc::InsecureChannelCredentials()));
  grpc::SslCredentialsOptions only_the_ca;
  only_the_ca.pem_root_certs = Load("hub")->authority_pem();
  ExpectRefused(Dial(to_hub, grpc::SslCredentials(only_the_ca), "hub"));

  // Of another network, whatever it is called.
  Run({"init", "--data-dir", directory_ / "stranger", "--name", "kerinci", "--regions", "15.01"});
  ExpectRefused(Dial(to_hub, MirrorCredentials(*Load("stranger")).channel(), "hub"));
  grpc::SslCredentialsOptions trusting;
  trusting.pem_root_certs = Load("hub")->authority_pem();
  std::ifstream key(Load("stranger")->paths().key);
  trusting.pem_private_key = {std::istreambuf_iterator<char>(key), {}};
  trusting.pem_cert_chain = Load("stranger")->certificate_pem();
  ExpectRefused(Dial(to_hub, grpc::SslCredentials(trusting), "hub"));

  EXPECT_EQ(Health(Dial(to_hub, as_kerinci, "hub")), "") << "and it works on";
  EXPECT_EQ(WEXITSTATUS(hub.Kill(SIGTERM)), 0) << hub.text();
  EXPECT_EQ(WEXITSTATUS(kerinci.Kill(SIGTERM)), 0) << kerinci.text();
}

TEST_F(IdentityTest, AChangeTravelsBetweenNodesThatKnowEachOther) {
  MakeHub();
  Join("kerinci", "15.01");
  Run({"init", "--data-dir", directory_ / "stranger", "--name", "stranger", "--regions", "15.01"});
  Tikard hub(MirrorFlags("hub"));
  ASSERT_FALSE(hub.address().empty()) << hub.text();
  const std::vector<std::string> to_hub = {"--peer", "hub=" + MirrorAddressOf(hub)};
  Tikard stranger(Flags("stranger", to_hub)), kerinci(Flags("kerinci", to_hub));
  ASSERT_FALSE(stranger.address().empty()) << stranger.text();
  ASSERT_FALSE(kerinci.address().empty()) << kerinci.text();

  SyncCall at_hub(Connect(hub.address()));
  ASSERT_TRUE(at_hub.Say("admin-hub"));
  ASSERT_TRUE(at_hub.CatchUp());
  for (Tikard* node : {&stranger, &kerinci}) {
    SyncCall officer(Connect(node->address()));
    ASSERT_TRUE(officer.Say("petugas", "", /*push_only=*/true));
    ASSERT_TRUE(officer.Push({Complaint("petugas", node == &kerinci ? 15 : 99)}));
    ASSERT_TRUE(officer.NextResult());
    officer.HalfClose();
    EXPECT_TRUE(officer.End().ok());
  }
  v1::SyncResponse message;
  while (at_hub.requests.empty() && at_hub.Next(&message)) {
  }
  ASSERT_THAT(at_hub.requests, ::testing::SizeIs(1)) << kerinci.text() << hub.text();
  EXPECT_THAT(at_hub.requests.begin()->second.DebugString(), HasSubstr("Jembatan 15 rusak"));
  at_hub.Cancel();

  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const std::string why = "the certificate of hub is of another CA";
  while (stranger.text().find(why) == std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_THAT(stranger.text(), HasSubstr(why)) << "its operator is told";
}

TEST_F(IdentityTest, ANodeWhoseCertificateHasEndedIsRefusedAndStillServesItsPhones) {
  const int64_t now = WallClockMs() / 1000;
  const int64_t long_ago = now - (kCertificateDays + 1) * kDaySeconds;
  const std::string hub_identity = IdentityDirectory(directory_ / "hub");
  ASSERT_TRUE(SetUpFirstNode(hub_identity, "hub", {"*"}, {}, long_ago).ok());
  const auto request = RequestIdentity(IdentityDirectory(directory_ / "nias"), "nias", {});
  ASSERT_TRUE(request.ok()) << request.status();
  const auto answer = SignRequest(hub_identity, request->request_pem, {"12.04"}, false, long_ago);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_TRUE(
      InstallIdentity(IdentityDirectory(directory_ / "nias"), answer->answer_pem, long_ago).ok());
  Run({"renew", "--data-dir", directory_ / "hub"});

  Tikard hub(MirrorFlags("hub")), nias(MirrorFlags("nias"));
  ASSERT_FALSE(hub.address().empty()) << hub.text();
  ASSERT_FALSE(nias.address().empty()) << nias.text();
  EXPECT_THAT(nias.text(),
              AllOf(HasSubstr(" ERROR certificate node=nias "), HasSubstr("tikard renew")));
  EXPECT_THAT(hub.text(), Not(HasSubstr("ERROR")));
  ExpectRefused(Dial(MirrorAddressOf(hub), MirrorCredentials(*Load("nias")).channel(), "hub"));
  ExpectRefused(Dial(MirrorAddressOf(nias), MirrorCredentials(*Load("hub")).channel(), "nias"));
  EXPECT_EQ(Health(Connect(nias.address())), "");
}

TEST_F(IdentityTest, OtherNodesAreServedNothingThatIsForPhonesAndAdmins) {
  MakeHub();
  Tikard hub(MirrorFlags("hub"));
  ASSERT_FALSE(hub.address().empty()) << hub.text();
  const std::string to_hub = MirrorAddressOf(hub);
  const auto credentials = MirrorCredentials(*Load("hub")).channel();
  for (const char* method :
       {"/tikar.v1.StatusService/GetStatus", "/tikar.v1.RequestService/ListRequests",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.channelz.v1.Channelz/GetServers"}) {
    grpc::Status status;
    CallRaw(Dial(to_hub, credentials, "hub"), method, "", &status);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
    CallRaw(Connect(hub.address()), method, "", &status);
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

TEST_F(IdentityTest, WithoutAnIdentityNoNodeIsLetInAndThePhonesNeedNone) {
  Tikard refused(MirrorFlags("bare"));
  EXPECT_TRUE(refused.address().empty());
  EXPECT_EQ(WEXITSTATUS(refused.Wait()), 1);
  EXPECT_THAT(refused.text(), AllOf(HasSubstr("tikard: --mirror-listen: there is no identity in " +
                                              (directory_ / "bare/identity")),
                                    HasSubstr("tikard init --name")));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "bare")) << "nothing was made";

  Tikard bare(Flags("bare"));
  ASSERT_FALSE(bare.address().empty()) << bare.text();
  EXPECT_EQ(Health(Connect(bare.address())), "");

  Tikard nowhere(Flags("other", {"--mirror-listen", "kerinci:50152"}));
  EXPECT_EQ(WEXITSTATUS(nowhere.Wait()), 1);
  EXPECT_THAT(nowhere.text(), HasSubstr("give an IP address of this machine and a port"));
}

TEST_F(IdentityTest, FilesThatDoNotBelongTogetherStopOnlyWhatNeedsThem) {
  MakeHub();
  Run({"init", "--data-dir", directory_ / "stranger", "--name", "hub", "--regions", "all"});
  std::filesystem::copy(directory_ / "stranger/identity/node.crt",
                        directory_ / "hub/identity/node.crt",
                        std::filesystem::copy_options::overwrite_existing);
  Tikard refused(MirrorFlags("hub"));
  EXPECT_EQ(WEXITSTATUS(refused.Wait()), 1);
  EXPECT_THAT(refused.text(), HasSubstr("node.crt is for another key than node.key beside it"));
  Tikard serving(Flags("hub"));
  ASSERT_FALSE(serving.address().empty()) << serving.text();
  EXPECT_THAT(serving.text(), HasSubstr(" ERROR the identity of this node cannot be used "));
}

TEST_F(IdentityTest, StrangersAtTheDoorDoNotFillTheLog) {
  MakeHub();
  Tikard hub(MirrorFlags("hub"));
  ASSERT_FALSE(hub.address().empty()) << hub.text();
  const std::string to_hub = MirrorAddressOf(hub);
  constexpr int kStrangers = 40;
  for (int i = 0; i < kStrangers; ++i) {
    ExpectRefused(Dial(to_hub, grpc::InsecureChannelCredentials()));
  }
  EXPECT_EQ(WEXITSTATUS(hub.Kill(SIGTERM)), 0);
  const std::string text = hub.text();
  int warnings = 0;
  for (size_t at = 0; (at = text.find(" WARNING grpc ", at)) != std::string::npos; ++at) ++warnings;
  EXPECT_GE(warnings, 1) << "an operator sees that there were some";
  EXPECT_LT(warnings, kStrangers / 2) << text;
}

}  // namespace
}  // namespace tikar::server
