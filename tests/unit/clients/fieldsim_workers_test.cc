#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "clients/fieldsim/workers.h"

namespace tikar::fieldsim {
namespace {

TEST(WorkersTest, EveryIndexIsDoneOnce) {
  Workers workers(4, nullptr, nullptr);
  std::vector<std::atomic<int>> times(1'000);
  ASSERT_TRUE(workers
                  .Each(times.size(),
                        [&](size_t worker, size_t index) {
                          EXPECT_LT(worker, 4u);
                          ++times[index];
                          return absl::OkStatus();
                        })
                  .ok());
  for (const std::atomic<int>& count : times) EXPECT_EQ(count, 1);
}

// A worker that is done before the last one has begun must not be waited for twice.
TEST(WorkersTest, ReturnsWhereThereIsAlmostNothingToDo) {
  Workers workers(64, nullptr, nullptr);
  for (const size_t count : {0u, 1u, 2u, 64u, 65u}) {
    for (int round = 0; round < 100; ++round) {
      std::atomic<size_t> done = 0;
      ASSERT_TRUE(workers
                      .Each(count,
                            [&](size_t, size_t) {
                              ++done;
                              return absl::OkStatus();
                            })
                      .ok());
      ASSERT_EQ(done, count);
    }
  }
}

TEST(WorkersTest, OneWorkerDoesOneThingAtATime) {
  Workers workers(3, nullptr, nullptr);
  std::array<std::mutex, 3> busy;
  ASSERT_TRUE(workers
                  .Each(500,
                        [&](size_t worker, size_t) {
                          const std::unique_lock<std::mutex> lock(busy[worker], std::try_to_lock);
                          return lock.owns_lock() ? absl::OkStatus()
                                                  : absl::InternalError("two at a time");
                        })
                  .ok());
}

TEST(WorkersTest, TheFirstErrorEndsIt) {
  Workers workers(2, nullptr, nullptr);
  std::atomic<size_t> done = 0;
  const absl::Status status = workers.Each(100'000, [&](size_t, size_t index) {
    ++done;
    return index == 10 ? absl::DataLossError("the eleventh") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::DataLossError("the eleventh"));
  EXPECT_LT(done, 100'000u);
}

TEST(WorkersTest, StopKeepsTheRestFromBeginning) {
  std::atomic<bool> stop = false;
  Workers workers(1, nullptr, &stop);
  size_t done = 0;
  const absl::Status status = workers.Each(10, [&](size_t, size_t index) {
    ++done;
    stop = index == 3;
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(done, 4u);
}

}  // namespace
}  // namespace tikar::fieldsim
