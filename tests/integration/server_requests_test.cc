// RequestService.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server_services.h"
#include "sync/ref.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

TEST_F(ServicesTest, ARequestIsMadeAndFoundByEveryNameItHas) {
  v1::CreateRequestRequest call = Bridge();
  call.add_comments("Truk tidak bisa lewat");
  const v1::Request made = Create(call);
  EXPECT_EQ(made.availability(), v1::AVAILABILITY_READY);
  EXPECT_EQ(made.status(), "diterima");
  EXPECT_EQ(made.area(), "15.01.06");
  EXPECT_EQ(Text(made, "judul"), "Jembatan rusak");
  ASSERT_THAT(made.elements(), SizeIs(1));
  EXPECT_EQ(made.elements(0).value().text(), "Truk tidak bisa lewat");

  const std::string id = made.name().substr(made.name().rfind('/') + 1);
  std::string lower = sync::FormatRef(made.ref());
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  for (const std::string& name :
       {made.name(), kKerinci + "/requests/" + made.ref(), "regions/-/requests/" + made.ref(),
        "regions/-/requests/" + id, "regions/-/requests/" + lower}) {
    v1::Request found;
    const grpc::Status status = Get(name, &found);
    EXPECT_TRUE(status.ok()) << name << ": " << status.error_message();
    EXPECT_EQ(found.name(), made.name());
  }
}

TEST_F(ServicesTest, WhatIsNotThereIsNotFoundAndWhatIsNoNameIsSaid) {
  v1::Request request;
  for (const std::string& name : {kKerinci + "/requests/" + std::string(32, '0'),
                                  "regions/-/requests/" + std::string(32, '0'),
                                  "regions/-/requests/" + sync::MakeRef(sync::RequestId())}) {
    const grpc::Status status = Get(name, &request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND) << name;
    EXPECT_THAT(DetailsOf(status).messages, SizeIs(2));
  }
  for (const char* name : {"", "regions", "regions/15/requests/1", "regions/15.01/requests/zz",
                           "regions/15.01/request/00000000000000000000000000000000",
                           "regions/15.01/requests/00000000000000000000000000000000/x"}) {
    const grpc::Status status = Get(name, &request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(DetailsOf(status).violations, Contains(Pair("name", "NAME_FORMAT")));
  }
}

TEST_F(ServicesTest, ARetryAnswersWhatTheFirstCallDid) {
  const v1::CreateRequestRequest create = Bridge();
  const v1::Request made = Create(create);
  EXPECT_EQ(Create(create).name(), made.name());
  v1::UpdateRequestRequest step = Move(made, "diverifikasi", "operator");
  v1::UpdateRequestResponse first, again;
  ASSERT_TRUE(Try(step, &first).ok());
  // Also when the same call would now be refused.
  Update(Move(first.request(), "ditangani", "operator"));
  ASSERT_TRUE(Try(step, &again).ok());
  EXPECT_EQ(first.change_id(), again.change_id());
  EXPECT_EQ(again.request().status(), "ditangani");
  EXPECT_EQ(again.request().change_count(), 3u);
  // Another actor's key is another call.
  v1::CreateRequestRequest other = create;
  other.set_actor("admin/budi");
  EXPECT_NE(Create(other).name(), made.name());
}

TEST_F(ServicesTest, RacingRetriesMakeOneRequest) {
  const v1::CreateRequestRequest create = Bridge();
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> names;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto stub = v1::RequestService::NewStub(server_.channel());
      v1::CreateRequestResponse response;
      const grpc::Status status =
          Call(*stub, &v1::RequestService::Stub::CreateRequest, create, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      std::lock_guard lock(mutex);
      names.insert(response.request().name());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(names, SizeIs(1));
  EXPECT_EQ(Status().changes_committed(), 1u);
}

TEST_F(ServicesTest, AStaleEtagIsNoErrorAndBothEditsAreThere) {
  const v1::Request seen = Create(Bridge());
  v1::UpdateRequestRequest title = Edit(seen);
  v1::SetField& set = *title.add_mutations()->mutable_set_field();
  set.set_path("judul");
  set.mutable_value()->set_text("Jembatan gantung rusak");
  Update(title);
  const v1::Request after = Update(Move(seen, "diverifikasi", "operator"));
  EXPECT_EQ(after.status(), "diverifikasi");
  EXPECT_EQ(Text(after, "judul"), "Jembatan gantung rusak");
  EXPECT_THAT(after.heads(), SizeIs(2));
  EXPECT_THAT(after.reviews(), IsEmpty());

  v1::GetRequestHistoryRequest call;
  call.set_name(after.name());
  v1::GetRequestHistoryResponse history;
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &history).ok());
  ASSERT_THAT(history.items(), SizeIs(3));
  EXPECT_EQ(history.items(0).kinds(0), "create");
  EXPECT_EQ(history.items(1).parents(0), history.items(0).change_id());
  EXPECT_EQ(history.items(2).parents(0), history.items(0).change_id());
}

TEST_F(ServicesTest, WhatIsRefusedIsToldInBothLanguagesAndNotLogged) {
  const v1::Request bridge = Create(Bridge());
  const uint64_t changes = Status().changes_committed();
  v1::CreateRequestResponse created;
  const auto create = [&](const std::function<void(v1::CreateRequestRequest&)>& spoil) {
    v1::CreateRequestRequest call = Bridge();
    spoil(call);
    return Call(*requests_, &v1::RequestService::Stub::CreateRequest, call, &created);
  };
  grpc::Status status = create([](auto& call) { call.clear_fields(); });
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  Details details = DetailsOf(status);
  EXPECT_THAT(details.violations, Contains(Pair("judul", "REQUIRED")));
  EXPECT_THAT(details.violations, Contains(Pair("kategori", "REQUIRED")));
  ASSERT_THAT(details.messages, SizeIs(2));
  EXPECT_NE(details.messages["id"], details.messages["en"]);

  EXPECT_THAT(DetailsOf(create([](auto& call) { call.set_service("paspor"); })).violations,
              Contains(Pair("service", "UNKNOWN_SERVICE")));
  EXPECT_THAT(DetailsOf(create([](auto& call) { call.set_area("15.01.99"); })).violations,
              Contains(Pair("area", "UNKNOWN_AREA")));
  EXPECT_EQ(create([](auto& call) { call.set_area("12.04.01"); }).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT)
      << "an area of another region";
  EXPECT_THAT(DetailsOf(create([](auto& call) { call.set_request_id("1"); })).violations,
              Contains(Pair("request_id", "REQUEST_ID_FORMAT")));
  EXPECT_THAT(DetailsOf(create([](auto& call) { call.set_parent("regions/-"); })).violations,
              Contains(Pair("parent", "REGION_REQUIRED")));
  EXPECT_THAT(DetailsOf(create([](auto& call) { call.set_actor("Bu Sari"); })).violations,
              Contains(Pair("actor", "ACTOR_FORMAT")));
  EXPECT_EQ(create([](auto& call) { call.set_role("kepala"); }).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);

  v1::UpdateRequestResponse updated;
  EXPECT_EQ(Try(Move(bridge, "selesai", "operator"), &updated).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Try(Move(bridge, "ditolak", "petugas", "ganda"), &updated).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  v1::UpdateRequestRequest elsewhere = Edit(bridge);
  v1::SetField& area = *elsewhere.add_mutations()->mutable_set_field();
  area.set_path("area");
  area.mutable_value()->set_text("15.01.06.9999");
  status = Try(elsewhere, &updated);
  EXPECT_THAT(DetailsOf(status).violations, Contains(Pair("area", "UNKNOWN_AREA")));
  EXPECT_THAT(status.error_message(), HasSubstr("tikar areas search NAME"));
  v1::UpdateRequestRequest no_etag = Move(bridge, "diverifikasi", "operator");
  no_etag.clear_etag();
  EXPECT_THAT(DetailsOf(Try(no_etag, &updated)).violations, Contains(Pair("etag", "ETAG_FORMAT")));
  EXPECT_THAT(DetailsOf(Try(Edit(bridge), &updated)).violations,
              Contains(Pair("mutations", "MUTATIONS_MISSING")));
  EXPECT_EQ(Status().changes_committed(), changes);
}

TEST_F(ServicesTest, ListsArePagedAndTokensFitTheirArguments) {
  std::set<std::string> names;
  for (int i = 0; i < 7; ++i) names.insert(Create(Bridge(absl::StrCat("Jembatan ", i))).name());
  v1::CreateRequestRequest elsewhere = Bridge("Jalan berlubang");
  elsewhere.set_area("15.01.07");
  names.insert(Create(elsewhere).name());

  v1::ListRequestsRequest call;
  call.set_parent("regions/-");
  call.set_page_size(3);
  std::set<std::string> listed;
  std::string token;
  int pages = 0;
  do {
    call.set_page_token(token);
    v1::ListRequestsResponse page;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::ListRequests, call, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const v1::Request& request : page.requests()) {
      EXPECT_TRUE(listed.insert(request.name()).second) << "listed twice";
    }
    token = page.next_page_token();
    if (++pages == 1) {
      // The token belongs to these arguments.
      v1::ListRequestsRequest other = call;
      other.set_page_token(token);
      other.set_parent(kKerinci);
      v1::ListRequestsResponse ignored;
      const grpc::Status mismatch =
          Call(*requests_, &v1::RequestService::Stub::ListRequests, other, &ignored);
      EXPECT_THAT(DetailsOf(mismatch).violations,
                  Contains(Pair("page_token", "PAGE_TOKEN_MISMATCH")));
    }
    ASSERT_LT(pages, 10);
  } while (!token.empty());
  EXPECT_EQ(listed, names);

  const auto count = [&](const std::function<void(v1::RequestFilter&)>& filter) {
    v1::ListRequestsRequest filtered;
    filtered.set_parent(kKerinci);
    filter(*filtered.mutable_filter());
    v1::ListRequestsResponse page;
    EXPECT_TRUE(Call(*requests_, &v1::RequestService::Stub::ListRequests, filtered, &page).ok());
    return page.requests_size();
  };
  EXPECT_EQ(count([](auto& filter) { filter.set_area("15.01.07"); }), 1);
  EXPECT_EQ(count([](auto& filter) { filter.set_text("BERLUBANG"); }), 1);
  EXPECT_EQ(count([](auto& filter) { filter.set_status("selesai"); }), 0);
  EXPECT_EQ(count([](auto& filter) { filter.set_service("pengaduan"); }), 8);

  v1::ListRequestsRequest bad;
  bad.set_parent(kKerinci);
  bad.set_page_size(1001);
  v1::ListRequestsResponse ignored;
  EXPECT_EQ(Call(*requests_, &v1::RequestService::Stub::ListRequests, bad, &ignored).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  bad.set_page_size(1);
  bad.set_page_token("forged");
  EXPECT_EQ(Call(*requests_, &v1::RequestService::Stub::ListRequests, bad, &ignored).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServicesTest, AListOfAllRegionsIsNewestFirst) {
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) {
    v1::CreateRequestRequest call = Bridge();
    if (i % 2 == 1) {
      call.set_parent("regions/12.04");
      call.set_area("12.04.05");
    }
    names.insert(names.begin(), Create(call).name());
  }
  v1::ListRequestsRequest call;
  call.set_parent("regions/-");
  call.set_page_size(1);
  std::vector<std::string> listed;
  do {
    v1::ListRequestsResponse page;
    ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::ListRequests, call, &page).ok());
    ASSERT_THAT(page.requests(), SizeIs(1));
    listed.push_back(page.requests(0).name());
    call.set_page_token(page.next_page_token());
  } while (!call.page_token().empty());
  EXPECT_EQ(listed, names);
}

TEST_F(ServicesTest, AHistoryComesInPagesBelowOneMebibyte) {
  // 30 long comments, each of them rewritten 20 times: more than one message may hold, while the
  // request itself stays small.
  constexpr int kComments = 30, kEdits = 20;
  v1::CreateRequestRequest create = Bridge();
  for (int i = 0; i < kComments; ++i) create.add_comments(absl::StrCat("Komentar ", i));
  v1::Request bridge = Create(create);
  ASSERT_THAT(bridge.elements(), SizeIs(kComments));
  for (int i = 0; i < kEdits; ++i) {
    v1::UpdateRequestRequest edit = Edit(bridge);
    for (const v1::FieldState& comment : bridge.elements()) {
      v1::SetField& set = *edit.add_mutations()->mutable_set_field();
      set.set_path(comment.path());
      set.mutable_value()->set_text(std::string(1900, static_cast<char>('a' + i)));
    }
    bridge = Update(edit);
  }
  v1::GetRequestHistoryRequest call;
  call.set_name("regions/-/requests/" + bridge.ref());
  std::set<std::string> changes;
  int pages = 0;
  do {
    v1::GetRequestHistoryResponse page;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_LT(page.ByteSizeLong(), size_t{1} << 20);
    EXPECT_EQ(page.has_request(), pages == 0);
    for (const v1::HistoryItem& item : page.items()) {
      EXPECT_TRUE(changes.insert(item.change_id()).second) << "told twice";
    }
    ++pages;
    call.set_page_token(page.next_page_token());
  } while (!call.page_token().empty());
  EXPECT_GE(pages, 2);
  EXPECT_THAT(changes, SizeIs(1 + kEdits));
}

TEST_F(ServicesTest, APageOfAHistoryThatChangedMeanwhileIsRefusedWithClearWords) {
  const v1::Request bridge = Create(Bridge());
  const v1::Request verified = Update(Move(bridge, "diverifikasi", "operator"));
  v1::GetRequestHistoryRequest call;
  call.set_name(bridge.name());
  call.set_page_size(1);
  v1::GetRequestHistoryResponse page;
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &page).ok());
  ASSERT_THAT(page.items(), SizeIs(1));
  call.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &page).ok());
  EXPECT_THAT(page.items(), SizeIs(1));
  EXPECT_EQ(page.next_page_token(), "");

  v1::GetRequestHistoryRequest of_another = call;
  of_another.set_name(Create(Bridge("Jalan")).name());
  grpc::Status status =
      Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, of_another, &page);
  EXPECT_THAT(DetailsOf(status).violations, Contains(Pair("page_token", "PAGE_TOKEN_MISMATCH")));

  Update(Move(verified, "ditangani", "operator"));
  status = Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &page);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(status).reason, "CHANGED_MEANWHILE");
  EXPECT_THAT(status.error_message(), HasSubstr("begin again with the first page"));
  EXPECT_THAT(DetailsOf(status).messages["id"], HasSubstr("mulai lagi dari halaman pertama"));
}

}  // namespace
}  // namespace tikar::server
