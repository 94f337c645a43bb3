// Replica::RunTimers: what is due, moved on.
#include <deque>
#include <memory>
#include <string>
#include <utility>

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

// The rows from `begin` on that may be due. `*begin` moves on; empty: there are no more. In a part
// of the region nothing is due earlier than in the region: it has the same holidays and perhaps
// more.
absl::StatusOr<std::deque<ClockRow>> RowsThatMayBeDue(const Reader& reader,
                                                      const std::string& region,
                                                      uint32_t working_days, int64_t now_ms,
                                                      const WorkingCalendar& calendar,
                                                      std::string* begin) {
  std::deque<ClockRow> rows;
  std::string next;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      Family::kRequests, *begin, PrefixEnd(keys::ClockPrefix(keys::kSilent, region, working_days)),
      [&](std::string_view key, std::string_view) {
        absl::StatusOr<ClockRow> row = ParseClockRow(key);
        status = row.status();
        if (!row.ok() || calendar.Deadline(row->at_ms, working_days, region) > now_ms) return false;
        if (rows.size() == kRowsPerLook) {
          next = std::string(key);
          return false;
        }
        rows.push_back(*std::move(row));
        return true;
      }));
  RETURN_IF_ERROR(status);
  *begin = std::move(next);
  return rows;
}

}  // namespace

absl::StatusOr<bool> Replica::RunTimer(const ClockRow& row, int64_t now_ms,
                                       const WorkingCalendar& calendar, Group* group) {
  ASSIGN_OR_RETURN(RequestEditor * editor, group->Edit(row.request));
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
  RETURN_IF_ERROR(group->Log(editor, std::move(change), group->MakeStamp(0, "")).status());
  return true;
}

absl::StatusOr<Outcome> Replica::RunTimers(int64_t now_ms, const WorkingCalendar& calendar,
                                           size_t limit) {
  Group group(*this, now_ms);
  size_t made = 0;
  for (const auto& [region, record] : regions_) {
    if (options_.is_home && !options_.is_home(region)) continue;
    ASSIGN_OR_RETURN(const std::vector<uint32_t> levels,
                     WorkingDaysOf(reader_, keys::kSilent, region));
    for (const uint32_t working_days : levels) {
      std::string begin = keys::ClockPrefix(keys::kSilent, region, working_days);
      while (!begin.empty() && made < limit) {
        ASSIGN_OR_RETURN(const std::deque<ClockRow> rows,
                         RowsThatMayBeDue(reader_, region, working_days, now_ms, calendar, &begin));
        for (const ClockRow& row : rows) {
          if (made == limit) break;
          ASSIGN_OR_RETURN(const bool moved, RunTimer(row, now_ms, calendar, &group));
          if (moved) ++made;
        }
      }
    }
  }
  return group.Finish();
}

}  // namespace tikar::sync
