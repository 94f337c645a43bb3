// Text as a terminal shows it: how wide it is, how to cut it, and how to keep it harmless.
//
// What citizens and officers wrote is shown on an admin's terminal. An escape sequence in a title
// must not move the cursor, recolour a table or retitle the window, and an override of the writing
// direction must not make "ditolak" read otherwise. All text that came from a server goes through
// OneLine or Lines before it is printed.
#ifndef TIKAR_CLIENTS_CLI_DISPLAY_H_
#define TIKAR_CLIENTS_CLI_DISPLAY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tikar::cli {

// Columns that `text` takes: 2 for East Asian wide characters and emoji, 0 for combining marks.
// Bytes that are no UTF-8 count as one column each.
size_t DisplayWidth(std::string_view text);

// `text` in at most `columns` columns; what is cut off is shown by "…". Never splits a character
// from its combining marks. `columns` 0 gives "".
std::string CutToWidth(std::string_view text, size_t columns);

// `text` with spaces added at its end to `columns` columns, or at its start if `right_aligned`.
// Unchanged if it is wider.
std::string PadToWidth(std::string_view text, size_t columns, bool right_aligned = false);

// One line: line ends and tabs become a space, other control characters, direction overrides and
// bytes that are no UTF-8 become U+FFFD.
std::string OneLine(std::string_view text);

// As OneLine, but split at line ends and, unless `columns` is 0, wrapped at spaces so that no line
// is wider than `columns`. A word that is wider than that is broken. At least one line.
std::vector<std::string> Lines(std::string_view text, size_t columns);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_DISPLAY_H_
