// Replica::RunTimers: what is due, moved on.
#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sync/index_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/replica.h"
#include "sync/replica_group.h"
#include "sync/service_clock.h"
#include "sync/status_macros.h"
#include "sync/timers.h"

namespace tikar::sync {
namespace {

// Rows that one look takes, before any request is read.
constexpr size_t kRowsPerLook = 256;

struct Look {
  std::deque<ClockRow> rows;
  std::string next;  // where the next look begins; empty: there are no more
  std::vector<absl::Status> damaged;
};

// The rows from `begin` on that may be due, at most `rows_max`. In a part of the region nothing is
// due earlier than in the region: it has the same holidays and perhaps more.
absl::StatusOr<Look> LookForDue(const Reader& reader, const std::string& region,
                                uint32_t working_days, int64_t now_ms,
                                const WorkingCalendar& calendar, const std::string& begin,
                                size_t rows_max) {
  Look look;
  RETURN_IF_ERROR(reader.Scan(Family::kRequests, begin,
                              PrefixEnd(keys::ClockPrefix(keys::kSilent, region, working_days)),
                              [&](std::string_view key, std::string_view) {
                                absl::StatusOr<ClockRow> row = ParseClockRow(key);
                                if (!row.ok()) {
                                  look.damaged.push_back(row.status());
                                  return look.damaged.size() < rows_max;
                                }
                                if (calendar.Deadline(row->at_ms, working_days, region) > now_ms)
                                  return false;
                                if (look.rows.size() == rows_max) {
                                  look.next = std::string(key);
                                  return false;
                                }
                                look.rows.push_back(*std::move(row));
                                return true;
                              }));
  return look;
}

std::string KeyOf(const ClockRow& row) {
  return keys::Clock(keys::kSilent, row.request, row.working_days, row.at_ms, row.level);
}

// What logging a change on the heads reads besides the record.
absl::Status ReadHeads(const ChangeId& change, RequestEditor* editor) {
  RETURN_IF_ERROR(editor->FindHeader(change).status());
  for (const ChangeId& head : editor->state().heads) {
    RETURN_IF_ERROR(editor->FindHeader(head).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> Replica::RunTimer(const ClockRow& row, int64_t now_ms,
                                       const WorkingCalendar& calendar, Group* group) {
  const absl::StatusOr<RequestEditor*> loaded = group->Edit(row.request);
  if (!loaded.ok()) {
    RETURN_IF_ERROR(group->LeaveUnreadable(row.request, loaded.status()));
    return false;
  }
  RequestEditor* const editor = *loaded;
  const State& state = editor->state();
  // The row is of before this group; an earlier timer of it may have moved the request on.
  if (state.availability != v1::AVAILABILITY_READY) return false;
  const std::shared_ptr<const Definition> definition = definitions_->Find(state.definition);
  const v1::ServiceLevel* const level = AutomaticLevel(state, *definition, row.level);
  if (level == nullptr) return false;
  const int64_t deadline_ms =
      calendar.Deadline(SilentSinceMs(state, *level), level->working_days(), ClockAreaOf(state));
  if (deadline_ms > now_ms) return false;
  // It must see every head, and never fills a request that is full for people.
  if (state.heads.size() > kParentsPerChangeMax ||
      state.change_count - editor->local().refused_count >= kChangesPerRequestMax) {
    return false;
  }
  ASSIGN_OR_RETURN(ParsedChange change,
                   ParseChange(MakeTimerChange(state, *level, deadline_ms), options_.capability));
  // While nothing of it is made: what cannot be read must not hold up the others.
  if (const absl::Status read = ReadHeads(change.id, editor); !read.ok()) {
    if (editor->touched()) return read;
    RETURN_IF_ERROR(group->LeaveUnreadable(row.request, read));
    return false;
  }
  RETURN_IF_ERROR(group->Log(editor, std::move(change), group->MakeStamp(0, "")).status());
  return true;
}

absl::StatusOr<Outcome> Replica::RunTimers(int64_t now_ms, const WorkingCalendar& calendar,
                                           size_t limit) {
  Group group(*this, now_ms);
  size_t made = 0, looked_at = 0;
  std::string next;  // the first row that is left for the next call
  for (const auto& [region, record] : regions_) {
    if (!next.empty()) break;
    if (options_.is_home && !options_.is_home(region)) continue;
    ASSIGN_OR_RETURN(const std::vector<uint32_t> levels,
                     WorkingDaysOf(reader_, keys::kSilent, region));
    for (const uint32_t working_days : levels) {
      // Regions and levels come in the order of their rows.
      const std::string lane = keys::ClockPrefix(keys::kSilent, region, working_days);
      std::string begin = std::max(lane, timers_from_);
      if (begin >= PrefixEnd(lane)) continue;
      while (!begin.empty() && next.empty()) {
        ASSIGN_OR_RETURN(const Look look, LookForDue(reader_, region, working_days, now_ms,
                                                     calendar, begin, kRowsPerLook));
        for (const absl::Status& damaged : look.damaged) {
          RETURN_IF_ERROR(group.LeaveUnreadableRow(damaged));
        }
        for (const ClockRow& row : look.rows) {
          if (made == limit || looked_at == kTimerRequestsPerGroupMax) {
            next = KeyOf(row);
            break;
          }
          ++looked_at;
          ASSIGN_OR_RETURN(const bool moved, RunTimer(row, now_ms, calendar, &group));
          if (moved) ++made;
        }
        begin = look.next;
      }
      if (!next.empty()) break;
    }
  }
  ASSIGN_OR_RETURN(Outcome outcome, group.Finish());
  timers_from_ = std::move(next);
  return outcome;
}

}  // namespace tikar::sync
