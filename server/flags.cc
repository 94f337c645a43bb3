#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/engine/limits.h"
#include "server/mirror_options.h"
#include "sync/feed.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

constexpr char kDescription[] =
    "tikard receives, keeps and joins citizen service requests from phones that are mostly\n"
    "offline. It listens for them on loopback only: enrolled devices come in a later version.\n"
    "Other nodes are let in by mutual TLS. Commands, each with --help of its own:\n"
    "  tikard init      makes the identity of this node, by which other nodes know it\n"
    "  tikard sign      lets a node into the network, on the machine of its CA\n"
    "  tikard renew     renews this node's certificate\n"
    "  tikard identity  shows who this node is";

constexpr char kExamples[] =
    "Examples:\n"
    "  tikard --data-dir /var/lib/tikar --catalog /usr/share/tikar/catalog\n"
    "  tikard --listen 127.0.0.1:0 --port-file /tmp/tikard.port --log-format json\n"
    "  tikard --data-dir /var/lib/tikar --mirror-listen 0.0.0.0:50152\n"
    "  tikard --data-dir /var/lib/tikar --peer jambi=hub.jambiprov.go.id:50152\n"
    "  tikard --flagfile /etc/tikar/tikard.flags\n"
    "  tikard --check --data-dir /var/lib/tikar\n"
    "  tikard --restore-from /mnt/usb/tikar@3 --data-dir /var/lib/tikar-restored\n"
    "\n"
    "A flag file holds one flag a line, as above; lines that begin with # do not count.\n"
    "Stop it with SIGTERM or Ctrl-C: it finishes what it took, closes the store and exits with 0.\n"
    "--check exits with 0 when all is well, 3 when something is damaged, 1 when it could not look.";

constexpr int kFlagFilesDeepMax = 8;

// What is wrong with a value of --home; empty: nothing.
std::string HomeMistake(const std::string& value) {
  if (value == "all" || value == "none") return "";
  for (const std::string& prefix : std::vector<std::string>(absl::StrSplit(value, ','))) {
    if (prefix.size() > 5 || !sync::IsAreaPrefix(prefix)) {
      return absl::StrCat("\"", prefix, "\" is no province or region such as 15 or 15.01");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandFlagFiles(const std::vector<std::string>& arguments,
                                                         int depth) {
  std::vector<std::string> expanded;
  for (size_t i = 0; i < arguments.size(); ++i) {
    constexpr absl::string_view kFlag = "--flagfile";
    std::string path;
    if (arguments[i] == kFlag) {
      if (i + 1 == arguments.size()) {
        return absl::InvalidArgumentError("--flagfile needs a path");
      }
      path = arguments[++i];
    } else if (absl::StartsWith(arguments[i], absl::StrCat(kFlag, "="))) {
      path = arguments[i].substr(kFlag.size() + 1);
    } else {
      expanded.push_back(arguments[i]);
      continue;
    }
    if (depth == kFlagFilesDeepMax) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": flag files name each other"));
    }
    std::ifstream file(path);
    if (!file.is_open()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
    std::vector<std::string> lines;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      absl::StripAsciiWhitespace(&line);
      if (line.empty() || line[0] == '#') continue;
      if (!absl::StartsWith(line, "--")) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ":", number, ": expected a flag such as --data-dir=/var/lib/tikar"));
      }
      // "--name value" is two arguments, as on the command line.
      const size_t space = line.find_first_of(" \t");
      if (space != std::string::npos && line.find('=') > space) {
        std::string value = line.substr(space + 1);
        absl::StripLeadingAsciiWhitespace(&value);
        lines.push_back(line.substr(0, space));
        lines.push_back(value);
      } else {
        lines.push_back(line);
      }
    }
    ASSIGN_OR_RETURN(std::vector<std::string> more, ExpandFlagFiles(lines, depth + 1));
    std::move(more.begin(), more.end(), std::back_inserter(expanded));
  }
  return expanded;
}

bool IsHome(const std::vector<std::string>& home, std::string_view region) {
  return std::any_of(home.begin(), home.end(), [&](const std::string& prefix) {
    return prefix == "all" || (prefix != "none" && sync::AreaWithin(region, prefix));
  });
}

ParsedFlags ParseFlags(std::vector<std::string> arguments, const std::string& version,
                       const std::string& catalog_default) {
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  flags.catalog = catalog_default;
  CLI::App app(kDescription, "tikard");
  app.footer(kExamples);
  app.set_version_flag("--version", "tikard " + version, "Print the version and exit");
  app.get_formatter()->column_width(34);
  // What comes later wins, so that a command line can correct a flag file.
  app.option_defaults()->always_capture_default()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--listen", flags.listen, "Loopback address and port; port 0 takes a free one");
  app.add_option(
         "--peer", flags.peers,
         "Mirror with this node: dial it, again and again; as often as needed. `tikar peers "
         "add` does the same without a restart")
      ->type_name("NAME=HOST:PORT")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check([](const std::string& value) {
        return std::string(ParsePeer(value).status().message());
      });
  std::string mirror_regions;
  app.add_option("--mirror-regions", mirror_regions,
                 "Provinces and regions to mirror, as 15.01,15.71, or * for all; without it those "
                 "of this node's certificate")
      ->type_name("REGIONS")
      ->check([](const std::string& value) { return MirrorRegionsMistake(value); });
  app.add_option(
         "--mirror-without-tls", flags.mirror_without_tls,
         "Mirror under this name with nodes on this machine, without identities and TLS: to "
         "try it out")
      ->type_name("NAME")
      ->check([](const std::string& value) {
        return sync::IsNodeName(value) ? std::string()
                                       : "\"" + value + "\" is no name of a node, such as kerinci";
      });
  app.add_option("--mirror-listen", flags.mirror_listen,
                 "Address and port where other nodes are let in, by mutual TLS; needs tikard init. "
                 "Empty: nowhere");
  app.add_option("--port-file", flags.port_file,
                 "Write the port to this file once the server listens");
  app.add_option("--data-dir", flags.data_directory, "Where the store is; made if it is not there");
  app.add_option("--catalog", flags.catalog,
                 "Directory with areas/*.csv, services/*.textproto and calendars/*.textproto");
  CLI::Option* check = app.add_flag(
      "--check", flags.check,
      "Do not serve: look through the data directory for damage, and change nothing in it");
  app.add_option(
         "--backup-dir", flags.backup_directory,
         "Where `tikar backup create` puts backups; empty: \"backups\" in the data directory. "
         "Better on another disk")
      ->type_name("DIR");
  app.add_option(
         "--restore-from", flags.restore_from,
         "Make the data directory, which must be empty, out of the newest backup in DIR, or "
         "out of backup N, then serve it")
      ->type_name("DIR[@N]")
      ->excludes(check);
  const std::map<std::string, Level> levels = {{"debug", Level::kDebug},
                                               {"info", Level::kInfo},
                                               {"warning", Level::kWarning},
                                               {"error", Level::kError}};
  std::string level = "info", format = "text";
  app.add_option("--log-level", level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_option("--log-format", format, "text for people, json for machines")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--threads", flags.threads,
                 "Threads that read from the store; 0: one per core, at least 2")
      ->check(CLI::Range(0, 256));
  app.add_option("--block-cache-mb", flags.block_cache_mib, "Memory for blocks read from disk, MiB")
      ->check(CLI::Range(8, 1 << 20));
  app.add_option("--write-buffer-mb", flags.write_buffer_mib,
                 "Memory for writes that wait to be sorted into files, MiB")
      ->check(CLI::Range(4, 1 << 14));
  app.add_option("--streams-max", flags.streams_max,
                 absl::StrCat("Sync streams at a time; 0: ", kStreamsMax))
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--drain-seconds", flags.drain_seconds,
                 "How long calls may take to end when the server stops")
      ->check(CLI::Range(0, 3600));
  app.add_option("--timers-interval", flags.timers_interval_seconds,
                 "How often to look for requests whose time is up, seconds")
      ->check(CLI::Range(1, 86'400));
  // One value, so that a later one replaces it.
  std::string home = "all";
  app.add_option("--home", home,
                 "Provinces and regions whose timers this node runs, as 15.01,15.71; all or none")
      ->check([](const std::string& value) { return HomeMistake(value); });
  // Replaced before parsing; here for --help.
  std::string flag_file;
  app.add_option("--flagfile", flag_file, "Read flags from this file");

  absl::StatusOr<std::vector<std::string>> expanded = ExpandFlagFiles(arguments);
  if (!expanded.ok()) {
    parsed.exit = true;
    parsed.exit_code = 2;
    parsed.message = absl::StrCat("tikard: ", std::string(expanded.status().message()), "\n");
    return parsed;
  }
  // CLI11 takes them from the back.
  std::reverse(expanded->begin(), expanded->end());
  try {
    app.parse(*std::move(expanded));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, mistakes;
    const int code = app.exit(error, out, mistakes);
    parsed.exit = true;
    parsed.exit_code = code == 0 ? 0 : 2;
    parsed.message = code == 0 ? out.str() : absl::StrCat("tikard: ", mistakes.str());
  }
  flags.home = absl::StrSplit(home, ',');
  if (!mirror_regions.empty()) flags.mirror_regions = absl::StrSplit(mirror_regions, ',');
  flags.log_level = *ParseLevel(level);
  flags.log_json = format == "json";
  return parsed;
}

}  // namespace tikar::server
