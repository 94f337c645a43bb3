// tikar requests and its commands.
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"

namespace tikar::cli {
namespace {

CLI::Option* AddSets(CLI::App* command, std::vector<std::string>& sets, TreeBuilder& builder) {
  return command
      ->add_option(
          "--set", sets,
          builder.Say("bagian=nilai, sebanyak yang perlu", "field=value, as often as needed"))
      ->type_name(builder.Say("BAGIAN=NILAI", "FIELD=VALUE"))
      ->allow_extra_args(false);
}

CLI::Option* AddComments(CLI::App* command, std::vector<std::string>& comments,
                         TreeBuilder& builder) {
  return command->add_option("--comment", comments, builder.Say("Komentar", "A comment"))
      ->type_name(builder.Say("TEKS", "TEXT"))
      ->allow_extra_args(false);
}

void AddJoining(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  const Bilingual etag = {"Etag permohonan seperti Anda lihat; kalau tidak, yang sekarang",
                          "Etag of the request as you saw it; else as it is now"};
  CLI::App* join = builder.AddCommand(
      requests, "join",
      {"Nyatakan bahwa dua permohonan adalah hal yang sama", "Say that two requests are one thing"},
      "  tikar requests join 7ZK4Q-X9M2H-P --to 0QWXA-ZT9EC-Y\n",
      [&line](Session& session) { return RequestsJoin(session, line.join); });
  builder.AddRequestName(join, line.join.request);
  join->add_option("--to", line.join.to,
                   builder.Say("Permohonan yang tetap tampil", "The one that goes on showing"))
      ->type_name(builder.Say("NOMOR", "REF"))
      ->required();
  builder.AddEtag(join, line.join.etag, etag);
  CLI::App* part = builder.AddCommand(
      requests, "part",
      {"Nyatakan bahwa permohonan ini hal tersendiri", "Say that a request is a thing of its own"},
      "  tikar requests part 7ZK4Q-X9M2H-P\n",
      [&line](Session& session) { return RequestsPart(session, line.join); });
  builder.AddRequestName(part, line.join.request);
  builder.AddEtag(part, line.join.etag, etag);
}

void AddList(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* list = builder.AddCommand(
      requests, "list",
      {"Daftar permohonan, yang terbaru dahulu", "List requests, the newest first"},
      "  tikar requests list --area 15.01.06\n"
      "  tikar requests list --area \"Gunung Kerinci\" --assignee devices/siti\n"
      "  tikar requests list --service pengaduan --status diterima --all\n"
      "  tikar requests list --under-review --output json\n",
      [&line](Session& session) { return RequestsList(session, line.list); });
  AddRequestFilter(list, line.list.filter, builder);
  AddAsOf(list, line.list.as_of, builder);
  builder.AddLimit(list, line.list.limit, line.list.all);
}

void AddCreate(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* create = builder.AddCommand(
      requests, "create", {"Buat permohonan", "Make a request"},
      "  tikar requests create --service pengaduan --area 15.01.06 \\\n"
      "      --set judul=\"Jembatan putus\" --set kategori=jalan_jembatan \\\n"
      "      --set lokasi=-1.8113,101.2951 --comment \"Dilaporkan lewat telepon\"\n",
      [&line](Session& session) { return RequestsCreate(session, line.create); });
  create
      ->add_option("--service", line.create.service,
                   builder.Say("Kunci layanan (lihat: tikar services list)",
                               "Key of the service (see: tikar services list)"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"))
      ->required();
  create
      ->add_option("--area", line.create.area,
                   builder.Say("Kode atau nama kecamatan atau desa",
                               "Code or name of the kecamatan or village"))
      ->type_name(builder.Say("WILAYAH", "AREA"))
      ->required();
  AddSets(create, line.create.sets, builder);
  AddComments(create, line.create.comments, builder);
}

void AddEdit(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* edit = builder.AddCommand(
      requests, "edit", {"Ubah permohonan", "Change a request"},
      "  tikar requests edit 7ZK4Q-X9M2H-P --status diverifikasi --assign officer-2\n"
      "  tikar requests edit 7ZK4Q-X9M2H-P --set judul=\"Jembatan gantung putus\" --clear alamat\n"
      "  tikar requests edit 7ZK4Q-X9M2H-P --retract --reason \"Tercatat dua kali\"\n",
      [&line](Session& session) { return RequestsEdit(session, line.edit); });
  builder.AddRequestName(edit, line.edit.request);
  AddSets(edit, line.edit.sets, builder);
  edit->add_option("--clear", line.edit.clears, builder.Say("Kosongkan bagian", "Empty a field"))
      ->type_name(builder.Say("BAGIAN", "FIELD"))
      ->allow_extra_args(false);
  CLI::Option* status = edit->add_option("--status", line.edit.status,
                                         builder.Say("Status tujuan (lihat: tikar requests show)",
                                                     "State to move to (see: tikar requests show)"))
                            ->type_name("STATUS");
  edit->add_option("--from", line.edit.from,
                   builder.Say("Status yang Anda lihat; kalau tidak, yang sekarang",
                               "State that you saw; else the one it is in now"))
      ->type_name("STATUS")
      ->needs(status);
  edit->add_option("--reason", line.edit.reason,
                   builder.Say("Alasan, untuk --status, --retract dan --restore",
                               "Why, for --status, --retract and --restore"))
      ->type_name(builder.Say("TEKS", "TEXT"));
  edit->add_option("--assign", line.edit.assignee,
                   builder.Say("Petugas yang ditugasi; \"\" berarti tidak seorang pun",
                               "Actor to assign it to; \"\" for nobody"))
      ->type_name(builder.Say("PELAKU", "ACTOR"));
  AddComments(edit, line.edit.comments, builder);
  CLI::Option* retract = edit->add_flag("--retract", line.edit.retract,
                                        builder.Say("Tarik permohonan", "Withdraw it"));
  edit->add_flag("--restore", line.edit.restore,
                 builder.Say("Batalkan penarikan", "Take a withdrawal back"))
      ->excludes(retract);
  builder.AddEtag(edit, line.edit.etag,
                  {"Etag permohonan seperti Anda lihat; kalau tidak, yang sekarang",
                   "Etag of the request as you saw it; else as it is now"});
}

void AddImport(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* import = builder.AddCommand(
      requests, "import",
      {"Impor permohonan dari berkas CSV; diulang tidak menambah apa pun",
       "Import requests from a CSV file; a second run adds nothing"},
      "  tikar requests import --map nyc311.map.textproto requests-500.csv\n",
      [&line](Session& session) { return RequestsImport(session, line.import); });
  import
      ->add_option("--map", line.import.map_path,
                   builder.Say("Bagaimana kolom menjadi bagian (docs/cli.md)",
                               "How columns become fields (docs/cli.md)"))
      ->required()
      ->check(ReadableFile(builder.language()))
      ->type_name("FILE");
  import->add_option("csv", line.import.csv_path, builder.Say("Berkasnya", "The file"))
      ->required()
      ->check(ReadableFile(builder.language()))
      ->type_name("FILE");
  import
      ->add_option("--refused", line.import.refused_path,
                   builder.Say("Ke mana baris yang ditolak; kalau tidak, <csv>.refused.csv",
                               "Where refused rows go; else <csv>.refused.csv"))
      ->type_name("FILE");
}

void AddWatch(CLI::App& requests, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* watch = builder.AddCommand(
      requests, "watch",
      {"Tampilkan perubahan saat terjadi; Ctrl-C mengakhiri",
       "Show changes as they happen; Ctrl-C ends it"},
      "  tikar requests watch --area 15.01.06\n"
      "  tikar requests watch --service pengaduan --late --for 8h\n"
      "  tikar requests watch --under-review --output json | jq -r .request.ref\n",
      [&line](Session& session) { return RequestsWatch(session, line.watch); });
  AddRequestFilter(watch, line.watch.filter, builder);
  watch
      ->add_option("--for", line.watch.duration,
                   builder.Say("Selama ini, lalu selesai: 90s, 10m, 8h",
                               "For so long, then end: 90s, 10m, 8h"))
      ->type_name(builder.Say("LAMA", "DURATION"));
  watch
      ->add_option("--count", line.watch.count,
                   builder.Say("Selesai setelah sekian perubahan", "End after so many changes"))
      ->check(Between(1, 1e9, builder.language()))
      ->type_name("N");
}

}  // namespace

void AddAsOf(CLI::App* command, std::string& as_of, TreeBuilder& builder) {
  command
      ->add_option("--as-of", as_of,
                   builder.Say("Seperti yang diketahui server saat itu: \"2026-01-31 10:00\"",
                               "As the server knew it then: \"2026-01-31 10:00\""))
      ->type_name(builder.Say("WAKTU", "TIME"));
}

void AddRequestFilter(CLI::App* command, RequestFilterOptions& filter, TreeBuilder& builder) {
  command
      ->add_option("--area", filter.area,
                   builder.Say("Kode wilayah, awal kode (15, 15.01), atau nama wilayah",
                               "Area code, its beginning (15, 15.01), or an area's name"))
      ->type_name(builder.Say("WILAYAH", "AREA"));
  command
      ->add_option("--service", filter.service,
                   builder.Say("Kunci layanan: pengaduan", "Key of a service: pengaduan"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"));
  command
      ->add_option("--status", filter.status,
                   builder.Say("Kunci status: diterima", "Key of a state: diterima"))
      ->type_name("STATUS");
  command
      ->add_option("--assignee", filter.assignee,
                   builder.Say("Petugas yang menanganinya", "Actor that it is assigned to"))
      ->type_name(builder.Say("PELAKU", "ACTOR"));
  command
      ->add_option("--text", filter.text,
                   builder.Say("Ada dalam salah satu teksnya", "Found in any of its texts"))
      ->type_name(builder.Say("KATA", "WORDS"));
  command->add_flag("--under-review", filter.under_review,
                    builder.Say("Hanya yang perlu keputusan", "Only what a person must settle"));
  command->add_flag("--retracted", filter.show_retracted,
                    builder.Say("Juga yang sudah ditarik", "Retracted ones too"));
  command->add_flag(
      "--late", filter.late,
      builder.Say("Hanya yang melewati batas waktunya", "Only what is beyond its time"));
  command->add_flag("--open", filter.open,
                    builder.Say("Hanya yang belum selesai", "Only what is not in an end state"));
  command->add_flag(
      "--joined", filter.show_joined,
      builder.Say("Juga yang digabung ke permohonan lain", "Those joined to another request too"));
}

void AddRequests(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& requests =
      *builder.AddGroup(app, "requests", {"Permohonan warga", "Citizens' requests"});
  AddList(requests, builder);
  CLI::App* show = builder.AddCommand(
      requests, "show",
      {"Tampilkan satu permohonan dan langkah berikutnya", "Show one request and its next steps"},
      "  tikar requests show 7ZK4Q-X9M2H-P\n"
      "  tikar requests show 0190f5c2a7b07c3e8d1f2a3b4c5d6e7f --lang id\n",
      [&line](Session& session) { return RequestsShow(session, line.view); });
  builder.AddRequestName(show, line.view.request);
  AddAsOf(show, line.view.as_of, builder);
  CLI::App* history =
      builder.AddCommand(requests, "history",
                         {"Siapa mengubah apa, kapan, dan bagaimana akhirnya",
                          "Who changed what, when, and what became of it"},
                         "  tikar requests history 7ZK4Q-X9M2H-P\n",
                         [&line](Session& session) { return RequestsHistory(session, line.view); });
  builder.AddRequestName(history, line.view.request);
  AddAsOf(history, line.view.as_of, builder);
  AddWatch(requests, builder);
  AddCreate(requests, builder);
  AddEdit(requests, builder);
  AddJoining(requests, builder);
  AddImport(requests, builder);
}

}  // namespace tikar::cli
