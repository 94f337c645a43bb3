// The laws of sync/README.md over random histories: each is delivered to fresh nodes in several
// orders, and what they hold is compared with each other, with the full fold and with the slow
// reference.
//
//   sync_merge_property_test                       10,000 histories, or $TIKAR_PROPERTY_HISTORIES
//   sync_merge_property_test --histories=1000000   a night
//   sync_merge_property_test --first-seed=5000000  other histories
//   sync_merge_property_test --seed=1234           one history again, telling what is in it
//   sync_merge_property_test --quick --threads=1   stops at the first failure, does not shrink it
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "conflict_tally.h"
#include "history_delivery.h"
#include "history_generator.h"
#include "random.h"
#include "scenario.h"

namespace tikar::property {
namespace {

struct Flags {
  std::string program;
  uint64_t histories = 10'000;
  uint64_t first_seed = 1;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool is_replay = false;
  bool is_quick = false;
};
Flags flags;

// Which history this thread is at, for when a CHECK stops the process in the midst of it.
thread_local uint64_t seed_at_work = 0;

extern "C" void TellSeedOfAbort(int) {
  std::fprintf(stderr, "stopped in the history of seed %llu\nreplay: %s --seed=%llu\n",
               static_cast<unsigned long long>(seed_at_work), flags.program.c_str(),
               static_cast<unsigned long long>(seed_at_work));
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

// A few failures tell more than one; hundreds tell no more.
constexpr size_t kFailuresMax = 3;

Groups Group(std::vector<Arrival> arrivals, Random& random) {
  const uint64_t size_max = random.Pick<uint64_t>({1, 1, 3, 12});
  Groups groups;
  for (const Arrival& arrival : arrivals) {
    if (groups.empty() || groups.back().size() >= size_max || random.Percent(30)) {
      groups.emplace_back();
    }
    groups.back().push_back(arrival);
  }
  return groups;
}

struct Sum {
  ConflictTally tally;
  sync::HistoryCounters counters;
  uint64_t histories = 0;
  uint64_t changes = 0;
  uint64_t not_fast_forward = 0;
  uint64_t stamped_twice = 0;
  uint64_t comparisons = 0;
  std::map<uint64_t, std::string> failures;  // by seed

  void Add(const Sum& other) {
    tally.Add(other.tally);
    AddCounters(other.counters);
    histories += other.histories;
    changes += other.changes;
    not_fast_forward += other.not_fast_forward;
    stamped_twice += other.stamped_twice;
    comparisons += other.comparisons;
    failures.insert(other.failures.begin(), other.failures.end());
  }
  void AddCounters(const sync::HistoryCounters& other) {
    counters.headers_read += other.headers_read;
    counters.bodies_read += other.bodies_read;
    counters.fast_forwards += other.fast_forwards;
    counters.merges += other.merges;
    counters.refolds += other.refolds;
  }
};

std::string Tell(const History& history, const Groups& groups, const std::string& what) {
  return absl::StrCat("seed ", history.seed, ":\n", what, "delivered:\n", Describe(history, groups),
                      "replay: ", flags.program, " --seed=", history.seed, "\n");
}

// Empty: nothing is wrong.
std::string CheckHistory(uint64_t seed, Sum& sum) {
  const History history = MakeHistory(seed);
  Random random(seed * 31 + 7);
  const Order orders[] = {
      random.Percent(20) ? Order::kAsWritten : Order::kCausal, Order::kLateDefinitions,
      random.Pick<Order>({Order::kCausal, Order::kReversed, Order::kShuffled, Order::kByActor})};
  std::vector<reference::State> compared;
  std::string bytes;
  for (const Order order : orders) {
    Groups groups = Group(Deliver(history, order, random), random);
    std::set<size_t> compare_after;
    for (int i = 0; i < 2; ++i) compare_after.insert(1 + random.Below(groups.size()));
    Result result = Run(history, groups, compare_after);
    sum.AddCounters(result.counters);
    sum.comparisons += result.compared.size();
    if (!result.failure.empty()) {
      if (flags.is_quick) return absl::StrCat("seed ", seed, ":\n", result.failure);
      groups.resize(result.groups);
      groups = Shrink(history, std::move(groups));
      return Tell(history, groups, Run(history, groups, {}).failure);
    }
    if (bytes.empty()) bytes = result.bytes;
    if (bytes != result.bytes) {
      return Tell(history, groups, "  another order of the same entries gave other bytes\n");
    }
    std::move(result.compared.begin(), result.compared.end(), std::back_inserter(compared));
  }
  sum.tally.Count(compared);
  ++sum.histories;
  sum.changes += static_cast<uint64_t>(history.changes);
  sum.not_fast_forward += static_cast<uint64_t>(history.not_fast_forward);
  sum.stamped_twice += static_cast<uint64_t>(history.stamped_twice);
  return "";
}

Sum CheckAll() {
  std::atomic<uint64_t> next = flags.first_seed;
  std::atomic<bool> stop = false;
  const uint64_t end = flags.first_seed + flags.histories;
  std::mutex mutex;
  Sum total;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < flags.threads; ++i) {
    workers.emplace_back([&] {
      Sum sum;
      for (uint64_t seed = next++; seed < end && !stop; seed = next++) {
        seed_at_work = seed;
        const std::string failure = CheckHistory(seed, sum);
        if (failure.empty()) continue;
        sum.failures[seed] = failure;
        if (flags.is_quick || sum.failures.size() >= kFailuresMax) stop = true;
      }
      const std::lock_guard lock(mutex);
      total.Add(sum);
    });
  }
  for (std::thread& worker : workers) worker.join();
  return total;
}

TEST(MergePropertyTest, EveryOrderGivesTheStateOfTheRule) {
  const auto start = std::chrono::steady_clock::now();
  const Sum sum = CheckAll();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const auto& [seed, failure] : sum.failures) ADD_FAILURE() << failure;
  if (flags.is_replay) {
    absl::PrintF("seed %d: %d changes\n%s", flags.first_seed, sum.changes,
                 sum.tally.Table(sum.histories));
    return;
  }
  ASSERT_TRUE(sum.failures.empty());
  absl::PrintF(
      "%d histories, %d changes, %d%% not fast-forward, %d%% with two stamps; %d states compared "
      "in %.1f s (%.0f histories/s)\n"
      "the node took %d fast-forwards, %d merges, %d refolds; it read %d headers, %d bodies\n"
      "rarest case: %s\n%s",
      sum.histories, sum.changes, sum.not_fast_forward * 100 / sum.changes,
      sum.stamped_twice * 100 / sum.changes, sum.comparisons, seconds,
      static_cast<double>(sum.histories) / seconds, sum.counters.fast_forwards, sum.counters.merges,
      sum.counters.refolds, sum.counters.headers_read, sum.counters.bodies_read, sum.tally.Rarest(),
      sum.tally.Table(sum.histories));
  EXPECT_EQ(sum.histories, flags.histories);
  if (flags.is_quick) return;
  EXPECT_GE(sum.not_fast_forward * 100, sum.changes * 30);
  EXPECT_GE(sum.stamped_twice * 100, sum.changes * 20);
  // Each way to take in a change was gone often.
  EXPECT_GE(sum.counters.fast_forwards, sum.histories);
  EXPECT_GE(sum.counters.merges, sum.histories);
  EXPECT_GE(sum.counters.refolds, sum.histories / 10);
  for (const std::string& missing : sum.tally.Missing(sum.histories)) {
    ADD_FAILURE() << "met too rarely to prove anything: " << missing;
  }
}

bool ParseFlag(std::string_view argument, std::string_view name, uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  value = std::strtoull(argument.substr(name.size()).data(), nullptr, 10);
  return true;
}

}  // namespace
}  // namespace tikar::property

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  tikar::property::Flags& flags = tikar::property::flags;
  flags.program = argv[0];
  std::signal(SIGABRT, tikar::property::TellSeedOfAbort);
  if (const char* const histories = std::getenv("TIKAR_PROPERTY_HISTORIES")) {
    flags.histories = std::strtoull(histories, nullptr, 10);
  }
  for (int i = 1; i < argc; ++i) {
    uint64_t seed = 0, threads = 0;
    if (tikar::property::ParseFlag(argv[i], "--histories=", flags.histories)) continue;
    if (tikar::property::ParseFlag(argv[i], "--seed=", seed)) {
      flags.first_seed = seed;
      flags.histories = 1;
      flags.is_replay = true;
      continue;
    }
    if (tikar::property::ParseFlag(argv[i], "--first-seed=", flags.first_seed)) continue;
    if (tikar::property::ParseFlag(argv[i], "--threads=", threads)) {
      flags.threads = static_cast<unsigned>(std::max<uint64_t>(threads, 1));
      continue;
    }
    if (std::string_view(argv[i]) == "--quick") {
      flags.is_quick = true;
      continue;
    }
    std::fprintf(
        stderr,
        "unknown argument %s; known: --histories=N, --first-seed=N, --seed=N, --threads=N, "
        "--quick\n",
        argv[i]);
    return 2;
  }
  if (flags.histories == 0) {
    std::fprintf(stderr, "no histories to check\n");
    return 2;
  }
  return RUN_ALL_TESTS();
}
