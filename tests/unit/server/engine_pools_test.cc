#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "server/engine/byte_budget.h"
#include "server/engine/log.h"
#include "server/engine/worker_pool.h"

namespace tikar::server {
namespace {

TEST(WorkerPool, AFullQueueRefusesAndPostDoesNot) {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> ran{0};
  {
    WorkerPool pool(1, 2);
    std::promise<void> started;
    pool.Post([&, open] {
      started.set_value();
      open.wait();
      ++ran;
    });
    started.get_future().wait();
    EXPECT_TRUE(pool.TryPost([&] { ++ran; }));
    EXPECT_TRUE(pool.TryPost([&] { ++ran; }));
    EXPECT_FALSE(pool.TryPost([&] { ++ran; }));
    pool.Post([&] { ++ran; });
    EXPECT_EQ(pool.queued(), 3u);
    gate.set_value();
  }
  EXPECT_EQ(ran, 4);
}

TEST(WorkerPool, StopRunsAlsoWhatRunningJobsPost) {
  WorkerPool pool(2, 10);
  std::atomic<int> ran{0};
  for (int i = 0; i < 20; ++i) {
    pool.Post([&] { pool.Post([&] { pool.Post([&] { ++ran; }); }); });
  }
  pool.Stop();
  EXPECT_EQ(ran, 20);
  EXPECT_FALSE(pool.TryPost([&] { ++ran; }));
  pool.Post([&] { ++ran; });
  EXPECT_EQ(ran, 21) << "after Stop on the caller's thread";
}

TEST(ByteBudget, WhoComesTooLateWaitsInLine) {
  ByteBudget budget(100);
  std::vector<int> granted;
  EXPECT_TRUE(budget.Acquire(60, [] {}));
  EXPECT_FALSE(budget.Acquire(60, [&] { granted.push_back(1); }));
  EXPECT_FALSE(budget.Acquire(10, [&] { granted.push_back(2); })) << "must not overtake";
  budget.Release(60);
  EXPECT_EQ(granted, (std::vector<int>{1, 2}));
  EXPECT_EQ(budget.used(), 70u);
  budget.Release(60);
  budget.Release(10);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Log, NothingFromOutsideBeginsALine) {
  const std::string line = FormatLogLine(false, 1'769'900'000'123, Level::kWarning, "sync ended",
                                         {{"reason", "a\nFAKE b"}, {"count", "3"}});
  EXPECT_EQ(line, "2026-01-31T22:53:20.123Z WARNING sync ended reason=\"a\\nFAKE b\" count=3");
}

TEST(Log, JsonIsJson) {
  EXPECT_EQ(FormatLogLine(true, 0, Level::kInfo, "say \"hi\"", {{"path", "a\\b\x01"}}),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"INFO\",\"message\":"
            "\"say \\\"hi\\\"\",\"path\":\"a\\\\b\\u0001\"}");
}

}  // namespace
}  // namespace tikar::server
