// tikar peers and its commands.
#include "clients/cli/command_line.h"
#include "clients/cli/command_tree.h"
#include "clients/cli/peers_commands.h"

namespace tikar::cli {

void AddPeers(CLI::App& app, TreeBuilder& builder) {
  CommandLine& line = builder.line();
  CLI::App& peers = *builder.AddGroup(
      app, "peers",
      {"Node yang bercermin dengan server ini", "The nodes with which this server mirrors"});
  const auto add_name = [&](CLI::App* command) {
    return command
        ->add_option("name", line.peers.name, builder.Say("Nama node itu", "The node's own name"))
        ->type_name(builder.Say("NAMA", "NAME"));
  };
  CLI::App* add =
      builder.AddCommand(peers, "add",
                         {"Hubungi node ini mulai sekarang, dan saling salin",
                          "Dial this node from now on, and copy both ways"},
                         "  tikar peers add jambi hub.jambiprov.go.id:50152\n"
                         "  tikar peers add nias 10.12.4.1:50152 --regions 12.04,12.14\n",
                         [&line](Session& session) { return PeersAdd(session, line.peers); });
  add_name(add)->required();
  add->add_option(
         "address", line.peers.address,
         builder.Say("Alamatnya (--mirror-listen di sana)", "Where it is (--mirror-listen there)"))
      ->type_name("HOST:PORT")
      ->required();
  add->add_option("--regions", line.peers.regions,
                  builder.Say("Hanya provinsi dan daerah ini", "These provinces and regions only"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name(builder.Say("DAERAH", "REGIONS"));
  builder.AddCommand(peers, "list", {"Daftar node", "List the nodes"},
                     "  tikar peers list\n  tikar peers list --output json\n",
                     [](Session& session) { return PeersList(session); });
  CLI::App* remove =
      builder.AddCommand(peers, "remove",
                         {"Jangan hubungi node ini lagi; yang sudah disalin tetap ada",
                          "Dial this node no more; what was copied stays"},
                         "  tikar peers remove nias\n",
                         [&line](Session& session) { return PeersRemove(session, line.peers); });
  add_name(remove)->required();
  CLI::App* status = builder.AddCommand(
      peers, "status",
      {"Seberapa tertinggal tiap node, dan mengapa", "How far each node lags, and why"},
      "  tikar peers status\n"
      "  tikar peers status nias --output json\n",
      [&line](Session& session) { return PeersStatus(session, line.peers); });
  add_name(status);
}

}  // namespace tikar::cli
