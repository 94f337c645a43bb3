#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "clients/cli/display.h"
#include "clients/cli/history_graph.h"

namespace tikar::cli {
namespace {

using Items = google::protobuf::RepeatedPtrField<v1::HistoryItem>;

constexpr size_t kManyLanes = 100;

// "C < A B" is a change C whose parents are A and B; "C !" one that was refused.
Items History(const std::vector<std::string>& changes) {
  Items items;
  for (const std::string& change : changes) {
    v1::HistoryItem& item = *items.Add();
    item.set_change_id(change.substr(0, 1));
    const bool refused = change.find('!') != std::string::npos;
    item.mutable_stamp()->set_verdict(refused ? v1::VERDICT_VOID : v1::VERDICT_ACCEPTED);
    for (size_t i = 1; i < change.size(); ++i) {
      if (change[i] >= 'A' && change[i] <= 'Z') item.add_parents(change.substr(i, 1));
    }
  }
  return items;
}

// The rows as they stand below each other, each change's with its name behind.
std::string Drawn(const Items& items, size_t lanes_max = kManyLanes) {
  std::string text;
  const std::vector<GraphRows> rows = DrawHistoryGraph(items, lanes_max);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].before.empty()) text += rows[i].before + "\n";
    text += rows[i].change + " " + items[static_cast<int>(i)].change_id() + "\n";
    if (!rows[i].after.empty()) text += rows[i].after + "\n";
  }
  return text;
}

TEST(HistoryGraphTest, OneAfterTheOtherIsOneLane) {
  EXPECT_EQ(Drawn(History({"A", "B < A", "C < B"})), "● A\n● B\n● C\n");
}

TEST(HistoryGraphTest, TwoThatDidNotKnowOfEachOtherPartAndMeet) {
  EXPECT_EQ(Drawn(History({"A", "B < A", "C < A", "D < B C"})),
            "● A\n"
            "├─╮\n"
            "● │ B\n"
            "│ ● C\n"
            "├─╯\n"
            "● D\n");
}

TEST(HistoryGraphTest, ThreeSidesMeetInOneSettlement) {
  EXPECT_EQ(Drawn(History({"A", "B < A", "C < A", "D < A", "E < B C D"})),
            "● A\n"
            "├─┬─╮\n"
            "● │ │ B\n"
            "│ ● │ C\n"
            "│ │ ● D\n"
            "├─┴─╯\n"
            "● E\n");
}

TEST(HistoryGraphTest, ALaneThatIsPassedIsCrossed) {
  // D joins B and the late C over the lane that leads to E.
  EXPECT_EQ(Drawn(History({"A", "B < A", "E < A", "C < A", "D < B C", "F < E D"})),
            "● A\n"
            "├─┬─╮\n"
            "● │ │ B\n"
            "│ ● │ E\n"
            "│ │ ● C\n"
            "├─┼─╯\n"
            "● │ D\n"
            "├─╯\n"
            "● F\n");
}

TEST(HistoryGraphTest, OpenHeadsEndAndTheirLanesAreUsedAgain) {
  EXPECT_EQ(Drawn(History({"A", "B < A", "C < A", "D < B", "E < B"})),
            "● A\n"
            "├─╮\n"
            "● │ B\n"
            "├─┼─╮\n"
            "│ ● │ C\n"
            "●   │ D\n"
            "    ● E\n");
}

TEST(HistoryGraphTest, ARefusedChangeIsHollowAndAParentThatIsNotHereBeginsNoLane) {
  EXPECT_EQ(Drawn(History({"B < A", "C < B !"})), "● B\n○ C\n");
  // A parent that is named twice is one edge.
  EXPECT_EQ(Drawn(History({"A", "B < A A"})), "● A\n● B\n");
}

TEST(HistoryGraphTest, BesideAChangeStandsWhatGoesOn) {
  const std::vector<GraphRows> rows =
      DrawHistoryGraph(History({"A", "B < A", "C < A", "D < C"}), kManyLanes);
  EXPECT_EQ(rows[0].beside, "│");
  EXPECT_EQ(rows[1].beside, "  │");  // nothing follows B
  EXPECT_EQ(rows[2].beside, "  │");
  EXPECT_EQ(rows[3].beside, "");
}

TEST(HistoryGraphTest, MoreLanesThanFitShareTheLast) {
  EXPECT_EQ(Drawn(History({"A", "B < A", "C < A", "D < A", "E < D"}), 2),
            "● A\n"
            "├─┊\n"
            "● ┊ B\n"
            "  ● C\n"
            "  ● D\n"
            "  ● E\n");
}

// Whatever the history, each change has one dot and no row is wider than the lanes that fit.
TEST(HistoryGraphTest, RandomHistoriesKeepToTheirLanes) {
  std::mt19937 random(20260131);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> changes;
    for (char id = 'A'; id <= 'Z'; ++id) {
      std::string change(1, id);
      for (int parents = static_cast<int>(random() % 4); parents > 0 && id > 'A'; --parents) {
        change += static_cast<char>('A' + random() % static_cast<unsigned>(id - 'A'));
      }
      changes.push_back(change);
    }
    const size_t lanes_max = 1 + random() % 6;
    for (const GraphRows& rows : DrawHistoryGraph(History(changes), lanes_max)) {
      size_t dots = 0;
      for (size_t at = 0; (at = rows.change.find(kGraphDot, at)) != std::string::npos; ++at) ++dots;
      EXPECT_EQ(dots, 1u) << rows.change;
      for (const std::string& row : {rows.before, rows.change, rows.beside, rows.after}) {
        EXPECT_LE(DisplayWidth(row), 2 * lanes_max - 1) << row;
      }
    }
  }
}

}  // namespace
}  // namespace tikar::cli
