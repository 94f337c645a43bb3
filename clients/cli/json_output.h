// What --output json prints. Field names are a promise to scripts and are listed in docs/cli.md:
// add, never rename.
#ifndef TIKAR_CLIENTS_CLI_JSON_OUTPUT_H_
#define TIKAR_CLIENTS_CLI_JSON_OUTPUT_H_

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/language.h"
#include "tikar/v1/catalog_service.pb.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/status_service.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::cli {

// Keeps the order in which fields were added.
using Json = nlohmann::ordered_json;

// null for none; text, number, true/false, "2026-01-31", "2026-01-31T10:00:00.000Z",
// {"latitude": …, "longitude": …}, ["a", "b"]; decimals as strings, so that no digit is lost.
Json ValueJson(const v1::Value* value);
Json RequestJson(const v1::Request& request);
Json HistoryItemJson(const v1::HistoryItem& item);
Json ConflictJson(const v1::Conflict& conflict);
Json AreaJson(const v1::Area& area);
Json ServiceClockJson(const v1::ServiceClock& clock);
Json StatusJson(const v1::GetStatusResponse& status);
Json FailureJson(const absl::Status& status, Language language, const std::string& server);

// Writes {"<name>": [items …], "more": …} item by item, so that a list of any length takes the
// memory of one page. Nothing else may be written to `out` between the constructor and End.
class JsonListWriter {
 public:
  JsonListWriter(std::ostream& out, const std::string& name);
  void Add(const Json& item);
  // `more`: the list goes on where it was cut.
  void End(bool more);

 private:
  std::ostream& out_;
  bool is_empty_ = true;
};

// Indented, "\n" at the end. Bytes that are no UTF-8 become U+FFFD.
std::string JsonText(const Json& json);

// The lower-case name of an enum without its prefix: VERDICT_VOID → "void".
std::string EnumJson(const std::string& enum_value_name, const std::string& prefix);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_JSON_OUTPUT_H_
