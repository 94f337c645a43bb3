// One run of the tool: where it talks to, what it prints to, and the catalogue it looks labels up
// in.
#ifndef TIKAR_CLIENTS_CLI_SESSION_H_
#define TIKAR_CLIENTS_CLI_SESSION_H_

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "clients/cli/connection.h"
#include "clients/cli/language.h"
#include "clients/cli/settings.h"
#include "clients/cli/terminal.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/request.pb.h"

namespace tikar::cli {

// A definition and lookups in it. Cheap to copy; never null inside.
class DefinitionView {
 public:
  explicit DefinitionView(std::shared_ptr<const v1::Definition> definition)
      : definition_(std::move(definition)) {}

  const v1::Definition& proto() const { return *definition_; }
  // nullptr: a built-in field, an element, or none at all.
  const v1::Field* FindField(std::string_view key) const;
  const v1::State* FindState(std::string_view key) const;
  const v1::Role* FindRole(std::string_view key) const;

  std::string FieldLabel(std::string_view path, Language language) const;
  std::string StateLabel(std::string_view key, Language language) const;
  std::string ServiceTitle(Language language) const;
  // `value` of `path` for people: a state by its label, a field or an element by its type.
  std::string FormatFieldValue(std::string_view path, const v1::Value* value,
                               Language language) const;
  // The same of an element of a collection.
  std::string FormatElement(std::string_view collection, const v1::Value* value,
                            Language language) const;

 private:
  std::shared_ptr<const v1::Definition> definition_;
};

// Not thread-safe. Streams must outlive it.
class Session {
 public:
  Session(Settings settings, std::ostream& out, std::ostream& err, Terminal out_terminal,
          Terminal err_terminal);

  const Settings& settings() const { return settings_; }
  Language language() const { return settings_.language; }
  bool json() const { return settings_.json(); }
  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  const Terminal& out_terminal() const { return out_terminal_; }
  const Terminal& err_terminal() const { return err_terminal_; }
  Connection& connection() { return connection_; }

  std::string_view Say(std::string_view indonesian, std::string_view english) const {
    return Pick(settings_.language, indonesian, english);
  }

  // The definition that a request pins. An empty one, which labels nothing, while the server has
  // none for the hash: a request that waits for its definition can still be shown.
  absl::StatusOr<DefinitionView> DefinitionOf(const v1::Request& request);
  // The newest definition of a service. NotFound if there is none.
  absl::StatusOr<DefinitionView> NewestDefinition(const std::string& service);

  // "Gunung Kerinci", "Jambi / Kabupaten Kerinci / Gunung Kerinci"; the code itself while the
  // server does not know it or cannot be asked: a name is never worth a failed command.
  std::string AreaName(const std::string& code);
  std::string AreaPath(const std::string& code);

 private:
  struct AreaNames {
    std::string name;
    std::string path;
  };
  const AreaNames& AreaOf(const std::string& code);

  Settings settings_;
  std::ostream& out_;
  std::ostream& err_;
  Terminal out_terminal_;
  Terminal err_terminal_;
  Connection connection_;
  absl::flat_hash_map<std::string, std::shared_ptr<const v1::Definition>> definitions_by_hash_;
  absl::flat_hash_map<std::string, AreaNames> areas_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_SESSION_H_
