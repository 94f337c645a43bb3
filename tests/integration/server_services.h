// The services of a server in this process, over real gRPC and a store on disk.
#ifndef TIKAR_TESTS_INTEGRATION_SERVER_SERVICES_H_
#define TIKAR_TESTS_INTEGRATION_SERVER_SERVICES_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "server_fixture.h"

namespace tikar::server {

class ServicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(&*server_, nullptr);
    channel_ = server_.channel();
    requests_ = v1::RequestService::NewStub(channel_);
    conflicts_ = v1::ConflictService::NewStub(channel_);
    catalog_ = v1::CatalogService::NewStub(channel_);
    status_ = v1::StatusService::NewStub(channel_);
    inbox_ = v1::InboxService::NewStub(channel_);
    reports_ = v1::ReportService::NewStub(channel_);
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
  // By how much the server's clock is ahead of the wall's.
  std::atomic<int64_t> ahead_ms_{0};
  ServerInProcess server_{directory_ / "data", [this](ServerOptions& options) {
                            options.engine.sequencer.now_ms = [this] {
                              return WallClockMs() + ahead_ms_;
                            };
                          }};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RequestService::Stub> requests_;
  std::unique_ptr<v1::ConflictService::Stub> conflicts_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::StatusService::Stub> status_;
  std::unique_ptr<v1::InboxService::Stub> inbox_;
  std::unique_ptr<v1::ReportService::Stub> reports_;
  int next_uuid_ = 1;
};

}  // namespace tikar::server

#endif  // TIKAR_TESTS_INTEGRATION_SERVER_SERVICES_H_
