// Tables for people, as wide as the terminal and no wider.
//
//   Table table({{.title = "REF"}, {.title = "TITLE", .shrinks = true}});
//   table.AddRow({{"7ZK4Q-X9M2H-P", Style::kName}, {"Jembatan rusak"}});
//   out << table.Render(terminal);
#ifndef TIKAR_CLIENTS_CLI_TABLE_H_
#define TIKAR_CLIENTS_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "clients/cli/terminal.h"

namespace tikar::cli {

struct Column {
  std::string title;
  // Gives up width first when the table is too wide. If no shrinking column has any left, the
  // others are cut too: an over-wide line would wrap and spoil the table.
  bool shrinks = false;
  bool right_aligned = false;
  // Left out where all its cells are empty, or where the table is too wide with every shrinking
  // column at its least; the last such column goes first.
  bool droppable = false;
};

struct Cell {
  std::string text;
  Style style = Style::kPlain;
};

// Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // One cell for each column. Texts are made harmless and put on one line (see OneLine).
  void AddRow(std::vector<Cell> cells);

  bool empty() const { return rows_.empty(); }

  // Head and rows, each line ended by '\n' and without trailing spaces.
  std::string Render(const Terminal& terminal) const;

 private:
  // Width of each column; 0: left out.
  std::vector<size_t> Widths(size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_TABLE_H_
