// tikar inbox: everything that needs a person, and what to type for it.
#ifndef TIKAR_CLIENTS_CLI_INBOX_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_INBOX_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"
#include "tikar/v1/inbox_service.pb.h"

namespace tikar::cli {

struct InboxOptions {
  // Code or name of a regency or city; empty: all.
  std::string region;
  // As InboxKindKey; empty: all.
  std::vector<std::string> kinds;
  uint32_t limit = 50;
  bool all = false;
  // Of `dismiss`.
  std::string request;
  std::string change;
};

absl::Status Inbox(Session& session, const InboxOptions& options);
absl::Status InboxDismiss(Session& session, const InboxOptions& options);

// "under-review", "late", …: what --kind takes, in the order of the list.
std::vector<std::string> InboxKindKeys();

// What to type next, the likeliest first; each a whole line, to be copied.
std::vector<std::string> InboxCommands(const v1::InboxItem& item);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_INBOX_COMMANDS_H_
