// tikar report and its commands.
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/report_commands.h"

namespace tikar::cli {
namespace {

void AddBounds(CLI::App* command, TreeBuilder& builder) {
  ReportOptions& report = builder.line().report;
  command
      ->add_option(
          "--region", report.region,
          builder.Say("Kode atau nama kabupaten atau kota", "Code or name of a regency or city"))
      ->type_name(builder.Say("DAERAH", "REGION"));
  const std::string time = builder.Say("WAKTU", "TIME");
  command
      ->add_option("--from", report.from,
                   builder.Say("Sejak hari atau saat ini: 2026-01-01", "From then on: 2026-01-01"))
      ->type_name(time);
  command
      ->add_option("--to", report.to,
                   builder.Say("Sampai dengan hari atau saat ini: 2026-01-31",
                               "Until then, that day included: 2026-01-31"))
      ->type_name(time);
  command->add_flag("--csv", report.csv,
                    builder.Say("CSV, dengan kunci kolom di baris pertama",
                                "CSV, with the columns' keys in its first line"));
}

void AddService(CLI::App* command, TreeBuilder& builder) {
  command
      ->add_option("--service", builder.line().report.service,
                   builder.Say("Kunci layanan", "Key of a service"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"));
}

}  // namespace

void AddReports(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& report = *builder.AddGroup(
      app, "report", {"Laporan atas semua permohonan", "Tables over all requests"});
  const auto add = [&](const std::string& name, const Bilingual& description,
                       const std::string& examples, v1::ReportKind kind, const std::string& key) {
    CLI::App* command = builder.AddCommand(report, name, description, examples,
                                           [&line, kind, key](Session& session) {
                                             return RunReport(session, kind, key, line.report);
                                           });
    AddBounds(command, builder);
    AddService(command, builder);
  };
  add("sla",
      {"Batas waktu layanan: berjalan, tercapai, terlewat",
       "Service levels: running, met, missed, late now"},
      "  tikar report sla --region 15.01\n  tikar report sla --service pengaduan --csv\n",
      v1::REPORT_KIND_SERVICE_LEVELS, "");
  add("performance",
      {"Kinerja per instansi dan petugas (e-RK)", "What agencies and officers did (e-RK)"},
      "  tikar report performance --region 15.01 --from 2026-01-01 --to 2026-01-31\n",
      v1::REPORT_KIND_PERFORMANCE, "");
  add("grants",
      {"Hibah dan bantuan sosial (Sabilulungan), tanpa data pribadi",
       "Grants and social aid (Sabilulungan), without personal data"},
      "  tikar report grants --region 32.73 --output json\n", v1::REPORT_KIND_DEFINED, "grants");
  add("indicators",
      {"Indikator program: target dan capaian", "Indicators of programmes: target and value"},
      "  tikar report indicators --region 32.73\n", v1::REPORT_KIND_DEFINED, "indicators");
  CLI::App* run = builder.AddCommand(
      report, "run", {"Laporan yang disebut suatu definisi", "A report that a definition declares"},
      "  tikar report run sabilulungan/grants --region 32.73 --csv\n",
      [&line](Session& session) { return RunNamedReport(session, line.report); });
  run->add_option("report", line.report.name,
                  builder.Say("Layanan dan kunci laporannya", "Service and key of the report"))
      ->type_name(builder.Say("LAYANAN/LAPORAN", "SERVICE/REPORT"))
      ->required();
  AddBounds(run, builder);
}

}  // namespace tikar::cli
