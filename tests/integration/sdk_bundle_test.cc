// A phone that has no network, and a file that somebody else carries to the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "clients/cpp/bundle.h"
#include "sdk_tikard.h"
#include "tikar/v1/bundle_service.grpc.pb.h"

namespace tikar::client {
namespace {

using ::testing::HasSubstr;

class SdkBundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ChildProcess init(TIKARD_PATH,
                      {TIKARD_PATH, "init", "--data-dir", directory.File("data"), "--name",
                       "kerinci", "--regions", "15.01"},
                      directory.File("init.log"));
    ASSERT_EQ(WEXITSTATUS(init.Wait()), 0) << ReadFile(directory.File("init.log"));
    tikard.Start();
    ani.Open();
    budi.Open();
    bundles = v1::BundleService::NewStub(MakeChannel(tikard.address()));
    grpc::ClientContext context;
    v1::GetBundleKeyResponse key;
    ASSERT_TRUE(bundles->GetBundleKey(&context, v1::GetBundleKeyRequest(), &key).ok());
    const auto parsed = ParseBundleReceiver(key.named_key());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    kerinci = *parsed;
    EXPECT_EQ(kerinci.node, "kerinci");
  }

  grpc::Status Import(const std::string& file, v1::ImportBundleResponse* response) {
    grpc::ClientContext context;
    const auto stream = bundles->ImportBundle(&context, response);
    v1::ImportBundleRequest request;
    request.set_chunk(file);
    stream->Write(request);
    stream->WritesDone();
    return stream->Finish();
  }

  TemporaryDirectory directory;
  Tikard tikard{directory};
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
  RealPhone budi{directory.File("budi.sqlite"), "kerinci/petugas-budi", 2};
  std::unique_ptr<v1::BundleService::Stub> bundles;
  BundleReceiver kerinci;
};

TEST_F(SdkBundleTest, WhatAFileBroughtIsTheSameChangeWhenThePhoneSyncsLater) {
  // She has the forms, and then no signal for weeks.
  ani.Sync(tikard.address());
  const EditOutcome bridge = ani.Create("Jembatan putus");
  ani.Edit(bridge.request, {Set("prioritas", Integer(3)), Comment("Anak sekolah memutar")});
  const EditOutcome road = ani.Create("Jalan longsor");
  const auto file = ani.app->MakeBundle(kerinci);
  ASSERT_TRUE(file.ok()) << file.status();
  // Making it changed nothing.
  EXPECT_EQ(ani.Status().unsent, 3u);

  v1::ImportBundleResponse taken;
  ASSERT_TRUE(Import(*file, &taken).ok());
  EXPECT_EQ(taken.kind(), v1::BUNDLE_KIND_PHONE);
  EXPECT_EQ(taken.sender(), "kerinci/petugas-ani");
  EXPECT_EQ(taken.changes(), 3u);
  EXPECT_EQ(taken.changes_new(), 3u);
  EXPECT_EQ(taken.changes_refused(), 0u);
  v1::ImportBundleResponse again;
  ASSERT_TRUE(Import(*file, &again).ok());
  EXPECT_EQ(again.changes_new(), 0u);

  // Others have it already, and she syncs without ever having seen the acknowledgement.
  budi.Sync(tikard.address());
  EXPECT_EQ(TextAt(budi.Get(bridge.request).request, "judul"), "Jembatan putus");
  ani.Sync(tikard.address());
  ExpectConverged(ani, budi);
  EXPECT_EQ(ani.All().size(), 2u);
  const v1::Request request = ani.Get(bridge.request).request;
  EXPECT_EQ(request.elements_size(), 1);
  EXPECT_FALSE(ani.Get(road.request).pending());
}

TEST_F(SdkBundleTest, TheAcknowledgementIsTheFirstTick) {
  ani.Sync(tikard.address());
  const EditOutcome bridge = ani.Create("Jembatan putus");
  const auto file = ani.app->MakeBundle(kerinci);
  ASSERT_TRUE(file.ok()) << file.status();
  v1::ImportBundleResponse taken;
  ASSERT_TRUE(Import(*file, &taken).ok());

  // Budi's phone cannot take what is for hers.
  EXPECT_TRUE(absl::IsInvalidArgument(
      budi.app->TakeAcknowledgement(taken.acknowledgement(), kerinci).status()));
  std::string damaged = taken.acknowledgement();
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(ani.app->TakeAcknowledgement(damaged, kerinci).status()));
  EXPECT_EQ(ani.Status().unsent, 1u);
  for (int i = 0; i < 2; ++i) {
    const auto answers = ani.app->TakeAcknowledgement(taken.acknowledgement(), kerinci);
    ASSERT_TRUE(answers.ok()) << answers.status();
    EXPECT_EQ(answers->stored, 1u);
    EXPECT_EQ(ani.Status().unsent, 0u);
  }
  // Her own picture stays until the server's comes.
  EXPECT_TRUE(ani.Get(bridge.request).pending());
  ani.Sync(tikard.address());
  EXPECT_FALSE(ani.Get(bridge.request).pending());
  EXPECT_EQ(ani.All().size(), 1u);
}

TEST_F(SdkBundleTest, AFileCarriesNothingWhereThereIsNothing) {
  EXPECT_TRUE(absl::IsNotFound(ani.app->MakeBundle(kerinci).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseBundleReceiver("kerinci+00000000+AAAA").status()));
}

TEST_F(SdkBundleTest, AFileThatGrewOnItsWayIsRefused) {
  ani.Sync(tikard.address());
  ani.Create("Jembatan putus");
  const auto file = ani.app->MakeBundle(kerinci);
  ASSERT_TRUE(file.ok()) << file.status();
  v1::ImportBundleResponse taken;
  const grpc::Status status = Import(*file + "x", &taken);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("longer"));
  budi.Sync(tikard.address());
  EXPECT_TRUE(budi.All().empty());
}

}  // namespace
}  // namespace tikar::client
