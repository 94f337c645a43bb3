#include "clients/fieldsim/report.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sync/types.h"

namespace tikar::fieldsim {
namespace {

using sync::AbslView;

std::string Bytes(uint64_t bytes) {
  if (bytes < 10'000) return absl::StrFormat("%d B", bytes);
  if (bytes < 10'000'000) return absl::StrFormat("%d kB", bytes / 1000);
  return absl::StrFormat("%d MB", bytes / 1'000'000);
}

std::string Milliseconds(int64_t us) {
  return absl::StrFormat("%d.%d ms", us / 1000, us / 100 % 10);
}

}  // namespace

std::string ReportText(const Settings& settings, const FleetReport& report,
                       const cli::Terminal& terminal) {
  std::string text;
  const auto line = [&](std::string_view label, const std::string& what) {
    absl::StrAppend(&text, absl::StrFormat("%-14s", AbslView(label)), what, "\n");
  };
  line("Fleet", absl::StrFormat("%d %s phones in %d kecamatan, seed %d, run %s", settings.devices,
                                report.light ? "light" : "full", report.districts, settings.seed,
                                report.run));
  line("Changes", absl::StrFormat("%d made, %d acknowledged, %d held for a person", report.changes,
                                  report.acknowledged, report.quarantined));
  line("Requests", absl::StrFormat("%d created", report.requests_created));
  line("Conflicts",
       absl::StrFormat("%d changes beside others; fields in conflict: %d decided, %d under review",
                       report.conflicts.concurrent_changes, report.conflicts.decided,
                       report.conflicts.under_review));
  line("Exchanges",
       absl::StrFormat("%d: p50 %s, p99 %s, longest %s", report.exchanges,
                       Milliseconds(report.sync_p50_us), Milliseconds(report.sync_p99_us),
                       Milliseconds(report.sync_max_us)));
  line("Bytes", absl::StrCat(Bytes(report.bytes_up), " up, ", Bytes(report.bytes_down), " down"));
  line("Time",
       absl::StrFormat("%d.%d s of work, %d changes/s; %d.%d s of checking", report.work_ms / 1000,
                       report.work_ms / 100 % 10, report.changes_per_second(),
                       report.check_ms / 1000, report.check_ms / 100 % 10));
  if (report.ok()) {
    absl::StrAppend(&text,
                    cli::Styled(terminal, cli::Style::kGood,
                                "Nothing lost, nothing twice, all phones show what the server "
                                "holds."),
                    "\n");
    return text;
  }
  std::map<std::string_view, int> counts;
  for (const Finding& finding : report.findings) ++counts[FaultName(finding.fault)];
  for (const auto& [name, count] : counts) {
    absl::StrAppend(
        &text, cli::Styled(terminal, cli::Style::kBad, absl::StrCat(AbslView(name), ": ", count)),
        "\n");
  }
  for (size_t i = 0; i < report.findings.size() && i < kFindingsShownMax; ++i) {
    absl::StrAppend(&text, "  ", report.findings[i].actor, ": ", report.findings[i].text, "\n");
  }
  if (report.findings.size() > kFindingsShownMax) {
    absl::StrAppend(&text, "  and ", report.findings.size() - kFindingsShownMax,
                    " more (--output json shows all)\n");
  }
  return text;
}

std::string ReportJson(const Settings& settings, const FleetReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.ok();
  json["run"] = report.run;
  json["seed"] = settings.seed;
  json["devices"] = settings.devices;
  json["storage"] = report.light ? "light" : "full";
  json["districts"] = report.districts;
  json["changes"] = {{"made", report.changes},
                     {"acknowledged", report.acknowledged},
                     {"quarantined", report.quarantined},
                     {"per_second", report.changes_per_second()}};
  json["requests_created"] = report.requests_created;
  json["conflicts"] = {{"concurrent_changes", report.conflicts.concurrent_changes},
                       {"fields_decided", report.conflicts.decided},
                       {"fields_under_review", report.conflicts.under_review}};
  json["exchanges"] = {{"count", report.exchanges},
                       {"p50_us", report.sync_p50_us},
                       {"p99_us", report.sync_p99_us},
                       {"longest_us", report.sync_max_us}};
  json["bytes"] = {{"up", report.bytes_up}, {"down", report.bytes_down}};
  json["work_ms"] = report.work_ms;
  json["check_ms"] = report.check_ms;
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back(
        {{"fault", FaultName(finding.fault)}, {"actor", finding.actor}, {"text", finding.text}});
  }
  return json.dump(2) + "\n";
}

}  // namespace tikar::fieldsim
