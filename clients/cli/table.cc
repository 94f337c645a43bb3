#include "clients/cli/table.h"

#include <algorithm>
#include <numeric>
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
    size_t widest = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i].text));
    widths.push_back(widest);
  }
  if (width == 0) return widths;
  const size_t gaps = kGap * (columns_.size() - 1);
  size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
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
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto [content, style] = cell_at(i);
      const bool last = i + 1 == columns_.size();
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
