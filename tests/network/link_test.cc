#include "link.h"

#include <gtest/gtest.h>

#include "arrivals.h"
#include "packet.h"

namespace tikar::network {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kStart = Time() + std::chrono::hours(1);

size_t TakeAll(Direction& direction, Time now) {
  size_t taken = 0;
  while (direction.Take(now)) ++taken;
  return taken;
}

TEST(Direction, APacketTakesItsTimeAtTheRateAndThenTheDelay) {
  Direction direction({milliseconds(300), 15'000, 0, 30'000}, 1);
  direction.Offer(Packet(1'500), kStart);
  direction.Offer(Packet(1'500), kStart);
  EXPECT_EQ(direction.next_due(), kStart + milliseconds(400));
  EXPECT_EQ(TakeAll(direction, kStart + milliseconds(399)), 0u);
  EXPECT_EQ(TakeAll(direction, kStart + milliseconds(400)), 1u);
  EXPECT_EQ(TakeAll(direction, kStart + milliseconds(499)), 0u) << "the second waited in line";
  EXPECT_EQ(TakeAll(direction, kStart + milliseconds(500)), 1u);
  EXPECT_EQ(direction.next_due(), Time::max());
  // An idle link owes nothing for the time in which it was idle.
  direction.Offer(Packet(1'500), kStart + seconds(10));
  EXPECT_EQ(direction.next_due(), kStart + seconds(10) + milliseconds(400));
}

TEST(Direction, WhatTheQueueDoesNotHoldIsDropped) {
  Direction direction({milliseconds(300), 15'000, 0, 30'000}, 1);
  for (int i = 0; i < 100; ++i) direction.Offer(Packet(1'000), kStart);
  EXPECT_EQ(TakeAll(direction, kStart + seconds(60)), 30u);
  EXPECT_EQ(direction.count().overflowed, 70u);
  EXPECT_EQ(direction.count().bytes, 100'000u);
}

TEST(Direction, LosesAsManyAsItSays) {
  Direction direction({milliseconds(1), 1e9, 2, 1 << 20}, 7);
  for (int i = 0; i < 10'000; ++i) {
    direction.Offer(Packet(1'000), kStart + milliseconds(i));
    TakeAll(direction, kStart + milliseconds(i));
  }
  EXPECT_GT(direction.count().lost, 100u);
  EXPECT_LT(direction.count().lost, 300u);
}

TEST(Direction, ACutLosesWhatIsOnItsWayAndWhatComes) {
  Direction direction({milliseconds(300), 15'000, 0, 30'000}, 1);
  direction.Offer(Packet(1'000), kStart);
  direction.SetCut(true);
  direction.Offer(Packet(1'000), kStart);
  EXPECT_EQ(TakeAll(direction, kStart + seconds(60)), 0u);
  direction.SetCut(false);
  direction.Offer(Packet(1'000), kStart + seconds(60));
  EXPECT_EQ(TakeAll(direction, kStart + seconds(61)), 1u);
  EXPECT_EQ(direction.count().cut, 2u);
}

TEST(ArrivalsTest, WhatComesTwiceCountsOnceAndWhatComesAheadWaits) {
  Arrivals arrivals;
  arrivals.Begin(0xffffff00);  // goes round soon
  arrivals.Add(0xffffff00, 200);
  EXPECT_EQ(arrivals.in_order(), 200u);
  arrivals.Add(0xffffff00 + 300, 100);
  arrivals.Add(0xffffff00 + 500, 100);
  arrivals.Add(0xffffff00 + 350, 50);
  EXPECT_EQ(arrivals.in_order(), 200u);
  EXPECT_EQ(arrivals.ahead(), 200u);
  arrivals.Add(0xffffff00 + 100, 200);
  EXPECT_EQ(arrivals.in_order(), 400u);
  EXPECT_EQ(arrivals.ahead(), 100u);
  arrivals.Begin(0xffffff00);
  EXPECT_EQ(arrivals.in_order(), 400u) << "the first packet came again";
  arrivals.Add(0xffffff00 + 390, 300);
  EXPECT_EQ(arrivals.in_order(), 690u);
  EXPECT_EQ(arrivals.ahead(), 0u);
  arrivals.Add(0xffffff00, 600);
  EXPECT_EQ(arrivals.in_order(), 690u);
}

// 10.0.0.1:50000 to 127.0.0.1:50151, with three bytes, as the kernel would send it.
Packet SmallSegment() {
  return {0x45, 0,    0,    43,   0,   1, 0x40, 0,    64,   6,    0,    0,
          10,   0,    0,    1,    127, 0, 0,    1,  //
          0xc3, 0x50, 0xc3, 0xe7, 0,   0, 0x12, 0x34, 0xab, 0xcd, 0xef, 0x01,
          0x50, 0x18, 1,    0,    0,   0, 0,    0,    'a',  'b',  'c'};
}

TEST(PacketTest, ASegmentIsReadWhole) {
  const auto segment = ParseTcp(SmallSegment());
  ASSERT_TRUE(segment.has_value());
  EXPECT_EQ(segment->source_port, 50'000);
  EXPECT_EQ(segment->destination_port, 50'151);
  EXPECT_EQ(segment->sequence, 0x1234u);
  EXPECT_EQ(segment->acknowledgement, 0xabcdef01u);
  EXPECT_EQ(segment->payload_bytes, 3u);
  EXPECT_TRUE(segment->ack);
  EXPECT_FALSE(segment->syn || segment->reset);
  for (size_t size = 0; size < SmallSegment().size(); ++size) {
    Packet cut_off = SmallSegment();
    cut_off.resize(size);
    EXPECT_FALSE(ParseTcp(cut_off).has_value()) << size << " bytes";
  }
}

TEST(PacketTest, AResetIsWhatTheOtherEndWouldSend) {
  const Packet packet = MakeReset(*ParseTcp(SmallSegment()));
  const auto reset = ParseTcp(packet);
  ASSERT_TRUE(reset.has_value());
  EXPECT_TRUE(reset->reset);
  EXPECT_FALSE(reset->ack || reset->syn);
  EXPECT_EQ(reset->source, 0x7f000001u);
  EXPECT_EQ(reset->destination, 0x0a000001u);
  EXPECT_EQ(reset->source_port, 50'151);
  EXPECT_EQ(reset->destination_port, 50'000);
  EXPECT_EQ(reset->sequence, 0xabcdef01u);
  // A sum over the bytes and over their own checksum is zero.
  EXPECT_EQ(ChecksumFold(ChecksumPart(packet.data(), 20, 0)), 0);
  const uint32_t around = ChecksumPart(packet.data() + 12, 8, 0) + 6 + 20;
  EXPECT_EQ(ChecksumFold(ChecksumPart(packet.data() + 20, 20, around)), 0);
}

}  // namespace
}  // namespace tikar::network
