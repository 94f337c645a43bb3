// The server's log: one line per event on stderr, for people or as JSON.
//
//   Log(Level::kWarning, "store failed", {{"reason", status.ToString()}, {"retry_ms", "200"}});
//   2026-01-31T07:12:03.123Z WARNING store failed reason="disk full" retry_ms=200
//
// Rule: no personal data and no bodies. Names of devices, regions, counts and ids of requests are
// allowed.
//
// Thread safety: all functions from any thread; lines never mix.
#ifndef TIKAR_SERVER_ENGINE_LOG_H_
#define TIKAR_SERVER_ENGINE_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace tikar::server {

// kNone: for SetUpLog alone; nothing is written.
enum class Level { kDebug, kInfo, kWarning, kError, kNone };

struct LogField {
  std::string_view key;
  std::string value;
};

// Below `level` nothing is written. `json`: one JSON object a line. Call before threads start.
void SetUpLog(Level level, bool json);
// "debug", "info", "warning", "error".
std::optional<Level> ParseLevel(std::string_view name);

void Log(Level level, std::string_view message, std::initializer_list<LogField> fields = {});

// The line that Log writes, without its newline. `time_ms` since the epoch.
std::string FormatLogLine(bool json, int64_t time_ms, Level level, std::string_view message,
                          std::initializer_list<LogField> fields);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_LOG_H_
