// The unary services over real gRPC and a store on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server_fixture.h"
#include "sync/ref.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class ServicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(&*server_, nullptr);
    channel_ = server_.channel();
    requests_ = v1::RequestService::NewStub(channel_);
    conflicts_ = v1::ConflictService::NewStub(channel_);
    catalog_ = v1::CatalogService::NewStub(channel_);
    status_ = v1::StatusService::NewStub(channel_);
  }

  static void Set(v1::CreateRequestRequest& call, const std::string& path,
                  const std::string& text) {
    v1::FieldValue& field = *call.add_fields();
    field.set_path(path);
    field.mutable_value()->set_text(text);
  }
  v1::CreateRequestRequest Bridge(const std::string& title = "Jembatan rusak") {
    v1::CreateRequestRequest call;
    call.set_parent(kKerinci);
    call.set_service("pengaduan");
    call.set_area("15.01.06");
    Set(call, "judul", title);
    Set(call, "kategori", "jalan_jembatan");
    call.set_actor("admin/sari");
    call.set_role("operator");
    call.set_request_id(Uuid(next_uuid_++));
    return call;
  }
  v1::CreateRequestRequest Licence() {
    v1::CreateRequestRequest call = Bridge();
    call.set_service("gampil");
    call.clear_fields();
    Set(call, "nama_usaha", "Warung Kopi Kayu Aro");
    Set(call, "pemilik_nama", "Bu Murni");
    Set(call, "nik", "1501064107800001");
    Set(call, "jenis_usaha", "warung");
    Set(call, "alamat_usaha", "Jl. Raya Kayu Aro 1");
    call.set_role("petugas");
    return call;
  }
  v1::Request Create(const v1::CreateRequestRequest& call) {
    v1::CreateRequestResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::CreateRequest, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.request();
  }
  v1::UpdateRequestRequest Edit(const v1::Request& seen, const std::string& role = "operator") {
    v1::UpdateRequestRequest call;
    call.set_name(seen.name());
    call.set_etag(seen.etag());
    call.set_actor("admin/sari");
    call.set_role(role);
    call.set_request_id(Uuid(next_uuid_++));
    return call;
  }
  v1::UpdateRequestRequest Move(const v1::Request& seen, const std::string& to,
                                const std::string& role, const std::string& reason = "") {
    v1::UpdateRequestRequest call = Edit(seen, role);
    v1::Transition& step = *call.add_mutations()->mutable_transition();
    step.set_from(seen.status());
    step.set_to(to);
    step.set_reason(reason);
    return call;
  }
  grpc::Status Try(const v1::UpdateRequestRequest& call, v1::UpdateRequestResponse* response) {
    return Call(*requests_, &v1::RequestService::Stub::UpdateRequest, call, response);
  }
  v1::Request Update(const v1::UpdateRequestRequest& call) {
    v1::UpdateRequestResponse response;
    const grpc::Status status = Try(call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.verdict(), v1::VERDICT_ACCEPTED);
    return response.request();
  }
  grpc::Status Get(const std::string& name, v1::Request* request) {
    v1::GetRequestRequest call;
    call.set_name(name);
    v1::GetRequestResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::GetRequest, call, &response);
    *request = response.request();
    return status;
  }
  v1::GetStatusResponse Status() {
    v1::GetStatusResponse response;
    EXPECT_TRUE(
        Call(*status_, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &response)
            .ok());
    return response;
  }
  static std::string Text(const v1::Request& request, const std::string& path) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.path() == path) return field.value().text();
    }
    return "";
  }
  // A licence that one approved while the other, who did not know, rejected it.
  v1::Request ApprovedAndRejected() {
    v1::Request licence = Create(Licence());
    v1::UpdateRequestRequest place = Edit(licence, "petugas");
    v1::SetField& field = *place.add_mutations()->mutable_set_field();
    field.set_path("lokasi");
    field.mutable_value()->mutable_place()->set_latitude_e7(-17'000'000);
    field.mutable_value()->mutable_place()->set_longitude_e7(1'013'000'000);
    v1::SetField& money = *place.add_mutations()->mutable_set_field();
    money.set_path("modal");
    money.mutable_value()->set_integer(5'000'000);
    licence = Update(place);
    licence = Update(Move(licence, "diverifikasi", "petugas"));
    Update(Move(licence, "disetujui", "petugas"));
    return Update(Move(licence, "ditolak", "penyelia", "alamat tidak ada"));
  }

  TempDirectory directory_;
  ServerInProcess server_{directory_ / "data"};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RequestService::Stub> requests_;
  std::unique_ptr<v1::ConflictService::Stub> conflicts_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::StatusService::Stub> status_;
  int next_uuid_ = 1;
};

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

TEST_F(ServicesTest, TwoDecisionsWaitForAPersonWhoSettlesThem) {
  const v1::Request disputed = ApprovedAndRejected();
  EXPECT_THAT(disputed.reviews(), ::testing::ElementsAre("status"));

  v1::ListConflictsRequest list;
  list.set_parent("regions/-");
  v1::ListConflictsResponse open;
  ASSERT_TRUE(Call(*conflicts_, &v1::ConflictService::Stub::ListConflicts, list, &open).ok());
  ASSERT_THAT(open.conflicts(), SizeIs(1));
  const v1::Conflict conflict = open.conflicts(0);
  EXPECT_EQ(conflict.name(), disputed.name() + "/conflicts/status");
  EXPECT_THAT(conflict.field().candidates(), SizeIs(2));

  // Nobody can pay out meanwhile.
  v1::UpdateRequestRequest pay = Move(disputed, "terbit", "kepala");
  pay.mutable_mutations(0)->mutable_transition()->set_from("disetujui");
  v1::SetField& number = *pay.add_mutations()->mutable_set_field();
  number.set_path("nomor_izin");
  number.mutable_value()->set_text("000123/IUM/2026");
  v1::UpdateRequestResponse paid;
  const grpc::Status refused = Try(pay, &paid);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(refused).reason, "UNDER_REVIEW");

  v1::SettleConflictRequest settle;
  settle.set_name(conflict.name());
  settle.set_etag(conflict.etag());
  settle.mutable_value()->set_text("disetujui");
  settle.set_reason("alamat sudah dicek");
  settle.set_actor("admin/sari");
  settle.set_role("petugas");
  settle.set_request_id(Uuid(100));
  v1::SettleConflictResponse settled;
  EXPECT_EQ(
      Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled).error_code(),
      grpc::StatusCode::PERMISSION_DENIED)
      << "an officer settles nothing";
  settle.set_role("penyelia");
  const grpc::Status status =
      Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(settled.still_under_review());
  EXPECT_EQ(settled.request().status(), "disetujui");
  EXPECT_THAT(settled.request().reviews(), IsEmpty());

  v1::GetConflictRequest get;
  get.set_name(conflict.name());
  v1::GetConflictResponse gone;
  EXPECT_EQ(Call(*conflicts_, &v1::ConflictService::Stub::GetConflict, get, &gone).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, ASettlementThatDidNotKnowOfACandidateLeavesTheReviewOpen) {
  const v1::Request disputed = ApprovedAndRejected();
  // Somebody who saw only the licence as it was verified sends it back. Not a decision, so no clash
  // with the settlement; somebody else rejects it a second time from there, which is one.
  v1::GetRequestHistoryRequest call;
  call.set_name(disputed.name());
  v1::GetRequestHistoryResponse history;
  ASSERT_TRUE(Call(*requests_, &v1::RequestService::Stub::GetRequestHistory, call, &history).ok());
  // Create, place, verified, approved, rejected.
  ASSERT_THAT(history.items(), SizeIs(5));
  const std::string verified = history.items(2).change_id();
  v1::Request as_verified = disputed;
  as_verified.set_status("diverifikasi");
  as_verified.set_etag(sync::EtagOf({*sync::ChangeId::FromBytes(verified)}));
  const v1::Request third = Update(Move(as_verified, "ditolak", "kepala", "ganda"));
  EXPECT_THAT(third.heads(), SizeIs(3));

  v1::SettleConflictRequest settle;
  settle.set_name(disputed.name() + "/conflicts/status");
  settle.set_etag(disputed.etag());  // saw two of three
  settle.mutable_value()->set_text("disetujui");
  settle.set_actor("admin/sari");
  settle.set_role("penyelia");
  settle.set_request_id(Uuid(200));
  v1::SettleConflictResponse settled;
  grpc::Status status =
      Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(settled.still_under_review());

  settle.set_etag(settled.request().etag());
  settle.set_request_id(Uuid(201));
  status = Call(*conflicts_, &v1::ConflictService::Stub::SettleConflict, settle, &settled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(settled.still_under_review());
  EXPECT_EQ(settled.request().status(), "disetujui");
}

TEST_F(ServicesTest, AreasAreListedSearchedAndNamed) {
  v1::ListAreasRequest call;
  v1::ListAreasResponse page;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAreas, call, &page).ok());
  EXPECT_THAT(page.areas(), SizeIs(38));
  call.set_query("gunung kerinci");
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAreas, call, &page).ok());
  ASSERT_GE(page.areas_size(), 1);
  EXPECT_EQ(page.areas(0).code(), "15.01.06");
  EXPECT_EQ(page.areas(0).path(), "Jambi / Kabupaten Kerinci / Gunung Kerinci");
  v1::GetAreaRequest get;
  get.set_code("15.01");
  v1::GetAreaResponse area;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetArea, get, &area).ok());
  EXPECT_EQ(area.area().level(), v1::AREA_LEVEL_REGENCY);
  get.set_code("99.99");
  EXPECT_EQ(Call(*catalog_, &v1::CatalogService::Stub::GetArea, get, &area).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, DefinitionsHashToTheirNames) {
  v1::ListDefinitionsResponse list;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions,
                   v1::ListDefinitionsRequest(), &list)
                  .ok());
  ASSERT_THAT(list.definitions(), SizeIs(2));
  EXPECT_EQ(list.definitions(0).definition().service(), "gampil");
  EXPECT_EQ(list.definitions(1).definition().service(), "pengaduan");
  v1::GetDefinitionRequest get;
  get.set_definition_hash(list.definitions(1).definition_hash());
  v1::GetDefinitionResponse definition;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, get, &definition).ok());
  EXPECT_EQ(sync::Sha256(definition.definition_bytes().body()).bytes(),
            list.definitions(1).definition_hash());
  EXPECT_EQ(definition.definition_hash(), ComplaintDefinitionHash());
}

TEST_F(ServicesTest, StatusCountsWhatIsThere) {
  Create(Bridge());
  ApprovedAndRejected();
  const v1::GetStatusResponse status = Status();
  ASSERT_THAT(status.regions(), SizeIs(1));
  EXPECT_EQ(status.regions(0).region(), "15.01");
  EXPECT_EQ(status.regions(0).requests(), 2u);
  EXPECT_EQ(status.regions(0).changes(), 6u);
  EXPECT_EQ(status.regions(0).conflicts(), 1u);
  EXPECT_EQ(status.definitions(), 2u);
  EXPECT_GT(status.areas(), 90'000u);
  EXPECT_TRUE(status.single_copy());
  EXPECT_THAT(status.refusing_writes(), IsEmpty());
  EXPECT_NE(status.origin(), 0u);
  EXPECT_EQ(status.changes_committed(), 6u);
}

TEST_F(ServicesTest, ReflectionKnowsEveryServiceAndHealthsDescriptor) {
  constexpr char kMethod[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  grpc::Status status;
  // ServerReflectionRequest{list_services: ""}
  std::vector<std::string> answers =
      CallRaw(channel_, kMethod, std::string("\x3a\x00", 2), &status);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(answers, SizeIs(1));
  for (const char* service :
       {"tikar.v1.SyncService", "tikar.v1.RequestService", "tikar.v1.ConflictService",
        "tikar.v1.CatalogService", "tikar.v1.StatusService", "grpc.health.v1.Health",
        "grpc.channelz.v1.Channelz"}) {
    EXPECT_THAT(answers[0], HasSubstr(service));
    // ServerReflectionRequest{file_containing_symbol: service}
    const std::string symbol = service;
    const std::vector<std::string> files =
        CallRaw(channel_, kMethod, std::string("\x22") + static_cast<char>(symbol.size()) + symbol,
                &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(files, SizeIs(1));
    // A FileDescriptorProto names its file; an error would not.
    EXPECT_THAT(files[0], HasSubstr(".proto")) << service;
  }
}

TEST_F(ServicesTest, HealthSaysServing) {
  for (const char* service : {"", "tikar.v1.SyncService", "tikar.v1.RequestService"}) {
    const std::string name = service;
    // HealthCheckRequest{service: name}
    const std::string request =
        name.empty() ? "" : std::string("\x0a") + static_cast<char>(name.size()) + name;
    grpc::Status status;
    const auto answers = CallRaw(channel_, "/grpc.health.v1.Health/Check", request, &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(answers, SizeIs(1));
    EXPECT_EQ(answers[0], "\x08\x01") << "SERVING";
  }
}

}  // namespace
}  // namespace tikar::server
