// tikar bundle and its commands.
#include "clients/cli/bundle_commands.h"
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"

namespace tikar::cli {

void AddBundles(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& bundle =
      *builder.AddGroup(app, "bundle",
                        {"Berkas yang membawa data antarserver di tempat tanpa jaringan",
                         "Files that carry data between servers where there is no network"});

  CLI::App* make = builder.AddCommand(
      bundle, "export",
      {"Buat bundel untuk node lain: yang ada di sini dan belum ada di sana",
       "Make a bundle for another node: what is here and not yet there"},
      "  tikar bundle export --for nias --for-cert nias.crt\n"
      "  tikar bundle export --region 12.04 --for hub --split 20MB /media/usb/nias.tikar\n"
      "  tikar bundle export --for hub --all\n",
      [&line](Session& session) { return BundleExport(session, line.bundle); });
  make->add_option("file", line.bundle.out,
                   builder.Say("Berkas yang dibuat; jika tidak ada: for-NODE.tikar",
                               "File to make; else for-NODE.tikar"))
      ->type_name(builder.Say("BERKAS", "FILE"));
  make->add_option("--for", line.bundle.receiver,
                   builder.Say("Node yang akan membukanya; hanya node itu yang dapat",
                               "Node that is to open it; no other can"))
      ->type_name("NODE");
  make->add_option("--for-cert", line.bundle.certificate_path,
                   builder.Say("Sertifikat node itu; cukup sekali, server menyimpannya",
                               "Certificate of that node; once, the server keeps it"))
      ->type_name(builder.Say("BERKAS", "FILE"));
  make->add_option("--region", line.bundle.regions,
                   builder.Say("Hanya daerah atau provinsi ini, sebanyak yang perlu",
                               "These regions or provinces only, as often as needed"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name(builder.Say("DAERAH", "REGION"));
  CLI::Option* since =
      make->add_flag("--since-peer", line.bundle.since_peer,
                     builder.Say("Hanya yang belum diakui node itu; gagal jika belum ada pengakuan "
                                 "(bawaan: jika ada)",
                                 "Only what that node has not acknowledged; fails if it never did "
                                 "(default: if it did)"));
  make->add_flag(
          "--all", line.bundle.all,
          builder.Say("Semuanya, juga yang sudah diakui", "Everything, also what was acknowledged"))
      ->excludes(since);
  make->add_option("--split", line.bundle.split,
                   builder.Say("Bagi menjadi berkas paling besar sebesar ini, misalnya 20MB",
                               "Split into files no larger than this, such as 20MB"))
      ->type_name(builder.Say("UKURAN", "SIZE"));

  CLI::App* inspect = builder.AddCommand(
      bundle, "inspect",
      {"Periksa berkas tanpa membukanya: dari siapa, untuk siapa, utuh atau rusak",
       "Look at files without opening them: from whom, for whom, whole or damaged"},
      "  tikar bundle inspect nias.tikar\n"
      "  tikar bundle inspect nias.*.tikar --output json\n",
      [&line](Session& session) { return BundleInspect(session, line.bundle); },
      /*needs_server=*/false);
  CLI::App* import = builder.AddCommand(
      bundle, "import",
      {"Serahkan bundel atau pengakuan kepada server; bagian boleh dalam urutan apa pun",
       "Give bundles or acknowledgements to the server; parts may come in any order"},
      "  tikar bundle import nias.tikar --ack-out untuk-nias.tikar\n"
      "  tikar bundle import nias.*-of-3.tikar\n"
      "  tikar bundle import --dry-run nias.tikar\n",
      [&line](Session& session) { return BundleImport(session, line.bundle); });
  for (CLI::App* command : {inspect, import}) {
    command->add_option("files", line.bundle.files, builder.Say("Berkasnya", "The files"))
        ->type_name(builder.Say("BERKAS", "FILE"))
        ->required();
  }
  import
      ->add_option("--ack-out", line.bundle.acknowledgement_path,
                   builder.Say("Tulis pengakuan untuk pengirim ke sini: bundel berikutnya "
                               "menjadi kecil",
                               "Write an acknowledgement for the sender here: its next bundle "
                               "then is small"))
      ->type_name(builder.Say("BERKAS", "FILE"));
  import->add_flag(
      "--dry-run", line.bundle.dry_run,
      builder.Say("Hanya periksa dan tunjukkan isinya", "Only check, and show what is in it"));

  CLI::App* key = builder.AddCommand(
      bundle, "key",
      {"Yang perlu diketahui pengirim bundel untuk node ini, dan node yang dikenal di sini",
       "What senders of bundles for this node must know, and the nodes that are known here"},
      "  tikar bundle key\n"
      "  tikar bundle key --cert-out kerinci.crt\n",
      [&line](Session& session) { return BundleKey(session, line.bundle); });
  key->add_option("--cert-out", line.bundle.certificate_out,
                  builder.Say("Tulis sertifikat node ini ke sini",
                              "Write the certificate of this node here"))
      ->type_name(builder.Say("BERKAS", "FILE"));
}

}  // namespace tikar::cli
