#include "server/engine/log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

std::atomic<Level> minimum{Level::kInfo};
std::atomic<bool> as_json{false};

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarning:
      return "WARNING";
    case Level::kError:
    case Level::kNone:
      return "ERROR";
  }
  return "ERROR";
}

// Between quotes, so that nothing that came from outside can begin a line of its own.
void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(out, "\\u%04x", byte);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
  }
  return !text.empty();
}

}  // namespace

void SetUpLog(Level level, bool json) {
  minimum = level;
  as_json = json;
}

std::optional<Level> ParseLevel(std::string_view name) {
  if (name == "debug") return Level::kDebug;
  if (name == "info") return Level::kInfo;
  if (name == "warning") return Level::kWarning;
  if (name == "error") return Level::kError;
  return std::nullopt;
}

std::string FormatLogLine(bool json, int64_t time_ms, Level level, std::string_view message,
                          std::initializer_list<LogField> fields) {
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(time_ms), absl::UTCTimeZone());
  std::string line;
  if (json) {
    absl::StrAppend(&line, "{\"time\":\"", time, "\",\"level\":\"", sync::AbslView(NameOf(level)),
                    "\",\"message\":");
    AppendQuoted(message, &line);
    for (const LogField& field : fields) {
      line.push_back(',');
      AppendQuoted(field.key, &line);
      line.push_back(':');
      AppendQuoted(field.value, &line);
    }
    line.push_back('}');
    return line;
  }
  absl::StrAppend(&line, time, " ", sync::AbslView(NameOf(level)), " ", sync::AbslView(message));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", sync::AbslView(field.key), "=");
    if (IsPlain(field.value)) {
      line.append(field.value);
    } else {
      AppendQuoted(field.value, &line);
    }
  }
  return line;
}

void Log(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < minimum.load(std::memory_order_relaxed)) return;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::string line = FormatLogLine(as_json, now.count(), level, message, fields);
  line.push_back('\n');
  // One write for the whole line. A log that cannot be written must not stop the server.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tikar::server
