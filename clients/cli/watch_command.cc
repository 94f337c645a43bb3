// tikar requests watch.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/random.h"
#include "clients/cli/request_filter.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/text_style.h"
#include "clients/cli/watch_lines.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr absl::Duration kBackoffFirst = absl::Milliseconds(500);
constexpr absl::Duration kBackoffLongest = absl::Seconds(30);

// What the network or a server that stops says, and not somebody who judged the call.
bool IsOfConnection(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

class Watcher {
 public:
  Watcher(Session& session, v1::WatchRequestsRequest watch, uint64_t count_max)
      : session_(session),
        style_{session.out_terminal(), session.language()},
        watch_(std::move(watch)),
        count_max_(count_max) {}

  // Until it is asked to stop, or has printed enough.
  absl::Status Run(StopSignal& stop) {
    for (int failures = 0;;) {
      const std::unique_ptr<WatchStream> stream = session_.connection().OpenWatch(watch_);
      stop.OnStop([&] { stream->Cancel(); });
      v1::WatchRequestsResponse response;
      bool done = false;
      while (!done && !stop.stopped() && stream->Read(&response)) {
        failures = 0;
        done = Take(response);
      }
      stop.OnStop(nullptr);
      if (done || stop.stopped()) return absl::OkStatus();
      const absl::Status end = stream->Finish();
      // One that never began is no lost connection: the address may be wrong.
      if (!begun_ || !IsOfConnection(end)) return end;
      const absl::Duration delay =
          std::max(BackoffDelay(++failures, kBackoffFirst, kBackoffLongest),
                   RetryDelayOf(end).value_or(absl::ZeroDuration()));
      NoteLost(end, delay);
      if (!stop.Wait(delay)) return absl::OkStatus();
    }
  }

 private:
  // Whether this was the last one.
  bool Take(const v1::WatchRequestsResponse& response) {
    if (!begun_) Begin();
    if (std::exchange(lost_, false)) NoteBack();
    const v1::Request& request = response.request();
    if (response.has_request() &&
        since_token_.insert({request.name(), request.state_digest()}).second) {
      Print(response);
      ++count_;
    }
    if (!response.resume_token().empty()) {
      watch_.set_resume_token(response.resume_token());
      since_token_.clear();
    }
    // A reader that went away (`| head`) is no reason to go on.
    return !session_.out() || (count_max_ > 0 && count_ >= count_max_);
  }

  void Begin() {
    begun_ = true;
    if (session_.json()) return;
    session_.out() << WatchHead(style_) << std::flush;
    if (session_.err_terminal().interactive) {
      session_.err() << Styled(session_.err_terminal(), Style::kDim,
                               session_.Say("Menunggu perubahan; Ctrl-C mengakhiri.",
                                            "Waiting for changes; Ctrl-C ends it."))
                     << std::endl;
    }
  }

  void Print(const v1::WatchRequestsResponse& response) {
    const v1::Request& request = response.request();
    uint32_t& change_count = change_counts_[request.name()];
    const RequestNews news =
        NewsOf(request, change_count == 0 ? std::nullopt : std::optional(change_count));
    change_count = request.change_count();
    if (session_.json()) {
      session_.out() << WatchJsonLine(response, news) << std::flush;
      return;
    }
    // Labels are not worth a line that is not printed: without its definition it shows keys.
    absl::StatusOr<DefinitionView> definition = session_.DefinitionOf(request);
    if (!definition.ok()) definition = DefinitionView(std::make_shared<const v1::Definition>());
    session_.out() << WatchLine(response, news, *definition, session_.AreaName(request.area()),
                                style_)
                   << std::flush;
  }

  void NoteLost(const absl::Status& end, absl::Duration delay) {
    const FailureText why = Explain(end, session_.language(), session_.settings().server);
    // Once for each time it is lost, not for each try.
    if (std::exchange(lost_, true)) return;
    const std::string seconds = absl::FormatDuration(absl::Ceil(delay, absl::Seconds(1)));
    session_.err() << Styled(session_.err_terminal(), Style::kWarning,
                             session_.Say("Sambungan terputus", "The connection was lost"))
                   << (end.ok() ? "" : ": ") << (end.ok() ? "" : OneLine(why.message)) << ". "
                   << session_.Say("Dicoba lagi sampai tersambung, pertama dalam ",
                                   "Trying until it is back, first in ")
                   << seconds << "." << std::endl;
  }

  void NoteBack() {
    session_.err() << Styled(session_.err_terminal(), Style::kGood,
                             session_.Say("Tersambung lagi", "Connected again"))
                   << session_.Say(
                          "; yang berubah sementara itu menyusul, tidak ada yang terlewat.",
                          "; what changed meanwhile follows, none is left out.")
                   << std::endl;
  }

  Session& session_;
  const TextStyle style_;
  v1::WatchRequestsRequest watch_;
  const uint64_t count_max_;
  uint64_t count_ = 0;
  bool begun_ = false;
  bool lost_ = false;
  // Printed since the newest resume token, by name and state: a watch that goes on there sends them
  // again. At most a page of the server's.
  std::set<std::pair<std::string, std::string>> since_token_;
  // By name; of what was printed last.
  absl::flat_hash_map<std::string, uint32_t> change_counts_;
};

}  // namespace

absl::Status RequestsWatch(Session& session, const RequestsWatchOptions& options) {
  absl::Duration within = absl::InfiniteDuration();
  if (!options.duration.empty() &&
      (!absl::ParseDuration(options.duration, &within) || within <= absl::ZeroDuration())) {
    return UsageError(absl::StrCat("--for meminta lama waktu seperti 90s, 10m atau 1h30m, bukan \"",
                                   options.duration, "\""),
                      absl::StrCat("--for takes a duration as 90s, 10m or 1h30m, not \"",
                                   options.duration, "\""));
  }
  v1::WatchRequestsRequest watch;
  ASSIGN_OR_RETURN(*watch.mutable_filter(), FilterOf(session, options.filter));
  watch.set_parent(ParentOfArea(watch.filter().area()));
  StopSignal stop(within);
  return Watcher(session, std::move(watch), options.count).Run(stop);
}

}  // namespace tikar::cli
