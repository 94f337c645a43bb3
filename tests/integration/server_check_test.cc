// Looking for damage: by the real tikard, while it serves and while it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CheckTest : public ::testing::Test {
 protected:
  static constexpr int kComplaints = 1000;

  std::string data() { return directory_ / "data"; }
  std::vector<std::string> Serving() {
    return {"--listen", "127.0.0.1:0", "--data-dir", data(), "--catalog", kCatalogDirectory};
  }
  // A store that was closed, so that all is in table files.
  void MakeStore() {
    Tikard tikard(Serving());
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    std::vector<std::string> bodies;
    for (int i = 0; i < kComplaints; ++i) bodies.push_back(Complaint("petugas-1", i));
    SyncCall call(Connect(tikard.address()));
    ASSERT_TRUE(call.Say("petugas-1", "", /*push_only=*/true));
    ASSERT_TRUE(call.Push(bodies));
    while (call.results.size() < bodies.size()) ASSERT_TRUE(call.NextResult());
    call.HalfClose();
    EXPECT_TRUE(call.End().ok());
    ASSERT_EQ(WEXITSTATUS(tikard.Kill(SIGTERM)), 0) << tikard.text();
  }
  // Flips a bit in the middle of the largest table file, and names it.
  std::string DamageATable() {
    std::filesystem::path largest;
    for (const auto& entry : std::filesystem::directory_iterator(data() + "/db")) {
      if (entry.path().extension() != ".sst") continue;
      if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) {
        largest = entry.path();
      }
    }
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(middle);
    file.put(byte);
    EXPECT_TRUE(file.good());
    return largest.filename().string();
  }

  struct Outcome {
    int code = -1;
    std::string text;
  };
  Outcome CheckOffline() {
    Tikard check({"--check", "--data-dir", data()});
    Outcome outcome;
    outcome.code = WEXITSTATUS(check.Wait());
    outcome.text = check.text();
    return outcome;
  }
  // All pages of a server's own check.
  v1::CheckStoreResponse CheckOnline(const std::string& address) {
    const auto stub = v1::StatusService::NewStub(Connect(address));
    v1::CheckStoreResponse all;
    v1::CheckStoreRequest request;
    do {
      v1::CheckStoreResponse page;
      const grpc::Status status = Call(*stub, &v1::StatusService::Stub::CheckStore, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) return all;
      all.set_files_checked(all.files_checked() + page.files_checked());
      all.set_rows_checked(all.rows_checked() + page.rows_checked());
      for (const v1::StoreFault& fault : page.faults()) *all.add_faults() = fault;
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  TempDirectory directory_;
};

TEST_F(CheckTest, ASoundStoreIsSoundWhileItIsServedAndWhileItIsNot) {
  ASSERT_NO_FATAL_FAILURE(MakeStore());
  const Outcome offline = CheckOffline();
  EXPECT_EQ(offline.code, 0) << offline.text;
  EXPECT_THAT(offline.text, HasSubstr("sound: "));

  Tikard tikard(Serving());
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  const v1::CheckStoreResponse online = CheckOnline(tikard.address());
  EXPECT_THAT(online.faults(), IsEmpty());
  EXPECT_GE(online.files_checked(), 4u);
  // A log entry, a header, a record, a number and a row of the feed of each, at least.
  EXPECT_GE(online.rows_checked(), 5u * kComplaints);

  const Outcome in_use = CheckOffline();
  EXPECT_EQ(in_use.code, 1);
  EXPECT_THAT(in_use.text, HasSubstr("in use by process"));
}

TEST_F(CheckTest, ADamagedFileIsNamedAndTheRestIsServed) {
  ASSERT_NO_FATAL_FAILURE(MakeStore());
  const std::string name = DamageATable();
  const Outcome offline = CheckOffline();
  EXPECT_EQ(offline.code, 3) << offline.text;
  EXPECT_THAT(offline.text, AllOf(HasSubstr("DAMAGED db/" + name), HasSubstr("Check the disk"),
                                  HasSubstr("docs/operations.md")));

  Tikard tikard(Serving());
  // A compaction of this table that happens to run while tikard opens stops all writes, and so the
  // start; what it says then is no less.
  if (tikard.address().empty()) {
    EXPECT_NE(WEXITSTATUS(tikard.Wait()), 0);
    EXPECT_THAT(tikard.text(), AllOf(HasSubstr("damaged store"), HasSubstr("db/" + name),
                                     HasSubstr("restore a backup")));
    return;
  }
  const v1::CheckStoreResponse online = CheckOnline(tikard.address());
  ASSERT_THAT(online.faults(), Not(IsEmpty()));
  EXPECT_EQ(online.faults(0).where(), "db/" + name);
  const auto stub = v1::StatusService::NewStub(Connect(tikard.address()));
  v1::GetStatusResponse status;
  EXPECT_TRUE(
      Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &status).ok());
  EXPECT_THAT(status.regions(), SizeIs(1));
  tikard.Kill(SIGTERM);
  EXPECT_THAT(tikard.text(), HasSubstr("the store is damaged"));
}

TEST_F(CheckTest, AnotherListsPageTokenIsRefused) {
  Tikard tikard(Serving());
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  const auto stub = v1::StatusService::NewStub(Connect(tikard.address()));
  v1::CheckStoreRequest request;
  request.set_page_token("0123456789abcdef72ff");
  v1::CheckStoreResponse page;
  const grpc::Status status = Call(*stub, &v1::StatusService::Stub::CheckStore, request, &page);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
}

TEST_F(CheckTest, WhatIsNoStoreIsSaidAndNotMade) {
  const Outcome outcome = CheckOffline();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("does not exist"));
  EXPECT_FALSE(std::filesystem::exists(data()));
}

}  // namespace
}  // namespace tikar::server
