// What `requests watch` prints: a line for each change of a request, for people or for programs.
//
// Lines go out one by one and the next one is not known yet, so their columns are as wide as the
// terminal makes them and not as wide as what they hold.
//
// Pure functions of their arguments, but for times, which are in this machine's zone.
#ifndef TIKAR_CLIENTS_CLI_WATCH_LINES_H_
#define TIKAR_CLIENTS_CLI_WATCH_LINES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/json_output.h"
#include "clients/cli/session.h"
#include "clients/cli/text_style.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::cli {

// What a state that came says of how it came about: what its heads wrote.
struct RequestNews {
  // The Create is the newest that happened to it.
  bool is_new = false;
  // Of fields, built-in fields and elements, sorted. Empty: nothing that shows (a refused change).
  std::vector<std::string> paths;
  // Who wrote them, sorted, each once.
  std::vector<std::string> actors;
  // Changes that came since the last state that was seen, and before the ones that are told.
  uint32_t earlier_changes = 0;
};

// `change_count_before`: of the state of this request that was printed before, if one was.
RequestNews NewsOf(const v1::Request& request, std::optional<uint32_t> change_count_before);

// The head of the columns, '\n' at the end.
std::string WatchHead(const TextStyle& style);
// '\n' at the end. Times to the second; in a file with the day.
std::string WatchLine(const v1::WatchRequestsResponse& response, const RequestNews& news,
                      const DefinitionView& definition, std::string_view area_name,
                      const TextStyle& style);
// On one line, '\n' at the end.
std::string WatchJsonLine(const v1::WatchRequestsResponse& response, const RequestNews& news);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_WATCH_LINES_H_
