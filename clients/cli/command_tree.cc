#include "clients/cli/command_tree.h"

#include <utility>

#include "clients/cli/command_line.h"
#include "clients/cli/completion.h"
#include "clients/cli/program.h"
#include "clients/cli/settings.h"

namespace tikar::cli {
namespace {

constexpr double kTimeoutSecondsMin = 0.1;
constexpr double kTimeoutSecondsMax = 600;
constexpr uint32_t kLimitMax = 1'000'000;

void AddGlobalFlags(CLI::App& app, const TreeBuilder& builder, CommandLine& line) {
  const Language language = builder.language();
  app.add_option(
         "--server", line.server,
         builder.Say("Alamat tikard (juga TIKAR_SERVER)", "Address of tikard (also TIKAR_SERVER)"))
      ->type_name("HOST:PORT")
      ->default_str(kDefaultServer);
  app.add_option("--context", line.context,
                 builder.Say("Konteks yang dipakai (juga TIKAR_CONTEXT; lihat: tikar context)",
                             "Context to work in (also TIKAR_CONTEXT; see: tikar context)"))
      ->type_name(builder.Say("NAMA", "NAME"));
  app.add_option("--actor", line.actor, builder.Say("Siapa yang menulis", "Who writes"))
      ->type_name(builder.Say("PELAKU", "ACTOR"))
      ->default_str(DefaultActor());
  app.add_option("--role", line.role,
                 builder.Say("Sebagai apa: peran pada layanannya",
                             "In which capacity: a role of the service"))
      ->type_name(builder.Say("PERAN", "ROLE"))
      ->default_str(kDefaultRole);
  app.add_option("--timeout", line.timeout_seconds,
                 builder.Say("Lama satu panggilan, termasuk ulangannya",
                             "How long one call may take, retries included"))
      ->check(Between(kTimeoutSecondsMin, kTimeoutSecondsMax, language))
      ->type_name(builder.Say("DETIK", "SECONDS"))
      ->default_str("10");
  AddSharedFlags(app, line.shared, language, Language::kEnglish, "tikar " TIKAR_VERSION);
}

void AddConflicts(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& conflicts = *builder.AddGroup(
      app, "conflicts", {"Yang harus diputuskan orang", "What a person must settle"});
  const auto add_names = [&](CLI::App* command, std::string& request, std::string& path) {
    builder.AddRequestName(command, request);
    command
        ->add_option("path", path,
                     builder.Say("Bagian; boleh dilewati bila hanya satu yang perlu keputusan",
                                 "Field; may be left out where only one is under review"))
        ->type_name(builder.Say("BAGIAN", "FIELD"));
  };

  CLI::App* list = builder.AddCommand(
      conflicts, "list",
      {"Daftar bagian yang perlu keputusan, yang terlama dahulu",
       "List fields under review, the oldest first"},
      "  tikar conflicts list --area 15.01\n"
      "  tikar conflicts list --area \"Kabupaten Kerinci\" --service gampil\n",
      [&line](Session& session) { return ConflictsList(session, line.conflicts); });
  list->add_option("--area", line.conflicts.area,
                   builder.Say("Kode wilayah, awal kode, atau nama wilayah",
                               "Area code, its beginning, or an area's name"))
      ->type_name(builder.Say("WILAYAH", "AREA"));
  list->add_option("--service", line.conflicts.service,
                   builder.Say("Kunci layanan", "Key of a service"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"));
  builder.AddLimit(list, line.conflicts.limit, line.conflicts.all);

  CLI::App* show = builder.AddCommand(
      conflicts, "show",
      {"Tampilkan nilai-nilai yang berhadapan", "Show the values that stand against each other"},
      "  tikar conflicts show 7ZK4Q-X9M2H-P\n"
      "  tikar conflicts show 7ZK4Q-X9M2H-P status\n",
      [&line](Session& session) { return ConflictsShow(session, line.request, line.path); });
  add_names(show, line.request, line.path);

  CLI::App* resolve = builder.AddCommand(
      conflicts, "resolve", {"Putuskan bagian yang perlu keputusan", "Settle a field under review"},
      "  tikar conflicts resolve 7ZK4Q-X9M2H-P status --take 2 --reason \"Lengkap\"\n"
      "  tikar conflicts resolve 7ZK4Q-X9M2H-P modal --value Rp1.500.000\n",
      [&line](Session& session) { return ConflictsResolve(session, line.resolve); });
  add_names(resolve, line.resolve.request, line.resolve.path);
  resolve
      ->add_option("--take", line.resolve.take,
                   builder.Say("Nomor nilai dalam `conflicts show`, atau awal id perubahannya",
                               "Number of the value in `conflicts show`, or the start of its "
                               "change id"))
      ->type_name("N");
  resolve
      ->add_option("--value", line.resolve.value, builder.Say("Nilai yang lain", "Another value"))
      ->type_name(builder.Say("NILAI", "VALUE"));
  resolve->add_flag("--clear", line.resolve.clear,
                    builder.Say("Putuskan \"kosong\"", "Settle on \"empty\""));
  resolve->add_option("--reason", line.resolve.reason, builder.Say("Alasan", "Why"))
      ->type_name(builder.Say("TEKS", "TEXT"));
  builder.AddEtag(resolve, line.resolve.etag,
                  {"Etag dari `conflicts show`: tidak memutuskan bila ada yang menulis sejak itu",
                   "Etag from `conflicts show`: settle nothing if somebody wrote since"});
}

void AddCatalog(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  const Language language = builder.language();
  CLI::App& services = *builder.AddGroup(
      app, "services", {"Layanan yang dapat dimohon warga", "Services that citizens can ask for"});
  CLI::App* list = builder.AddCommand(
      services, "list", {"Daftar layanan dan statusnya", "List services with their states"},
      "  tikar services list\n  tikar services list --all-versions --output json\n",
      [&line](Session& session) { return ServicesList(session, line.all_versions); });
  list->add_flag("--all-versions", line.all_versions,
                 builder.Say("Juga versi lama", "Older versions too"));
  CLI::App* show_service = builder.AddCommand(
      services, "show",
      {"Formulir, alur, peran dan batas waktu satu layanan",
       "Form, workflow, roles and service levels of one service"},
      "  tikar services show pengaduan\n  tikar services show gampil --version 1 --output json\n",
      [&line](Session& session) { return ServicesShow(session, line.service); });
  show_service
      ->add_option("service", line.service.service,
                   builder.Say("Kunci layanan", "Key of a service"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"))
      ->required();
  // Its own --version: the global one asks for that of the program.
  show_service
      ->add_option(
          "--version", line.service.version,
          builder.Say("Versinya; kalau tidak, yang terbaru", "Its version; else the newest"))
      ->check(Between(1, kLimitMax, language))
      ->type_name("N");

  CLI::App& areas = *builder.AddGroup(app, "areas", {"Kode wilayah", "Area codes"});
  CLI::App* search = builder.AddCommand(
      areas, "search",
      {"Cari kode wilayah menurut nama, atau daftar yang di bawahnya",
       "Find area codes by name, or list what lies below one"},
      "  tikar areas search kerinci\n  tikar areas search --below 15.01\n",
      [&line](Session& session) { return AreasSearch(session, line.areas_search); });
  CLI::Option* query = search
                           ->add_option("query", line.areas_search.query,
                                        builder.Say("Bagian nama atau kode, sedikitnya 2 huruf",
                                                    "Part of a name or code, 2 characters or more"))
                           ->type_name(builder.Say("TEKS", "TEXT"));
  search
      ->add_option("--below", line.areas_search.below,
                   builder.Say("Daftar yang tepat di bawah kode ini",
                               "List what lies directly below this code"))
      ->type_name(builder.Say("KODE", "CODE"))
      ->excludes(query);
  builder.AddLimit(search, line.areas_search.limit);
  CLI::App* show_area = builder.AddCommand(
      areas, "show",
      {"Tampilkan satu wilayah dan yang di bawahnya", "Show one area and what lies below it"},
      "  tikar areas show 15.01.06\n",
      [&line](Session& session) { return AreasShow(session, line.areas_show); });
  show_area->add_option("code", line.areas_show.code, builder.Say("Kode wilayah", "Area code"))
      ->type_name(builder.Say("KODE", "CODE"))
      ->required();
  builder.AddLimit(show_area, line.areas_show.limit);
}

void AddContext(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& context = *builder.AddGroup(
      app, "context",
      {"Server-server Anda, dengan nama", "The servers that you work with, by name"});
  const auto add = [&](const std::string& name, const Bilingual& description,
                       const std::string& examples, std::function<absl::Status(Session&)> run) {
    return builder.AddCommand(context, name, description, examples, std::move(run),
                              /*needs_server=*/false);
  };
  add("list", {"Daftar konteks; * yang sedang dipakai", "List contexts; * is the current one"},
      "  tikar context list\n", [](Session& session) { return ContextList(session); });
  CLI::App* use =
      add("use", {"Pakai konteks ini mulai sekarang", "Work in this context from now on"},
          "  tikar context use kerinci\n",
          [&line](Session& session) { return ContextUse(session, line.context_name); });
  CLI::App* added = add("add", {"Simpan server dengan nama", "Keep a server by name"},
                        "  tikar context add kerinci --server 127.0.0.1:50151\n"
                        "  tikar context add nias --server 127.0.0.1:50152 --actor admin/ani "
                        "--role penyelia\n",
                        [&line](Session& session) {
                          line.context_add.server = line.server;
                          line.context_add.actor = line.actor;
                          line.context_add.role = line.role;
                          return ContextAdd(session, line.context_add);
                        });
  CLI::App* remove =
      add("remove", {"Hapus konteks", "Remove a context"}, "  tikar context remove nias\n",
          [&line](Session& session) { return ContextRemove(session, line.context_name); });
  const auto add_name = [&](CLI::App* command, std::string& name) {
    command->add_option("name", name, builder.Say("Nama konteks", "Name of the context"))
        ->type_name(builder.Say("NAMA", "NAME"))
        ->required();
  };
  add_name(use, line.context_name);
  add_name(remove, line.context_name);
  add_name(added, line.context_add.name);
  added->add_flag("--replace", line.context_add.replace,
                  builder.Say("Ganti konteks bernama sama", "Take the place of one of this name"));
}

void AddCompletion(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* completion = builder.AddCommand(
      app, "completion",
      {"Cetak pelengkap perintah untuk shell", "Print a completion script for a shell"},
      "  source <(tikar completion bash)\n"
      "  tikar completion zsh > ~/.zfunc/_tikar\n",
      [&app, &line](Session& session) {
        session.out() << (line.shell == "zsh" ? ZshCompletion(app) : BashCompletion(app));
        return absl::OkStatus();
      },
      /*needs_server=*/false);
  completion->add_option("shell", line.shell, "Shell")
      ->transform(OneOf({"bash", "zsh"}, builder.language()))
      ->type_name("bash|zsh")
      ->required();
}

}  // namespace

CLI::App* TreeBuilder::AddGroup(CLI::App& app, const std::string& name,
                                const Bilingual& description) const {
  CLI::App* group = app.add_subcommand(name, Pick(language_, description));
  group->require_subcommand(1);
  group->group(Say("Perintah", "Commands"));
  group->get_help_ptr()->group(Say("Pilihan", "Options"));
  return group;
}

CLI::App* TreeBuilder::AddCommand(CLI::App& parent, const std::string& name,
                                  const Bilingual& description, const std::string& examples,
                                  std::function<absl::Status(Session&)> run,
                                  bool needs_server) const {
  CommandLine& line = line_;
  return AddFramedCommand(parent, name, description, examples, language_,
                          [&line, run = std::move(run), needs_server] {
                            line.command = run;
                            line.needs_server = needs_server;
                          });
}

CLI::Option* TreeBuilder::AddLimit(CLI::App* command, uint32_t& limit) const {
  return command->add_option("--limit", limit, Say("Paling banyak sekian", "At most so many"))
      ->check(Between(1, kLimitMax, language_))
      ->type_name("N");
}

void TreeBuilder::AddLimit(CLI::App* command, uint32_t& limit, bool& all) const {
  CLI::Option* limit_option = AddLimit(command, limit);
  command
      ->add_flag("--all", all, Say("Semuanya, halaman demi halaman", "All of them, page by page"))
      ->excludes(limit_option);
}

void TreeBuilder::AddRequestName(CLI::App* command, std::string& request) const {
  command
      ->add_option("request", request,
                   Say("Nomor, id atau nama permohonan", "Ref, id or name of the request"))
      ->type_name(Say("NOMOR", "REF"))
      ->required();
}

void TreeBuilder::AddEtag(CLI::App* command, std::string& etag,
                          const Bilingual& description) const {
  command
      ->add_option("--etag", etag,
                   Pick(language_, description) +
                       Say(". Tulis dengan \"=\": etag bisa berawal tanda hubung",
                           ". Write it with \"=\": an etag may begin with a hyphen"))
      ->type_name("ETAG");
}

void BuildCommandTree(CLI::App& app, CommandLine& line, Language language) {
  TreeBuilder builder(line, language);
  FrameHelp(app, language);
  AddGlobalFlags(app, builder, line);
  AddInbox(app, builder);
  AddRequests(app, builder);
  AddConflicts(app, builder);
  AddCatalog(app, builder);
  AddDefinitions(app, builder);
  AddReports(app, builder);
  AddExport(app, builder);
  builder.AddCommand(app, "status", {"Keadaan server", "How the server is doing"},
                     "  tikar status\n  tikar status --output json\n",
                     [](Session& session) { return ShowStatus(session); });
  AddCheck(app, builder);
  AddBackups(app, builder);
  AddBundles(app, builder);
  AddLog(app, builder);
  AddPeers(app, builder);
  AddContext(app, builder);
  AddCompletion(app, builder);
}

}  // namespace tikar::cli
