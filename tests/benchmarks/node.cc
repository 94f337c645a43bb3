#include "node.h"

#include <algorithm>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/process.h"
#include "storage/rocksdb_store.h"
#include "sync/status_macros.h"

namespace tikar::benchmarks {

server::EngineOptions EngineOptionsFor(const std::string& path, WriteTape* tape) {
  server::EngineOptions options;
  options.random = server::RandomBits;
  options.version = "benchmark";
  options.read_threads = std::max(2u, std::thread::hardware_concurrency());
  options.sequencer.now_ms = NowMs;
  options.sequencer.replica.random = server::RandomBits;
  options.sequencer.open_store = [path, tape]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    storage::RocksdbStoreOptions store_options;
    store_options.path = path;
    ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> store,
                     storage::RocksdbStore::Open(store_options));
    if (tape != nullptr) store = Recorded(std::move(store), tape);
    return store;
  };
  return options;
}

server::ServerOptions ServerOptionsFor(const std::string& path, const std::string& definition) {
  server::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.data_directory = path;
  options.catalog.definitions.push_back(definition);
  options.engine = EngineOptionsFor(path, nullptr);
  return options;
}

absl::Status Publish(server::Sequencer& sequencer, const std::string& definition) {
  auto done = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> status = done->get_future();
  RETURN_IF_ERROR(sequencer.AddDefinition(
      definition, [done](server::TaskResult result) { done->set_value(result.status); }));
  return status.get();
}

std::vector<sync::Submission> Submissions(absl::Span<const PhoneChange> changes) {
  std::vector<sync::Submission> submissions(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    submissions[i].actor = changes[i].actor;
    submissions[i].body = changes[i].body;
  }
  return submissions;
}

absl::Status IngestInGroups(server::Sequencer& sequencer, absl::Span<const PhoneChange> changes,
                            size_t group) {
  for (size_t at = 0; at < changes.size(); at += group) {
    std::promise<server::TaskResult> answered;
    std::future<server::TaskResult> answer = answered.get_future();
    RETURN_IF_ERROR(sequencer.Submit(
        Submissions(changes.subspan(at, group)),
        [&answered](server::TaskResult result) { answered.set_value(std::move(result)); }));
    const server::TaskResult result = answer.get();
    RETURN_IF_ERROR(result.status);
    RETURN_IF_ERROR(CheckAccepted(result.results));
  }
  return absl::OkStatus();
}

absl::Status CheckAccepted(absl::Span<const sync::SubmissionResult> results) {
  for (const sync::SubmissionResult& result : results) {
    if (result.verdict == v1::VERDICT_ACCEPTED && !result.duplicate) continue;
    return absl::InternalError(
        absl::StrCat("a change was not accepted: ", v1::RefusalReason_Name(result.reason), " ",
                     result.violations.empty() ? "" : result.violations.front().message_en));
  }
  return absl::OkStatus();
}

}  // namespace tikar::benchmarks
