// tikar backup and its commands.
#include "clients/cli/backup_commands.h"
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"

namespace tikar::cli {

void AddBackups(CLI::App& app, TreeBuilder& builder) {
  constexpr uint32_t kKeepMax = 10'000;
  CommandLine& line = builder.line();
  CLI::App& backup = *builder.AddGroup(app, "backup",
                                       {"Cadangan dari yang disimpan server, selagi ia bekerja",
                                        "Backups of what the server keeps, made while it works"});
  const auto add_name = [&](CLI::App* command, const Bilingual& description) {
    return command->add_option("backup", line.backup.backup, Pick(builder.language(), description))
        ->type_name("N");
  };

  CLI::App* create = builder.AddCommand(
      backup, "create",
      {"Buat cadangan; hanya yang baru yang disalin", "Make a backup; only what is new is copied"},
      "  tikar backup create\n"
      "  tikar backup create --keep 7\n"
      "  tikar backup create --keep 7 --output json\n",
      [&line](Session& session) { return BackupCreate(session, line.backup); });
  create
      ->add_option("--keep", line.backup.keep,
                   builder.Say("Simpan sekian yang terbaru, dan hapus yang lebih lama",
                               "Keep so many of the newest, and delete older ones"))
      ->check(Between(1, kKeepMax, builder.language()))
      ->type_name("N");

  builder.AddCommand(backup, "list",
                     {"Daftar cadangan dan isinya, yang terbaru dahulu",
                      "List backups and what is in each, the newest first"},
                     "  tikar backup list\n  tikar backup list --output json\n",
                     [](Session& session) { return BackupList(session); });

  CLI::App* verify = builder.AddCommand(
      backup, "verify",
      {"Baca setiap byte sebuah cadangan dan periksa", "Read every byte of a backup and check it"},
      "  tikar backup verify\n  tikar backup verify 3\n",
      [&line](Session& session) { return BackupVerify(session, line.backup); });
  add_name(verify, {"Nomornya; kalau tidak, yang terbaru", "Its number; else the newest"});

  CLI::App* remove = builder.AddCommand(
      backup, "delete", {"Hapus sebuah cadangan", "Delete a backup"}, "  tikar backup delete 3\n",
      [&line](Session& session) { return BackupDelete(session, line.backup); });
  add_name(remove, {"Nomornya", "Its number"})->required();
}

}  // namespace tikar::cli
