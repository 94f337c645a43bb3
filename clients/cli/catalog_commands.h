// tikar catalog: definitions from file to server to region, and what forks have in common. As in
// commands.h, one function for each command.
#ifndef TIKAR_CLIENTS_CLI_CATALOG_COMMANDS_H_
#define TIKAR_CLIENTS_CLI_CATALOG_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/session.h"

namespace tikar::cli {

// Of all commands; each reads its own part.
struct CatalogOptions {
  // A file or a folder of files, see definition_files.h.
  std::string path;
  // Names of definitions, see definition_names.h.
  std::string first;
  std::string second;
  std::string service;
  // "32.73" or "32.73@3".
  std::string from;
  // Area code or name of a regency or city.
  std::string region;
  std::string out;
  bool replace = false;
  // What was changed, for the provenance.
  std::string note;
  // "fields/nik=theirs".
  std::vector<std::string> takes;
  bool dry_run = false;
};

// Asks no server. Fails, after the last file, if one has errors.
absl::Status CatalogCheck(Session& session, const CatalogOptions& options);
absl::Status CatalogPublish(Session& session, const CatalogOptions& options);
absl::Status CatalogAdopt(Session& session, const CatalogOptions& options);
absl::Status CatalogList(Session& session, const CatalogOptions& options);
absl::Status CatalogShow(Session& session, const CatalogOptions& options);
absl::Status CatalogDiff(Session& session, const CatalogOptions& options);

// Writes a region's own version of a publisher's definition to a file, to be changed there.
absl::Status CatalogFork(Session& session, const CatalogOptions& options);
// Takes over into a region's fork what its upstream changed since; publishes and adopts the result.
// Fails with the choices that are needed where both changed the same.
absl::Status CatalogUpgrade(Session& session, const CatalogOptions& options);
// Moves the region's open requests of a service to the definition that it offers now.
absl::Status CatalogRebase(Session& session, const CatalogOptions& options);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_CATALOG_COMMANDS_H_
