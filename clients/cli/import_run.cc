#include "clients/cli/import_run.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "clients/cli/random.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

constexpr uint32_t kProtocolVersion = 1;
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(500);
constexpr absl::Duration kBackoffLongest = absl::Seconds(30);

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

sync::Violation ViolationOf(const v1::Violation& proto) {
  sync::Violation violation;
  violation.field = proto.field();
  violation.code = proto.code();
  violation.message_id = proto.message_id();
  violation.message_en = proto.message_en();
  return violation;
}

}  // namespace

ImportRun::ImportRun(CsvReader& reader, RowConverter& converter, std::string client_version,
                     Surroundings surroundings)
    : reader_(reader),
      converter_(converter),
      client_version_(std::move(client_version)),
      surroundings_(std::move(surroundings)) {}

bool ImportRun::FillPush() {
  PendingPush push;
  size_t bytes = 0;
  v1::Push& message = *push.request.mutable_push();
  while (true) {
    if (row_in_progress_ == nullptr) {
      if (end_of_file_) break;
      absl::StatusOr<std::optional<CsvRecord>> record = reader_.Next();
      if (!record.ok() || !record->has_value()) {
        // What was read before a break in the file is imported all the same.
        end_of_file_ = true;
        file_status_ = record.status();
        break;
      }
      ++summary_.rows;
      auto pending = std::make_shared<PendingRow>();
      pending->row = converter_.Convert(**std::move(record));
      for (const Bilingual& warning : pending->row.warnings) {
        ++summary_.warnings;
        surroundings_.on_warning(pending->row, warning);
      }
      if (!pending->row.problems.empty()) {
        FinishRow(*pending);
        surroundings_.on_progress(summary_);
        continue;
      }
      pending->unanswered = pending->row.changes.size();
      row_in_progress_ = std::move(pending);
      row_position_ = 0;
    }
    std::vector<ImportChange>& changes = row_in_progress_->row.changes;
    while (row_position_ < changes.size()) {
      ImportChange& change = changes[row_position_];
      if (!push.changes.empty() && (push.changes.size() >= kImportPushChangesMax ||
                                    bytes + change.body.size() > kImportPushBytesMax)) {
        pushes_.push_back(std::move(push));
        return true;
      }
      bytes += change.body.size();
      push.changes.emplace_back(row_in_progress_, change.id);
      message.add_changes()->set_body(std::move(change.body));
      ++row_position_;
    }
    row_in_progress_ = nullptr;
  }
  if (push.changes.empty()) return false;
  pushes_.push_back(std::move(push));
  return true;
}

void ImportRun::FinishRow(const PendingRow& pending) {
  if (!pending.row.problems.empty()) {
    ++summary_.rows_refused;
    surroundings_.on_refused(pending.row);
  } else if (pending.added) {
    ++summary_.rows_added;
  } else {
    ++summary_.rows_present;
  }
}

absl::Status ImportRun::TakeResult(const v1::PushResult& result) {
  if (sent_ == 0) return absl::InternalError("the server answered a push that was not made");
  PendingPush push = std::move(pushes_.front());
  pushes_.pop_front();
  --sent_;
  if (static_cast<size_t>(result.results_size()) != push.changes.size()) {
    return absl::InternalError("the server answered another number of changes than it was sent");
  }
  for (size_t i = 0; i < push.changes.size(); ++i) {
    const v1::ChangeResult& answer = result.results(static_cast<int>(i));
    auto& [pending, change_id] = push.changes[i];
    if (answer.change_id() != change_id.view()) {
      return absl::InternalError("the server answered for a change that it was not sent");
    }
    if (answer.verdict() == v1::VERDICT_ACCEPTED) {
      ++(answer.duplicate() ? summary_.changes_present : summary_.changes_added);
      if (!answer.duplicate()) pending->added = true;
    } else {
      for (const v1::Violation& violation : answer.violations()) {
        pending->row.problems.push_back(ViolationOf(violation));
      }
      if (answer.violations().empty()) {
        sync::Violation violation;
        violation.code = v1::RefusalReason_Name(answer.reason());
        violation.message_id = "Server menolak baris ini tanpa keterangan.";
        violation.message_en = "The server refused this row and did not say why.";
        pending->row.problems.push_back(std::move(violation));
      }
    }
    if (--pending->unanswered == 0) FinishRow(*pending);
  }
  surroundings_.on_progress(summary_);
  return absl::OkStatus();
}

absl::Status ImportRun::RunStream(bool& progressed) {
  const std::unique_ptr<SyncStream> stream = surroundings_.open_stream();
  sent_ = 0;
  v1::SyncRequest hello;
  hello.mutable_hello()->set_protocol_version(kProtocolVersion);
  hello.mutable_hello()->set_actor(converter_.map().actor());
  hello.mutable_hello()->set_device_time_ms(surroundings_.now_ms());
  hello.mutable_hello()->add_scope(converter_.map().region());
  hello.mutable_hello()->set_client_version(client_version_);
  hello.mutable_hello()->set_push_only(true);
  if (!stream->Write(hello)) return stream->Finish();
  while (true) {
    // Write as far as the protocol lets us, then wait for one answer.
    while (sent_ < kImportPushesOutstandingMax) {
      if (sent_ == pushes_.size() && !FillPush()) break;
      if (!stream->Write(pushes_[sent_].request)) return stream->Finish();
      ++sent_;
    }
    if (pushes_.empty()) break;
    v1::SyncResponse response;
    if (!stream->Read(&response)) {
      absl::Status status = stream->Finish();
      // A call that ends well with pushes unanswered is a server on its way out.
      return status.ok() ? absl::UnavailableError("the server ended the call early") : status;
    }
    if (response.has_push_result()) {
      RETURN_IF_ERROR(TakeResult(response.push_result()));
      progressed = true;
    }
  }
  stream->WritesDone();
  v1::SyncResponse unread;
  while (stream->Read(&unread)) {
  }
  // Every change has been answered: how the call ends now changes nothing.
  stream->Finish().IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<ImportSummary> ImportRun::Run() {
  int attempt = 0;
  while (true) {
    bool progressed = false;
    const absl::Status status = RunStream(progressed);
    if (status.ok()) {
      if (!file_status_.ok()) return file_status_;
      return summary_;
    }
    attempt = progressed ? 1 : attempt + 1;
    if (!IsTransient(status) || attempt >= kImportAttemptsMax) return status;
    const absl::Duration delay = std::max(BackoffDelay(attempt, kBackoffFirst, kBackoffLongest),
                                          RetryDelayOf(status).value_or(absl::ZeroDuration()));
    ++summary_.reconnects;
    surroundings_.on_wait(status, delay);
    surroundings_.sleep(delay);
  }
}

}  // namespace tikar::cli
