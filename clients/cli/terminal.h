// What the output goes to, and colours for it.
#ifndef TIKAR_CLIENTS_CLI_TERMINAL_H_
#define TIKAR_CLIENTS_CLI_TERMINAL_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tikar::cli {

// A file or a pipe by default: no colours, as wide as it takes.
struct Terminal {
  bool interactive = false;
  bool color = false;
  // Columns; 0: no limit.
  size_t width = 0;
};

// Looks at the file descriptor (ioctl TIOCGWINSZ); an exported COLUMNS from 20 to 10,000 says how
// wide it is, also of a pipe. Colours only on a terminal, and not if
// `color_allowed` is false, NO_COLOR is set (no-color.org) or TERM is "dumb".
Terminal DetectTerminal(int file_descriptor, bool color_allowed);

enum class Style { kPlain, kBold, kDim, kGood, kBad, kWarning, kName };

// `text` between the escape sequences of `style`, or as it is without colours.
std::string Styled(const Terminal& terminal, Style style, std::string_view text);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_TERMINAL_H_
