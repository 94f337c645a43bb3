// tikar export and its flags.
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/export_command.h"

namespace tikar::cli {

void AddExport(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  ExportOptions& options = line.exported;
  CLI::App* command = builder.AddCommand(
      app, "export",
      {"Tulis permohonan untuk peta (GeoJSON) atau lembar kerja (CSV)",
       "Write requests for a map (GeoJSON) or a spreadsheet (CSV)"},
      "  tikar export --format geojson --area 15.01 --service pengaduan --open --file "
      "peta.geojson\n"
      "  tikar export --format csv --service gampil --as-of 2026-01-31 > gampil.csv\n"
      "  tikar export --format csv --service sabilulungan --personal --file penerima.csv\n",
      [&line](Session& session) { return Export(session, line.exported); });
  command
      ->add_option("--format", options.format,
                   builder.Say("Peta atau lembar kerja", "For a map or for a spreadsheet"))
      ->transform(OneOf({"geojson", "csv"}, builder.language()))
      ->type_name("geojson|csv")
      ->required();
  command
      ->add_option("--file", options.path,
                   builder.Say("Berkas tujuan, diganti setelah semuanya tertulis; kalau tidak, "
                               "keluaran standar",
                               "File to write, replaced once all is written; else standard output"))
      ->type_name("FILE");
  command->add_flag(
      "--personal", options.personal,
      builder.Say("Tulis juga DATA PRIBADI (nama, NIK, telepon): hanya bila Anda berwenang",
                  "Print PERSONAL DATA too (names, NIK, telephone): only if you are entitled to"));
  AddRequestFilter(command, options.filter, builder);
  AddAsOf(command, options.as_of, builder);
}

}  // namespace tikar::cli
