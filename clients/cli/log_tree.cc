// tikar log and its commands.
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/log_commands.h"

namespace tikar::cli {

void AddLog(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& log =
      *builder.AddGroup(app, "log",
                        {"Log yang dapat diperiksa: checkpoint, pembuktian, tanda terima",
                         "The verifiable log: checkpoints, proofs, receipts"});
  const auto add_region = [&](CLI::App* command) {
    return command
        ->add_option(
            "--region", line.log.region,
            builder.Say("Kode atau nama kabupaten atau kota", "Code or name of a regency or city"))
        ->type_name(builder.Say("DAERAH", "REGION"));
  };
  const auto add_origin = [&](CLI::App* command) {
    command
        ->add_option("--origin", line.log.origin,
                     builder.Say("Log dari asal ini (lihat `tikar log list`)",
                                 "The log of this origin (see `tikar log list`)"))
        ->type_name("HEX");
  };
  const auto add_keys = [&](CLI::App* command, const Bilingual& description) {
    return command->add_option("--key", line.log.keys, builder.Say(description.id, description.en))
        ->type_name(builder.Say("KUNCI|BERKAS", "KEY|FILE"))
        ->allow_extra_args(false);
  };

  CLI::App* list = builder.AddCommand(
      log, "list", {"Log yang disimpan server ini", "The logs that this server holds"},
      "  tikar log list\n  tikar log list --region 15.01 --output json\n",
      [&line](Session& session) { return LogList(session, line.log); });
  add_region(list);

  builder.AddCommand(log, "key",
                     {"Kunci publik server ini; cocokkan dengan yang dikatakan operatornya",
                      "This server's public key; compare it with what its operator says"},
                     "  tikar log key\n  tikar log key > kerinci.key\n",
                     [](Session& session) { return LogKey(session); });

  CLI::App* checkpoint = builder.AddCommand(
      log, "checkpoint",
      {"Kepala log yang ditandatangani, untuk disimpan", "The signed head of a log, to be kept"},
      "  tikar log checkpoint --region 15.01 > kerinci.checkpoint\n"
      "  tikar log checkpoint --region 15.01 --after kerinci.checkpoint --key kerinci.key\n",
      [&line](Session& session) { return LogCheckpoint(session, line.log); });
  add_region(checkpoint)->required();
  add_origin(checkpoint);
  checkpoint
      ->add_option("--after", line.log.after,
                   builder.Say("Gagal bila log tidak melanjutkan checkpoint di berkas ini",
                               "Fail unless the log goes on from the checkpoint in this file"))
      ->type_name(builder.Say("BERKAS", "FILE"));
  add_keys(checkpoint,
           {"Gagal bila tidak ditandatangani kunci ini", "Fail unless it is signed by this key"});

  CLI::App* verify =
      builder.AddCommand(log, "verify",
                         {"Baca ulang semua entri dan cocokkan dengan pohonnya",
                          "Read all entries again and compare them with their trees"},
                         "  tikar log verify\n  tikar log verify --region 15.01\n",
                         [&line](Session& session) { return LogVerify(session, line.log); });
  add_origin(verify);
  CLI::Option* region = add_region(verify);
  verify->get_option("--origin")->needs(region);

  CLI::App* prove =
      builder.AddCommand(log, "prove",
                         {"Tulis tanda terima: bukti bahwa permohonan tercatat",
                          "Write a receipt: the proof that a request was recorded"},
                         "  tikar log prove 7ZK4Q-X9M2H-P\n"
                         "  tikar log prove 7ZK4Q-X9M2H-P --out bukti.json --with-bodies\n",
                         [&line](Session& session) { return LogProve(session, line.log); });
  builder.AddRequestName(prove, line.log.request);
  prove->add_flag("--with-bodies", line.log.with_bodies,
                  builder.Say("Sertakan isi perubahan: data pribadi warga",
                              "Put in what the changes say: the citizen's personal data"));
  prove
      ->add_option("--out", line.log.out,
                   builder.Say("Berkasnya; bawaan: nomor permohonan dengan .receipt.json",
                               "The file; by default the request's number with .receipt.json"))
      ->type_name(builder.Say("BERKAS", "FILE"));

  CLI::App* check = builder.AddCommand(
      log, "check",
      {"Periksa tanda terima tanpa server, dengan kunci publik saja",
       "Check a receipt without a server, with public keys alone"},
      "  tikar log check 7ZK4Q-X9M2H-P.receipt.json --key kerinci.key\n"
      "  tikar log check bukti.json --key kerinci.key --key hub.key --output json\n",
      [&line](Session& session) { return LogCheck(session, line.log); }, /*needs_server=*/false);
  check->add_option("receipt", line.log.receipt, builder.Say("Tanda terimanya", "The receipt"))
      ->type_name(builder.Say("BERKAS", "FILE"))
      ->required();
  add_keys(check, {"Kunci publik yang dipercaya, sebanyak yang perlu",
                   "A public key that you trust, as often as needed"})
      ->required();
}

}  // namespace tikar::cli
