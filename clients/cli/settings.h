// What the global flags say.
#ifndef TIKAR_CLIENTS_CLI_SETTINGS_H_
#define TIKAR_CLIENTS_CLI_SETTINGS_H_

#include <string>

#include "absl/time/time.h"
#include "clients/cli/language.h"

namespace tikar::cli {

enum class OutputFormat { kTable, kJson };

inline constexpr char kDefaultServer[] = "127.0.0.1:50151";
inline constexpr char kDefaultRole[] = "operator";

struct Settings {
  // "host:port".
  std::string server;
  // Name of the context that it comes from; empty: of none.
  std::string context;
  OutputFormat output = OutputFormat::kTable;
  Language language = Language::kEnglish;
  // Who writes, and in which capacity; see ChangeBody.actor and ChangeBody.role.
  std::string actor;
  std::string role;
  // For each unary call, retries included.
  absl::Duration timeout = absl::Seconds(10);
  bool color = true;

  bool json() const { return output == OutputFormat::kJson; }
};

// "admin/<login name>", with what an actor's name may not hold left out.
std::string DefaultActor();

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_SETTINGS_H_
