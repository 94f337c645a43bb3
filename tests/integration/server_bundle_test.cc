// Nodes without any link between them, and bundles that go by boat: real processes, real files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server/bundle_parties.h"
#include "server/identity.h"
#include "server_fixture.h"
#include "sync/bundle_writer.h"
#include "tikar/v1/bundle_service.grpc.pb.h"

namespace tikar::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kChunkBytes = 256 << 10;

// Letters that nothing packs well.
std::string Noise(int seed, size_t size) {
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('!' + random() % 90);
  return text;
}

std::string ComplaintIn(const std::string& region, const std::string& actor, int number,
                        size_t noise_bytes) {
  v1::ChangeBody body;
  EXPECT_TRUE(body.ParseFromString(Complaint(actor, number)));
  body.set_region(region);
  body.mutable_mutations(0)->mutable_create()->set_area(region + ".06");
  constexpr size_t kCommentBytes = 1'900;
  for (size_t bytes = 0; bytes < noise_bytes; bytes += kCommentBytes) {
    v1::AddElement& comment = *body.add_mutations()->mutable_add_element();
    comment.set_collection("comments");
    comment.mutable_value()->set_text(
        Noise(number + static_cast<int>(bytes), std::min(kCommentBytes, noise_bytes - bytes)));
  }
  return body.SerializeAsString();
}

struct Exported {
  grpc::Status status;
  std::vector<std::string> parts;
  v1::ExportSummary summary;
};

class Node {
 public:
  Node(const std::string& name, const TempDirectory& directory)
      : name_(name), directory_(directory / name) {
    tikard_ = std::make_unique<Tikard>(std::vector<std::string>{
        "--listen", "127.0.0.1:0", "--data-dir", directory_, "--catalog", kCatalogDirectory});
    EXPECT_FALSE(tikard_->address().empty()) << tikard_->text();
    channel_ = Connect(tikard_->address());
    bundles_ = v1::BundleService::NewStub(channel_);
  }
  std::string text() { return tikard_->text(); }

  void File(const std::string& region, int first, int count, size_t noise_bytes = 0) {
    const std::string actor = "petugas-" + name_;
    SyncCall call(channel_);
    ASSERT_TRUE(call.Say(actor, "", /*push_only=*/true));
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(call.Push({ComplaintIn(region, actor, first + i, noise_bytes)}));
      ASSERT_TRUE(call.NextResult());
    }
    for (const v1::ChangeResult& result : call.results) {
      ASSERT_EQ(result.verdict(), v1::VERDICT_ACCEPTED) << result.ShortDebugString();
    }
    call.HalfClose();
    EXPECT_TRUE(call.End().ok());
  }

  std::map<std::string, std::string> Requests(const std::string& region) const {
    const auto stub = v1::RequestService::NewStub(channel_);
    v1::ListRequestsRequest list;
    list.set_parent("regions/" + region);
    list.set_page_size(1'000);
    std::map<std::string, std::string> requests;
    do {
      v1::ListRequestsResponse page;
      const grpc::Status status = Call(*stub, &v1::RequestService::Stub::ListRequests, list, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (v1::Request request : page.requests()) {
        request.clear_feed_position();  // of each node
        requests[request.name()] = request.SerializeAsString();
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return requests;
  }

  Exported Export(const v1::ExportBundleRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto stream = bundles_->ExportBundle(&context, request);
    Exported exported;
    v1::ExportBundleResponse response;
    uint64_t bytes = 0;
    while (stream->Read(&response)) {
      if (response.has_part()) {
        if (!exported.parts.empty()) {
          EXPECT_EQ(exported.parts.back().size(), bytes);
        }
        exported.parts.emplace_back();
        bytes = response.part().bytes();
      }
      EXPECT_LE(response.chunk().size(), kChunkBytes);
      if (!response.chunk().empty()) exported.parts.back() += response.chunk();
      if (response.has_summary()) exported.summary = response.summary();
    }
    exported.status = stream->Finish();
    if (!exported.parts.empty()) {
      EXPECT_EQ(exported.parts.back().size(), bytes);
    }
    return exported;
  }
  Exported ExportFor(const std::string& receiver, const std::string& certificate = "",
                     uint64_t part_bytes_max = 0) {
    v1::ExportBundleRequest request;
    request.set_receiver(receiver);
    request.set_receiver_certificate_pem(certificate);
    request.set_part_bytes_max(part_bytes_max);
    Exported exported = Export(request);
    EXPECT_TRUE(exported.status.ok()) << exported.status.error_message();
    return exported;
  }

  grpc::Status TryImport(const std::string& file, v1::ImportBundleResponse* response,
                         bool validate_only = false) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto stream = bundles_->ImportBundle(&context, response);
    for (size_t at = 0; at == 0 || at < file.size(); at += kChunkBytes) {
      v1::ImportBundleRequest request;
      request.set_chunk(file.substr(at, kChunkBytes));
      request.set_validate_only(at == 0 && validate_only);
      if (!stream->Write(request)) break;
    }
    stream->WritesDone();
    return stream->Finish();
  }
  v1::ImportBundleResponse Import(const std::string& file, bool validate_only = false) {
    v1::ImportBundleResponse response;
    const grpc::Status status = TryImport(file, &response, validate_only);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::string WhyNot(const std::string& file, grpc::StatusCode code) {
    v1::ImportBundleResponse response;
    const grpc::Status status = TryImport(file, &response);
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    return status.error_message();
  }

  std::shared_ptr<const Identity> identity() const {
    auto identity = Identity::Load(IdentityDirectory(directory_));
    EXPECT_TRUE(identity.ok()) << identity.status();
    return *identity;
  }
  v1::GetBundleKeyResponse Key() const {
    v1::GetBundleKeyResponse key;
    const grpc::Status status =
        Call(*bundles_, &v1::BundleService::Stub::GetBundleKey, v1::GetBundleKeyRequest(), &key);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return key;
  }

 private:
  const std::string name_, directory_;
  std::unique_ptr<Tikard> tikard_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::BundleService::Stub> bundles_;
};

class BundleTest : public ::testing::Test {
 protected:
  static void Run(std::vector<std::string> arguments) {
    Tikard command(std::move(arguments));
    const int status = command.Wait();
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command.text();
  }
  void SetUp() override {
    Run({"init", "--data-dir", directory_ / "hub", "--name", "hub", "--regions", "all"});
    Join("nias", "12.04");
    Join("kerinci", "15.01");
    hub_.emplace("hub", directory_);
    nias_.emplace("nias", directory_);
  }
  void Join(const std::string& name, const std::string& regions) {
    const std::string request = directory_ / (name + ".request");
    const std::string answer = directory_ / (name + ".identity");
    Run({"init", "--data-dir", directory_ / name, "--name", name, "--request", request});
    Run({"sign", request, "--data-dir", directory_ / "hub", "--regions", regions, "--out", answer});
    Run({"init", "--data-dir", directory_ / name, "--install", answer});
  }

  TempDirectory directory_;
  std::optional<Node> hub_, nias_;
};

TEST_F(BundleTest, WhatNiasWroteGoesToTheHubByBoatAndTheNextBundleIsSmall) {
  nias_->File("12.04", 0, 40, 2'000);
  const Exported first = nias_->ExportFor("hub", hub_->Key().certificate_pem());
  ASSERT_EQ(first.parts.size(), 1u);
  EXPECT_EQ(first.summary.entries(), 40u);
  EXPECT_EQ(first.summary.acknowledged_at_ms(), 0);

  // Looking changes nothing.
  EXPECT_EQ(hub_->Import(first.parts[0], /*validate_only=*/true).entries(), 40u);
  EXPECT_THAT(hub_->Requests("12.04"), IsEmpty());
  const v1::ImportBundleResponse taken = hub_->Import(first.parts[0]);
  EXPECT_EQ(taken.sender(), "nias");
  EXPECT_EQ(taken.entries_new(), 40u);
  EXPECT_THAT(taken.logs_refused(), IsEmpty());
  EXPECT_THAT(nias_->Requests("12.04"), Not(IsEmpty()));
  EXPECT_EQ(hub_->Requests("12.04"), nias_->Requests("12.04"));

  // Again: nothing new.
  const v1::ImportBundleResponse again = hub_->Import(first.parts[0]);
  EXPECT_EQ(again.entries_new(), 0u);
  EXPECT_EQ(again.definitions_new(), 0u);
  EXPECT_EQ(hub_->Requests("12.04"), nias_->Requests("12.04"));

  // The acknowledgement comes home, twice.
  ASSERT_FALSE(taken.acknowledgement().empty());
  EXPECT_FALSE(nias_->Import(taken.acknowledgement()).acknowledgement_known());
  EXPECT_TRUE(nias_->Import(taken.acknowledgement()).acknowledgement_known());
  nias_->File("12.04", 100, 1);
  const Exported second = nias_->ExportFor("hub");
  EXPECT_EQ(second.summary.entries(), 1u);
  EXPECT_EQ(second.summary.definitions(), 0u);
  EXPECT_NE(second.summary.acknowledged_at_ms(), 0);
  EXPECT_LT(second.parts[0].size(), 3'000u);
  EXPECT_LT(second.parts[0].size() * 10, first.parts[0].size());
  const v1::ImportBundleResponse newer = hub_->Import(second.parts[0]);
  EXPECT_EQ(newer.entries_new(), 1u);
  // Boats overtake each other: the older acknowledgement, which comes last, changes nothing.
  EXPECT_FALSE(nias_->Import(newer.acknowledgement()).acknowledgement_known());
  EXPECT_TRUE(nias_->Import(taken.acknowledgement()).acknowledgement_known());
  EXPECT_EQ(nias_->ExportFor("hub").summary.entries(), 0u);
  EXPECT_EQ(hub_->Requests("12.04"), nias_->Requests("12.04"));

  // And the other way: whom one heard from one can write to. Nias wrote all of it itself.
  hub_->File("12.04", 500, 3);
  const Exported back = hub_->ExportFor("nias");
  EXPECT_GE(nias_->Import(back.parts[0]).entries_new(), 3u);
  EXPECT_EQ(hub_->Requests("12.04"), nias_->Requests("12.04"));
}

TEST_F(BundleTest, PartsComeInAnyOrderAndMissingOnesAreNamed) {
  nias_->File("12.04", 0, 200, 15'000);
  const Exported exported =
      nias_->ExportFor("hub", hub_->Key().certificate_pem(), sync::kBundlePartBytesMin);
  ASSERT_EQ(exported.parts.size(), 3u);
  EXPECT_EQ(exported.summary.entries(), 200u);
  EXPECT_THAT(hub_->Import(exported.parts[2]).parts_missing(), ElementsAre(1, 2));
  EXPECT_THAT(hub_->Import(exported.parts[0]).parts_missing(), ElementsAre(2));
  EXPECT_THAT(hub_->Import(exported.parts[0]).parts_missing(), ElementsAre(2));
  const v1::ImportBundleResponse last = hub_->Import(exported.parts[1]);
  EXPECT_THAT(last.parts_missing(), IsEmpty());
  EXPECT_EQ(hub_->Requests("12.04"), nias_->Requests("12.04"));
  EXPECT_EQ(hub_->Requests("12.04").size(), 200u);
  nias_->Import(last.acknowledgement());
  EXPECT_EQ(nias_->ExportFor("hub").summary.entries(), 0u);
}

TEST_F(BundleTest, ADamagedPartIsRefusedWholeAndSaysWhere) {
  nias_->File("12.04", 0, 60, 10'000);
  const std::string whole = nias_->ExportFor("hub", hub_->Key().certificate_pem()).parts[0];
  ASSERT_GT(whole.size(), 400'000u);
  for (const size_t at : {size_t{3}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    v1::ImportBundleResponse response;
    const grpc::Status status = hub_->TryImport(damaged, &response);
    EXPECT_FALSE(status.ok()) << at;
    EXPECT_THAT(hub_->Requests("12.04"), IsEmpty()) << at;
  }
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 1;
  EXPECT_THAT(hub_->WhyNot(damaged, grpc::StatusCode::DATA_LOSS),
              AllOf(HasSubstr("damaged between byte"), HasSubstr("copy it again")));
  EXPECT_THAT(hub_->WhyNot(whole.substr(0, whole.size() - 1), grpc::StatusCode::DATA_LOSS),
              HasSubstr("ends after"));
  EXPECT_THAT(hub_->WhyNot("", grpc::StatusCode::INVALID_ARGUMENT), HasSubstr("no bundle"));
  EXPECT_THAT(hub_->Requests("12.04"), IsEmpty());
  EXPECT_EQ(hub_->Import(whole).entries_new(), 60u);
}

TEST_F(BundleTest, OnlyTheReceiverOpensItAndItSaysWhoThatIs) {
  nias_->File("12.04", 0, 2);
  const std::string file = nias_->ExportFor("hub", hub_->Key().certificate_pem()).parts[0];
  EXPECT_THAT(nias_->WhyNot(file, grpc::StatusCode::INVALID_ARGUMENT),
              HasSubstr("sealed to hub, and this node is nias"));
}

TEST_F(BundleTest, NobodySpeaksForARegionThatHisCertificateDoesNotList) {
  // Nias was made to say something of Kerinci, with its own key and certificate.
  const auto nias = nias_->identity();
  sync::BundleWriterOptions options{.kind = sync::BundleKind::kNode,
                                    .sender = "nias",
                                    .sender_key = nias->signing_key(),
                                    .receiver = "hub",
                                    .receiver_key = hub_->identity()->public_key(),
                                    .manifest = {},
                                    .random = SecretBytes};
  options.manifest.set_certificate_pem(nias->certificate_pem());
  v1::BundleRecord record;
  record.mutable_entry()->set_region("15.01");
  record.mutable_entry()->set_origin(7);
  record.mutable_entry()->set_seq(1);
  const auto foreign = sync::MakeSmallBundle(options, {record});
  ASSERT_TRUE(foreign.ok());
  EXPECT_THAT(hub_->WhyNot(*foreign, grpc::StatusCode::INVALID_ARGUMENT),
              AllOf(HasSubstr("is for 12.04"), HasSubstr("15.01")));
  // Somebody else's certificate under one's own key, and none at all.
  options.manifest.set_certificate_pem(hub_->identity()->certificate_pem());
  EXPECT_THAT(hub_->WhyNot(*sync::MakeSmallBundle(options, {}), grpc::StatusCode::INVALID_ARGUMENT),
              HasSubstr("of another key"));
  options.manifest.clear_certificate_pem();
  hub_->WhyNot(*sync::MakeSmallBundle(options, {}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(hub_->Requests("15.01"), IsEmpty());
}

TEST_F(BundleTest, NothingIsMadeForWhomItIsNot) {
  v1::ExportBundleRequest request;
  EXPECT_EQ(nias_->Export(request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_receiver("hub");
  const grpc::Status unknown = nias_->Export(request).status;
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("certificate of hub is not known here"));
  request.set_receiver_certificate_pem(hub_->Key().certificate_pem());
  request.add_regions("15.01");
  const grpc::Status foreign = nias_->Export(request).status;
  EXPECT_EQ(foreign.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(foreign.error_message(), HasSubstr("does not list 15.01"));
  request.clear_regions();
  request.set_start(v1::BUNDLE_START_ACKNOWLEDGED);
  EXPECT_EQ(nias_->Export(request).status.error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_start(v1::BUNDLE_START_UNSPECIFIED);
  request.set_receiver_certificate_pem("no certificate");
  EXPECT_EQ(nias_->Export(request).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  // What the hub has of Kerinci is not for Nias.
  hub_->File("12.04", 0, 2);
  hub_->File("15.01", 10, 2);
  EXPECT_EQ(hub_->ExportFor("nias", nias_->Key().certificate_pem()).summary.entries(), 2u);
}

TEST_F(BundleTest, ANodeWithoutAnIdentitySaysWhatToDo) {
  Node bare("bare", directory_);
  v1::ExportBundleRequest request;
  request.set_receiver("hub");
  const grpc::Status status = bare.Export(request).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("tikard init"));
  EXPECT_THAT(bare.WhyNot("TIKARBDL", grpc::StatusCode::FAILED_PRECONDITION),
              HasSubstr("tikard init"));
}

}  // namespace
}  // namespace tikar::server
