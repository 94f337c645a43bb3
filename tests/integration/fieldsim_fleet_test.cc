// A small fleet against the real server, by the command that people run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "clients/fieldsim/application.h"
#include "sdk_tikard.h"
#include "tikar/v1/request_service.grpc.pb.h"

namespace tikar::fieldsim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

Outcome Simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tikar-fieldsim");
  arguments.push_back("--quiet");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out, err;
  Outcome outcome;
  outcome.exit_code = RunFieldsim(static_cast<int>(argv.size()), argv.data(), out, err);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

class FleetTest : public testing::Test {
 protected:
  void SetUp() override { tikard_.Start(); }

  Outcome RunHere(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", tikard_.address(), "--output", "json"});
    return Simulate(std::move(arguments));
  }

  client::TemporaryDirectory directory_;
  client::Tikard tikard_{directory_};
};

// Everything that the report counts must have happened, else a fleet that does nothing would pass.
void ExpectSound(const Outcome& outcome, uint64_t changes) {
  ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const nlohmann::json report = outcome.json();
  EXPECT_EQ(report["ok"], true);
  EXPECT_THAT(report["findings"], IsEmpty());
  EXPECT_EQ(report["changes"]["made"], changes);
  EXPECT_EQ(report["changes"]["acknowledged"], changes);
  EXPECT_GT(report["requests_created"], 0);
  EXPECT_GT(report["bytes"]["up"], 100 * changes);
  EXPECT_GT(report["bytes"]["down"], report["bytes"]["up"]);
  EXPECT_GT(report["exchanges"]["p50_us"], 0);
  EXPECT_GE(report["exchanges"]["p99_us"], report["exchanges"]["p50_us"]);
}

TEST_F(FleetTest, TwentyFullPhonesConverge) {
  const Outcome outcome = RunHere(
      {"--devices", "20", "--changes", "10", "--shared", "0.4", "--areas", "15.01", "--full"});
  ExpectSound(outcome, 200);
  const nlohmann::json report = outcome.json();
  EXPECT_EQ(report["storage"], "full");
  // Edits on shared requests met.
  EXPECT_GT(report["conflicts"]["concurrent_changes"], 10);
}

TEST_F(FleetTest, LightPhonesThatWereAwayForDaysConverge) {
  const Outcome outcome =
      RunHere({"--devices", "60", "--changes", "10", "--shared", "0.3", "--offline", "days",
               "--areas", "15.01,12.04", "--light", "--wrong-clocks", "0.3"});
  ExpectSound(outcome, 600);
  EXPECT_EQ(outcome.json()["storage"], "light");
  EXPECT_GT(outcome.json()["conflicts"]["concurrent_changes"], 50);
}

TEST_F(FleetTest, EachPhoneFilesWithWhatItsRegionOffers) {
  const std::string shipped = sync::Sha256(client::CatalogDefinition("pengaduan").body()).bytes();
  const std::string fork = client::AdoptFork(tikard_, "15.01", 1);
  ExpectSound(RunHere({"--devices", "20", "--changes", "3", "--areas", "15.01.06,15.71.01"}), 60);
  const auto requests = v1::RequestService::NewStub(client::MakeChannel(tikard_.address()));
  for (const auto& [region, offered] : {std::pair("15.01", fork), {"15.71", shipped}}) {
    v1::ListRequestsRequest list;
    list.set_parent(std::string("regions/") + region);
    v1::ListRequestsResponse listed;
    grpc::ClientContext context;
    ASSERT_TRUE(requests->ListRequests(&context, list, &listed).ok());
    EXPECT_GT(listed.requests_size(), 0) << region;
    for (const v1::Request& request : listed.requests()) {
      EXPECT_EQ(request.definition_hash(), offered) << request.name();
    }
  }
}

TEST_F(FleetTest, ASecondFleetFindsTheFirstOnesWork) {
  ExpectSound(RunHere({"--devices", "4", "--changes", "5", "--areas", "15.01.06"}), 20);
  const Outcome again = RunHere({"--devices", "4", "--changes", "5", "--areas", "15.01.06"});
  ExpectSound(again, 20);
}

// Another fleet under the same name: what the first one made, no phone of the second made, as if
// its changes had been written twice. The checker must say so.
TEST_F(FleetTest, ChangesThatNoPhoneMadeAreFound) {
  const std::vector<std::string> arguments = {"--devices", "3",        "--changes", "4",
                                              "--areas",   "15.01.06", "--run",     "kembar",
                                              "--shared",  "1",        "--offline", "none"};
  ExpectSound(RunHere(arguments), 12);
  const Outcome again = RunHere(arguments);
  EXPECT_EQ(again.exit_code, 1);
  const nlohmann::json report = again.json();
  EXPECT_EQ(report["ok"], false);
  ASSERT_EQ(report["findings"].size(), 12u);
  for (const nlohmann::json& finding : report["findings"]) {
    EXPECT_EQ(finding["fault"], "invented");
    EXPECT_THAT(finding["actor"].get<std::string>(), HasSubstr("fieldsim/kembar/"));
  }
}

TEST_F(FleetTest, AnAreaThatIsNoneIsSaid) {
  const Outcome outcome = RunHere({"--areas", "15.99", "--devices", "1"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("15.99"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(FleetCommandLineTest, AServerThatIsAwayIsSaid) {
  const Outcome outcome = Simulate({"--server", "127.0.0.1:1", "--devices", "1"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("127.0.0.1:1"));
}

TEST(FleetCommandLineTest, WrongFlagsAreRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(Simulate({"--shared", "1.5"}).exit_code, 2);
  EXPECT_EQ(Simulate({"--offline", "weeks"}).exit_code, 2);
  EXPECT_EQ(Simulate({"--areas", "Kerinci"}).exit_code, 2);
  EXPECT_EQ(Simulate({"--light", "--full"}).exit_code, 2);
  EXPECT_EQ(Simulate({"--run", "Kembar 1"}).exit_code, 2);
  const Outcome help = Simulate({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Examples:"));
}

}  // namespace
}  // namespace tikar::fieldsim
