// LogService over real gRPC: a district that signs its log, and a hub that mirrors it and
// witnesses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "server/identity_setup.h"
#include "server_fixture.h"
#include "sync/checkpoint.h"
#include "sync/merkle_tree.h"
#include "sync/query.h"
#include "sync/receipt.h"
#include "tikar/v1/log_service.grpc.pb.h"

namespace tikar::server {
namespace {

using ::testing::SizeIs;

// A node of a network of its own, in this process.
class LoggingNode {
 public:
  LoggingNode(const std::string& directory, const std::string& name,
              const std::vector<std::string>& regions)
      : identity_(MakeIdentity(directory, name, regions)),
        server_(directory, [this](ServerOptions& options) { options.identity = identity_; }),
        channel_(server_.channel()),
        log_(v1::LogService::NewStub(channel_)),
        requests_(v1::RequestService::NewStub(channel_)) {}

  const sync::PublicKey& key() const { return identity_->public_key(); }

  v1::Request Create() {
    v1::CreateRequestRequest call;
    call.set_parent(kKerinci);
    call.set_service("pengaduan");
    call.set_area("15.01.06");
    for (const auto& [path, text] :
         {std::pair("judul", "Jembatan rusak"), {"kategori", "jalan_jembatan"}}) {
      v1::FieldValue& field = *call.add_fields();
      field.set_path(path);
      field.mutable_value()->set_text(text);
    }
    call.set_actor("admin/sari");
    call.set_role("operator");
    call.set_request_id(Uuid(next_uuid_++));
    v1::CreateRequestResponse response;
    const grpc::Status status =
        Call(*requests_, &v1::RequestService::Stub::CreateRequest, call, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.request();
  }

  // All that `other` has of Kerinci.
  void PullFrom(LoggingNode& other) {
    const auto published = other.server_->engine().sequencer().Current();
    auto entries = sync::EntriesAfter(*published->reader, "15.01", {}, 64 << 20);
    ASSERT_TRUE(entries.ok()) << entries.status();
    std::promise<absl::Status> done;
    ASSERT_TRUE(
        server_->engine()
            .sequencer()
            .Receive(*std::move(entries), [&](TaskResult result) { done.set_value(result.status); })
            .ok());
    const absl::Status status = done.get_future().get();
    ASSERT_TRUE(status.ok()) << status;
  }

  template <typename Request, typename Response>
  grpc::Status Ask(grpc::Status (v1::LogService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                   const Request& request, Response* response) {
    return Call(*log_, method, request, response);
  }
  v1::ListCheckpointsResponse Heads(uint32_t page_size = 0, const std::string& token = "") {
    v1::ListCheckpointsRequest request;
    request.set_parent(kKerinci);
    request.set_page_size(page_size);
    request.set_page_token(token);
    v1::ListCheckpointsResponse response;
    const grpc::Status status = Ask(&v1::LogService::Stub::ListCheckpoints, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  grpc::Status Tile(const std::string& name, uint32_t level, uint64_t index,
                    std::vector<sync::Hash>* hashes) {
    v1::ReadTileRequest request;
    request.set_name(name);
    request.set_level(level);
    request.set_index(index);
    v1::ReadTileResponse response;
    const grpc::Status status = Ask(&v1::LogService::Stub::ReadTile, request, &response);
    hashes->clear();
    for (size_t at = 0; at < response.hashes().size(); at += sync::Hash::kSize) {
      hashes->push_back(*sync::Hash::FromBytes(response.hashes().substr(at, sync::Hash::kSize)));
    }
    return status;
  }

 private:
  static std::shared_ptr<const Identity> MakeIdentity(const std::string& directory,
                                                      const std::string& name,
                                                      const std::vector<std::string>& regions) {
    auto made =
        SetUpFirstNode(IdentityDirectory(directory), name, regions, {}, WallClockMs() / 1000);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->identity : nullptr;
  }

  const std::shared_ptr<const Identity> identity_;
  ServerInProcess server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::LogService::Stub> log_;
  std::unique_ptr<v1::RequestService::Stub> requests_;
  int next_uuid_ = 1;
};

class LogServiceTest : public ::testing::Test {
 protected:
  TempDirectory directory_;
  LoggingNode district_{directory_ / "district", "kerinci", {"15.01"}};
  LoggingNode hub_{directory_ / "hub", "hub", {"*"}};
};

TEST_F(LogServiceTest, TheHomeSignsAsTheLogAndAMirrorAsAWitness) {
  for (int i = 0; i < 3; ++i) district_.Create();
  hub_.PullFrom(district_);
  hub_.Create();
  const v1::ListCheckpointsResponse own = district_.Heads();
  ASSERT_THAT(own.heads(), SizeIs(1));
  EXPECT_TRUE(own.heads(0).own());
  EXPECT_EQ(own.heads(0).size(), 3u);
  EXPECT_EQ(sync::ParseNamedKey(own.verifier_key())->key, district_.key());
  const auto signed_by_log = sync::ParseCheckpoint(own.heads(0).checkpoint());
  ASSERT_TRUE(signed_by_log.ok()) << signed_by_log.status();
  const auto log_signers = sync::VerifyCheckpoint(*signed_by_log, {&district_.key(), 1});
  ASSERT_TRUE(log_signers.ok()) << log_signers.status();
  EXPECT_TRUE(log_signers->at(0).is_log);

  const v1::ListCheckpointsResponse mirrored = hub_.Heads();
  ASSERT_THAT(mirrored.heads(), SizeIs(2));
  const bool first = mirrored.heads(0).name() == own.heads(0).name();
  const v1::LogHead& head = mirrored.heads(first ? 0 : 1);
  EXPECT_EQ(head.name(), own.heads(0).name());
  EXPECT_EQ(head.root(), own.heads(0).root());
  EXPECT_FALSE(head.own());
  EXPECT_TRUE(mirrored.heads(first ? 1 : 0).own());
  const auto witnessed = sync::ParseCheckpoint(head.checkpoint());
  ASSERT_TRUE(witnessed.ok()) << witnessed.status();
  EXPECT_EQ(witnessed->checkpoint, signed_by_log->checkpoint);
  const auto witnesses = sync::VerifyCheckpoint(*witnessed, {&hub_.key(), 1});
  ASSERT_TRUE(witnesses.ok()) << witnesses.status();
  EXPECT_FALSE(witnesses->at(0).is_log);
  EXPECT_EQ(witnesses->at(0).name, "tikar/node/hub");
  EXPECT_GT(witnesses->at(0).time_s, 1'780'000'000u);
  // Signatures under the same text come together in one note.
  sync::SignedNote both = signed_by_log->note;
  both.signatures.push_back(witnessed->note.signatures.at(0));
  const std::vector<sync::PublicKey> keys = {district_.key(), hub_.key()};
  EXPECT_THAT(*sync::VerifyCheckpoint({signed_by_log->checkpoint, both}, keys), SizeIs(2));
}

TEST_F(LogServiceTest, AMirrorProvesWhatTheHomeTook) {
  const v1::Request request = district_.Create();
  for (int i = 0; i < 3; ++i) district_.Create();
  hub_.PullFrom(district_);
  v1::ProveRequestRequest call;
  call.set_name(request.name());
  v1::ProveRequestResponse response;
  const grpc::Status status = hub_.Ask(&v1::LogService::Stub::ProveRequest, call, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.next_page_token(), "");
  const auto checked = sync::CheckReceipt(response.receipt(), {&hub_.key(), 1});
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_TRUE(checked->shows_create);
  EXPECT_FALSE(checked->logs.at(0).signers.at(0).is_log);
  EXPECT_FALSE(sync::CheckReceipt(response.receipt(), {&district_.key(), 1}).ok());
  call.set_name("regions/15.01/requests/00000000000000000000000000000000");
  EXPECT_EQ(hub_.Ask(&v1::LogService::Stub::ProveRequest, call, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(LogServiceTest, AnAuditorMakesTheRootFromTiles) {
  for (int i = 0; i < 260; ++i) district_.Create();
  const v1::LogHead head = district_.Heads().heads(0);
  std::vector<sync::Hash> full, last, above;
  ASSERT_TRUE(district_.Tile(head.name(), 0, 0, &full).ok());
  ASSERT_TRUE(district_.Tile("regions/15.01/logs/-", 0, 1, &last).ok());
  ASSERT_TRUE(district_.Tile(head.name(), 1, 0, &above).ok());
  ASSERT_THAT(full, SizeIs(256));
  ASSERT_THAT(last, SizeIs(4));
  sync::MerkleFrontier tree;
  for (const sync::Hash& hash : full) tree.Append(0, hash);
  EXPECT_THAT(above, ::testing::ElementsAre(tree.Root()));
  for (const sync::Hash& hash : last) tree.Append(0, hash);
  EXPECT_EQ(tree.Root().bytes(), head.root());
  for (const auto& [level, index] : {std::pair(0u, 2u), {1u, 1u}, {2u, 0u}, {4'000'000'000u, 0u}}) {
    EXPECT_EQ(district_.Tile(head.name(), level, index, &above).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }
}

TEST_F(LogServiceTest, TheLogIsShownToGoOn) {
  district_.Create();
  const auto before = sync::ParseCheckpoint(district_.Heads().heads(0).checkpoint());
  ASSERT_TRUE(before.ok());
  for (int i = 0; i < 4; ++i) district_.Create();
  v1::ProveConsistencyRequest request;
  request.set_name("regions/15.01/logs/-");
  request.set_size_from(1);
  v1::ProveConsistencyResponse response;
  const grpc::Status status =
      district_.Ask(&v1::LogService::Stub::ProveConsistency, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.root_from(), before->checkpoint.root.bytes());
  const auto after = sync::ParseCheckpoint(response.head().checkpoint());
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->checkpoint.size, 5u);
  std::vector<sync::Hash> proof;
  for (const std::string& hash : response.proof()) proof.push_back(*sync::Hash::FromBytes(hash));
  EXPECT_TRUE(sync::VerifyConsistency(before->checkpoint, after->checkpoint, proof).ok());
  // Of an earlier head, too.
  request.set_size_to(3);
  ASSERT_TRUE(district_.Ask(&v1::LogService::Stub::ProveConsistency, request, &response).ok());
  EXPECT_EQ(response.head().size(), 3u);
  request.set_size_from(6);
  request.set_size_to(0);
  const grpc::Status beyond =
      district_.Ask(&v1::LogService::Stub::ProveConsistency, request, &response);
  EXPECT_EQ(beyond.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(DetailsOf(beyond).reason, "LOG_NOT_SO_LARGE");
}

TEST_F(LogServiceTest, NamesAndPagesAreChecked) {
  district_.Create();
  hub_.PullFrom(district_);
  hub_.Create();
  const v1::ListCheckpointsResponse first = hub_.Heads(1);
  ASSERT_THAT(first.heads(), SizeIs(1));
  const v1::ListCheckpointsResponse second = hub_.Heads(1, first.next_page_token());
  ASSERT_THAT(second.heads(), SizeIs(1));
  EXPECT_LT(first.heads(0).name(), second.heads(0).name());
  EXPECT_EQ(second.next_page_token(), "");

  v1::GetCheckpointRequest request;
  v1::GetCheckpointResponse response;
  for (const char* name : {"", "regions/15.01", "regions/15.01/logs/", "regions/15.01/logs/xyz",
                           "regions/-/logs/-", "regions/15.01/logs/0123456789ABCDEF"}) {
    request.set_name(name);
    const grpc::Status status = hub_.Ask(&v1::LogService::Stub::GetCheckpoint, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_FALSE(DetailsOf(status).messages["id"].empty());
  }
  for (const char* name : {"regions/15.01/logs/0123456789abcdef", "regions/12.04/logs/-"}) {
    request.set_name(name);
    EXPECT_EQ(hub_.Ask(&v1::LogService::Stub::GetCheckpoint, request, &response).error_code(),
              grpc::StatusCode::NOT_FOUND)
        << name;
  }
  v1::VerifyLogRequest verify;
  v1::VerifyLogResponse verified;
  verify.set_parent("regions/-");
  ASSERT_TRUE(hub_.Ask(&v1::LogService::Stub::VerifyLog, verify, &verified).ok());
  EXPECT_EQ(verified.entries_verified(), 2u);
  EXPECT_EQ(verified.entries_total(), 2u);
  EXPECT_EQ(verified.logs_verified(), 2u);
  verify.set_parent(first.heads(0).name());
  ASSERT_TRUE(hub_.Ask(&v1::LogService::Stub::VerifyLog, verify, &verified).ok());
  EXPECT_EQ(verified.entries_verified(), 1u);
  verify.set_page_token("rubbish");
  EXPECT_EQ(hub_.Ask(&v1::LogService::Stub::VerifyLog, verify, &verified).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace tikar::server
