#include "server/reports.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/defined_report.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/report_cells.h"
#include "sync/hlc.h"
#include "sync/names.h"
#include "sync/service_clock.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// The middle of the values counted, in halves.
v1::Value Median(const std::map<int64_t, uint64_t>& counts) {
  uint64_t total = 0;
  for (const auto& [value, count] : counts) total += count;
  const auto at = [&](uint64_t rank) {
    for (const auto& [value, count] : counts) {
      if (rank < count) return value;
      rank -= count;
    }
    return int64_t{0};
  };
  const int64_t twice = at((total - 1) / 2) + at(total / 2);
  v1::Value median;
  if (twice % 2 == 0) {
    median.set_integer(twice / 2);
  } else {
    median.set_decimal(absl::StrCat(twice < 0 ? "-" : "", std::abs(twice) / 2, ".5"));
  }
  return median;
}

// Per region, service and service level, how its clocks stand.
class ServiceLevelReport final : public Report {
 public:
  ServiceLevelReport(const v1::RunReportRequest& call, const ReportContext& context)
      : context_(context), service_(call.service()), created_{call.from_ms(), call.to_ms()} {}

  absl::Status Add(const sync::StoredRequest& request) override {
    const sync::State& state = request.state;
    if (state.availability != v1::AVAILABILITY_READY || state.retracted()) return absl::OkStatus();
    if (!service_.empty() && state.service != service_) return absl::OkStatus();
    if (!created_.Has(sync::HlcMs(state.create_time))) return absl::OkStatus();
    const auto definition = context_.published->definitions->Find(state.definition);
    if (definition == nullptr) return absl::OkStatus();
    for (const sync::ServiceClock& clock :
         sync::ServiceClocksOf(state, *definition, *context_.calendar)) {
      RETURN_IF_ERROR(CheckRoom(counts_.size()));
      Counts& counts = counts_[{state.key.region, state.service, clock.level->key()}];
      counts.label = clock.level->label();
      const bool late = clock.IsLate(context_.now_ms);
      if (clock.running()) {
        ++counts.running;
        if (late) ++counts.late;
      } else {
        ++(late ? counts.missed : counts.met);
        ++counts.days[context_.calendar->WorkingDaysBetween(
            clock.started_at_ms, *clock.stopped_at_ms, sync::ClockAreaOf(state))];
      }
    }
    return absl::OkStatus();
  }

  ReportTable Finish() override {
    ReportTable table;
    table.title = Localized("Standar pelayanan", "Service levels");
    table.columns = {
        MakeColumn("region", Localized("Wilayah", "Region"), false),
        MakeColumn("service", Localized("Layanan", "Service"), false),
        MakeColumn("level", Localized("Standar", "Level"), false),
        MakeColumn("label", Localized("Nama standar", "Name of the level"), false),
        MakeColumn("running", Localized("Berjalan", "Running"), true),
        MakeColumn("met", Localized("Tepat waktu", "Met"), true),
        MakeColumn("missed", Localized("Terlambat", "Missed"), true),
        MakeColumn("late", Localized("Terlambat sekarang", "Late now"), true),
        MakeColumn("median_days", Localized("Median hari kerja", "Median working days"), true)};
    for (const auto& [key, counts] : counts_) {
      v1::ReportRow& row = table.rows.emplace_back();
      AddText(std::get<0>(key), &row);
      AddText(std::get<1>(key), &row);
      AddText(std::get<2>(key), &row);
      AddWords(counts.label, &row);
      for (const int64_t count : {counts.running, counts.met, counts.missed, counts.late}) {
        AddNumber(count, &row);
      }
      AddCell(counts.days.empty() ? std::nullopt : std::optional(Median(counts.days)), &row);
    }
    return table;
  }

  size_t requests_per_job() const override { return kReportRequestsPerJob; }

 private:
  struct Counts {
    v1::LocalizedText label;
    int64_t running = 0, met = 0, missed = 0, late = 0;
    std::map<int64_t, uint64_t> days;  // working days of those that stopped
  };

  const ReportContext context_;
  const std::string service_;
  const Interval created_;
  std::map<std::tuple<std::string, std::string, std::string>, Counts> counts_;
};

// e-RK: what each officer did, from what the log says.
class PerformanceReport final : public Report {
 public:
  PerformanceReport(const v1::RunReportRequest& call, const ReportContext& context)
      : context_(context), service_(call.service()), received_{call.from_ms(), call.to_ms()} {}

  absl::Status Add(const sync::StoredRequest& request) override {
    const sync::State& state = request.state;
    if (!service_.empty() && state.service != service_) return absl::OkStatus();
    const auto definition = context_.published->definitions->Find(state.definition);
    std::vector<sync::ServiceClock> clocks;
    if (definition != nullptr && state.availability == v1::AVAILABILITY_READY) {
      clocks = sync::ServiceClocksOf(state, *definition, *context_.calendar);
    }
    ASSIGN_OR_RETURN(const v1::GetRequestHistoryResponse history,
                     sync::LoadHistory(*context_.published->reader, state.key,
                                       *context_.published->definitions));
    std::set<std::string> touched;
    for (const v1::HistoryItem& item : history.items()) {
      if (item.stamp().verdict() != v1::VERDICT_ACCEPTED || item.actor().empty() ||
          item.actor() == sync::kTimerActor || !received_.Has(item.stamp().received_at_ms())) {
        continue;
      }
      if (!officers_.contains(item.actor())) RETURN_IF_ERROR(CheckRoom(officers_.size()));
      Counts& counts = officers_[item.actor()];
      ++counts.changes;
      if (touched.insert(item.actor()).second) ++counts.requests;
      const bool moved = std::any_of(item.kinds().begin(), item.kinds().end(),
                                     [](const std::string& kind) { return kind == "transition"; });
      if (!moved) continue;
      ++counts.transitions;
      for (const sync::ServiceClock& clock : clocks) {
        if (!Stopped(item, clock, state)) continue;
        ++(clock.IsLate(context_.now_ms) ? counts.late : counts.in_time);
      }
    }
    return absl::OkStatus();
  }

  ReportTable Finish() override {
    ReportTable table;
    table.title = Localized("Kinerja petugas", "Performance of officers");
    table.columns = {MakeColumn("agency", Localized("Instansi", "Agency"), false),
                     MakeColumn("actor", Localized("Petugas", "Officer"), false),
                     MakeColumn("requests", Localized("Permohonan", "Requests"), true),
                     MakeColumn("changes", Localized("Perubahan", "Changes"), true),
                     MakeColumn("transitions", Localized("Langkah", "Transitions"), true),
                     MakeColumn("in_time", Localized("Tepat waktu", "In time"), true),
                     MakeColumn("late", Localized("Terlambat", "Late"), true)};
    std::map<std::pair<std::string, std::string>, const Counts*> sorted;
    std::map<std::string, Counts> agencies;
    Counts all;
    for (const auto& [actor, counts] : officers_) {
      const std::string agency = AgencyOf(actor);
      sorted[{agency, actor}] = &counts;
      agencies[agency].Add(counts);
      all.Add(counts);
    }
    for (const auto& [key, counts] : sorted) {
      table.rows.push_back(RowOf(key.first, key.second, *counts));
    }
    for (const auto& [agency, counts] : agencies) {
      table.sums.push_back(RowOf(agency, std::nullopt, counts));
    }
    table.sums.push_back(RowOf(std::nullopt, std::nullopt, all));
    return table;
  }

  // Each is a history.
  size_t requests_per_job() const override { return kReportHistoriesPerJob; }

 private:
  struct Counts {
    int64_t requests = 0, changes = 0, transitions = 0, in_time = 0, late = 0;
    void Add(const Counts& other) {
      requests += other.requests;
      changes += other.changes;
      transitions += other.transitions;
      in_time += other.in_time;
      late += other.late;
    }
  };

  // Names are "agency/person" by custom.
  static std::string AgencyOf(const std::string& actor) {
    const size_t slash = actor.rfind('/');
    return slash == std::string::npos || slash == 0 ? "-" : actor.substr(0, slash);
  }

  // Whether it was this change whose step ended the clock.
  static bool Stopped(const v1::HistoryItem& item, const sync::ServiceClock& clock,
                      const sync::State& state) {
    if (clock.running() || *clock.stopped_at_ms != sync::HlcMs(item.effective_time())) return false;
    return std::any_of(item.writes().begin(), item.writes().end(), [&](const auto& write) {
      return write.path() == sync::kStatusPath &&
             state.EnteredAt(write.value().text()) == item.effective_time();
    });
  }

  static v1::ReportRow RowOf(const std::optional<std::string>& agency,
                             const std::optional<std::string>& actor, const Counts& counts) {
    v1::ReportRow row;
    for (const std::optional<std::string>* text : {&agency, &actor}) {
      if (text->has_value()) {
        AddText(**text, &row);
      } else {
        AddCell(std::nullopt, &row);
      }
    }
    for (const int64_t count :
         {counts.requests, counts.changes, counts.transitions, counts.in_time, counts.late}) {
      AddNumber(count, &row);
    }
    return row;
  }

  const ReportContext context_;
  const std::string service_;
  const Interval received_;
  std::map<std::string, Counts> officers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Report>> MakeReport(const v1::RunReportRequest& call,
                                                   const ReportContext& context) {
  if (call.from_ms() < 0 || call.to_ms() < 0 ||
      (call.to_ms() != 0 && call.to_ms() <= call.from_ms())) {
    return Malformed("to_ms", "interval", "Waktu akhir harus setelah waktu awal.",
                     "the interval must end after it begins");
  }
  if (!call.service().empty() &&
      context.published->definitions->Newest(call.service()) == nullptr) {
    return Malformed("service", "unknown_service",
                     "Layanan ini tidak ada di server; lihat yang ada: tikar services list",
                     "this server has no such service; see those it has: tikar services list");
  }
  switch (call.kind()) {
    case v1::REPORT_KIND_SERVICE_LEVELS:
      return std::make_unique<ServiceLevelReport>(call, context);
    case v1::REPORT_KIND_PERFORMANCE:
      return std::make_unique<PerformanceReport>(call, context);
    case v1::REPORT_KIND_DEFINED:
      return MakeDefinedReport(call, context);
    default:
      return Malformed("kind", "report_kind", "Jenis laporan ini tidak dikenal server.",
                       "this server does not know this kind of report");
  }
}

}  // namespace tikar::server
