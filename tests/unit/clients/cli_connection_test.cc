// The connection of one run of the tool, through a server that goes away and comes back.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>

#include "child_process.h"
#include "clients/cli/connection.h"

namespace tikar::cli {
namespace {

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    std::string pattern = ::testing::TempDir() + "tikar_connection_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~ConnectionTest() override {
    tikard_.reset();
    std::filesystem::remove_all(directory_);
  }

  // A second start takes the port of the first.
  void Start() {
    const std::string port_file = directory_ + "/port", log = directory_ + "/tikard.log";
    std::filesystem::remove(port_file);
    tikard_ = std::make_unique<client::ChildProcess>(
        TIKAR_TIKARD,
        std::vector<std::string>{TIKAR_TIKARD, "--listen", "127.0.0.1:" + port_, "--port-file",
                                 port_file, "--data-dir", directory_ + "/data", "--catalog",
                                 TIKAR_SOURCE_DIR "/catalog"},
        log);
    port_ = tikard_->AwaitLine(port_file);
    ASSERT_FALSE(port_.empty()) << "tikard does not listen; see " << log;
  }
  void Kill() { tikard_.reset(); }

  Settings SettingsOfServer() const {
    Settings settings;
    settings.server = "127.0.0.1:" + port_;
    settings.timeout = absl::Seconds(60);
    return settings;
  }
  static absl::Status Ask(Connection& connection) {
    return connection.Call(v1::GetStatusRequest()).status();
  }
  // Says hello and gets its welcome.
  static bool Greets(SyncStream& stream) {
    v1::SyncRequest request;
    v1::Hello& hello = *request.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor("admin/ratna");
    hello.add_scope("15.01");
    hello.set_push_only(true);
    v1::SyncResponse response;
    return stream.Write(request) && stream.Read(&response) && response.has_welcome();
  }

 private:
  std::string directory_;
  std::string port_ = "0";
  std::unique_ptr<client::ChildProcess> tikard_;
};

TEST_F(ConnectionTest, ServerThatRestartedIsReachedByTheNextCall) {
  Start();
  Connection connection(SettingsOfServer());
  ASSERT_TRUE(Ask(connection).ok());
  // Without anybody noticing.
  Kill();
  Start();
  EXPECT_TRUE(Ask(connection).ok());
  // And after calls that found nobody, each of which made gRPC more reluctant to dial.
  Kill();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Ask(connection).code(), absl::StatusCode::kUnavailable);
  }
  Start();
  const absl::Status answer = Ask(connection);
  EXPECT_TRUE(answer.ok()) << answer;
}

TEST_F(ConnectionTest, StreamAfterOneThatBrokeReachesTheServerThatRestarted) {
  Start();
  Connection connection(SettingsOfServer());
  {
    const std::unique_ptr<SyncStream> stream = connection.OpenSync();
    ASSERT_TRUE(Greets(*stream));
    Kill();
    v1::SyncResponse response;
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kUnavailable);
  }
  {
    const std::unique_ptr<SyncStream> stream = connection.OpenSync();
    EXPECT_FALSE(Greets(*stream));
    stream->Finish().IgnoreError();
  }
  Start();
  const std::unique_ptr<SyncStream> stream = connection.OpenSync();
  EXPECT_TRUE(Greets(*stream));
}

}  // namespace
}  // namespace tikar::cli
