// tikar inbox and its commands.
#include "absl/strings/str_join.h"
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/inbox_commands.h"

namespace tikar::cli {

void AddInbox(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App* inbox = builder.AddCommand(
      app, "inbox",
      {"Semua yang menunggu orang, dan perintah berikutnya",
       "Everything that needs a person, and the next command to type"},
      "  tikar inbox\n"
      "  tikar inbox --region 15.01 --kind late --kind under-review\n"
      "  tikar inbox --output json --all\n",
      // Runs after that of a command below it, which then is the one that was asked for.
      [&line](Session& session) {
        return line.inbox.change.empty() ? Inbox(session, line.inbox)
                                         : InboxDismiss(session, line.inbox);
      });
  inbox
      ->add_option(
          "--region", line.inbox.region,
          builder.Say("Kode atau nama kabupaten atau kota", "Code or name of a regency or city"))
      ->type_name(builder.Say("DAERAH", "REGION"));
  inbox
      ->add_option("--kind", line.inbox.kinds,
                   builder.Say("Hanya jenis ini, sebanyak yang perlu",
                               "Only of this kind, as often as needed"))
      ->transform(OneOf(InboxKindKeys(), builder.language()))
      ->type_name(absl::StrJoin(InboxKindKeys(), "|"))
      ->allow_extra_args(false);
  builder.AddLimit(inbox, line.inbox.limit, line.inbox.all);

  CLI::App* dismiss =
      builder.AddCommand(*inbox, "dismiss",
                         {"Singkirkan perubahan yang ditolak dari daftar server ini",
                          "Take a refused change off this server's list"},
                         "  tikar inbox dismiss 7ZK4Q-X9M2H-P 3f9a01bc5d6e7f8091a2b3c4d5e6f708\n",
                         [&line](Session& session) { return InboxDismiss(session, line.inbox); });
  builder.AddRequestName(dismiss, line.inbox.request);
  dismiss
      ->add_option("change", line.inbox.change, builder.Say("Id perubahannya", "Id of the change"))
      ->type_name(builder.Say("PERUBAHAN", "CHANGE"))
      ->required();
}

}  // namespace tikar::cli
