// tikar peers, against two real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "cli_tikard.h"

namespace tikar::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PeersTest : public TikardTest {
 protected:
  PeersTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }
  std::vector<std::string> MoreFlags() const override {
    return {"--mirror-without-tls", "kerinci", "--mirror-regions", "15.01"};
  }
  // The hub; its address.
  std::string StartHub() {
    const std::string port_file = File("hub.port");
    hub_ = std::make_unique<client::ChildProcess>(
        TIKAR_TIKARD,
        std::vector<std::string>{TIKAR_TIKARD, "--listen", "127.0.0.1:0", "--port-file", port_file,
                                 "--data-dir", File("hub"), "--catalog",
                                 TIKAR_SOURCE_DIR "/catalog", "--mirror-without-tls", "hub"},
        File("hub.log"));
    return "127.0.0.1:" + hub_->AwaitLine(port_file);
  }
  ~PeersTest() override {
    if (hub_ == nullptr) return;
    hub_->Signal(SIGTERM);
    hub_->Wait();
  }
  // As `peers status` says.
  bool Becomes(bool connected) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      if (Json({"peers", "status", "hub"})["peers"][0]["connected"] == connected) return true;
      std::this_thread::yield();
    }
    return false;
  }

  std::unique_ptr<client::ChildProcess> hub_;
};

TEST_F(PeersTest, APeerIsAddedLookedAtAndRemoved) {
  const Output none = Tikar({"peers", "list"});
  EXPECT_THAT(none.out, HasSubstr("tikar peers add NAME HOST:PORT"));

  const std::string hub = StartHub();
  const Output added = Tikar({"peers", "add", "hub", hub, "--regions", "15.01"});
  EXPECT_EQ(added.exit_code, 0) << added.err;
  EXPECT_THAT(added.out, AllOf(HasSubstr("Mirrors from now on with hub"), HasSubstr(hub)));
  ASSERT_TRUE(Becomes(true));

  const Output listed = Tikar({"peers", "list"});
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("hub"), HasSubstr(hub), HasSubstr("15.01"), HasSubstr("connected")));
  const Output status = Tikar({"peers", "status"});
  EXPECT_THAT(status.out, AllOf(HasSubstr("LAGS"), HasSubstr("out"), HasSubstr("in")));
  const nlohmann::json peer = Json({"peers", "list"})["peers"][0];
  EXPECT_EQ(peer["name"], "hub");
  EXPECT_EQ(peer["address"], hub);
  EXPECT_EQ(peer["source"], "stored");
  EXPECT_EQ(peer["outgoing"]["lag_entries"], 0);
  EXPECT_TRUE(peer["next_attempt"].is_null());
  EXPECT_THAT(Tikar({"peers", "status", "--lang", "id"}).out, HasSubstr("tersambung"));

  // The hub sees it, too.
  const Output there = Run({"--server", hub, "peers", "list"});
  EXPECT_THAT(there.out, AllOf(HasSubstr("kerinci"), HasSubstr("dials this server")));
  const Output not_there = Run({"--server", hub, "peers", "remove", "kerinci"});
  EXPECT_EQ(not_there.exit_code == 0, false);
  EXPECT_THAT(not_there.err, HasSubstr("dials this server"));

  EXPECT_EQ(Json({"peers", "remove", "hub"})["removed"], "hub");
  EXPECT_EQ(Json({"peers", "list"})["peers"].size(), 0u);
}

TEST_F(PeersTest, AHubThatIsAwaySaysWhyAndWhenItIsDialledAgain) {
  // Nobody listens there.
  EXPECT_EQ(Tikar({"peers", "add", "hub", "127.0.0.1:9"}).exit_code, 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  nlohmann::json peer;
  do {
    peer = Json({"peers", "status", "hub"})["peers"][0];
  } while (peer["last_error"] == "" && std::chrono::steady_clock::now() < end);
  EXPECT_NE(peer["last_error"], "");
  EXPECT_THAT(Tikar({"peers", "status"}).out, HasSubstr("not connected"));
}

TEST_F(PeersTest, MistakesSayWhatToDo) {
  const Output unknown = Tikar({"peers", "status", "nias"});
  EXPECT_EQ(unknown.exit_code == 0, false);
  EXPECT_THAT(unknown.err, HasSubstr("tikar peers list"));
  EXPECT_THAT(Tikar({"peers", "remove", "nias"}).err, HasSubstr("nias"));
  EXPECT_THAT(Tikar({"peers", "add", "nias", "nowhere"}).err, HasSubstr("HOST:PORT"));
  EXPECT_THAT(Tikar({"peers", "add", "nias", "127.0.0.1:9", "--regions", "12.04"}).err,
              HasSubstr("does not mirror 12.04"));
  EXPECT_EQ(Tikar({"peers", "add", "hub", "127.0.0.1:9"}).exit_code, 0);
  EXPECT_THAT(Tikar({"peers", "add", "hub", "127.0.0.1:10"}).err,
              HasSubstr("tikar peers remove hub"));
  EXPECT_THAT(Tikar({"peers", "add", "--help"}).out, HasSubstr("tikar peers add nias"));
  EXPECT_THAT(Tikar({"peers", "list"}).out, Not(HasSubstr("nias")));
}

}  // namespace
}  // namespace tikar::cli
