// tikar log against a real tikard: heads, proofs and receipts, and what is found when somebody
// alters them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli_tikard.h"
#include "sync/checkpoint.h"
#include "sync/ref.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class LogTest : public TikardTest {
 protected:
  void SetUp() override {
    MakeIdentity();
    Start();
  }
  void MakeIdentity() {
    client::ChildProcess init(TIKAR_TIKARD,
                              {TIKAR_TIKARD, "init", "--data-dir", File("data"), "--name",
                               "kerinci", "--regions", "15.01"},
                              File("init.log"));
    ASSERT_EQ(init.Wait(), 0) << Read(File("init.log"));
  }
  std::string Read(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(File(name)) << text;
    return File(name);
  }
  // A key that signed nothing.
  static std::string Stranger() {
    return sync::FormatNamedKey(
        {"tikar/node/asing", sync::SigningKey::FromSeed(std::string(32, 'x'))->public_key()});
  }
  std::string Key() { return Json({"log", "key"})["key"]; }
};

TEST_F(LogTest, ACheckpointIsKeptAndTheLogGoesOnFromIt) {
  EXPECT_EQ(Tikar({"log", "checkpoint", "--region", "15.01"}).exit_code, 3) << "nothing was logged";
  CheckedLicence();
  const std::string key = Write("kerinci.key", Tikar({"log", "key"}).out);
  const Output first = Tikar({"log", "checkpoint", "--region", "kerinci", "--key", key});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, AllOf(StartsWith("tikar/15.01/"), HasSubstr("\n2\n"), EndsWith("\n")));
  EXPECT_TRUE(sync::ParseCheckpoint(first.out).ok());
  const std::string kept = Write("first.checkpoint", first.out);
  CheckedLicence();
  const std::vector<std::string> go_on = {"log",     "checkpoint", "--region", "15.01",
                                          "--after", kept,         "--key",    key};
  const Output second = Tikar(go_on);
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("\n4\n"));
  EXPECT_THAT(second.err, HasSubstr("2 \u2192 4 entries"));
  // What it goes on from has another root: another history, well written.
  auto parsed = sync::ParseCheckpoint(first.out);
  ASSERT_TRUE(parsed.ok());
  parsed->checkpoint.root[0] ^= 1;
  const std::string forked =
      Write("forked.checkpoint",
            sync::FormatSignedNote(sync::SignCheckpoint(
                parsed->checkpoint, *sync::SigningKey::FromSeed(std::string(32, 'x')))));
  const Output fork = Tikar({"log", "checkpoint", "--region", "15.01", "--after", forked});
  EXPECT_EQ(fork.exit_code, 1);
  EXPECT_THAT(fork.err, AllOf(HasSubstr("does not go on"), HasSubstr("evidence")));
  // Larger than the log: it was wound back.
  parsed->checkpoint.size = 1'000;
  const std::string ahead =
      Write("ahead.checkpoint",
            sync::FormatSignedNote(sync::SignCheckpoint(
                parsed->checkpoint, *sync::SigningKey::FromSeed(std::string(32, 'x')))));
  EXPECT_THAT(Tikar({"log", "checkpoint", "--region", "15.01", "--after", ahead}).err,
              HasSubstr("wound back"));
  EXPECT_EQ(Tikar({"log", "checkpoint", "--region", "15.01", "--after", key}).exit_code, 2);
  EXPECT_EQ(Tikar({"log", "checkpoint", "--region", "15.01", "--key", Stranger()}).exit_code, 1);
}

TEST_F(LogTest, HeadsAreListed) {
  CheckedLicence();
  const json logs = Json({"log", "list"})["logs"];
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(logs[0]["region"], "15.01");
  EXPECT_EQ(logs[0]["size"], 2);
  EXPECT_EQ(logs[0]["own"], true);
  const std::string origin = logs[0]["origin"];
  const Output table = Tikar({"log", "list", "--region", "15.01"});
  EXPECT_THAT(table.out, AllOf(HasSubstr(origin), HasSubstr("Kerinci"), HasSubstr("here")));
  EXPECT_THAT(Tikar({"log", "list", "--region", "12.04"}).out, HasSubstr("No logs yet"));
  const Output named = Tikar({"log", "checkpoint", "--region", "15.01", "--origin", origin});
  EXPECT_EQ(named.exit_code, 0) << named.err;
  EXPECT_EQ(Tikar({"log", "checkpoint", "--region", "15.01", "--origin", "xyz"}).exit_code, 1);
}

TEST_F(LogTest, AReceiptHoldsWithoutAnyServer) {
  const std::string ref = CheckedLicence();
  const std::string key = Key(), receipt = File("bukti.json");
  const json made = Json({"log", "prove", ref, "--out", receipt});
  EXPECT_EQ(made["entries"], 2);
  EXPECT_EQ(made["ref"], ref);
  EXPECT_THAT(Read(receipt), Not(HasSubstr("Siti")));
  Stop();
  const Output checked = Run({"log", "check", receipt, "--key", key});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, AllOf(HasSubstr("The receipt holds."), HasSubstr(sync::FormatRef(ref)),
                                 HasSubstr("signed by tikar/node/kerinci, who writes it"),
                                 HasSubstr("Without bodies")));
  const Output as_json = Run({"log", "check", receipt, "--key", key, "--output", "json"});
  ASSERT_EQ(as_json.exit_code, 0) << as_json.err;
  EXPECT_EQ(as_json.parsed()["shows_create"], true);
  EXPECT_EQ(as_json.parsed()["entries"].size(), 2u);
  EXPECT_EQ(as_json.parsed()["logs"][0]["signers"][0]["as"], "log");

  EXPECT_EQ(Run({"log", "check", receipt, "--key", Stranger()}).exit_code, 1);
  EXPECT_EQ(Run({"log", "check", receipt, "--key", "rubbish"}).exit_code, 2);
  EXPECT_EQ(Run({"log", "check", receipt}).exit_code, 2);
  EXPECT_EQ(Run({"log", "check", File("tikard.log"), "--key", key}).exit_code, 2);
  EXPECT_EQ(Run({"log", "check", File("absent"), "--key", key}).exit_code, 2);
  // Somebody dates it back by a day.
  json altered = json::parse(Read(receipt));
  auto& entry = altered["logs"][0]["entries"][0];
  const int64_t received = std::stoll(entry["received_at_ms"].get<std::string>());
  entry["received_at_ms"] = std::to_string(received - 86'400'000);
  const Output dated = Run({"log", "check", Write("altered.json", altered.dump()), "--key", key});
  EXPECT_EQ(dated.exit_code, 1);
  EXPECT_THAT(dated.err, HasSubstr("the leaf is not in that tree"));
  const Output indonesian =
      Run({"log", "check", Write("altered.json", altered.dump()), "--key", key, "--lang", "id"});
  EXPECT_THAT(indonesian.err, HasSubstr("tanda terima ini tidak benar"));
}

TEST_F(LogTest, AReceiptWithBodiesSaysWhatWasRecorded) {
  const std::string ref = CheckedLicence(), receipt = File("bukti.json");
  Json({"log", "prove", ref, "--out", receipt, "--with-bodies"});
  const Output checked = Run({"log", "check", receipt, "--key", Key()});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, Not(HasSubstr("Without bodies")));
  EXPECT_EQ(Tikar({"log", "prove", "7ZK4Q-X9M2H-P"}).exit_code, 3);
}

TEST_F(LogTest, LogsAreVerifiedAgainstTheirTrees) {
  CheckedLicence();
  CheckedLicence();
  const json verified = Json({"log", "verify"});
  EXPECT_EQ(verified["holds"], true);
  EXPECT_EQ(verified["entries"], 4);
  EXPECT_EQ(verified["logs"], 1);
  EXPECT_THAT(Tikar({"log", "verify", "--region", "15.01"}).out,
              HasSubstr("4 entries of 1 logs are what their trees say"));
  EXPECT_EQ(Tikar({"log", "verify", "--origin", "0123456789abcdef"}).exit_code, 2);
  EXPECT_EQ(Tikar({"log", "verify", "--region", "15.01", "--origin", "0123456789abcdef"}).exit_code,
            3);
}

// The store goes on; only what needs a key is refused, with the way out.
TEST_F(TikardTest, WithoutAKeyNothingIsSigned) {
  const std::string ref = CheckedLicence();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"log", "key"},
                                             {"log", "checkpoint", "--region", "15.01"},
                                             {"log", "prove", ref, "--out", File("bukti.json")}}) {
    const Output output = Tikar(command);
    EXPECT_EQ(output.exit_code, 1);
    EXPECT_THAT(output.err, HasSubstr("tikard init")) << command[1];
  }
  EXPECT_FALSE(std::filesystem::exists(File("bukti.json")));
  EXPECT_EQ(Json({"log", "verify"})["holds"], true);
  EXPECT_EQ(Json({"log", "list"})["logs"][0]["checkpoint"], nullptr);
}

}  // namespace
}  // namespace tikar::cli
