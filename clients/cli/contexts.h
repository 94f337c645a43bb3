// Contexts: the servers that an admin works with, by name, and who one is there.
//
// Whoever reads the file learns how to get into each server, so it is for its owner alone (0600),
// and one that others may read is not taken. Not safe for two processes that write at once: the
// later one wins, and the file is always whole.
#ifndef TIKAR_CLIENTS_CLI_CONTEXTS_H_
#define TIKAR_CLIENTS_CLI_CONTEXTS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/contexts.pb.h"

namespace tikar::cli {

inline constexpr size_t kContextNameBytesMax = 64;
// A context takes some hundred bytes.
inline constexpr size_t kContextsFileBytesMax = 1 << 20;

// $XDG_CONFIG_HOME/tikar/contexts, else ~/.config/tikar/contexts. nullopt: neither XDG_CONFIG_HOME
// nor HOME says where. A relative XDG_CONFIG_HOME does not count, as its specification wants.
std::optional<std::string> ContextsPath();

// None where there is no file. FailedPrecondition, with what to do, if others than its owner may
// read or write it; InvalidArgument if it cannot be understood.
absl::StatusOr<contexts::v1::Contexts> LoadContexts(const std::string& path);

// Replaces the file in one step, so that no crash leaves half of one. Makes its folder (0700).
absl::Status SaveContexts(const std::string& path, const contexts::v1::Contexts& contexts);

bool IsContextName(std::string_view name);

// nullptr: none is called so.
const contexts::v1::Context* FindContext(const contexts::v1::Contexts& contexts,
                                         std::string_view name);

// What was said about the server, on the command line and in the environment.
struct ServerWish {
  // --server, --context.
  std::optional<std::string> server_flag = std::nullopt;
  std::optional<std::string> context_flag = std::nullopt;
  // TIKAR_SERVER, TIKAR_CONTEXT; an empty variable is none.
  std::optional<std::string> server_variable = std::nullopt;
  std::optional<std::string> context_variable = std::nullopt;

  // Whether a server was named by its address before any context counts.
  bool names_address() const {
    return server_flag.has_value() || (!context_flag.has_value() && server_variable.has_value());
  }
};

// The context to work in: --context, else TIKAR_CONTEXT, else the current one. nullptr: none,
// because an address was named (who one is elsewhere is nobody's business there) or because there
// is no current one. A usage error for a name that is not there and for --server with --context.
absl::StatusOr<const contexts::v1::Context*> ChooseContext(const ServerWish& wish,
                                                           const contexts::v1::Contexts& contexts);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_CONTEXTS_H_
