#include "clients/cli/program.h"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/command_line.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/terminal.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

std::string Say(Language language, std::string_view indonesian, std::string_view english) {
  return std::string(Pick(language, indonesian, english));
}

}  // namespace

void FrameHelp(CLI::App& app, Language language, const Bilingual& example) {
  app.option_defaults()->group(Say(language, "Pilihan", "Options"));
  app.set_help_flag("-h,--help", Say(language, "Tampilkan bantuan ini", "Show this help"));
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(absl::StrCat(
      Pick(language, example),
      Say(language,
          "Kode keluar: 0 berhasil, 1 ditolak atau gagal, 2 baris perintah salah,\n"
          "3 tidak ditemukan, 4 server tidak terjangkau.\n",
          "Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 not found,\n"
          "4 server unreachable.\n"),
      "`", app.get_name(),
      Say(language, " PERINTAH --help` menampilkan tiap perintah dengan contoh.",
          " COMMAND --help` shows each command with examples.")));
  if (language != Language::kIndonesian) return;
  const auto formatter = app.get_formatter();
  for (const auto& [english, indonesian] : {std::pair{"Usage", "Pemakaian"},
                                            {"Positionals", "Isian"},
                                            {"OPTIONS", "PILIHAN"},
                                            {"SUBCOMMAND", "PERINTAH"},
                                            {"SUBCOMMANDS", "PERINTAH"},
                                            {"REQUIRED", "WAJIB"},
                                            {"Needs", "Memerlukan"},
                                            {"Excludes", "Tidak bersama"},
                                            {"Subcommands", "Perintah"}}) {
    formatter->label(english, indonesian);
  }
}

void AddSharedFlags(CLI::App& app, SharedFlags& flags, Language language, Language otherwise,
                    const std::string& version) {
  app.add_option("--output", flags.output,
                 Say(language, "Tabel untuk orang, JSON untuk program",
                     "Tables for people, JSON for programs"))
      ->transform(OneOf({"table", "json"}, language))
      ->type_name("table|json")
      ->default_str("table");
  app.add_option("--lang", flags.language,
                 Say(language, "Bahasa semua yang ditampilkan (juga TIKAR_LANG)",
                     "Language of all that is shown (also TIKAR_LANG)"))
      ->transform(OneOf({"en", "id"}, language))
      ->type_name("en|id")
      ->default_str(std::string(LanguageCode(otherwise)));
  app.add_flag("--no-color", flags.no_color,
               Say(language, "Tanpa warna (juga NO_COLOR=1)", "No colours (also NO_COLOR=1)"));
  app.set_version_flag("--version", version, Say(language, "Tampilkan versi", "Show the version"));
}

CLI::App* AddFramedCommand(CLI::App& parent, const std::string& name, const Bilingual& description,
                           const std::string& examples, Language language,
                           std::function<void()> chosen) {
  CLI::App* command = parent.add_subcommand(name, Pick(language, description));
  command->group(Say(language, "Perintah", "Commands"));
  // CLI11 makes the help flag of a command before it takes over the group.
  command->get_help_ptr()->group(Say(language, "Pilihan", "Options"));
  command->footer(Say(language, "Contoh:\n", "Examples:\n") + examples);
  command->callback(std::move(chosen));
  return command;
}

int EndRun(absl::Status status, const SharedFlags& flags, Language language,
           const std::string& server, std::ostream& out, std::ostream& err) {
  out.flush();
  if (status.ok() && !out) {
    status = WithIndonesian(absl::DataLossError("the output could not be written"),
                            "keluaran tidak dapat ditulis");
  }
  if (!status.ok() && flags.json()) {
    err << JsonText(FailureJson(status, language, server));
  } else if (!status.ok()) {
    err << Styled(DetectTerminal(STDERR_FILENO, !flags.no_color), Style::kBad,
                  Pick(language, "Gagal: ", "Failed: "))
        << FailureLines(status, Explain(status, language, server));
  }
  return static_cast<int>(ExitCodeOf(status));
}

}  // namespace tikar::cli
