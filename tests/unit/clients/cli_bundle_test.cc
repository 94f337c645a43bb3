// tikar bundle against real tikards that have no link, as an admin types it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "cli_tikard.h"
#include "clients/cli/bundle_commands.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// The test's own tikard is Kerinci's; the hub's runs beside it.
class BundleTest : public TikardTest {
 protected:
  BundleTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }

  void SetUp() override {
    Tikard({"init", "--data-dir", File("hub"), "--name", "hub", "--regions", "all"});
    Tikard({"init", "--data-dir", File("data"), "--name", "kerinci", "--request", File("request")});
    Tikard({"sign", File("request"), "--data-dir", File("hub"), "--regions", "15.01", "--out",
            File("answer")});
    Tikard({"init", "--data-dir", File("data"), "--install", File("answer")});
    TikardTest::SetUp();
    const std::string port_file = File("hub.port");
    hub_process_ = std::make_unique<client::ChildProcess>(
        TIKAR_TIKARD,
        std::vector<std::string>{TIKAR_TIKARD, "--listen", "127.0.0.1:0", "--port-file", port_file,
                                 "--data-dir", File("hub"), "--catalog",
                                 TIKAR_SOURCE_DIR "/catalog"},
        File("hub.log"));
    hub_ = "127.0.0.1:" + hub_process_->AwaitLine(port_file);
  }

  void Tikard(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TIKAR_TIKARD);
    client::ChildProcess process(TIKAR_TIKARD, arguments, File("init.log"));
    ASSERT_EQ(process.Wait(), 0);
  }
  Output OnHub(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", hub_, "--timeout", "60"});
    return Run(std::move(arguments));
  }
  void Complain(const std::string& title) {
    const Output made = Tikar({"requests", "create", "--service", "pengaduan", "--area", "15.01.06",
                               "--set", "judul=" + title, "--set", "kategori=jalan_jembatan",
                               "--actor", "kantor/siti", "--role", "petugas"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }

  std::unique_ptr<client::ChildProcess> hub_process_;
  std::string hub_;
};

TEST_F(BundleTest, ABundleGoesThereAndItsAcknowledgementComesHome) {
  Complain("Jembatan putus");
  Complain("Jalan berlubang");
  ASSERT_EQ(OnHub({"bundle", "key", "--cert-out", File("hub.crt")}).exit_code, 0);
  const Output unknown = Tikar({"bundle", "export", "--for", "hub", File("a.tikar")});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("certificate of hub is not known here"));

  const Output made = Tikar({"bundle", "export", "--for", "hub", "--for-cert", File("hub.crt"),
                             "--region", "15.01", File("a.tikar")});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr(File("a.tikar")), HasSubstr("For hub: 2 entries")));

  const Output looked = Run({"bundle", "inspect", File("a.tikar")});
  EXPECT_EQ(looked.exit_code, 0) << looked.err;
  EXPECT_THAT(looked.out, AllOf(HasSubstr("WHOLE"), HasSubstr("from kerinci"), HasSubstr("for hub"),
                                ContainsRegex("key [0-9a-f]{4}-")));
  EXPECT_EQ(
      Run({"bundle", "inspect", "--output", "json", File("a.tikar")}).parsed()["files"][0]["kind"],
      "node");

  const Output dry = OnHub({"bundle", "import", "--dry-run", File("a.tikar")});
  EXPECT_THAT(dry.out, HasSubstr("Whole: 2 entries")) << dry.err;
  const Output taken = OnHub({"bundle", "import", File("a.tikar"), "--ack-out", File("ack.tikar")});
  EXPECT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_THAT(taken.out, AllOf(HasSubstr("2 entries new of 2"), HasSubstr("ack.tikar")));
  EXPECT_THAT(OnHub({"bundle", "import", File("a.tikar")}).out,
              HasSubstr("Nothing new: 2 entries are here already"));
  EXPECT_THAT(OnHub({"requests", "list"}).out, HasSubstr("Jembatan putus"));

  EXPECT_THAT(Tikar({"bundle", "import", File("ack.tikar")}).out, HasSubstr("Kept"));
  EXPECT_THAT(Tikar({"bundle", "import", File("ack.tikar")}).out, HasSubstr("Nothing new"));
  Complain("Lampu padam");
  const json next = Tikar({"bundle", "export", "--for", "hub", "--since-peer", File("b.tikar"),
                           "--output", "json"})
                        .parsed();
  EXPECT_EQ(next["entries"], 1);
  EXPECT_EQ(next["definitions"], 0);
  EXPECT_EQ(next["files"][0], File("b.tikar"));
  EXPECT_FALSE(next["acknowledged_time"].is_null());
  EXPECT_EQ(
      Tikar({"bundle", "export", "--for", "hub", "--all", File("c.tikar"), "--output", "json"})
          .parsed()["entries"],
      3);
  // The hub knows whom it heard from.
  EXPECT_THAT(OnHub({"bundle", "key"}).out, AllOf(HasSubstr("hub+"), HasSubstr("kerinci")));
  // Its own bundle it does not open.
  const Output own = Tikar({"bundle", "import", File("b.tikar")});
  EXPECT_EQ(own.exit_code, 1);
  EXPECT_THAT(own.err, HasSubstr("sealed to hub, and this node is kerinci"));
}

TEST_F(BundleTest, DamageIsToldWithoutAnyServer) {
  Complain("Jembatan putus");
  OnHub({"bundle", "key", "--cert-out", File("hub.crt")});
  Tikar({"bundle", "export", "--for-cert", File("hub.crt"), File("a.tikar")});
  {
    std::fstream file(File("a.tikar"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(File("a.tikar"))) - 9);
    file.put('\x7f');
  }
  const Output looked = Run({"bundle", "inspect", File("a.tikar")});
  EXPECT_EQ(looked.exit_code, 1);
  EXPECT_THAT(looked.out, AllOf(HasSubstr("DAMAGED"), HasSubstr("copy it again")));
  const Output taken = OnHub({"bundle", "import", File("a.tikar")});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err, HasSubstr("damaged between byte"));
  EXPECT_EQ(Run({"bundle", "inspect", File("nothing.tikar")}).exit_code, 2);
}

TEST(BundleSizeTest, IsReadAsPeopleWriteIt) {
  EXPECT_EQ(*ParsePartSize("20MB"), 20'000'000u);
  EXPECT_EQ(*ParsePartSize("1.5 GiB"), 1'610'612'736u);
  EXPECT_EQ(*ParsePartSize("1048576"), 1'048'576u);
  for (const char* bad : {"", "MB", "20 apples", "1048575", "5GB", "-3MB", "nan", "1e300"}) {
    EXPECT_FALSE(ParsePartSize(bad).ok()) << bad;
  }
}

TEST(BundlePathTest, SaysWhichPartItIs) {
  EXPECT_EQ(PartPath("usb/nias.tikar", 1, 1), "usb/nias.tikar");
  EXPECT_EQ(PartPath("usb/nias.tikar", 2, 3), "usb/nias.2-of-3.tikar");
  EXPECT_EQ(PartPath("usb/nias", 2, 3), "usb/nias.2-of-3.tikar");
}

}  // namespace
}  // namespace tikar::cli
