#include "clients/cli/display.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace tikar::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "…";

// One code point of a text and where it lies. `value` is negative for a byte that is no UTF-8.
struct CodePoint {
  UChar32 value;
  size_t start;
  size_t end;
};

CodePoint CodePointAt(std::string_view text, size_t position) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  size_t next = position;
  UChar32 value;
  U8_NEXT(bytes, next, text.size(), value);
  if (value < 0) next = position + 1;
  return {value, position, next};
}

size_t ColumnsOf(UChar32 c) {
  if (c < 0) return 1;
  if (c == 0x200D) return 0;
  switch (u_charType(c)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
    case U_CONTROL_CHAR:
      return 0;
    default:
      break;
  }
  switch (u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH)) {
    case U_EA_WIDE:
    case U_EA_FULLWIDTH:
      return 2;
    default:
      return 1;
  }
}

// Marks and joiners belong to the character before them.
bool Joins(UChar32 c) { return c >= 0 && ColumnsOf(c) == 0; }

bool IsHarmful(UChar32 c) {
  if (c < 0 || u_charType(c) == U_CONTROL_CHAR) return true;
  // Overrides, embeddings and isolates of the writing direction; line and paragraph separators.
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = CodePointAt(text, i);
    width += ColumnsOf(point.value);
    i = point.end;
  }
  return width;
}

std::string CutToWidth(std::string_view text, size_t columns) {
  if (columns == 0) return "";
  if (DisplayWidth(text) <= columns) return std::string(text);
  size_t width = 0, end = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = CodePointAt(text, i);
    width += ColumnsOf(point.value);
    // One column stays for the ellipsis.
    if (width > columns - 1) break;
    i = end = point.end;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)).append(kEllipsis);
}

std::string PadToWidth(std::string_view text, size_t columns, bool right_aligned) {
  const size_t width = DisplayWidth(text);
  const std::string padding(width < columns ? columns - width : 0, ' ');
  return right_aligned ? padding + std::string(text) : std::string(text) + padding;
}

std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = CodePointAt(text, i);
    if (point.value == '\n' || point.value == '\t' || point.value == '\r') {
      // "\r\n" is one line end.
      if (point.value != '\n' || line.empty() || i == 0 || text[i - 1] != '\r') line += ' ';
    } else if (IsHarmful(point.value)) {
      line.append(kReplacement);
    } else {
      line.append(text.substr(point.start, point.end - point.start));
    }
    i = point.end;
  }
  return line;
}

std::vector<std::string> Lines(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  size_t start = 0;
  while (start <= text.size()) {
    size_t end = text.find('\n', start);
    if (end == std::string_view::npos) end = text.size();
    std::string_view raw = text.substr(start, end - start);
    if (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    start = end + 1;
    const std::string line = OneLine(raw);
    if (columns == 0 || DisplayWidth(line) <= columns) {
      lines.push_back(line);
      continue;
    }
    // Greedy: break at the last space that fits, else before the character that does not.
    std::string_view rest = line;
    while (DisplayWidth(rest) > columns) {
      size_t width = 0, fits = 0, space = 0;
      for (size_t i = 0; i < rest.size();) {
        const CodePoint point = CodePointAt(rest, i);
        width += ColumnsOf(point.value);
        if (point.value == ' ' && width <= columns + 1 && i > 0) space = i;
        if (width > columns) break;
        i = fits = point.end;
      }
      // A character wider than the whole line is shown all the same.
      if (fits == 0) fits = CodePointAt(rest, 0).end;
      while (fits < rest.size() && Joins(CodePointAt(rest, fits).value)) {
        fits = CodePointAt(rest, fits).end;
      }
      const size_t cut = space > 0 ? space : fits;
      lines.emplace_back(rest.substr(0, cut));
      rest.remove_prefix(cut);
      while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    }
    if (!rest.empty()) lines.emplace_back(rest);
  }
  return lines;
}

}  // namespace tikar::cli
