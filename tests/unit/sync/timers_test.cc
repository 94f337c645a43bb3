#include "sync/timers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "office_fixture.h"
#include "sync/index_rows.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/names.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Counts the records of requests that are read.
class CountingReader : public Reader {
 public:
  explicit CountingReader(const Reader& reader) : reader_(reader) {}
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    if (family == Family::kRequests && key.starts_with('r')) ++records_read;
    return reader_.Get(family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, const std::vector<std::string>& keys) const override {
    return reader_.MultiGet(family, keys);
  }
  absl::Status Scan(Family family, std::string_view begin, std::string_view end,
                    const Visitor& visit) const override {
    return reader_.Scan(family, begin, end, visit);
  }
  absl::Status ScanReverse(Family family, std::string_view begin, std::string_view end,
                           const Visitor& visit) const override {
    return reader_.ScanReverse(family, begin, end, visit);
  }
  mutable size_t records_read = 0;

 private:
  const Reader& reader_;
};

class TimersTest : public OfficeTest {
 protected:
  std::string Status(const Node& node, const Written& change) {
    return node.FieldText(change.key, "status");
  }
  std::map<std::string, std::string> SilentRows() {
    return node_.Rows(Family::kRequests, keys::ClockPrefix(keys::kSilent, kKerinci));
  }
};

TEST_F(TimersTest, ARequestOnWhichNobodyWritesIsMovedOnWhenItsDaysAreOver) {
  const Written examined = Examined();
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs - 1).changes_new, 0u);
  EXPECT_EQ(Status(node_, examined), "diperiksa");
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs).changes_new, 1u);
  EXPECT_EQ(Status(node_, examined), "selesai");
  EXPECT_THAT(SilentRows(), IsEmpty());
  const State state = node_.StateOf(examined.key);
  EXPECT_EQ(state.EnteredAt("selesai"), PackHlc(kTenDaysDueMs, 0));
  EXPECT_EQ(state.Find("status")->candidates[0].actor, kTimerActor);
}

TEST_F(TimersTest, ALateRunMakesTheSameChangeAsOneInTime) {
  const Written examined = Examined();
  Node second(2);
  second.AddDefinition(*Office());
  second.PullFrom(node_);
  RunTimers(node_, kTenDaysDueMs);
  RunTimers(second, kTenDaysDueMs + 40 * kHourMs);
  EXPECT_EQ(node_.Heads(examined.key), second.Heads(examined.key));
  node_.PullFrom(second);
  second.PullFrom(node_);
  EXPECT_EQ(node_.StateOf(examined.key).change_count, 3u) << "it counts once";
  EXPECT_EQ(node_.Bytes(examined.key), second.Bytes(examined.key));
}

TEST_F(TimersTest, AClockThatStandsStillOrRunsBackMakesNothingTwice) {
  const Written examined = Examined();
  RunTimers(node_, kTenDaysDueMs);
  const std::string bytes = node_.Bytes(examined.key);
  for (const int64_t now_ms : {kTenDaysDueMs, kMorningMs, kTenDaysDueMs + 1}) {
    EXPECT_EQ(RunTimers(node_, now_ms).changes_new, 0u);
  }
  node_.Start();
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs).changes_new, 0u);
  EXPECT_EQ(node_.Bytes(examined.key), bytes);
}

TEST_F(TimersTest, WhateverAPersonWritesBeginsTheSilenceAnew) {
  const Written examined = Examined();
  siti_.AtMinute(5 * 24 * 60);  // Saturday: ten working days later is Friday the 19th
  node_.now_ms = kMorningMs + 6 * 24 * kHourMs;
  node_.Take(siti_.After(examined).Comment("sudah dilihat"));
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs).changes_new, 0u);
  const int64_t due_ms = kMorningMs + 18 * 24 * kHourMs + 17 * kHourMs;
  EXPECT_EQ(RunTimers(node_, due_ms - 1).changes_new, 0u);
  EXPECT_EQ(RunTimers(node_, due_ms).changes_new, 1u);
  EXPECT_EQ(Status(node_, examined), "selesai");
}

TEST_F(TimersTest, APersonWhoWroteMeanwhileIsNotOverruled) {
  const Written examined = Examined();
  siti_.AtMinute(9 * 24 * 60);
  const Written offline = siti_.After(examined).Comment("masih rusak");
  RunTimers(node_, kTenDaysDueMs);
  EXPECT_EQ(Status(node_, examined), "selesai");
  node_.Take(offline);
  EXPECT_EQ(Status(node_, examined), "diperiksa");
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs).changes_new, 0u) << "the silence has begun anew";
  EXPECT_EQ(SilentRows().size(), 1u);
}

TEST_F(TimersTest, SilenceCountsFromThePersonsChangeAndNotFromTheTimersThatGaveWayToIt) {
  const Written examined = Examined();
  siti_.AtMinute(5 * 24 * 60);  // Saturday: ten working days later is Friday the 19th
  const Written offline = siti_.After(examined).Comment("masih rusak");
  RunTimers(node_, kTenDaysDueMs);
  node_.Take(offline);
  ASSERT_EQ(Status(node_, examined), "diperiksa");
  EXPECT_EQ(node_.StateOf(examined.key).update_time, offline.Parse().body.hlc());
  const int64_t due_ms = kMorningMs + 18 * 24 * kHourMs + 17 * kHourMs;
  EXPECT_EQ(RunTimers(node_, due_ms - 1).changes_new, 0u);
  EXPECT_EQ(RunTimers(node_, due_ms).changes_new, 1u);
  EXPECT_EQ(Status(node_, examined), "selesai");
}

// Of a village that has holidays of its own the region's rows do not tell when it is due.
TEST_F(TimersTest, WhatCannotBeMovedOnCostsARunNoMoreThanItsShareAndOthersGetTheirTurn) {
  v1::HolidayCalendar holidays;
  holidays.set_version(1);
  v1::CalendarYear& year = *holidays.add_years();
  year.set_year(2026);
  year.set_source("SKB 3 Menteri");
  v1::Holiday& feast = *holidays.add_holidays();
  feast.set_date("2026-06-10");
  feast.set_kind(v1::HOLIDAY_KIND_HOLIDAY);
  feast.add_areas(kSungaibetungHilir);
  feast.mutable_name()->set_id("Kenduri Sko");
  feast.mutable_name()->set_en("Village feast");
  const absl::StatusOr<WorkingCalendar> made = WorkingCalendar::Make(holidays);
  ASSERT_TRUE(made.ok()) << made.status();
  calendar_ = *made;
  std::vector<Submission> group;
  Officer clerk("hp-loket");
  for (size_t i = 0; i < kTimerRequestsPerGroupMax + 5; ++i) {
    const Written created = clerk.AtMinute(0).Create(kSungaibetungHilir, *Office());
    group.push_back(Sent(created));
    group.push_back(Sent(clerk.AtMinute(1).After(created).Go("diterima", "diperiksa")));
  }
  node_.Ingest(group);
  const Written created = node_.Take(siti_.AtMinute(5).Create(kTamiai, *Office()));
  const Written examined = node_.Take(siti_.After(created).Go("diterima", "diperiksa"));

  CountingReader reader(node_.reader());
  Replica::Options options;
  options.now_ms = kTenDaysDueMs;
  options.random = [] { return uint64_t{77}; };
  absl::StatusOr<Replica::Opened> opened = Replica::Open(reader, options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto run = [&] {
    reader.records_read = 0;
    return node_.Commit(opened->replica->RunTimers(kTenDaysDueMs, calendar_, 100));
  };
  EXPECT_EQ(run().changes_new, 0u);
  EXPECT_EQ(reader.records_read, kTimerRequestsPerGroupMax);
  EXPECT_EQ(run().changes_new, 1u) << "it goes on where it was";
  EXPECT_EQ(reader.records_read, 6u);
  EXPECT_EQ(Status(node_, examined), "selesai");
  EXPECT_EQ(run().changes_new, 0u);
  EXPECT_EQ(reader.records_read, kTimerRequestsPerGroupMax) << "and begins anew";
}

TEST_F(TimersTest, OnlyTheHomeOfTheRegionRunsThem) {
  const Written examined = Examined();
  node_.is_home = false;
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs).changes_new, 0u);
  EXPECT_EQ(Status(node_, examined), "diperiksa");
}

TEST_F(TimersTest, WaitForAReviewOfTheStatus) {
  created_ = node_.Take(File());
  const Written approved = node_.Take(siti_.After(created_).Go("diterima", "disetujui"));
  const Written refused = node_.Take(budi_.After(created_).Go("diterima", "ditolak"));
  ASSERT_TRUE(node_.StateOf(created_.key).UnderReview("status"));
  State state = node_.StateOf(created_.key);
  // Whatever the review shows for the time being.
  state.FindOrAdd("status").value = Value::Text("diperiksa");
  state.Enter("diperiksa", PackHlc(kMorningMs, 0));
  EXPECT_EQ(AutomaticLevel(state, *Office(), "tutup"), nullptr);
  state.FindOrAdd("status").under_review = false;
  ASSERT_NE(AutomaticLevel(state, *Office(), "tutup"), nullptr);
  EXPECT_EQ(AutomaticLevel(state, *Office(), "verifikasi"), nullptr) << "it only shows";
  for (const ChangeId& head : Ids({approved, refused})) {
    EXPECT_THAT(state.heads, testing::Contains(head));
  }
}

TEST_F(TimersTest, AGroupMakesAsManyAsItMayAndTheNextOneTheRest) {
  std::vector<Written> examined;
  for (int i = 0; i < 5; ++i) examined.push_back(Examined());
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs, 2).changes_new, 2u);
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs, 2).changes_new, 2u);
  EXPECT_EQ(RunTimers(node_, kTenDaysDueMs, 2).changes_new, 1u);
  for (const Written& change : examined) EXPECT_EQ(Status(node_, change), "selesai");
}

TEST_F(TimersTest, TheBodyFollowsFromTheRequestTheLevelTheDeadlineAndTheHeads) {
  const Written examined = Examined();
  const State state = node_.StateOf(examined.key);
  const v1::ServiceLevel& level = *AutomaticLevel(state, *Office(), "tutup");
  const std::string bytes = MakeTimerChange(state, level, kTenDaysDueMs);
  EXPECT_EQ(bytes, MakeTimerChange(state, level, kTenDaysDueMs));
  EXPECT_NE(bytes, MakeTimerChange(state, level, kTenDaysDueMs + 1));
  v1::ChangeBody body;
  ASSERT_TRUE(body.ParseFromString(bytes));
  EXPECT_EQ(body.actor(), "timer");
  EXPECT_EQ(body.role(), "");
  EXPECT_EQ(body.hlc(), PackHlc(kTenDaysDueMs, 0));
  EXPECT_THAT(body.parents(), ElementsAre(examined.id.bytes()));
  EXPECT_EQ(body.nonce().size(), 8u);
  ASSERT_EQ(body.mutations_size(), 1);
  EXPECT_EQ(body.mutations(0).transition().from(), "diperiksa");
  EXPECT_EQ(body.mutations(0).transition().to(), "selesai");
  EXPECT_EQ(body.mutations(0).transition().reason(), "tutup");
}

}  // namespace
}  // namespace tikar::sync
