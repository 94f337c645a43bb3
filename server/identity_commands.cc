#include "server/identity_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/identity.h"
#include "server/identity_files.h"
#include "server/identity_setup.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

struct Options {
  std::string data_directory = "data";
  std::string name;
  std::string regions;
  std::vector<std::string> hosts;
  // Where init and renew write a request, and what sign reads.
  std::string request;
  std::string install;
  std::string output;
  std::string authority_directory;
  bool replace = false;
};

struct Command {
  const char* name;
  const char* summary;
  const char* examples;
  void (*add_options)(CLI::App&, Options&);
  absl::StatusOr<std::string> (*run)(const Options&, int64_t now_s);
};

constexpr char kRegionsHelp[] =
    "For which provinces and regions it may write logs, as 15.01,15.71 or 15; or all";

// What was asked for, and cannot be: the command line is wrong, not the files.
absl::Status Usage(const std::string& text) { return absl::OutOfRangeError(text); }

absl::StatusOr<std::vector<std::string>> ParseRegions(const std::string& text) {
  if (text == "all" || text == kEveryRegion)
    return std::vector<std::string>{std::string(kEveryRegion)};
  std::vector<std::string> regions = absl::StrSplit(text, ',', absl::SkipEmpty());
  for (const std::string& region : regions) {
    if (region == kEveryRegion || !sync::IsMirrorPrefix(region)) {
      return Usage(absl::StrCat("--regions: \"", region,
                                "\" is no province or region such as 15 or 15.01; all stands for "
                                "every one, alone"));
    }
  }
  std::sort(regions.begin(), regions.end());
  regions.erase(std::unique(regions.begin(), regions.end()), regions.end());
  return regions;
}

absl::Status CheckName(const Options& options) {
  if (options.name.empty()) return Usage("--name is missing: how this node is called, as kerinci");
  if (const absl::Status status = CheckNameAndHosts(options.name, options.hosts); !status.ok()) {
    return Usage(std::string(status.message()));
  }
  return absl::OkStatus();
}

std::string AuthorityDirectory(const Options& options) {
  return options.authority_directory.empty() ? IdentityDirectory(options.data_directory)
                                             : options.authority_directory;
}

// "--data-dir /var/lib/tikar ", so that a command that is shown can be copied.
std::string DataFlag(const Options& options) {
  return options.data_directory == Options().data_directory
             ? ""
             : absl::StrCat("--data-dir ", options.data_directory, " ");
}

std::string Show(const NodeCertificate& certificate) {
  return absl::StrCat("  regions  ", RegionsText(certificate.regions), "\n", "  hosts    ",
                      certificate.hosts.empty() ? "none" : absl::StrJoin(certificate.hosts, ", "),
                      "\n", "  key      ", sync::Fingerprint(certificate.key), "\n", "  until    ",
                      DateText(certificate.not_after_s), "\n");
}

// With the path in front of what is wrong with the file.
template <typename T>
absl::StatusOr<T> Of(const std::string& path, absl::StatusOr<T> result) {
  if (result.ok()) return result;
  const std::string message(result.status().message());
  return absl::Status(result.status().code(), absl::StrCat(path, ": ", message));
}

std::string AfterRequest(const Options& options, const std::string& name,
                         const sync::PublicKey& key) {
  return absl::StrCat("Wrote a request for node ", name, " to ", options.request, "\n  key      ",
                      sync::Fingerprint(key),
                      "\nIt holds no secret. Bring it to the machine of the CA, and tell the key "
                      "to whoever signs:\n"
                      "  tikard sign ",
                      options.request, " --regions CODES --out ", name, ".identity\nThen bring ",
                      name, ".identity back:\n  tikard init ", DataFlag(options), "--install ",
                      name, ".identity\n");
}

absl::StatusOr<std::string> InitFirst(const Options& options, int64_t now_s) {
  RETURN_IF_ERROR(CheckName(options));
  if (options.regions.empty()) {
    return Usage(absl::StrCat(
        "--regions is missing: for which regions this node may write logs, as 15.01, or all for a "
        "hub. (That is for the first node, which becomes the CA of its network. A further node "
        "asks to be let in: --request FILE)"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> regions, ParseRegions(options.regions));
  const std::string directory = IdentityDirectory(options.data_directory);
  ASSIGN_OR_RETURN(const SetUp done,
                   SetUpFirstNode(directory, options.name, regions, options.hosts, now_s));
  if (done.unchanged) {
    return absl::StrCat("Node ", options.name, " has its identity in ", directory,
                        " already; nothing was changed\n", Show(done.identity->certificate()));
  }
  return absl::StrCat(
      "Made the identity of node ", options.name, " in ", directory, "\n",
      Show(done.identity->certificate()),
      "It also holds the CA of a new network. Keep a copy of ca.key, ca.crt and issued in a safe\n"
      "place: without them no node can join or be renewed, and with them anybody can.\n"
      "On each further node:\n"
      "  tikard init --name NAME --host HOST --request NAME.request\n");
}

absl::StatusOr<std::string> InitRequest(const Options& options) {
  RETURN_IF_ERROR(CheckName(options));
  if (!options.regions.empty()) {
    return Usage("--regions is for whoever signs the request: tikard sign --regions CODES");
  }
  ASSIGN_OR_RETURN(
      const Requested requested,
      RequestIdentity(IdentityDirectory(options.data_directory), options.name, options.hosts));
  RETURN_IF_ERROR(ReplacePublicFile(options.request, requested.request_pem));
  return AfterRequest(options, options.name, requested.key);
}

absl::StatusOr<std::string> InitInstall(const Options& options, int64_t now_s) {
  if (!options.name.empty() || !options.regions.empty() || !options.hosts.empty()) {
    return Usage("--install takes name, regions and hosts from the file; leave them out");
  }
  ASSIGN_OR_RETURN(const std::string answer, ReadIdentityFile(options.install));
  const std::string directory = IdentityDirectory(options.data_directory);
  ASSIGN_OR_RETURN(const SetUp done,
                   Of(options.install, InstallIdentity(directory, answer, now_s)));
  return absl::StrCat(done.unchanged ? "Was installed already: node " : "Installed: this is node ",
                      done.identity->name(), "\n", Show(done.identity->certificate()));
}

absl::StatusOr<std::string> RunInit(const Options& options, int64_t now_s) {
  if (!options.install.empty()) {
    if (!options.request.empty()) return Usage("either --request or --install");
    return InitInstall(options, now_s);
  }
  return options.request.empty() ? InitFirst(options, now_s) : InitRequest(options);
}

absl::StatusOr<std::string> RunSign(const Options& options, int64_t now_s) {
  ASSIGN_OR_RETURN(const std::vector<std::string> regions, ParseRegions(options.regions));
  ASSIGN_OR_RETURN(const std::string request, ReadIdentityFile(options.request));
  // Said before anything is signed.
  ASSIGN_OR_RETURN(const NodeRequest parsed, Of(options.request, ParseRequest(request)));
  ASSIGN_OR_RETURN(const Signed done, SignRequest(AuthorityDirectory(options), request, regions,
                                                  options.replace, now_s));
  RETURN_IF_ERROR(ReplacePublicFile(options.output, done.answer_pem));
  return absl::StrCat("Signed node ", parsed.name, " into ", options.output, "\n",
                      Show(done.certificate), "Give it away only if ", parsed.name,
                      " says that its key is this one. It holds no secret. There:\n"
                      "  tikard init --install ",
                      options.output, "\n");
}

absl::StatusOr<std::string> RunRenew(const Options& options, int64_t now_s) {
  const std::string directory = IdentityDirectory(options.data_directory);
  if (!options.request.empty()) {
    if (!options.regions.empty()) {
      return Usage("--regions is for whoever signs the request: tikard sign --regions CODES");
    }
    ASSIGN_OR_RETURN(const auto identity, Identity::Load(directory));
    ASSIGN_OR_RETURN(const Requested requested, RequestRenewal(directory, options.hosts));
    RETURN_IF_ERROR(ReplacePublicFile(options.request, requested.request_pem));
    return absl::StrCat(AfterRequest(options, identity->name(), requested.key),
                        "Until now its regions are ", RegionsText(identity->regions()), "\n");
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> regions, ParseRegions(options.regions));
  absl::StatusOr<SetUp> done =
      RenewHere(directory, AuthorityDirectory(options), regions, options.hosts, now_s);
  if (absl::IsNotFound(done.status())) {
    return absl::NotFoundError(absl::StrCat(std::string(done.status().message()),
                                            ". On a node without the CA: tikard renew ",
                                            DataFlag(options), "--request FILE"));
  }
  RETURN_IF_ERROR(done.status());
  return absl::StrCat("Renewed node ", done->identity->name(), "\n",
                      Show(done->identity->certificate()),
                      "A tikard that runs takes it by itself.\n");
}

absl::StatusOr<std::string> RunIdentity(const Options& options, int64_t now_s) {
  const std::string directory = IdentityDirectory(options.data_directory);
  ASSIGN_OR_RETURN(const auto identity, Identity::Load(directory));
  const auto problem = identity->CheckDates(now_s);
  if (problem.has_value() && !problem->valid) return absl::FailedPreconditionError(problem->text);
  return absl::StrCat("Node ", identity->name(), "\n", Show(identity->certificate()), "  public   ",
                      identity->public_key().hex(), "\n", "  CA       ",
                      sync::Fingerprint(identity->authority().key), ", until ",
                      DateText(identity->authority().not_after_s), "\n",
                      problem.has_value() ? absl::StrCat("Attention: ", problem->text, "\n") : "");
}

void AddHost(CLI::App& app, Options& options) {
  app.add_option("--host", options.hosts,
                 "DNS name or IP address by which other nodes reach it; may be given several times")
      ->take_all();
}
void AddAuthority(CLI::App& app, Options& options) {
  app.add_option("--ca", options.authority_directory,
                 "Where ca.key, ca.crt and issued are, if not in the data directory");
}

constexpr Command kCommands[] = {
    {"init", "Makes the identity of a node: its key, and a certificate signed by the network's CA",
     "Examples:\n"
     "  tikard init --data-dir /var/lib/tikar --name hub --regions all --host hub.example.go.id\n"
     "      the first node: it also becomes the CA of its network\n"
     "  tikard init --name nias --host 10.12.4.1 --request nias.request\n"
     "      a further node: its key, and a request to be signed on the machine of the CA\n"
     "  tikard init --install nias.identity\n"
     "      what tikard sign made of the request\n"
     "\n"
     "It may be run again; a key is never written over.",
     [](CLI::App& app, Options& options) {
       app.add_option("--name", options.name,
                      "How the node is called in the network: a-z, 0-9 and -, as kerinci");
       app.add_option("--regions", options.regions, kRegionsHelp);
       AddHost(app, options);
       app.add_option("--request", options.request,
                      "A further node: write a request to be signed to this file");
       app.add_option("--install", options.install,
                      "A further node: take the certificate of this file");
     },
     RunInit},
    {"sign", "Lets a node into the network: signs its request, on the machine of the CA",
     "Examples:\n"
     "  tikard sign nias.request --regions 12.04 --out nias.identity\n"
     "  tikard sign nias.request --regions 12.04 --out nias.identity --ca /media/safe/ca\n"
     "\n"
     "Ask the node's people for the key that tikard init showed them, and compare: whoever "
     "changed\n"
     "the request on its way would be let in instead. The file `issued` keeps what was signed.",
     [](CLI::App& app, Options& options) {
       app.add_option("REQUEST", options.request, "What tikard init --request wrote")->required();
       app.add_option("--regions", options.regions, kRegionsHelp)->required();
       app.add_option("--out", options.output, "Where to write the certificate")->required();
       AddAuthority(app, options);
       app.add_flag("--replace", options.replace,
                    "Sign though the name was given to another key: that node is gone for good");
     },
     RunSign},
    {"renew", "Renews the certificate of this node, for the same key",
     "Examples:\n"
     "  tikard renew --data-dir /var/lib/tikar\n"
     "      on the machine of the CA\n"
     "  tikard renew --request nias.request\n"
     "      elsewhere: then sign and install as at first\n"
     "  tikard renew --host hub.example.go.id --host 10.1.1.1\n"
     "      with other hosts than until now",
     [](CLI::App& app, Options& options) {
       app.add_option("--regions", options.regions,
                      "Other regions than until now, as 15.01,15.71 or 15; or all");
       AddHost(app, options);
       app.add_option("--request", options.request, "Write a request to be signed to this file");
       AddAuthority(app, options);
     },
     RunRenew},
    {"identity", "Shows who this node is",
     "Examples:\n"
     "  tikard identity --data-dir /var/lib/tikar\n"
     "\n"
     "Exits with 1 when there is no identity, when its files do not belong together, or when its\n"
     "certificate is not valid today.",
     [](CLI::App&, Options&) {}, RunIdentity},
};

}  // namespace

bool IsIdentityCommand(std::string_view word) {
  return std::any_of(std::begin(kCommands), std::end(kCommands),
                     [word](const Command& command) { return word == command.name; });
}

CommandOutcome RunIdentityCommand(std::vector<std::string> arguments, int64_t now_s) {
  const auto command =
      std::find_if(std::begin(kCommands), std::end(kCommands),
                   [&](const Command& known) { return arguments.front() == known.name; });
  CHECK(command != std::end(kCommands));
  Options options;
  CLI::App app(command->summary, absl::StrCat("tikard ", command->name));
  app.footer(command->examples);
  app.get_formatter()->column_width(34);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.add_option("--data-dir", options.data_directory, "Of the node; its identity lies in it")
      ->capture_default_str();
  command->add_options(app, options);

  CommandOutcome outcome;
  // CLI11 takes them from the back.
  std::vector<std::string> reversed(arguments.rbegin(), std::prev(arguments.rend()));
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, mistakes;
    outcome.exit_code = app.exit(error, out, mistakes) == 0 ? 0 : 2;
    outcome.output = out.str();
    if (outcome.exit_code != 0) {
      outcome.error = absl::StrCat("tikard ", command->name, ": ", mistakes.str());
    }
    return outcome;
  }
  absl::StatusOr<std::string> done = command->run(options, now_s);
  if (done.ok()) {
    outcome.output = *std::move(done);
    return outcome;
  }
  outcome.exit_code = absl::IsOutOfRange(done.status()) ? 2 : 1;
  outcome.error =
      absl::StrCat("tikard ", command->name, ": ", std::string(done.status().message()), "\n");
  return outcome;
}

}  // namespace tikar::server
