#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_split.h"
#include "clients/cli/display.h"
#include "clients/cli/table.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Table Requests() {
  Table table({{.title = "REF"},
               {.title = "TITLE", .shrinks = true},
               {.title = "N", .right_aligned = true}});
  table.AddRow({{"7ZK4Q-X9M2H-P", Style::kName}, {"Jembatan gantung putus"}, {"7"}});
  table.AddRow({{"0", Style::kName}, {"Lampu"}, {"12"}});
  return table;
}

TEST(TableTest, AlignsColumns) {
  EXPECT_EQ(Requests().Render({}),
            "REF            TITLE                    N\n"
            "7ZK4Q-X9M2H-P  Jembatan gantung putus   7\n"
            "0              Lampu                   12\n");
}

TEST(TableTest, ShrinksTheColumnThatMayAndKeepsTheOthersWhole) {
  EXPECT_EQ(Requests().Render({.width = 30}),
            "REF            TITLE         N\n"
            "7ZK4Q-X9M2H-P  Jembatan g…   7\n"
            "0              Lampu        12\n");
}

TEST(TableTest, LeavesOutWhatIsEmptyOrDoesNotFit) {
  Table table({{.title = "REF"},
               {.title = "TITLE", .shrinks = true},
               {.title = "AREA", .shrinks = true, .droppable = true},
               {.title = "ASSIGNEE", .droppable = true}});
  table.AddRow({{"7ZK4Q-X9M2H-P"}, {"Jembatan gantung putus"}, {"Gunung Kerinci"}, {""}});
  EXPECT_EQ(table.Render({}),
            "REF            TITLE                   AREA\n"
            "7ZK4Q-X9M2H-P  Jembatan gantung putus  Gunung Kerinci\n");
  // The ref is what one types next: it stays whole as long as it can.
  EXPECT_EQ(table.Render({.width = 30}),
            "REF            TITLE\n"
            "7ZK4Q-X9M2H-P  Jembatan gantu…\n");
}

TEST(TableTest, NeverWiderThanTheTerminal) {
  for (size_t width = 10; width < 60; ++width) {
    const std::string text = Requests().Render({.width = width});
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      EXPECT_LE(DisplayWidth({line.data(), line.size()}), width);
    }
  }
}

TEST(TableTest, ColoursOnlyWhereThereAreColours) {
  EXPECT_THAT(Requests().Render({}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Requests().Render({.color = true}), HasSubstr("\x1b[36m7ZK4Q-X9M2H-P\x1b[0m"));
}

TEST(TableTest, OneRowOneLineWhateverACellHolds) {
  Table table({{.title = "A"}});
  table.AddRow({{"x\ny\x1b[2J"}});
  EXPECT_EQ(table.Render({}), "A\nx y\xEF\xBF\xBD[2J\n");
}

}  // namespace
}  // namespace tikar::cli
