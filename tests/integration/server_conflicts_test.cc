// ConflictService.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server_services.h"

namespace tikar::server {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

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

TEST_F(ServicesTest, AnInboxIsReadPageByPage) {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) names.insert(ApprovedAndRejected().name() + "/conflicts/status");
  v1::ListConflictsRequest list;
  list.set_parent(kKerinci);
  list.set_page_size(2);
  std::set<std::string> found;
  int pages = 0;
  do {
    v1::ListConflictsResponse page;
    ASSERT_TRUE(Call(*conflicts_, &v1::ConflictService::Stub::ListConflicts, list, &page).ok());
    for (const v1::Conflict& conflict : page.conflicts()) found.insert(conflict.name());
    list.set_page_token(page.next_page_token());
    ++pages;
  } while (!list.page_token().empty());
  EXPECT_EQ(pages, 2);
  EXPECT_EQ(found, names);
}

}  // namespace
}  // namespace tikar::server
