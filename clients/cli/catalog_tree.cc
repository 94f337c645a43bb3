// tikar catalog and its commands.
#include "clients/cli/catalog_commands.h"
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"

namespace tikar::cli {
namespace {

void AddService(CLI::App* command, TreeBuilder& builder) {
  command
      ->add_option("service", builder.line().catalog.service,
                   builder.Say("Kunci layanan", "Key of a service"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"))
      ->required();
}

CLI::Option* AddRegion(CLI::App* command, TreeBuilder& builder) {
  return command
      ->add_option(
          "--region", builder.line().catalog.region,
          builder.Say("Kode atau nama kabupaten atau kota", "Code or name of a regency or city"))
      ->type_name(builder.Say("DAERAH", "REGION"));
}

void AddFrom(CLI::App* command, TreeBuilder& builder) {
  command
      ->add_option("--from", builder.line().catalog.from,
                   builder.Say("Penerbitnya, dengan @versi; kalau tidak, yang terbaru",
                               "Who published it, with @version; else the newest"))
      ->type_name(builder.Say("PENERBIT[@N]", "PUBLISHER[@N]"))
      ->required();
}

void AddNote(CLI::App* command, TreeBuilder& builder) {
  command
      ->add_option("--note", builder.line().catalog.note,
                   builder.Say("Apa yang diubah, untuk asal-usulnya",
                               "What was changed, for its provenance"))
      ->type_name(builder.Say("TEKS", "TEXT"));
}

CLI::Option* AddOut(CLI::App* command, const Bilingual& description, TreeBuilder& builder) {
  CLI::Option* out =
      command
          ->add_option("--out", builder.line().catalog.out, Pick(builder.language(), description))
          ->type_name("FILE");
  command
      ->add_flag("--replace", builder.line().catalog.replace,
                 builder.Say("Timpa berkas yang sudah ada", "Take the place of a file there"))
      ->needs(out);
  return out;
}

void AddDryRun(CLI::App* command, TreeBuilder& builder) {
  command->add_flag(
      "--dry-run", builder.line().catalog.dry_run,
      builder.Say("Hanya tunjukkan apa yang akan terjadi", "Only show what would happen"));
}

void AddFile(CLI::App* command, const std::string& what, TreeBuilder& builder) {
  command->add_option("file", builder.line().catalog.path, what)->type_name("FILE")->required();
}

void AddName(CLI::App* command, const std::string& option, std::string& name,
             TreeBuilder& builder) {
  command
      ->add_option(option, name,
                   builder.Say("Berkas, hash, PENERBIT/LAYANAN@VERSI atau DAERAH/LAYANAN",
                               "File, hash, PUBLISHER/SERVICE@VERSION or REGION/SERVICE"))
      ->type_name(builder.Say("DEFINISI", "DEFINITION"))
      ->required();
}

void AddReading(CLI::App& catalog, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* check = builder.AddCommand(
      catalog, "check",
      {"Periksa berkas definisi sebelum diterbitkan", "Look a definition's file over"},
      "  tikar catalog check hayu.textproto\n  tikar catalog check catalog/services\n",
      [&line](Session& session) { return CatalogCheck(session, line.catalog); },
      /*needs_server=*/false);
  AddFile(check,
          builder.Say("Berkas, atau folder dengan *.textproto", "File, or folder with *.textproto"),
          builder);
  CLI::App* list = builder.AddCommand(
      catalog, "list",
      {"Daftar definisi: penerbit, versi, dipakai di mana, berasal dari apa",
       "List definitions: who published them, where they are adopted, what they come from"},
      "  tikar catalog list\n  tikar catalog list --region \"Kabupaten Kerinci\"\n",
      [&line](Session& session) { return CatalogList(session, line.catalog); });
  AddRegion(list, builder);
  CLI::App* show = builder.AddCommand(
      catalog, "show", {"Tampilkan satu definisi", "Show one definition"},
      "  tikar catalog show 32.73/hayu@1\n  tikar catalog show 15.01/pengaduan\n",
      [&line](Session& session) { return CatalogShow(session, line.catalog); });
  AddName(show, "definition", line.catalog.first, builder);
  CLI::App* diff =
      builder.AddCommand(catalog, "diff",
                         {"Tunjukkan perbedaan dua definisi, bagian demi bagian",
                          "Show what differs between two definitions, part by part"},
                         "  tikar catalog diff 32.73/hayu@1 15.01/hayu\n"
                         "  tikar catalog diff 15.01/hayu hayu.textproto\n",
                         [&line](Session& session) { return CatalogDiff(session, line.catalog); });
  AddName(diff, "before", line.catalog.first, builder);
  AddName(diff, "after", line.catalog.second, builder);
}

void AddOffering(CLI::App& catalog, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* publish = builder.AddCommand(
      catalog, "publish", {"Terbitkan definisi di server", "Publish a definition on the server"},
      "  tikar catalog publish hayu.textproto\n"
      "  tikar catalog publish hayu.textproto --dry-run\n",
      [&line](Session& session) { return CatalogPublish(session, line.catalog); });
  AddFile(publish, builder.Say("Berkasnya", "The file"), builder);
  AddDryRun(publish, builder);
  CLI::App* adopt = builder.AddCommand(
      catalog, "adopt",
      {"Pakai definisi ini untuk permohonan baru di suatu daerah",
       "From now on a region's new requests pin this definition"},
      "  tikar catalog adopt hayu --from 32.73 --region 15.01\n"
      "  tikar catalog adopt hayu --from 32.73@1 --region \"Kabupaten Kerinci\"\n",
      [&line](Session& session) { return CatalogAdopt(session, line.catalog); });
  AddService(adopt, builder);
  AddFrom(adopt, builder);
  AddRegion(adopt, builder)->required();
  CLI::App* rebase = builder.AddCommand(
      catalog, "rebase",
      {"Pindahkan permohonan yang masih terbuka ke definisi yang kini dipakai daerahnya",
       "Move a region's open requests to the definition that it offers now"},
      "  tikar catalog rebase --service hayu --region 15.01 --role penyelia\n"
      "  tikar catalog rebase --service hayu --region 15.01 --dry-run\n",
      [&line](Session& session) { return CatalogRebase(session, line.catalog); });
  rebase
      ->add_option("--service", line.catalog.service,
                   builder.Say("Kunci layanan", "Key of a service"))
      ->type_name(builder.Say("LAYANAN", "SERVICE"))
      ->required();
  AddRegion(rebase, builder)->required();
  AddDryRun(rebase, builder);
}

void AddForking(CLI::App& catalog, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* fork = builder.AddCommand(
      catalog, "fork",
      {"Tulis versi daerah sendiri dari definisi orang lain ke berkas",
       "Write a region's own version of somebody's definition to a file"},
      "  tikar catalog fork hayu --from 32.73 --region 15.01 --out hayu.textproto\n",
      [&line](Session& session) { return CatalogFork(session, line.catalog); });
  AddService(fork, builder);
  AddFrom(fork, builder);
  AddRegion(fork, builder)->required();
  AddNote(fork, builder);
  AddOut(fork, {"Ke mana", "Where to"}, builder)->required();
  CLI::App* upgrade = builder.AddCommand(
      catalog, "upgrade",
      {"Ambil perubahan hulu sejak definisi ini dicabangkan, lalu terbitkan dan pakai",
       "Take over what upstream changed since the fork, publish it and adopt it"},
      "  tikar catalog upgrade hayu --region 15.01 --dry-run\n"
      "  tikar catalog upgrade hayu --region 15.01 --take fields/modal/maximum=theirs \\\n"
      "      --take workflow/edges=ours\n",
      [&line](Session& session) { return CatalogUpgrade(session, line.catalog); });
  AddService(upgrade, builder);
  AddRegion(upgrade, builder)->required();
  upgrade
      ->add_option("--take", line.catalog.takes,
                   builder.Say("Punya siapa yang dipakai untuk bagian ini, sebanyak yang perlu",
                               "Whose side counts for this part, as often as needed"))
      ->type_name(builder.Say("BAGIAN=theirs|ours", "PATH=theirs|ours"))
      ->allow_extra_args(false);
  AddNote(upgrade, builder);
  AddDryRun(upgrade, builder);
  AddOut(upgrade,
         {"Tulis hasilnya ke berkas, tanpa menerbitkan", "Write the result there, publish nothing"},
         builder);
}

}  // namespace

void AddDefinitions(CLI::App& app, TreeBuilder& builder) {
  CLI::App& catalog = *builder.AddGroup(app, "catalog",
                                        {"Definisi layanan: terbitkan, pakai, cabangkan",
                                         "Service definitions: publish, adopt, fork"});
  AddReading(catalog, builder);
  AddOffering(catalog, builder);
  AddForking(catalog, builder);
}

}  // namespace tikar::cli
