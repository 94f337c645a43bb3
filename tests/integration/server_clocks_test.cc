// What time does to requests: service levels, lateness, the timers of the home node, the inbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server_services.h"
#include "sync/working_days.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
// Whatever holidays there are, three working days are over by then, and ten.
constexpr int64_t kLongMs = 30 * kDayMs;

class ClocksTest : public ServicesTest {
 protected:
  std::vector<std::string> List(const v1::RequestFilter& filter, int64_t as_of_ms = 0) {
    v1::ListRequestsRequest call;
    call.set_parent(kKerinci);
    *call.mutable_filter() = filter;
    call.set_as_of_ms(as_of_ms);
    v1::ListRequestsResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::ListRequests, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> names;
    for (const v1::Request& request : response.requests()) names.push_back(request.name());
    return names;
  }
  v1::ListInboxResponse Inbox(std::vector<v1::InboxKind> kinds = {}) {
    v1::ListInboxRequest call;
    call.set_parent(kKerinci);
    for (const v1::InboxKind kind : kinds) call.add_kinds(kind);
    v1::ListInboxResponse response;
    const grpc::Status status = Call(*inbox_, &v1::InboxService::Stub::ListInbox, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::Request Shown(const std::string& name) {
    v1::Request request;
    EXPECT_TRUE(Get(name, &request).ok());
    return request;
  }
  v1::CreateRequestRequest At(int32_t latitude_e7, const std::string& title = "Jembatan rusak") {
    v1::CreateRequestRequest call = Bridge(title);
    v1::FieldValue& place = *call.add_fields();
    place.set_path("lokasi");
    place.mutable_value()->mutable_place()->set_latitude_e7(latitude_e7);
    place.mutable_value()->mutable_place()->set_longitude_e7(1'013'000'000);
    return call;
  }
  v1::Request Join(const v1::Request& request, const v1::Request& main) {
    v1::UpdateRequestRequest call = Edit(request);
    v1::SetField& set = *call.add_mutations()->mutable_set_field();
    set.set_path("duplicate_of");
    set.mutable_value()->set_text(main.name().substr(main.name().rfind('/') + 1));
    return Update(call);
  }
};

TEST_F(ClocksTest, AServiceLevelRunsIsLateAndStops) {
  const v1::Request made = Create(Bridge());
  ASSERT_THAT(made.clocks(), SizeIs(1));
  const v1::ServiceClock& clock = made.clocks(0);
  EXPECT_EQ(clock.key(), "verifikasi");
  EXPECT_EQ(clock.stopped_at_ms(), 0);
  EXPECT_FALSE(clock.late());
  EXPECT_EQ(clock.due_at_ms(),
            server_->catalog().calendar.Deadline(clock.started_at_ms(), 3, "15.01.06"));
  v1::RequestFilter late;
  late.set_late(true);
  EXPECT_THAT(List(late), IsEmpty());
  EXPECT_THAT(Inbox().items(), IsEmpty());

  ahead_ms_ = kLongMs;
  EXPECT_TRUE(Shown(made.name()).clocks(0).late());
  EXPECT_THAT(List(late), ElementsAre(made.name()));
  const v1::ListInboxResponse inbox = Inbox();
  ASSERT_THAT(inbox.items(), SizeIs(1));
  EXPECT_EQ(inbox.items(0).kind(), v1::INBOX_KIND_LATE);
  EXPECT_EQ(inbox.items(0).request(), made.name());
  EXPECT_EQ(inbox.items(0).title(), "Jembatan rusak");
  EXPECT_EQ(inbox.items(0).clock().key(), "verifikasi");
  EXPECT_EQ(inbox.items(0).since_ms(), clock.due_at_ms());
  EXPECT_EQ(inbox.items(0).etag(), made.etag());

  const v1::Request verified = Update(Move(made, "diverifikasi", "operator"));
  ASSERT_THAT(verified.clocks(), SizeIs(2));
  EXPECT_TRUE(verified.clocks(0).late()) << "it stopped after its time";
  EXPECT_GT(verified.clocks(0).stopped_at_ms(), clock.due_at_ms());
  EXPECT_FALSE(verified.clocks(1).late());
  EXPECT_THAT(List(late), IsEmpty());
  EXPECT_THAT(Inbox().items(), IsEmpty());
}

TEST_F(ClocksTest, OpenOnesAreListedWithoutWhatIsClosed) {
  const v1::Request open = Create(Bridge());
  const v1::Request closed =
      Update(Move(Create(Bridge("Sudah ada")), "ditolak", "operator", "sudah dilaporkan"));
  v1::RequestFilter filter;
  filter.set_open(true);
  EXPECT_THAT(List(filter), ElementsAre(open.name()));
  EXPECT_THAT(List({}), SizeIs(2));
}

TEST_F(ClocksTest, JoinedRequestsShowAsOne) {
  const v1::Request main = Create(At(-17'000'000)), other = Create(At(-17'001'000));
  EXPECT_THAT(Shown(main.name()).possible_duplicates(), ElementsAre(other.name()));
  const v1::ListInboxResponse proposed = Inbox({v1::INBOX_KIND_POSSIBLE_DUPLICATE});
  ASSERT_THAT(proposed.items(), SizeIs(1));
  EXPECT_EQ(proposed.items(0).request(), other.name()) << "the later one";
  EXPECT_EQ(proposed.items(0).other_request(), main.name());
  EXPECT_NEAR(proposed.items(0).distance_metres(), 11, 1);

  const v1::Request joined = Join(other, main);
  EXPECT_THAT(Shown(main.name()).joined(), ElementsAre(other.name()));
  EXPECT_THAT(Shown(main.name()).possible_duplicates(), IsEmpty());
  EXPECT_THAT(List({}), ElementsAre(main.name()));
  v1::RequestFilter all;
  all.set_show_joined(true);
  EXPECT_THAT(List(all), SizeIs(2));
  EXPECT_THAT(Inbox({v1::INBOX_KIND_POSSIBLE_DUPLICATE}).items(), IsEmpty());

  v1::UpdateRequestRequest part = Edit(joined);
  part.add_mutations()->mutable_clear_field()->set_path("duplicate_of");
  Update(part);
  EXPECT_THAT(List({}), SizeIs(2));
  EXPECT_THAT(Shown(main.name()).joined(), IsEmpty());
}

TEST_F(ClocksTest, ThePastIsShownAsItWasKnown) {
  const v1::Request made = Create(Bridge());
  const int64_t then_ms = WallClockMs();
  ahead_ms_ = kDayMs;
  v1::UpdateRequestRequest edit = Move(made, "diverifikasi", "operator");
  v1::SetField& title = *edit.add_mutations()->mutable_set_field();
  title.set_path("judul");
  title.mutable_value()->set_text("Jembatan gantung");
  Update(edit);
  Create(Bridge("Besok"));

  v1::GetRequestRequest call;
  call.set_name(made.name());
  call.set_as_of_ms(then_ms);
  v1::GetRequestResponse response;
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response).ok());
  EXPECT_EQ(response.request().status(), "diterima");
  EXPECT_EQ(Text(response.request(), "judul"), "Jembatan rusak");
  EXPECT_EQ(response.request().state_digest(), made.state_digest());
  EXPECT_THAT(List({}, then_ms), ElementsAre(made.name()));
  v1::GetRequestHistoryRequest history;
  history.set_name(made.name());
  history.set_as_of_ms(then_ms);
  v1::GetRequestHistoryResponse items;
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, history, &items).ok());
  EXPECT_THAT(items.items(), SizeIs(1));

  call.set_as_of_ms(then_ms - kDayMs);
  EXPECT_EQ(Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  call.set_as_of_ms(-1);
  EXPECT_THAT(DetailsOf(Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response))
                  .violations,
              Contains(Pair("as_of_ms", "AS_OF_NEGATIVE")));
}

TEST_F(ClocksTest, ARefusedChangeIsInTheInboxUntilItIsDismissed) {
  const v1::Request made = Create(Bridge());
  // As a phone would bring it: the step is not for citizens.
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_request_id(
      sync::RequestId::FromHex(made.name().substr(made.name().rfind('/') + 1))->bytes());
  body.set_actor("warga-1");
  body.set_role("warga");
  body.set_hlc(made.update_time() + 1);
  body.set_nonce("12345678");
  body.add_parents(made.heads(0));
  v1::Transition& step = *body.add_mutations()->mutable_transition();
  step.set_from("diterima");
  step.set_to("diverifikasi");
  SyncCall phone(channel_);
  ASSERT_TRUE(phone.Say("warga-1"));
  ASSERT_TRUE(phone.Push({body.SerializeAsString()}));
  ASSERT_TRUE(phone.NextResult());
  ASSERT_EQ(phone.results[0].verdict(), v1::VERDICT_VOID);

  const v1::ListInboxResponse inbox = Inbox();
  ASSERT_THAT(inbox.items(), SizeIs(1));
  EXPECT_EQ(inbox.items(0).kind(), v1::INBOX_KIND_REFUSED);
  EXPECT_EQ(inbox.items(0).change_id(), phone.results[0].change_id());
  EXPECT_EQ(inbox.items(0).reason(), v1::REFUSAL_REASON_ROLE);
  EXPECT_EQ(inbox.items(0).actor(), "warga-1");
  v1::DismissInboxItemRequest dismiss;
  dismiss.set_request(made.name());
  dismiss.set_change_id(inbox.items(0).change_id());
  v1::DismissInboxItemResponse dismissed;
  ASSERT_TRUE(Call(*inbox_, &v1::InboxService::Stub::DismissInboxItem, dismiss, &dismissed).ok());
  EXPECT_THAT(Inbox().items(), IsEmpty());
  EXPECT_EQ(
      Call(*inbox_, &v1::InboxService::Stub::DismissInboxItem, dismiss, &dismissed).error_code(),
      grpc::StatusCode::NOT_FOUND);
  dismiss.set_change_id("short");
  EXPECT_THAT(
      DetailsOf(Call(*inbox_, &v1::InboxService::Stub::DismissInboxItem, dismiss, &dismissed))
          .violations,
      Contains(Pair("change_id", "CHANGE_ID_FORMAT")));
}

TEST_F(ClocksTest, TheInboxHasReviewsFirstAndItsPagesAreBoundToTheCall) {
  const v1::Request disputed = ApprovedAndRejected();
  Create(Bridge());
  Create(Bridge("Lampu padam"));
  ahead_ms_ = kLongMs;
  const v1::ListInboxResponse whole = Inbox();
  ASSERT_GE(whole.items_size(), 3);
  EXPECT_EQ(whole.items(0).kind(), v1::INBOX_KIND_UNDER_REVIEW);
  EXPECT_EQ(whole.items(0).request(), disputed.name());
  EXPECT_EQ(whole.items(0).path(), "status");

  v1::ListInboxRequest call;
  call.set_parent("regions/-");
  call.set_page_size(1);
  std::vector<std::string> paged;
  do {
    v1::ListInboxResponse page;
    ASSERT_TRUE(Call(*inbox_, &v1::InboxService::Stub::ListInbox, call, &page).ok());
    for (const v1::InboxItem& item : page.items()) {
      paged.push_back(absl::StrCat(item.kind(), item.request(), item.clock().key()));
    }
    call.set_page_token(page.next_page_token());
  } while (!call.page_token().empty());
  std::vector<std::string> expected;
  for (const v1::InboxItem& item : whole.items()) {
    expected.push_back(absl::StrCat(item.kind(), item.request(), item.clock().key()));
  }
  EXPECT_EQ(paged, expected);

  v1::ListInboxResponse page;
  call.set_page_token("");
  ASSERT_TRUE(Call(*inbox_, &v1::InboxService::Stub::ListInbox, call, &page).ok());
  call.set_page_token(page.next_page_token());
  call.add_kinds(v1::INBOX_KIND_LATE);
  EXPECT_THAT(DetailsOf(Call(*inbox_, &v1::InboxService::Stub::ListInbox, call, &page)).violations,
              Contains(Pair("page_token", "PAGE_TOKEN_MISMATCH")));
  call.add_kinds(static_cast<v1::InboxKind>(77));
  EXPECT_THAT(DetailsOf(Call(*inbox_, &v1::InboxService::Stub::ListInbox, call, &page)).violations,
              Contains(Pair("kinds", "INBOX_KIND")));
}

// A server whose timers run.
class TimersTest : public ::testing::Test {
 protected:
  // `home`: of which regions.
  std::unique_ptr<ServerInProcess> StartServer(bool home) {
    return std::make_unique<ServerInProcess>(
        directory_ / "data", [this, home](ServerOptions& options) {
          options.engine.sequencer.now_ms = [this] { return WallClockMs() + ahead_ms_; };
          options.engine.sequencer.replica.is_home = [home](std::string_view) { return home; };
          options.engine.timers_interval_ms = 5;
        });
  }
  // Everything of the region, until one passes; as the phones hear of it.
  static v1::Request Await(SyncCall& phone, const std::string& name, const std::string& status) {
    while (phone.requests[name].status() != status) {
      if (!phone.CatchUp()) break;
    }
    return phone.requests[name];
  }
  // Answered, with a stub of its own.
  static v1::Request Answered(v1::RequestService::Stub& stub) {
    v1::CreateRequestRequest create;
    create.set_parent(kKerinci);
    create.set_service("pengaduan");
    create.set_area("15.01.06");
    for (const auto& [path, text] :
         {std::pair("judul", "Jembatan rusak"), std::pair("kategori", "jalan_jembatan")}) {
      v1::FieldValue& field = *create.add_fields();
      field.set_path(path);
      field.mutable_value()->set_text(text);
    }
    create.set_actor("admin/sari");
    create.set_role("operator");
    create.set_request_id(Uuid(1));
    v1::CreateRequestResponse made;
    EXPECT_TRUE(Call(stub, &v1::RequestService::Stub::CreateRequest, create, &made).ok());
    v1::Request request = made.request();
    int uuid = 2;
    for (const char* to : {"diverifikasi", "ditangani", "dijawab"}) {
      v1::UpdateRequestRequest call;
      call.set_name(request.name());
      call.set_etag(request.etag());
      call.set_actor("admin/sari");
      call.set_role("operator");
      call.set_request_id(Uuid(uuid++));
      v1::Transition& step = *call.add_mutations()->mutable_transition();
      step.set_from(request.status());
      step.set_to(to);
      v1::UpdateRequestResponse response;
      EXPECT_TRUE(Call(stub, &v1::RequestService::Stub::UpdateRequest, call, &response).ok());
      request = response.request();
    }
    EXPECT_EQ(request.status(), "dijawab");
    return request;
  }

  TempDirectory directory_;
  std::atomic<int64_t> ahead_ms_{0};
};

TEST_F(TimersTest, AnAnsweredComplaintIsClosedWhenTheCitizenStaysSilent) {
  const auto server = StartServer(true);
  const auto stub = v1::RequestService::NewStub(server->channel());
  const v1::Request answered = Answered(*stub);
  SyncCall phone(server->channel());
  ASSERT_TRUE(phone.Say("petugas-1"));
  ASSERT_EQ(Await(phone, answered.name(), "dijawab").status(), "dijawab");
  ahead_ms_ = kLongMs;
  const v1::Request closed = Await(phone, answered.name(), "selesai");
  EXPECT_EQ(closed.status(), "selesai");
  EXPECT_EQ(closed.change_count(), answered.change_count() + 1) << "once";

  v1::GetRequestHistoryRequest call;
  call.set_name(answered.name());
  v1::GetRequestHistoryResponse history;
  ASSERT_TRUE(Call(*stub, &v1::RequestService::Stub::GetRequestHistory, call, &history).ok());
  EXPECT_EQ(history.items().rbegin()->actor(), "timer");
  EXPECT_EQ(history.items().rbegin()->reason(), "penutupan");
}

TEST_F(TimersTest, WhatBecameDueWhileTheServerWasOffIsDoneAtItsStart) {
  std::string name;
  {
    const auto server = StartServer(true);
    name = Answered(*v1::RequestService::NewStub(server->channel())).name();
    ASSERT_TRUE((**server).Stop().ok());
  }
  ahead_ms_ = kLongMs;
  const auto server = StartServer(true);
  SyncCall phone(server->channel());
  ASSERT_TRUE(phone.Say("petugas-1"));
  EXPECT_EQ(Await(phone, name, "selesai").status(), "selesai");
}

TEST_F(TimersTest, ANodeThatIsNotTheRegionsHomeLeavesItAlone) {
  const auto server = StartServer(false);
  const auto stub = v1::RequestService::NewStub(server->channel());
  const v1::Request answered = Answered(*stub);
  const uint64_t before = (**server).engine().sequencer().status().groups_committed;
  ahead_ms_ = kLongMs;
  // Until runs that began after that have ended.
  while ((**server).engine().sequencer().status().groups_committed < before + 5) {
    std::this_thread::yield();
  }
  v1::GetRequestRequest call;
  call.set_name(answered.name());
  v1::GetRequestResponse response;
  ASSERT_TRUE(Call(*stub, &v1::RequestService::Stub::GetRequest, call, &response).ok());
  EXPECT_EQ(response.request().status(), "dijawab");
}

}  // namespace
}  // namespace tikar::server
