// Phones of two regencies against the real server, while one of them forks a service: each creates
// with what its own region offers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cpp/local_store.h"
#include "sdk_tikard.h"

namespace tikar::client {
namespace {

using ::testing::IsEmpty;

constexpr char kKerinci[] = "15.01", kInKerinci[] = "15.01.06.2010", kInJambi[] = "15.71.01";

class SdkOffersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tikard.Start();
    for (RealPhone* phone : {&ani, &joko}) phone->services.clear();
    joko.options.scope = {"15.71"};
    ani.Open();
    joko.Open();
  }

  std::string ForkInKerinci(uint32_t version) { return AdoptFork(tikard, kKerinci, version); }
  static EditOutcome CreateAt(RealPhone& phone, const std::string& area) {
    NewRequest report = phone.Report("Jembatan putus");
    report.area = area;
    absl::StatusOr<EditOutcome> made = phone.app->Create(report);
    CHECK(made.ok() && made->queued());
    return *std::move(made);
  }
  static std::string PinnedBy(RealPhone& phone, const EditOutcome& made) {
    return phone.Get(made.request).request.definition_hash();
  }
  static std::string OfferedTo(RealPhone& phone, const std::string& area) {
    const auto form = phone.app->OfferedForm("pengaduan", area);
    return form.ok() ? (*form)->hash().bytes() : std::string(form.status().message());
  }

  const std::string shipped = sync::Sha256(CatalogDefinition("pengaduan").body()).bytes();
  TemporaryDirectory directory;
  Tikard tikard{directory};
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
  RealPhone joko{directory.File("joko.sqlite"), "jambi/petugas-joko", 2};
};

TEST_F(SdkOffersTest, EachRegionsPhonesPinWhatTheirRegionOffers) {
  for (RealPhone* phone : {&ani, &joko}) phone->Sync(tikard.address());
  const EditOutcome before = CreateAt(ani, kInKerinci);
  EXPECT_EQ(PinnedBy(ani, before), shipped);
  const std::string fork = ForkInKerinci(1);
  for (RealPhone* phone : {&ani, &joko}) phone->Sync(tikard.address());
  const EditOutcome in_kerinci = CreateAt(ani, kInKerinci), in_jambi = CreateAt(joko, kInJambi);
  for (RealPhone* phone : {&ani, &joko}) phone->Sync(tikard.address());
  // As the server holds them.
  EXPECT_EQ(PinnedBy(ani, in_kerinci), fork);
  EXPECT_EQ(PinnedBy(joko, in_jambi), shipped);
  EXPECT_EQ(PinnedBy(ani, before), shipped) << "an open request stays";
  EXPECT_TRUE(ani.Status().synced);
  EXPECT_EQ(ani.Status().needs_attention, 0u);
}

TEST_F(SdkOffersTest, APhoneOnTheLineHearsOfTheForkAtOnce) {
  Change change;
  SyncRunner live(ani.app.get(),
                  {.server = tikard.address(), .on_change = [&] { change.Happened(); }});
  live.StartLive();
  ASSERT_TRUE(change.Wait([&] { return OfferedTo(ani, kInKerinci) == shipped; }));
  const std::string fork = ForkInKerinci(1);
  EXPECT_TRUE(change.Wait([&] { return OfferedTo(ani, kInKerinci) == fork; }));
  live.Stop();
}

// The form of an old request is offered by nobody any more, so no batch brings it again.
TEST_F(SdkOffersTest, OnlyAFormThatIsMissingIsAskedFor) {
  const std::string first = ForkInKerinci(1);
  ani.Sync(tikard.address());
  const EditOutcome old = CreateAt(ani, kInKerinci);
  const std::string second = ForkInKerinci(2);
  ani.Sync(tikard.address());
  ASSERT_EQ(PinnedBy(ani, old), first);
  ani.app.reset();
  {
    absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(ani.options.database_path);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->database().Execute("DELETE FROM definitions;").ok());
  }
  ani.Open();
  EXPECT_EQ(ani.app->Edit(old.request, {Comment("Sudah dilihat")}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ani.Sync(tikard.address());
  EXPECT_THAT(*ani.app->MissingDefinitions(), IsEmpty());
  EXPECT_TRUE(ani.app->Edit(old.request, {Comment("Sudah dilihat")})->queued());
  EXPECT_EQ(OfferedTo(ani, kInKerinci), second);
}

}  // namespace
}  // namespace tikar::client
