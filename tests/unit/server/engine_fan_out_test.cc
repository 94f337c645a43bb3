#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server/engine/fan_out.h"

namespace tikar::server {
namespace {

TEST(FanOut, CallsOnceHoweverMuchHappens) {
  FanOut fan_out;
  int calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01.06"}, [&] { ++calls; });
  fan_out.Arm(kerinci, 1);
  EXPECT_EQ(calls, 0);
  for (uint64_t number = 2; number <= 100; ++number) fan_out.Notify(number, {"15.01"});
  EXPECT_EQ(calls, 1);
}

TEST(FanOut, WhatWasPublishedBeforeArmingCallsAtOnce) {
  FanOut fan_out;
  int calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01"}, [&] { ++calls; });
  fan_out.Notify(7, {"15.01"});
  EXPECT_EQ(calls, 0) << "not armed";
  fan_out.Arm(kerinci, 6);
  EXPECT_EQ(calls, 1);
  fan_out.Arm(kerinci, 7);
  EXPECT_EQ(calls, 1) << "7 was seen";
  fan_out.Notify(8, {"15.01"});
  EXPECT_EQ(calls, 2);
}

TEST(FanOut, APublicationThatWasSeenBeforeItWasToldDoesNotCall) {
  FanOut fan_out;
  int calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01"}, [&] { ++calls; });
  fan_out.Arm(kerinci, 9);
  fan_out.Notify(9, {"15.01"});
  EXPECT_EQ(calls, 0);
  fan_out.Notify(10, {"15.01"});
  EXPECT_EQ(calls, 1);
}

TEST(FanOut, OtherRegionsAreLeftAlone) {
  FanOut fan_out;
  int kerinci_calls = 0, jambi_calls = 0, nias_calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01.06", "15.01.07"}, [&] { ++kerinci_calls; });
  const auto jambi = fan_out.Subscribe({"15"}, [&] { ++jambi_calls; });
  const auto nias = fan_out.Subscribe({"12.04"}, [&] { ++nias_calls; });
  for (const auto& subscription : {kerinci, jambi, nias}) fan_out.Arm(subscription, 1);
  fan_out.Notify(2, {"15.02"});
  EXPECT_EQ(kerinci_calls, 0);
  EXPECT_EQ(jambi_calls, 1);
  EXPECT_EQ(nias_calls, 0);
  fan_out.Notify(3, {"12.04", "15.01"});
  EXPECT_EQ(kerinci_calls, 1);
  EXPECT_EQ(nias_calls, 1);
}

TEST(FanOut, AStoreThatIsBackCallsEverybody) {
  FanOut fan_out;
  int calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01"}, [&] { ++calls; });
  const auto nias = fan_out.Subscribe({"12.04"}, [&] { ++calls; });
  fan_out.Arm(kerinci, 1);
  fan_out.Arm(nias, 1);
  fan_out.NotifyAll(2);
  EXPECT_EQ(calls, 2);
  fan_out.Arm(nias, 1);
  EXPECT_EQ(calls, 3) << "it had been told of everything";
}

TEST(FanOut, WhoLeftIsNotCalled) {
  FanOut fan_out;
  int calls = 0;
  const auto kerinci = fan_out.Subscribe({"15.01"}, [&] { ++calls; });
  fan_out.Arm(kerinci, 1);
  EXPECT_EQ(fan_out.subscriptions(), 1u);
  fan_out.Unsubscribe(kerinci);
  fan_out.Notify(2, {"15.01"});
  fan_out.Arm(kerinci, 1);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(fan_out.subscriptions(), 0u);
}

TEST(FanOut, NoPublicationIsMissedWhileArmingRaces) {
  FanOut fan_out;
  std::atomic<int> calls{0};
  std::atomic<uint64_t> published{0};
  const auto kerinci = fan_out.Subscribe({"15.01"}, [&] { ++calls; });
  constexpr uint64_t kLast = 5000;
  std::thread publisher([&] {
    for (uint64_t number = 1; number <= kLast; ++number) {
      published = number;
      fan_out.Notify(number, {"15.01"});
    }
  });
  // A reader: sees what is published, arms, waits for its call.
  uint64_t seen = 0;
  while (seen < kLast) {
    const int before = calls;
    seen = published;
    fan_out.Arm(kerinci, seen);
    while (seen < kLast && calls == before) std::this_thread::yield();
  }
  publisher.join();
  EXPECT_EQ(seen, kLast);
}

}  // namespace
}  // namespace tikar::server
