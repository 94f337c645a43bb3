#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <future>

#include "absl/time/clock.h"
#include "clients/cli/stop_signal.h"

namespace tikar::cli {
namespace {

// Longer than any of these tests may take.
constexpr absl::Duration kPatience = absl::Minutes(1);

TEST(StopSignalTest, ASignalEndsAWaitAndCancelsWhatRuns) {
  for (const int number : {SIGINT, SIGTERM}) {
    StopSignal stop(absl::InfiniteDuration());
    EXPECT_FALSE(stop.stopped());
    std::promise<void> cancelled;
    stop.OnStop([&] { cancelled.set_value(); });
    ASSERT_EQ(raise(number), 0);
    EXPECT_FALSE(stop.Wait(kPatience));
    cancelled.get_future().get();
    EXPECT_TRUE(stop.stopped());
    stop.OnStop(nullptr);
  }
}

TEST(StopSignalTest, WhoComesTooLateIsCancelledAtOnce) {
  StopSignal stop(absl::InfiniteDuration());
  ASSERT_EQ(raise(SIGTERM), 0);
  EXPECT_FALSE(stop.Wait(kPatience));
  bool cancelled = false;
  stop.OnStop([&] { cancelled = true; });
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(stop.Wait(kPatience)) << "it stays stopped";
}

TEST(StopSignalTest, ItsTimeIsUp) {
  StopSignal stop(absl::Milliseconds(20));
  EXPECT_FALSE(stop.Wait(kPatience));
  EXPECT_TRUE(stop.stopped());
}

TEST(StopSignalTest, AWaitEndsByItselfToo) {
  StopSignal stop(absl::InfiniteDuration());
  EXPECT_TRUE(stop.Wait(absl::Milliseconds(1)));
  EXPECT_FALSE(stop.stopped());
}

std::atomic<int> taken{0};

TEST(StopSignalTest, AfterwardsSignalsDoWhatTheyDidBefore) {
  struct sigaction mine = {}, before, after;
  mine.sa_handler = [](int) { ++taken; };
  ASSERT_EQ(sigaction(SIGINT, &mine, &before), 0);
  {
    StopSignal stop(absl::InfiniteDuration());
    raise(SIGINT);
    EXPECT_FALSE(stop.Wait(kPatience));
    EXPECT_EQ(taken, 0);
    ASSERT_EQ(sigaction(SIGINT, nullptr, &after), 0);
    EXPECT_EQ(after.sa_handler, SIG_DFL) << "a second Ctrl-C ends the process";
  }
  raise(SIGINT);
  EXPECT_EQ(taken, 1);
  ASSERT_EQ(sigaction(SIGINT, &before, nullptr), 0);
}

}  // namespace
}  // namespace tikar::cli
