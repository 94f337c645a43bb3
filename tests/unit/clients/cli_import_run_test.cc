// The import against a server that keeps what it is sent and breaks off when the test says so,
// which the real one does not do on command; that one is met in cli_tikard_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli_import_sample.h"
#include "clients/cli/failure.h"
#include "clients/cli/import_run.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sync/change.h"

namespace tikar::cli {
namespace {

using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What became of each change, for ever; a stream comes and goes.
struct Server {
  std::set<std::string> stored;
  // Pushes that the next streams take before they break with `error`, one number per stream; a
  // stream without a number runs to its end.
  std::deque<int> pushes_before_break;
  absl::Status error = absl::UnavailableError("stopping");
  // Whether the push at which a stream breaks was stored, without an answer.
  bool stores_unanswered = false;
  // Body text that is refused.
  std::string poison;

  int streams = 0;
  int outstanding_max = 0;
  int changes_max = 0;
  std::vector<v1::Hello> hellos;
};

class ServerStream : public SyncStream {
 public:
  explicit ServerStream(Server& server) : server_(server) {
    ++server_.streams;
    if (!server_.pushes_before_break.empty()) {
      pushes_left_ = server_.pushes_before_break.front();
      server_.pushes_before_break.pop_front();
    }
  }

  bool Write(const v1::SyncRequest& request) override {
    if (broken_) return false;
    if (request.has_hello()) {
      server_.hellos.push_back(request.hello());
      answers_.emplace_back().mutable_welcome();
      return true;
    }
    server_.changes_max = std::max(server_.changes_max, request.push().changes_size());
    if (pushes_left_ == 0) {
      if (server_.stores_unanswered) Store(request.push());
      broken_ = true;
      return false;
    }
    --pushes_left_;
    v1::SyncResponse response;
    *response.mutable_push_result() = Store(request.push());
    answers_.push_back(response);
    server_.outstanding_max = std::max(server_.outstanding_max, static_cast<int>(answers_.size()) -
                                                                    answers_.front().has_welcome());
    return true;
  }

  bool Read(v1::SyncResponse* response) override {
    if (answers_.empty()) return false;
    *response = answers_.front();
    answers_.pop_front();
    return true;
  }
  void WritesDone() override { ended_ = true; }
  absl::Status Finish() override { return broken_ ? server_.error : absl::OkStatus(); }

 private:
  v1::PushResult Store(const v1::Push& push) {
    v1::PushResult result;
    for (const v1::Change& change : push.changes()) {
      const sync::ParsedChange parsed = *sync::ParseChange(change.body());
      v1::ChangeResult& answer = *result.add_results();
      answer.set_change_id(parsed.id.bytes());
      if (!server_.poison.empty() && change.body().find(server_.poison) != std::string::npos) {
        answer.set_verdict(v1::VERDICT_VOID);
        answer.set_reason(v1::REFUSAL_REASON_SCOPE);
        answer.add_violations()->set_message_en("Not in your scope.");
        continue;
      }
      answer.set_verdict(v1::VERDICT_ACCEPTED);
      answer.set_duplicate(!server_.stored.insert(parsed.id.bytes()).second);
    }
    return result;
  }

  Server& server_;
  int pushes_left_ = -1;
  bool broken_ = false;
  bool ended_ = false;
  std::deque<v1::SyncResponse> answers_;
};

struct RunResult {
  absl::StatusOr<ImportSummary> summary;
  std::vector<ImportRow> refused;
  std::vector<absl::Duration> waits;
};

RunResult Import(Server& server, const std::string& csv) {
  std::istringstream stream(csv);
  CsvReader reader(stream);
  RowConverter converter = NycConverter((**reader.Next()).cells);
  RunResult result;
  ImportRun::Surroundings surroundings;
  surroundings.open_stream = [&] { return std::make_unique<ServerStream>(server); };
  surroundings.now_ms = [] { return int64_t{1'795'000'000'000}; };
  surroundings.sleep = [&](absl::Duration delay) { result.waits.push_back(delay); };
  surroundings.on_progress = [](const ImportSummary&) {};
  surroundings.on_refused = [&](const ImportRow& row) { result.refused.push_back(row); };
  surroundings.on_warning = [](const ImportRow&, const Bilingual&) {};
  surroundings.on_wait = [](const absl::Status&, absl::Duration) {};
  ImportRun run(reader, converter, "tikar/test", std::move(surroundings));
  result.summary = run.Run();
  return result;
}

TEST(ImportRunTest, AddsAllRowsOnceAndNoneTheSecondTime) {
  Server server;
  const RunResult first = Import(server, NycCsv());
  ASSERT_TRUE(first.summary.ok()) << first.summary.status();
  EXPECT_EQ(first.summary->rows, 500u);
  EXPECT_EQ(first.summary->rows_added, 500u);
  EXPECT_EQ(first.summary->rows_refused, 0u);
  EXPECT_EQ(first.summary->warnings, 9u);
  EXPECT_EQ(first.summary->changes_added, server.stored.size());
  const size_t stored = server.stored.size();

  const RunResult second = Import(server, NycCsv());
  ASSERT_TRUE(second.summary.ok());
  EXPECT_EQ(second.summary->rows_added, 0u);
  EXPECT_EQ(second.summary->rows_present, 500u);
  EXPECT_EQ(second.summary->changes_present, stored);
  EXPECT_EQ(server.stored.size(), stored);
}

TEST(ImportRunTest, KeepsToTheLimitsOfTheProtocol) {
  Server server;
  ASSERT_TRUE(Import(server, NycCsv()).summary.ok());
  EXPECT_LE(server.outstanding_max, 4);
  EXPECT_LE(server.changes_max, 200);
  ASSERT_THAT(server.hellos, SizeIs(1));
  EXPECT_TRUE(server.hellos[0].push_only());
  EXPECT_EQ(server.hellos[0].actor(), "import/nyc311");
  EXPECT_EQ(server.hellos[0].scope(0), "15.01");
  EXPECT_EQ(server.hellos[0].device_time_ms(), 1'795'000'000'000);
}

TEST(ImportRunTest, GoesOnWhereItWasAfterEveryBreak) {
  for (const bool stores_unanswered : {false, true}) {
    Server server;
    server.stores_unanswered = stores_unanswered;
    server.pushes_before_break = {1, 2, 0, 0, 3};
    const RunResult result = Import(server, NycCsv());
    ASSERT_TRUE(result.summary.ok()) << result.summary.status();
    EXPECT_EQ(result.summary->rows, 500u);
    EXPECT_EQ(result.summary->rows_added + result.summary->rows_present, 500u);
    EXPECT_EQ(result.summary->changes_added + result.summary->changes_present,
              server.stored.size());
    EXPECT_EQ(result.summary->reconnects, 5u);
    EXPECT_EQ(server.streams, 6);
    EXPECT_THAT(result.waits, SizeIs(5));
  }
}

TEST(ImportRunTest, WaitsAtLeastAsLongAsTheServerAsks) {
  Server server;
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(40);
  details.add_details()->PackFrom(retry);
  server.error = StatusOfServer(8, "busy", details.SerializeAsString());
  server.pushes_before_break = {0, 1};
  const RunResult result = Import(server, NycCsv());
  ASSERT_TRUE(result.summary.ok());
  EXPECT_THAT(result.waits, SizeIs(2));
  EXPECT_THAT(result.waits, Each(Ge(absl::Seconds(40))));
}

TEST(ImportRunTest, GivesUpWhenNothingIsAnsweredAnyMore) {
  Server server;
  server.pushes_before_break = std::deque<int>(100, 0);
  const RunResult result = Import(server, NycCsv());
  EXPECT_EQ(result.summary.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(server.streams, kImportAttemptsMax);
}

TEST(ImportRunTest, DoesNotRepeatWhatTheServerRefusesForGood) {
  Server server;
  server.error = absl::InvalidArgumentError("no such region");
  server.pushes_before_break = {0};
  const RunResult result = Import(server, NycCsv());
  EXPECT_EQ(result.summary.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(server.streams, 1);
}

TEST(ImportRunTest, ARowThatTheServerRefusesIsHandedOutAndTheOthersGoIn) {
  Server server;
  server.poison = "42031926";  // the key is in the description of its Create
  const RunResult result = Import(server, NycCsv());
  ASSERT_TRUE(result.summary.ok());
  EXPECT_EQ(result.summary->rows_added, 499u);
  EXPECT_EQ(result.summary->rows_refused, 1u);
  ASSERT_THAT(result.refused, SizeIs(1));
  EXPECT_EQ(result.refused[0].key, "42031926");
  EXPECT_EQ(result.refused[0].cells[0], "42031926");
  EXPECT_EQ(result.refused[0].problems[0].message_en, "Not in your scope.");
}

TEST(ImportRunTest, ARowThatCannotBeConvertedCostsOnlyItself) {
  std::string csv = NycCsv();
  csv.replace(csv.find("BROOKLYN,994998"), 8, "ATLANTIS");
  Server server;
  const RunResult result = Import(server, csv);
  ASSERT_TRUE(result.summary.ok());
  EXPECT_EQ(result.summary->rows_added, 499u);
  ASSERT_THAT(result.refused, SizeIs(1));
  EXPECT_EQ(result.refused[0].line, 2u);
}

TEST(ImportRunTest, WhatCameBeforeABreakInTheFileIsImported) {
  const std::string csv = NycCsv() + "1,\"" + std::string(kCsvRecordBytesMax + 1, 'x');
  Server server;
  const RunResult result = Import(server, csv);
  EXPECT_EQ(result.summary.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.summary.status().message()), HasSubstr("row that begins at line"));
  EXPECT_GT(server.stored.size(), 500u);
}

}  // namespace
}  // namespace tikar::cli
