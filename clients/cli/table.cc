#include "clients/cli/table.h"

#include <algorithm>
#include <utility>

#include "clients/cli/display.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

constexpr size_t kGap = 2;
// A shrinking column keeps at least this much, so that something of it can be read.
constexpr size_t kShrunkMin = 8;

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<Cell> cells) {
  CHECK(cells.size() == columns_.size());
  for (Cell& cell : cells) cell.text = OneLine(cell.text);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths(size_t width) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i].text));
    const bool left_out = columns_[i].droppable && widest == 0 && !rows_.empty();
    widths.push_back(left_out ? 0 : std::max(widest, DisplayWidth(columns_[i].title)));
  }
  if (width == 0) return widths;
  const auto total_of = [&](auto width_of) {
    size_t total = 0;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > 0) total += width_of(i) + (total > 0 ? kGap : 0);
    }
    return total;
  };
  const auto least = [&](size_t i) {
    return columns_[i].shrinks ? std::min(widths[i], kShrunkMin) : widths[i];
  };
  for (size_t i = columns_.size(); i-- > 0 && total_of(least) > width;) {
    if (columns_[i].droppable) widths[i] = 0;
  }
  size_t total = total_of([&](size_t i) { return widths[i]; });
  // Take one column at a time from the widest: what is short stays whole.
  const auto shrink = [&](auto may_shrink) {
    while (total > width) {
      size_t widest = columns_.size();
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (may_shrink(i) && (widest == columns_.size() || widths[i] > widths[widest])) widest = i;
      }
      if (widest == columns_.size()) return;
      --widths[widest];
      --total;
    }
  };
  shrink([&](size_t i) { return columns_[i].shrinks && widths[i] > kShrunkMin; });
  shrink([&](size_t i) { return widths[i] > 1; });
  return widths;
}

std::string Table::Render(const Terminal& terminal) const {
  const std::vector<size_t> widths = Widths(terminal.width);
  size_t last_column = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] > 0) last_column = i;
  }
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const auto [content, style] = cell_at(i);
      const bool last = i == last_column;
      const std::string cut = CutToWidth(content, widths[i]);
      const size_t used = DisplayWidth(cut);
      const std::string padding(widths[i] > used ? widths[i] - used : 0, ' ');
      if (columns_[i].right_aligned) line += padding;
      line += Styled(terminal, style, cut);
      if (!columns_[i].right_aligned && !last) line += padding;
      if (!last) line.append(kGap, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + "\n";
  };
  add_line([&](size_t i) { return std::pair(columns_[i].title, Style::kBold); });
  for (const auto& row : rows_) {
    add_line([&](size_t i) { return std::pair(row[i].text, row[i].style); });
  }
  return text;
}

}  // namespace tikar::cli
