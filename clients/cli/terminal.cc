#include "clients/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace tikar::cli {
namespace {

// A window narrower than this is taken for one that does not know its size.
constexpr size_t kWidthMin = 20;
constexpr size_t kWidthMax = 10'000;

// COLUMNS, where it is exported (shells keep theirs to themselves): `watch` tells by it how wide
// its window is, though it reads from a pipe. 0: not set, or no width.
size_t WidthVariable() {
  const char* variable = std::getenv("COLUMNS");
  size_t width = 0;
  if (variable == nullptr || !absl::SimpleAtoi(variable, &width)) return 0;
  return width >= kWidthMin && width <= kWidthMax ? width : 0;
}

std::string_view EscapeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kBad:
      return "\x1b[31m";
    case Style::kWarning:
      return "\x1b[33m";
    case Style::kName:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

Terminal DetectTerminal(int file_descriptor, bool color_allowed) {
  Terminal terminal;
  terminal.interactive = isatty(file_descriptor) == 1;
  const size_t columns = WidthVariable();
  terminal.width = columns;
  if (!terminal.interactive) return terminal;
  winsize size{};
  if (columns > 0) {
    // Somebody said how wide it is.
  } else if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= kWidthMin) {
    terminal.width = size.ws_col;
  } else {
    terminal.width = 80;
  }
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  terminal.color = color_allowed && (no_color == nullptr || *no_color == '\0') &&
                   !(term != nullptr && std::string_view(term) == "dumb");
  return terminal;
}

std::string Styled(const Terminal& terminal, Style style, std::string_view text) {
  const std::string_view escape = EscapeOf(style);
  if (!terminal.color || escape.empty() || text.empty()) return std::string(text);
  return std::string(escape).append(text).append("\x1b[0m");
}

}  // namespace tikar::cli
