// What tikard is told on its command line and in flag files.
#ifndef TIKAR_SERVER_FLAGS_H_
#define TIKAR_SERVER_FLAGS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/log.h"

namespace tikar::server {

struct Flags {
  std::string listen = "127.0.0.1:50151";
  // Where other nodes are let in, by mutual TLS; empty: nowhere.
  std::string mirror_listen;
  // "NAME=HOST:PORT" each.
  std::vector<std::string> peers;
  // IsMirrorPrefix each; empty: those of the identity, or all without one.
  std::vector<std::string> mirror_regions;
  // This node's name, to mirror without TLS with nodes on this machine; empty: only with TLS.
  std::string mirror_without_tls;
  std::string port_file;
  std::string data_directory = "data";
  std::string catalog;
  // Empty: "backups" in the data directory.
  std::string backup_directory;
  // See ParseBackupPlace; empty: nothing is restored.
  std::string restore_from;
  // Look through the data directory instead of serving it.
  bool check = false;
  Level log_level = Level::kInfo;
  bool log_json = false;
  size_t threads = 0;  // 0: one per core, at least 2
  size_t block_cache_mib = 64;
  size_t write_buffer_mib = 32;
  size_t streams_max = 0;  // 0: kStreamsMax
  int64_t drain_seconds = 10;
  int64_t timers_interval_seconds = 60;
  // Area-code prefixes of the regions whose home node this is; "all" or "none" alone.
  std::vector<std::string> home = {"all"};
};

struct ParsedFlags {
  Flags flags;
  // Set for --help, --version and mistakes: print `message`, exit with `exit_code`.
  bool exit = false;
  int exit_code = 0;
  std::string message;
};

// `arguments` without the program's name. `catalog_default`: where an installed catalogue lies.
ParsedFlags ParseFlags(std::vector<std::string> arguments, const std::string& version,
                       const std::string& catalog_default);

// Whether a node with this --home is the home of a region.
bool IsHome(const std::vector<std::string>& home, std::string_view region);

// Puts the contents of every --flagfile where it stood: one flag a line as on the command line;
// empty lines and lines that begin with # do not count. A flag file may name others, eight deep.
// Errors say file:line.
absl::StatusOr<std::vector<std::string>> ExpandFlagFiles(const std::vector<std::string>& arguments,
                                                         int depth = 0);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_FLAGS_H_
