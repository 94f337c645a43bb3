// tikard as an operator has it: a process with flags, signals and a data directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ProcessTest : public ::testing::Test {
 protected:
  std::vector<std::string> Flags(std::vector<std::string> more = {}) {
    std::vector<std::string> flags = {"--listen",          "127.0.0.1:0", "--data-dir",
                                      directory_ / "data", "--catalog",   kCatalogDirectory};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  static v1::GetStatusResponse StatusOf(const std::string& address) {
    const auto stub = v1::StatusService::NewStub(Connect(address));
    v1::GetStatusResponse response;
    const grpc::Status status =
        Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  TempDirectory directory_;
};

TEST_F(ProcessTest, SigkillUnderLoadLosesNothingThatWasAcknowledged) {
  constexpr int kRounds = 4, kPhones = 4;
  std::mutex mutex;
  std::vector<std::string> acknowledged;
  int number = 0;
  for (int round = 0; round < kRounds; ++round) {
    Tikard tikard(Flags());
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    std::atomic<int> results{0};
    std::vector<std::thread> phones;
    for (int phone = 0; phone < kPhones; ++phone) {
      phones.emplace_back([&, phone, first = number + phone * 10000] {
        const std::string actor = absl::StrCat("petugas-", phone);
        SyncCall call(Connect(tikard.address()));
        if (!call.Say(actor, "", /*push_only=*/true)) return;
        // Until the server dies.
        for (int i = 0; i < 10000; ++i) {
          const std::string body = Complaint(actor, first + i);
          if (!call.Push({body}) || !call.NextResult()) return;
          ++results;
          std::lock_guard lock(mutex);
          acknowledged.push_back(body);
        }
      });
    }
    // In the middle of the work: each round a little later.
    while (results < 40 * (round + 1)) std::this_thread::yield();
    EXPECT_TRUE(WIFSIGNALED(tikard.Kill(SIGKILL)));
    for (std::thread& phone : phones) phone.join();
    number += kPhones * 10000;
  }
  ASSERT_GE(acknowledged.size(), 400u);

  Tikard tikard(Flags());
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  std::map<std::string, std::vector<std::string>> by_actor;
  for (const std::string& body : acknowledged) {
    v1::ChangeBody parsed;
    ASSERT_TRUE(parsed.ParseFromString(body));
    by_actor[parsed.actor()].push_back(body);
  }
  for (const auto& [actor, bodies] : by_actor) {
    SyncCall call(Connect(tikard.address()));
    ASSERT_TRUE(call.Say(actor, "", /*push_only=*/true));
    for (const std::string& body : bodies) {
      ASSERT_TRUE(call.Push({body}));
      ASSERT_TRUE(call.NextResult());
      EXPECT_TRUE(call.results.back().duplicate()) << "acknowledged, and gone";
    }
    call.HalfClose();
    EXPECT_TRUE(call.End().ok());
  }
  const int status = tikard.Kill(SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << tikard.text();
}

TEST_F(ProcessTest, SigtermEndsLiveStreamsAndExitsWithZero) {
  Tikard tikard(Flags({"--drain-seconds", "60"}));
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  SyncCall live(Connect(tikard.address()));
  ASSERT_TRUE(live.Say("petugas-live"));
  ASSERT_TRUE(live.CatchUp());
  const auto began = std::chrono::steady_clock::now();
  grpc::Status end;
  std::thread reader([&] { end = live.End(); });
  const int status = tikard.Kill(SIGTERM);
  reader.join();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << tikard.text();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20))
      << "nobody is under way, and yet it waits";
  EXPECT_THAT(tikard.text(), HasSubstr("stopped"));
}

TEST_F(ProcessTest, ARestartKeepsOriginAndDefinitionsAndChangesItsInstance) {
  v1::GetStatusResponse first, second;
  {
    Tikard tikard(Flags());
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    first = StatusOf(tikard.address());
    EXPECT_EQ(WEXITSTATUS(tikard.Kill(SIGINT)), 0);
  }
  Tikard tikard(Flags());
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  second = StatusOf(tikard.address());
  EXPECT_EQ(first.origin(), second.origin());
  EXPECT_NE(first.instance(), second.instance());
  EXPECT_EQ(first.definitions(), DefinitionsInCatalogue());
  EXPECT_EQ(second.definitions(), DefinitionsInCatalogue());
}

TEST_F(ProcessTest, ASecondServerOnTheSameDataOrPortSaysWhatIsWrong) {
  Tikard first(Flags());
  ASSERT_FALSE(first.address().empty()) << first.text();
  Tikard same_data(Flags());
  EXPECT_TRUE(same_data.address().empty());
  EXPECT_EQ(WEXITSTATUS(same_data.Wait()), 1);
  EXPECT_THAT(same_data.text(), HasSubstr(directory_ / "data"));

  Tikard same_port({"--listen", first.address(), "--data-dir", directory_ / "other", "--catalog",
                    kCatalogDirectory});
  EXPECT_TRUE(same_port.address().empty());
  EXPECT_EQ(WEXITSTATUS(same_port.Wait()), 1);
  const std::string port = first.address().substr(first.address().find(':') + 1);
  EXPECT_EQ(same_port.text(),
            "tikard: port " + port + " is in use by another program; give another with --listen\n");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "other")) << "nothing is made, no origin begun";
  EXPECT_EQ(StatusOf(first.address()).data_directory(), directory_ / "data");
}

TEST_F(ProcessTest, OnlyLoopbackIsServed) {
  for (const char* address : {"0.0.0.0:50151", "192.168.1.5:50151", "[::]:50151", "50151"}) {
    Tikard tikard(
        {"--listen", address, "--data-dir", directory_ / "data", "--catalog", kCatalogDirectory});
    EXPECT_TRUE(tikard.address().empty());
    EXPECT_EQ(WEXITSTATUS(tikard.Wait()), 1) << address;
    EXPECT_THAT(tikard.text(), HasSubstr("loopback"));
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data")) << "refused before anything is made";
}

TEST_F(ProcessTest, ABadCatalogueIsNamedByFileAndLine) {
  std::filesystem::create_directories(directory_ / "catalog/services");
  std::filesystem::copy(kCatalogDirectory + "/areas", directory_ / "catalog/areas");
  std::ofstream(directory_ / "catalog/services/rusak.textproto")
      << "service: \"rusak\"\nversion: satu\n";
  Tikard tikard({"--listen", "127.0.0.1:0", "--data-dir", directory_ / "data", "--catalog",
                 directory_ / "catalog"});
  EXPECT_TRUE(tikard.address().empty());
  EXPECT_EQ(WEXITSTATUS(tikard.Wait()), 1);
  EXPECT_THAT(tikard.text(), HasSubstr("rusak.textproto:2:"));
}

TEST_F(ProcessTest, AFlagFileAndAPortFileDoWhatTheySay) {
  std::ofstream(directory_ / "tikard.flags")
      << "# Kerinci\n--listen=127.0.0.1:0\n\n--data-dir " << directory_ / "data"
      << "\n--catalog=" << kCatalogDirectory
      << "\n--log-format=json\n--port-file=" << directory_ / "port"
      << "\n";
  Tikard tikard({"--flagfile", directory_ / "tikard.flags", "--log-format", "text"});
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  std::ifstream file(directory_ / "port");
  std::string port;
  ASSERT_TRUE(std::getline(file, port));
  EXPECT_EQ(tikard.address(), "127.0.0.1:" + port);
}

TEST_F(ProcessTest, WhatStrangersSendDoesNotFillTheLog) {
  Tikard tikard(Flags());
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  {
    grpc::Status status;
    // GetRequestRequest{name: "\xff"}: no UTF-8.
    CallRaw(Connect(tikard.address()), "/tikar.v1.RequestService/GetRequest", "\x0a\x01\xff",
            &status);
    EXPECT_FALSE(status.ok());
    // No message at all.
    CallRaw(Connect(tikard.address()), "/tikar.v1.RequestService/GetRequest", "\xff\xff\xff",
            &status);
    EXPECT_FALSE(status.ok());
  }
  EXPECT_EQ(WEXITSTATUS(tikard.Kill(SIGTERM)), 0);
  EXPECT_THAT(tikard.text(), Not(HasSubstr("UTF-8")));
  EXPECT_THAT(tikard.text(), Not(HasSubstr("libprotobuf")));
  EXPECT_THAT(tikard.text(), HasSubstr("stopped"));

  Tikard talkative(Flags({"--log-level", "debug"}));
  ASSERT_FALSE(talkative.address().empty()) << talkative.text();
  grpc::Status status;
  CallRaw(Connect(talkative.address()), "/tikar.v1.RequestService/GetRequest", "\x0a\x01\xff",
          &status);
  EXPECT_EQ(WEXITSTATUS(talkative.Kill(SIGTERM)), 0);
  EXPECT_THAT(talkative.text(), HasSubstr("DEBUG protobuf"));
}

}  // namespace
}  // namespace tikar::server
