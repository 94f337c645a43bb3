// tikar peers: with which nodes the server mirrors its regions, and how that goes.
#ifndef TIKAR_CLIENTS_CLI_PEERS_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_PEERS_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace tikar::cli {

struct PeersOptions {
  // The node's own name.
  std::string name;
  // "HOST:PORT".
  std::string address;
  // Provinces and regions; empty: all that the server mirrors.
  std::vector<std::string> regions;
};

absl::Status PeersAdd(Session& session, const PeersOptions& options);
absl::Status PeersList(Session& session);
absl::Status PeersRemove(Session& session, const PeersOptions& options);
// Of one peer where `name` is given.
absl::Status PeersStatus(Session& session, const PeersOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_PEERS_COMMANDS_H_
