#include "clients/field/application.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>

#include "clients/cli/command_line.h"
#include "clients/cli/failure.h"
#include "clients/cli/program.h"
#include "clients/cli/terminal.h"
#include "clients/field/commands.h"
#include "clients/field/phone.h"

namespace tikar::field {
namespace {

using cli::Bilingual;

constexpr double kSecondsMax = 7 * 24 * 3600;
constexpr uint32_t kLimitMax = 1'000'000;

// What was typed, for all commands, and which one it was.
struct CommandLine {
  cli::SharedFlags shared;
  PhoneSettings settings;
  std::string clock_offset;

  std::string request;
  FormsOptions forms;
  CreateOptions create;
  EditOptions edit;
  ListOptions list;
  AttentionOptions attention;
  SyncOptions sync;

  // Null: help or version was asked for.
  std::function<absl::Status(Phone&)> command;

  cli::Language language() const { return settings.language; }
  std::string Say(std::string_view indonesian, std::string_view english) const {
    return std::string(cli::Pick(settings.language, indonesian, english));
  }
};

CLI::App* AddCommand(CLI::App& app, CommandLine& line, const std::string& name,
                     const Bilingual& description, const std::string& examples,
                     std::function<absl::Status(Phone&)> run) {
  return cli::AddFramedCommand(app, name, description, examples, line.language(),
                               [&line, run = std::move(run)] { line.command = run; });
}

void AddGlobalFlags(CLI::App& app, CommandLine& line) {
  PhoneSettings& settings = line.settings;
  app.add_option("--db", settings.database_path,
                 line.Say("Teleponnya: berkas SQLite, dibuat bila belum ada",
                          "The phone: its SQLite file, made when missing"))
      ->envname("TIKAR_FIELD_DB")
      ->type_name("FILE");
  app.add_option("--actor", settings.actor,
                 line.Say("Nama perangkat; diingat berkasnya: devices/siti",
                          "Name of the device; the file remembers it: devices/siti"))
      ->envname("TIKAR_FIELD_ACTOR")
      ->type_name(line.Say("PELAKU", "ACTOR"));
  app.add_option("--scope", settings.scope,
                 line.Say("Wilayah yang disimpan, dengan koma; diingat berkasnya: 15.01.06",
                          "Areas to keep, with commas; the file remembers them: 15.01.06"))
      ->envname("TIKAR_FIELD_SCOPE")
      ->type_name(line.Say("WILAYAH", "AREA"))
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option(
         "--role", settings.role,
         line.Say("Sebagai apa: peran pada layanannya", "In which capacity: a role of the service"))
      ->envname("TIKAR_FIELD_ROLE")
      ->type_name(line.Say("PERAN", "ROLE"))
      ->capture_default_str();
  app.add_option("--server", settings.server,
                 line.Say("Alamat tikard, untuk sync", "Address of tikard, for sync"))
      ->envname("TIKAR_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--clock-offset", line.clock_offset,
                 line.Say("Buat jam telepon salah: +365d, 90m, --clock-offset=-2h",
                          "Let the phone's clock be wrong: +365d, 90m, --clock-offset=-2h"))
      ->type_name(line.Say("SELISIH", "OFFSET"));
  cli::AddSharedFlags(app, line.shared, line.language(), cli::Language::kIndonesian,
                      "tikar-field " TIKAR_VERSION);
}

// What create and edit both take.
void AddSets(CLI::App* command, const CommandLine& line, std::vector<std::string>& sets,
             std::vector<std::string>& comments) {
  command
      ->add_option("--set", sets,
                   line.Say("bagian=isi, sesering perlu (lihat: forms)",
                            "field=value, as often as needed (see: forms)"))
      ->type_name(line.Say("BAGIAN=ISI", "FIELD=VALUE"))
      ->allow_extra_args(false);
  command->add_option("--comment", comments, line.Say("Catatan", "A comment"))
      ->type_name(line.Say("TEKS", "TEXT"))
      ->allow_extra_args(false);
}

void AddRequestNumber(CLI::App* command, CommandLine& line, std::string& request) {
  command->add_option("request", request, line.Say("Nomor permohonan", "Number of the request"))
      ->type_name(line.Say("NOMOR", "NUMBER"))
      ->required();
}

void AddWriting(CLI::App& app, CommandLine& line) {
  CLI::App* create = AddCommand(
      app, line, "create",
      {"Terima permohonan; nomor untuk warga langsung ada",
       "Take a request; the number for the citizen comes at once"},
      "  tikar-field --db siti.sqlite create --service pengaduan --area 15.01.06.2010 \\\n"
      "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan \\\n"
      "      --set lokasi=-1.8113,101.2951 --comment \"Warga memasang papan\"\n",
      [&line](Phone& phone) { return Create(phone, line.create); });
  create
      ->add_option("--service", line.create.service,
                   line.Say("Kunci layanan", "Key of the service"))
      ->type_name(line.Say("KUNCI", "KEY"))
      ->required();
  create
      ->add_option("--area", line.create.area,
                   line.Say("Kode kecamatan atau desa", "Code of the kecamatan or village"))
      ->type_name(line.Say("KODE", "CODE"))
      ->required();
  AddSets(create, line, line.create.sets, line.create.comments);

  CLI::App* edit = AddCommand(
      app, line, "edit", {"Ubah permohonan", "Change a request"},
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --set alamat=\"Dekat SD 12\"\n"
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --status diverifikasi --comment "
      "\"Dicek\"\n"
      "  tikar-field --db siti.sqlite edit 7ZK4Q-X9M2H-P --status ditolak --reason \"Ganda\"\n",
      [&line](Phone& phone) { return Edit(phone, line.edit); });
  AddRequestNumber(edit, line, line.edit.request);
  AddSets(edit, line, line.edit.sets, line.edit.comments);
  edit->add_option("--clear", line.edit.clears, line.Say("Kosongkan bagian", "Empty a field"))
      ->type_name(line.Say("BAGIAN", "FIELD"))
      ->allow_extra_args(false);
  CLI::Option* status = edit->add_option("--status", line.edit.status,
                                         line.Say("Pindahkan ke status ini", "State to move to"))
                            ->type_name(line.Say("STATUS", "STATE"));
  edit->add_option("--reason", line.edit.reason,
                   line.Say("Alasannya, untuk --status", "Why, for --status"))
      ->type_name(line.Say("TEKS", "TEXT"))
      ->needs(status);
  edit->add_option("--assign", line.edit.assignee,
                   line.Say("Petugas yang menanganinya; \"\" untuk tidak seorang pun",
                            "Actor to assign it to; \"\" for nobody"))
      ->type_name(line.Say("PELAKU", "ACTOR"));
}

void AddReading(CLI::App& app, CommandLine& line) {
  CLI::App* list = AddCommand(
      app, line, "list",
      {"Isi telepon, yang terbaru dahulu", "List what is on the phone, the newest first"},
      "  tikar-field --db siti.sqlite list\n"
      "  tikar-field --db siti.sqlite list --pending\n"
      "  tikar-field --db siti.sqlite list --area 15.01.06 --all --output json\n",
      [&line](Phone& phone) { return List(phone, line.list); });
  list->add_option("--area", line.list.area,
                   line.Say("Kode wilayah atau awalnya", "Area code or its beginning"))
      ->type_name(line.Say("KODE", "CODE"));
  list->add_option("--service", line.list.service, line.Say("Kunci layanan", "Key of a service"))
      ->type_name(line.Say("KUNCI", "KEY"));
  list->add_option("--status", line.list.status, line.Say("Kunci status", "Key of a state"))
      ->type_name(line.Say("STATUS", "STATE"));
  list->add_option("--text", line.list.text,
                   line.Say("Ada di salah satu teksnya", "Found in any of its texts"))
      ->type_name(line.Say("TEKS", "TEXT"));
  list->add_flag("--under-review", line.list.under_review,
                 line.Say("Hanya yang harus diputuskan orang", "Only what a person must settle"));
  list->add_flag("--pending", line.list.pending,
                 line.Say("Hanya dengan perubahan yang belum ditampilkan server",
                          "Only with changes that the server does not show"));
  CLI::Option* limit = list->add_option("--limit", line.list.limit,
                                        line.Say("Paling banyak sekian", "At most so many"))
                           ->check(cli::Between(1, kLimitMax, line.language()))
                           ->type_name("N");
  list->add_flag("--all", line.list.all, line.Say("Semuanya", "All of them"))->excludes(limit);

  CLI::App* show = AddCommand(app, line, "show",
                              {"Tampilkan satu permohonan seperti dilihat petugas",
                               "Show one request as the officer sees it"},
                              "  tikar-field --db siti.sqlite show 7ZK4Q-X9M2H-P\n",
                              [&line](Phone& phone) { return Show(phone, line.request); });
  AddRequestNumber(show, line, line.request);

  CLI::App* forms =
      AddCommand(app, line, "forms",
                 {"Formulir yang ditawarkan untuk permohonan baru, dan cara mengisinya",
                  "The forms offered for new requests, and how to fill them"},
                 "  tikar-field --db siti.sqlite forms\n"
                 "  tikar-field --db siti.sqlite forms gampil\n"
                 "  tikar-field --db siti.sqlite forms hayu --area 15.01.06\n",
                 [&line](Phone& phone) { return Forms(phone, line.forms); });
  forms
      ->add_option("service", line.forms.service,
                   line.Say("Kunci layanan; bila tidak, semuanya", "Key of a service; else all"))
      ->type_name(line.Say("KUNCI", "KEY"));
  forms
      ->add_option("--area", line.forms.area,
                   line.Say("Yang ditawarkan di sini; bila tidak, di seluruh wilayah telepon",
                            "Offered here; else in all of the phone's scope"))
      ->type_name(line.Say("KODE", "CODE"));
}

void AddExchange(CLI::App& app, CommandLine& line) {
  CLI::App* attention =
      AddCommand(app, line, "attention",
                 {"Perubahan yang tidak akan sampai tanpa bantuan orang, dengan semua datanya",
                  "Changes that will not arrive without a person, with all their data"},
                 "  tikar-field --db siti.sqlite attention\n"
                 "  tikar-field --db siti.sqlite attention --retry 3f9a01bc\n"
                 "  tikar-field --db siti.sqlite attention --dismiss 3f9a01bc\n",
                 [&line](Phone& phone) { return Attention(phone, line.attention); });
  CLI::Option* retry =
      attention
          ->add_option("--retry", line.attention.retry,
                       line.Say("Kirim perubahan ini lagi", "Send this change again"))
          ->type_name(line.Say("PERUBAHAN", "CHANGE"));
  attention
      ->add_option("--dismiss", line.attention.dismiss,
                   line.Say("Lupakan perubahan ini", "Forget this change"))
      ->type_name(line.Say("PERUBAHAN", "CHANGE"))
      ->excludes(retry);

  AddCommand(app, line, "status",
             {"Apa yang belum terkirim, sejak kapan, dan bagaimana sinkronisasi terakhir",
              "What is unsent, how old it is, and how the last sync went"},
             "  tikar-field --db siti.sqlite status\n",
             [](Phone& phone) { return ShowStatus(phone); });

  CLI::App* sync =
      AddCommand(app, line, "sync",
                 {"Kirim semua, ambil semua; yang pertama juga mengambil formulir",
                  "Send all, take all; the first time fetches the forms too"},
                 "  tikar-field --db siti.sqlite --actor devices/siti --scope 15.01.06 sync\n"
                 "  tikar-field --db siti.sqlite sync --patience 60\n"
                 "  tikar-field --db siti.sqlite sync --live 600\n",
                 [&line](Phone& phone) { return Sync(phone, line.sync); });
  CLI::Option* live =
      sync->add_option("--live", line.sync.live_seconds,
                       line.Say("Tetap tersambung selama itu", "Stay connected for so long"))
          ->check(cli::Between(0, kSecondsMax, line.language()))
          ->type_name(line.Say("DETIK", "SECONDS"));
  sync->add_option("--patience", line.sync.patience_seconds,
                   line.Say("Coba lagi selama itu selagi server tidak ada",
                            "Try again for so long while the server is away"))
      ->check(cli::Between(0, kSecondsMax, line.language()))
      ->type_name(line.Say("DETIK", "SECONDS"))
      ->excludes(live);
}

absl::Status RunCommand(CommandLine& line, std::ostream& out) {
  if (line.settings.database_path.empty()) {
    return cli::UsageError(cli::Pick(line.settings.language,
                                     "telepon yang mana? Sebut berkasnya: --db siti.sqlite",
                                     "which phone? Name its file: --db siti.sqlite"));
  }
  if (absl::Status status = cli::CheckServer(line.settings.server); !status.ok()) return status;
  if (!line.clock_offset.empty()) {
    const std::optional<int64_t> offset_ms = ParseClockOffset(line.clock_offset);
    if (!offset_ms.has_value()) {
      return cli::UsageError(cli::Pick(line.settings.language,
                                       "--clock-offset: tulis seperti +365d, -2h, 90m, +5s",
                                       "--clock-offset: write it as +365d, -2h, 90m, +5s"));
    }
    line.settings.clock_offset_ms = *offset_ms;
  }
  absl::StatusOr<std::unique_ptr<Phone>> phone =
      Phone::Open(line.settings, out, cli::DetectTerminal(STDOUT_FILENO, !line.shared.no_color));
  if (!phone.ok()) return phone.status();
  return line.command(**phone);
}

}  // namespace

int RunField(int argument_count, const char* const* arguments, std::ostream& out,
             std::ostream& err) {
  const cli::Language language =
      cli::LanguageAskedFor(argument_count, arguments, cli::Language::kIndonesian);
  CommandLine line;
  line.settings.language = language;
  CLI::App app(line.Say("tikar-field: telepon petugas lapangan di terminal. Semua kecuali sync "
                        "berjalan tanpa sinyal.",
                        "tikar-field: a field officer's phone on the terminal. Everything but sync "
                        "works without a signal."),
               "tikar-field");
  const std::string first_day =
      "  tikar-field --db siti.sqlite --actor devices/siti --scope 15.01.06 sync\n"
      "  tikar-field --db siti.sqlite create --service pengaduan --area 15.01.06.2010 \\\n"
      "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan\n"
      "  tikar-field --db siti.sqlite status\n";
  cli::FrameHelp(
      app, language,
      {"Hari pertama sebuah telepon:\n" + first_day, "A phone's first day:\n" + first_day});
  AddGlobalFlags(app, line);
  AddWriting(app, line);
  AddReading(app, line);
  AddExchange(app, line);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(
        cli::PrintParseError(app, error, argument_count, arguments, out, err, language));
  }
  line.settings.json = line.shared.json();
  return cli::EndRun(RunCommand(line, out), line.shared, language, line.settings.server, out, err);
}

}  // namespace tikar::field
