// The histories are what the issue asks for, and the same seed gives the same history.
#include "history_generator.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "history_definitions.h"
#include "history_delivery.h"
#include "sync/definition.h"

namespace tikar::property {
namespace {

TEST(HistoryGeneratorTest, OneSeedIsOneHistory) {
  const History a = MakeHistory(42), b = MakeHistory(42), c = MakeHistory(43);
  ASSERT_EQ(a.observations.size(), b.observations.size());
  for (size_t i = 0; i < a.observations.size(); ++i) {
    EXPECT_EQ(a.observations[i].body, b.observations[i].body);
    EXPECT_EQ(a.observations[i].stamp.SerializeAsString(),
              b.observations[i].stamp.SerializeAsString());
  }
  EXPECT_NE(a.request_id, c.request_id);
}

TEST(HistoryGeneratorTest, DefinitionsAreWellFormed) {
  for (const std::string& bytes : AllDefinitions().bytes) {
    const auto parsed = sync::Definition::Parse(bytes);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
  }
}

TEST(HistoryGeneratorTest, HistoriesForkAndAreStampedTwice) {
  int changes = 0, not_fast_forward = 0, stamped_twice = 0;
  std::set<int> actors;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const History history = MakeHistory(seed);
    EXPECT_GE(history.changes, 5);
    EXPECT_LE(history.changes, 80);
    actors.insert(history.actors);
    changes += history.changes;
    not_fast_forward += history.not_fast_forward;
    stamped_twice += history.stamped_twice;
  }
  EXPECT_EQ(actors, (std::set<int>{3, 4, 5, 6, 7, 8}));
  EXPECT_GE(not_fast_forward * 100, changes * 30) << not_fast_forward << " of " << changes;
  EXPECT_GE(stamped_twice * 100, changes * 20) << stamped_twice << " of " << changes;
}

TEST(HistoryGeneratorTest, EachOrderDeliversEverything) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const History history = MakeHistory(seed);
    Random random(seed);
    for (int order = 0; order < kOrders; ++order) {
      std::set<size_t> entries, definitions;
      for (const Arrival& arrival : Deliver(history, static_cast<Order>(order), random)) {
        (arrival.kind == Arrival::Kind::kEntry ? entries : definitions).insert(arrival.index);
      }
      EXPECT_EQ(entries.size(), history.observations.size());
      EXPECT_EQ(definitions.size(), AllDefinitions().bytes.size());
    }
  }
}

// The oracle itself obeys the first law: what it says does not depend on the order.
TEST(HistoryGeneratorTest, TheReferenceDoesNotDependOnOrder) {
  const auto merge = [](std::string_view base, std::string_view ours, std::string_view theirs) {
    return std::optional<std::string>(std::string(base) + "|" + std::string(ours) + "|" +
                                      std::string(theirs));
  };
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const History history = MakeHistory(seed);
    const reference::State first =
        reference::Fold(history.observations, AllDefinitions().by_hash, merge);
    Random random(seed);
    std::vector<reference::Observation> shuffled;
    for (const Arrival& arrival : Deliver(history, Order::kShuffled, random)) {
      if (arrival.kind == Arrival::Kind::kEntry) {
        shuffled.push_back(history.observations[arrival.index]);
      }
    }
    const reference::State second = reference::Fold(shuffled, AllDefinitions().by_hash, merge);
    EXPECT_EQ(first.availability, second.availability);
    EXPECT_EQ(first.heads, second.heads);
    ASSERT_EQ(first.fields.size(), second.fields.size());
    for (const auto& [path, field] : first.fields) {
      EXPECT_EQ(field.value, second.fields.at(path).value) << path << " seed " << seed;
      EXPECT_EQ(field.rule, second.fields.at(path).rule) << path << " seed " << seed;
      EXPECT_EQ(field.under_review, second.fields.at(path).under_review) << path;
    }
  }
}

}  // namespace
}  // namespace tikar::property
