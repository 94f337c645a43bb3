#include "clients/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace tikar::cli {
namespace {

// A window narrower than this is taken for one that does not know its size.
constexpr size_t kWidthMin = 20;

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
  if (!terminal.interactive) return terminal;
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= kWidthMin) {
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
