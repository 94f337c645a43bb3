// The commands of `tikar` and their options, for CLI11: what is typed goes into a CommandLine.
#ifndef TIKAR_CLIENTS_CLI_COMMAND_TREE_H_
#define TIKAR_CLIENTS_CLI_COMMAND_TREE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/backup_commands.h"
#include "clients/cli/bundle_commands.h"
#include "clients/cli/catalog_commands.h"
#include "clients/cli/commands.h"
#include "clients/cli/export_command.h"
#include "clients/cli/inbox_commands.h"
#include "clients/cli/language.h"
#include "clients/cli/log_commands.h"
#include "clients/cli/peers_commands.h"
#include "clients/cli/program.h"
#include "clients/cli/report_commands.h"
#include "clients/cli/session.h"

namespace tikar::cli {

// What was typed, for all commands, and which one it was.
struct CommandLine {
  // Empty: not given.
  std::string server;
  std::string context;
  std::string actor;
  std::string role;
  SharedFlags shared;
  double timeout_seconds = 10;

  std::string request;
  std::string path;
  RequestsListOptions list;
  RequestsWatchOptions watch;
  ExportOptions exported;
  RequestsCreateOptions create;
  RequestsEditOptions edit;
  RequestsImportOptions import;
  ConflictsListOptions conflicts;
  ConflictsResolveOptions resolve;
  AreasSearchOptions areas_search;
  AreasShowOptions areas_show;
  ServicesShowOptions service;
  bool all_versions = false;
  CatalogOptions catalog;
  InboxOptions inbox;
  PeersOptions peers;
  ReportOptions report;
  RequestsViewOptions view;
  RequestsJoinOptions join;
  ContextAddOptions context_add;
  std::string context_name;
  std::string shell;
  CheckOptions check;
  BackupOptions backup;
  BundleOptions bundle;
  LogOptions log;

  // Null: help or version was asked for.
  std::function<absl::Status(Session&)> command;
  // False: the command asks no server, and must not fail because no context can be chosen.
  bool needs_server = true;
};

// Adds global flags and commands to `app`, with help in `language`. `app` and `line` must outlive
// the parsing and the command that it sets.
void BuildCommandTree(CLI::App& app, CommandLine& line, Language language);

// Parts of the tree that have files of their own.
class TreeBuilder {
 public:
  TreeBuilder(CommandLine& line, Language language) : line_(line), language_(language) {}

  CommandLine& line() { return line_; }
  Language language() const { return language_; }
  std::string Say(std::string_view indonesian, std::string_view english) const {
    return std::string(Pick(language_, indonesian, english));
  }

  // A command that is followed by one of its own.
  CLI::App* AddGroup(CLI::App& app, const std::string& name, const Bilingual& description) const;
  // `examples`: one or more lines, each indented by two spaces.
  CLI::App* AddCommand(CLI::App& parent, const std::string& name, const Bilingual& description,
                       const std::string& examples, std::function<absl::Status(Session&)> run,
                       bool needs_server = true) const;
  // --limit and --all.
  void AddLimit(CLI::App* command, uint32_t& limit, bool& all) const;
  CLI::Option* AddLimit(CLI::App* command, uint32_t& limit) const;
  // The positional that names a request.
  void AddRequestName(CLI::App* command, std::string& request) const;
  void AddEtag(CLI::App* command, std::string& etag, const Bilingual& description) const;

 private:
  CommandLine& line_;
  const Language language_;
};

// Flags of every command that looks at many requests.
void AddRequestFilter(CLI::App* command, RequestFilterOptions& filter, TreeBuilder& builder);
void AddAsOf(CLI::App* command, std::string& as_of, TreeBuilder& builder);

void AddRequests(CLI::App& app, TreeBuilder& builder);
void AddExport(CLI::App& app, TreeBuilder& builder);
void AddInbox(CLI::App& app, TreeBuilder& builder);
void AddCheck(CLI::App& app, TreeBuilder& builder);
void AddBackups(CLI::App& app, TreeBuilder& builder);
void AddBundles(CLI::App& app, TreeBuilder& builder);
void AddDefinitions(CLI::App& app, TreeBuilder& builder);
void AddReports(CLI::App& app, TreeBuilder& builder);
void AddLog(CLI::App& app, TreeBuilder& builder);
void AddPeers(CLI::App& app, TreeBuilder& builder);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_COMMAND_TREE_H_
