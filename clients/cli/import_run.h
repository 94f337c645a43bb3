// An import from the first row to the last: converts, pushes through one Sync call, and goes on
// where it was when the call breaks.
//
// What was pushed and not answered is kept and pushed again on the next call; since changes are
// idempotent nothing needs to be known about what the server took. Memory is bounded by the pushes
// outstanding, however long the file is.
#ifndef TIKAR_CLIENTS_CLI_IMPORT_RUN_H_
#define TIKAR_CLIENTS_CLI_IMPORT_RUN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/connection.h"
#include "clients/cli/csv.h"
#include "clients/cli/import_rows.h"

namespace tikar::cli {

// The protocol allows 4 unanswered pushes of 1 MiB and 1,000 changes; smaller ones keep the
// server's commit groups short and the progress bar moving.
inline constexpr size_t kImportPushesOutstandingMax = 4;
inline constexpr size_t kImportPushChangesMax = 200;
inline constexpr size_t kImportPushBytesMax = 768 << 10;
// Calls in a row that may break before anything was answered.
inline constexpr int kImportAttemptsMax = 8;

struct ImportSummary {
  uint64_t rows = 0;
  // Rows of which at least one change was new, none was, or that were refused here or by the
  // server.
  uint64_t rows_added = 0;
  uint64_t rows_present = 0;
  uint64_t rows_refused = 0;
  uint64_t changes_added = 0;
  uint64_t changes_present = 0;
  uint64_t warnings = 0;
  // Calls that broke and were made again.
  uint64_t reconnects = 0;
};

class ImportRun {
 public:
  // What the run needs of the world. All are required.
  struct Surroundings {
    std::function<std::unique_ptr<SyncStream>()> open_stream;
    // Milliseconds since the epoch.
    std::function<int64_t()> now_ms;
    std::function<void(absl::Duration)> sleep;
    // After every answered push and every refused row.
    std::function<void(const ImportSummary&)> on_progress;
    // A row that was not imported, with its `problems`.
    std::function<void(const ImportRow&)> on_refused;
    std::function<void(const ImportRow&, const Bilingual& warning)> on_warning;
    // The call broke and is made again after the delay.
    std::function<void(const absl::Status&, absl::Duration)> on_wait;
  };

  // References must outlive the run.
  ImportRun(CsvReader& reader, RowConverter& converter, std::string client_version,
            Surroundings surroundings);

  // Once. Fails when the file cannot be read further (what came before is imported), the server
  // refuses the call for good, or kImportAttemptsMax calls in a row broke: what was answered until
  // then is imported, and importing the file again does the rest.
  absl::StatusOr<ImportSummary> Run();

 private:
  // A row some of whose changes wait for their answers.
  struct PendingRow {
    ImportRow row;
    size_t unanswered = 0;
    bool added = false;
  };
  struct PendingPush {
    v1::SyncRequest request;
    std::vector<std::pair<std::shared_ptr<PendingRow>, sync::ChangeId>> changes;
  };

  // Builds the next push from the file; false at its end.
  bool FillPush();
  absl::Status RunStream(bool& progressed);
  absl::Status TakeResult(const v1::PushResult& result);
  void FinishRow(const PendingRow& pending);

  CsvReader& reader_;
  RowConverter& converter_;
  const std::string client_version_;
  const Surroundings surroundings_;
  ImportSummary summary_;
  bool end_of_file_ = false;
  // Why the file cannot be read further, if it cannot.
  absl::Status file_status_;
  // Oldest first; the first `sent_` were written to the present stream.
  std::deque<PendingPush> pushes_;
  size_t sent_ = 0;
  // The row that did not fit the last push whole.
  std::shared_ptr<PendingRow> row_in_progress_;
  size_t row_position_ = 0;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_IMPORT_RUN_H_
