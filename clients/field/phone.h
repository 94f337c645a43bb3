// One phone for one run: its database opened through the SDK, the language its officer reads, and
// where the words go.
#ifndef TIKAR_CLIENTS_FIELD_PHONE_H_
#define TIKAR_CLIENTS_FIELD_PHONE_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/language.h"
#include "clients/cli/session.h"
#include "clients/cli/terminal.h"
#include "clients/cpp/field_app.h"
#include "clients/field/clock_offset.h"
#include "tikar/v1/request.pb.h"

namespace tikar::field {

struct PhoneSettings {
  std::string database_path;
  // Empty: as the database remembers it.
  std::string actor;
  std::vector<std::string> scope;
  std::string role = "petugas";
  std::string server = "127.0.0.1:50151";
  int64_t clock_offset_ms = 0;
  cli::Language language = cli::Language::kIndonesian;
  bool json = false;
};

struct OfferedForm {
  std::shared_ptr<const sync::Definition> definition;
  // That offer it, sorted.
  std::vector<std::string> regions;
};

// Not thread-safe. Streams must outlive it.
class Phone {
 public:
  // Opens or makes the database. A usage error says what a new phone needs; the SDK's errors
  // (another actor's file, damaged, in use) come with what to do.
  static absl::StatusOr<std::unique_ptr<Phone>> Open(PhoneSettings settings, std::ostream& out,
                                                     cli::Terminal terminal);

  const PhoneSettings& settings() const { return settings_; }
  client::FieldApp& app() { return *app_; }
  std::ostream& out() { return out_; }
  const cli::Terminal& terminal() const { return terminal_; }
  cli::Language language() const { return settings_.language; }
  bool json() const { return settings_.json; }
  int64_t NowMs() { return clock_->NowMs(); }

  std::string_view Say(std::string_view indonesian, std::string_view english) const {
    return cli::Pick(settings_.language, indonesian, english);
  }
  // "3 perubahan", "1 change", "3 changes"; the same of requests.
  std::string Changes(uint64_t number) const {
    return cli::Count(language(), number, "perubahan", "change", "changes");
  }
  std::string Requests(uint64_t number) const {
    return cli::Count(language(), number, "permohonan", "request", "requests");
  }
  // The command line that runs `command` on this phone again.
  std::string CommandLine(std::string_view command) const;

  // The form of a new request in an area: what its region offers. NotFound says to sync first, or
  // which services are offered there.
  absl::StatusOr<cli::DefinitionView> FormFor(const std::string& service, const std::string& area);
  // What is offered in an area or, where that is empty, in the regions of the phone's scope, sorted
  // by service. NotFound says to sync first. A usage error asks for an area where the scope is a
  // province.
  absl::StatusOr<std::vector<OfferedForm>> FormsOf(const std::string& area);
  // What labels a request: the version of the form that it pins; an empty one, which labels
  // nothing, while that is not here.
  absl::StatusOr<cli::DefinitionView> FormOf(const v1::Request& request);
  // By the citizen's number, or by the name regions/…/requests/….
  absl::StatusOr<client::RequestOnPhone> Find(const std::string& typed);
  absl::StatusOr<uint64_t> CountRequests();

  // What the SDK could not do, and how an exchange failed, in the officer's language. The code
  // stays, and of an exchange what the server said.
  absl::Status InWords(const absl::Status& status);
  absl::Status ExchangeInWords(const absl::Status& status);

 private:
  // `status` with the command that fetches what is missing.
  absl::Status WithSyncAdvice(const absl::Status& status) const;

  Phone(PhoneSettings settings, std::ostream& out, cli::Terminal terminal);

  PhoneSettings settings_;
  std::ostream& out_;
  const cli::Terminal terminal_;
  const std::unique_ptr<OffsetClock> clock_;  // outlives app_
  std::unique_ptr<client::FieldApp> app_;
};

// Forms share the SDK's memory: the view keeps the definition alive.
cli::DefinitionView ViewOf(std::shared_ptr<const sync::Definition> definition);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_PHONE_H_
