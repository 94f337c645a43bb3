// The commands, one function each, free of how the command line is parsed. Each prints its result
// to session.out() and returns why it could not.
#ifndef TIKAR_CLIENTS_CLI_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_COMMANDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace tikar::cli {

// Which requests; everything set must hold.
struct RequestFilterOptions {
  // Area code, its beginning, or an area's name; empty: all.
  std::string area;
  std::string service;
  std::string status;
  std::string assignee;
  std::string text;
  bool under_review = false;
  bool show_retracted = false;
  bool late = false;
  bool open = false;
  bool show_joined = false;
};

struct RequestsListOptions {
  RequestFilterOptions filter;
  // As `RequestsViewOptions.as_of`.
  std::string as_of;
  uint32_t limit = 50;
  bool all = false;
};
absl::Status RequestsList(Session& session, const RequestsListOptions& options);

struct RequestsWatchOptions {
  RequestFilterOptions filter;
  // "90s", "10m", "1h30m"; empty: until SIGINT or SIGTERM.
  std::string duration;
  // Changes to print; 0: no limit.
  uint64_t count = 0;
};
// Prints requests as they change, until it is told to stop, which is no failure. A connection that
// is lost after the watch began is made again. Changes how this process takes SIGINT and SIGTERM
// while it runs.
absl::Status RequestsWatch(Session& session, const RequestsWatchOptions& options);

struct RequestsViewOptions {
  std::string request;
  // "2026-01-31", "2026-01-31 10:00", "2026-01-31T10:00:00Z": as the server knew it then; a day
  // alone is its end. Empty: now.
  std::string as_of;
};
absl::Status RequestsShow(Session& session, const RequestsViewOptions& options);
absl::Status RequestsHistory(Session& session, const RequestsViewOptions& options);

struct RequestsJoinOptions {
  std::string request;
  // The one that it is the same as, of the same region.
  std::string to;
  // Empty: of the request as it is now.
  std::string etag;
};
absl::Status RequestsJoin(Session& session, const RequestsJoinOptions& options);
// Also says of a request that was never joined that it is a thing of its own.
absl::Status RequestsPart(Session& session, const RequestsJoinOptions& options);

struct RequestsCreateOptions {
  std::string service;
  std::string area;
  // "field=value".
  std::vector<std::string> sets;
  std::vector<std::string> comments;
};
absl::Status RequestsCreate(Session& session, const RequestsCreateOptions& options);

struct RequestsEditOptions {
  std::string request;
  std::vector<std::string> sets;
  std::vector<std::string> clears;
  // State to move to; empty: stay.
  std::string status;
  // State that the caller saw; empty: the one that the request has now.
  std::string from;
  std::string reason;
  // Actor; set and empty: nobody.
  std::optional<std::string> assignee;
  std::vector<std::string> comments;
  bool retract = false;
  bool restore = false;
  // Empty: of the request as it is now.
  std::string etag;
};
absl::Status RequestsEdit(Session& session, const RequestsEditOptions& options);

struct RequestsImportOptions {
  std::string map_path;
  std::string csv_path;
  // Empty: the CSV's path with ".refused.csv".
  std::string refused_path;
};
// Fails, after the last row, if rows were refused.
absl::Status RequestsImport(Session& session, const RequestsImportOptions& options);

struct ConflictsListOptions {
  // As in RequestsListOptions.
  std::string area;
  std::string service;
  uint32_t limit = 50;
  bool all = false;
};
absl::Status ConflictsList(Session& session, const ConflictsListOptions& options);

// `path` may be empty where the request has one conflict only.
absl::Status ConflictsShow(Session& session, const std::string& request, const std::string& path);

struct ConflictsResolveOptions {
  std::string request;
  std::string path;
  // Number of the candidate as ConflictsShow lists it, or the first digits of its change id.
  std::string take;
  std::optional<std::string> value;
  // Settle on "empty".
  bool clear = false;
  std::string reason;
  std::string etag;
};
absl::Status ConflictsResolve(Session& session, const ConflictsResolveOptions& options);

absl::Status ShowStatus(Session& session);

struct CheckOptions {
  // Of a server that is stopped; empty: asks the server.
  std::string data_directory;
};
// Fails if anything is damaged.
absl::Status Check(Session& session, const CheckOptions& options);

struct AreasSearchOptions {
  // Part of a name or code; empty: what lies below `below`.
  std::string query;
  std::string below;
  uint32_t limit = 50;
};
absl::Status AreasSearch(Session& session, const AreasSearchOptions& options);

struct AreasShowOptions {
  std::string code;
  // Of what lies directly below it.
  uint32_t limit = 100;
};
absl::Status AreasShow(Session& session, const AreasShowOptions& options);

absl::Status ServicesList(Session& session, bool all_versions);

struct ServicesShowOptions {
  std::string service;
  // 0: the newest.
  uint32_t version = 0;
};
absl::Status ServicesShow(Session& session, const ServicesShowOptions& options);

// The commands on contexts ask no server.
absl::Status ContextList(Session& session);
absl::Status ContextUse(Session& session, const std::string& name);
struct ContextAddOptions {
  std::string name;
  // As the global flags say; empty: was not given.
  std::string server;
  std::string actor;
  std::string role;
  // Take the place of a context of this name.
  bool replace = false;
};
absl::Status ContextAdd(Session& session, const ContextAddOptions& options);
absl::Status ContextRemove(Session& session, const std::string& name);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_COMMANDS_H_
