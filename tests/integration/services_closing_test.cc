// A complaint that was answered closes itself ten working days later, when the citizen stays
// silent; whatever a person wrote meanwhile counts more. A server whose clock the test sets, over
// gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/mutations.h"
#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// In Kerinci's time, WIB.
int64_t Wib(int year, unsigned month, unsigned day, int hour = 0) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  const auto since_epoch =
      std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour - 7);
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

// Answered on a Tuesday. Nyepi, Eid and their joint leave take 18 to 24 March, so the tenth working
// day is Tuesday the 31st: closed when it is over.
const int64_t kAnswered = Wib(2026, 3, 10, 9);
const int64_t kDue = Wib(2026, 4, 1);

class ClosingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(&*server_, nullptr);
    requests_ = v1::RequestService::NewStub(server_.channel());
    v1::CreateRequestRequest create;
    create.set_parent(kKerinci);
    create.set_service("pengaduan");
    create.set_area("15.01.06");
    for (const auto& [path, text] :
         {std::pair("judul", "Jembatan gantung putus"), std::pair("kategori", "jalan_jembatan")}) {
      v1::FieldValue& field = *create.add_fields();
      field.set_path(path);
      field.mutable_value()->set_text(text);
    }
    create.set_actor("kantor/sari");
    create.set_role("operator");
    create.set_request_id(Uuid(next_uuid_++));
    v1::CreateRequestResponse made;
    ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::CreateRequest, create, &made).ok());
    answered_ = made.request();
    for (const char* to : {"diverifikasi", "ditangani", "dijawab"}) {
      answered_ = Write(answered_, {client::Move(answered_.status(), to)});
    }
    ASSERT_EQ(answered_.status(), "dijawab");
  }

  v1::Request Write(const v1::Request& seen, const std::vector<v1::Mutation>& mutations) {
    v1::UpdateRequestRequest call;
    call.set_name(seen.name());
    call.set_etag(seen.etag());
    call.mutable_mutations()->Add(mutations.begin(), mutations.end());
    call.set_actor("kantor/sari");
    call.set_role("operator");
    call.set_request_id(Uuid(next_uuid_++));
    v1::UpdateRequestResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::UpdateRequest, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.request();
  }

  v1::Request Read() {
    v1::GetRequestRequest call;
    call.set_name(answered_.name());
    v1::GetRequestResponse response;
    EXPECT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response).ok());
    return response.request();
  }

  // As it stands when the timers have run, from beginning to end, by the clock as it is set now.
  v1::Request AfterTimers() {
    const auto groups = [this] {
      return (*server_).engine().sequencer().status().groups_committed;
    };
    const uint64_t before = groups();
    while (groups() < before + 5) std::this_thread::yield();
    return Read();
  }

  // The rule by which the timer's write to the status lost, if it did, and against whom.
  v1::WriteOutcome TimersWrite() {
    v1::GetRequestHistoryRequest call;
    call.set_name(answered_.name());
    v1::GetRequestHistoryResponse history;
    EXPECT_TRUE(
        Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &history).ok());
    v1::WriteOutcome found;
    int timers = 0;
    for (const v1::HistoryItem& item : history.items()) {
      if (item.actor() != "timer") continue;
      ++timers;
      EXPECT_EQ(item.reason(), "penutupan");
      EXPECT_THAT(item.writes(), SizeIs(1));
      found = item.writes(0);
    }
    EXPECT_EQ(timers, 1);
    return found;
  }

  TempDirectory directory_;
  std::atomic<int64_t> now_ms_{kAnswered};
  ServerInProcess server_{directory_ / "data", [this](ServerOptions& options) {
                            options.engine.sequencer.now_ms = [this] { return now_ms_.load(); };
                            options.engine.sequencer.replica.is_home = [](std::string_view) {
                              return true;
                            };
                            options.engine.timers_interval_ms = 5;
                          }};
  std::unique_ptr<v1::RequestService::Stub> requests_;
  v1::Request answered_;
  int next_uuid_ = 1;
};

TEST_F(ClosingTest, TheTenthWorkingDayIsTheCitizensToItsEnd) {
  const v1::ServiceClock& clock = *answered_.clocks().rbegin();
  EXPECT_EQ(clock.key(), "penutupan");
  EXPECT_EQ(clock.due_at_ms(), kDue);
  now_ms_ = kDue - 1;
  const v1::Request still = AfterTimers();
  EXPECT_EQ(still.status(), "dijawab");
  EXPECT_EQ(still.etag(), answered_.etag());
  now_ms_ = kDue;
  const v1::Request closed = AfterTimers();
  EXPECT_EQ(closed.status(), "selesai");
  EXPECT_THAT(closed.reviews(), IsEmpty());
  EXPECT_EQ(TimersWrite().rule(), v1::RULE_ONLY);
  // However often the timers run.
  EXPECT_EQ(AfterTimers().etag(), closed.etag());
}

TEST_F(ClosingTest, WhoeverTookItUpAgainWithoutKnowingCountsMoreThanTheTimer) {
  now_ms_ = kDue;
  ASSERT_EQ(AfterTimers().status(), "selesai");
  const v1::Request taken_up =
      Write(answered_, {client::Move("dijawab", "ditangani", "tali longgar lagi")});
  // By the workflow's order the end would win against another person's step.
  EXPECT_EQ(taken_up.status(), "ditangani");
  EXPECT_THAT(taken_up.reviews(), IsEmpty());
  const v1::WriteOutcome lost = TimersWrite();
  EXPECT_EQ(lost.rule(), v1::RULE_MOOT);
  EXPECT_EQ(lost.value().text(), "selesai");
  EXPECT_THAT(taken_up.heads(), ::testing::Contains(lost.by_change_id()));
  EXPECT_EQ(AfterTimers().status(), "ditangani");
}

TEST_F(ClosingTest, ARemarkBreaksTheSilenceWhichThenLastsAnew) {
  now_ms_ = kDue;
  ASSERT_EQ(AfterTimers().status(), "selesai");
  const v1::Request remarked =
      Write(answered_, {client::Comment("Warga minta dicek sekali lagi.")});
  EXPECT_EQ(remarked.status(), "dijawab");
  EXPECT_EQ(TimersWrite().rule(), v1::RULE_MOOT);
  // Good Friday is none of the ten working days after 1 April.
  now_ms_ = Wib(2026, 4, 17) - 1;
  EXPECT_EQ(AfterTimers().status(), "dijawab");
  now_ms_ = Wib(2026, 4, 17);
  EXPECT_EQ(AfterTimers().status(), "selesai");
}

TEST_F(ClosingTest, WhoWritesInTimePutsTheEndOff) {
  now_ms_ = kDue - 1;
  Write(answered_, {client::Comment("Warga menelepon.")});
  now_ms_ = kDue;
  EXPECT_EQ(AfterTimers().status(), "dijawab");
}

}  // namespace
}  // namespace tikar::server
