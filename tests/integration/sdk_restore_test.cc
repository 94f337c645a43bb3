// A real server restored from a real backup: what it lost comes back from the phones that sent it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sdk_tikard.h"
#include "tikar/v1/status_service.grpc.pb.h"

namespace tikar::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SdkRestoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ani.Open();
    budi.Open();
    tikard.Start();
  }

  uint64_t Origin() {
    const auto stub = v1::StatusService::NewStub(MakeChannel(tikard.address()));
    grpc::ClientContext context;
    v1::GetStatusResponse status;
    EXPECT_TRUE(stub->GetStatus(&context, v1::GetStatusRequest(), &status).ok());
    return status.origin();
  }

  // Both get what the other sent.
  void Meet() {
    ani.Sync(tikard.address());
    budi.Sync(tikard.address());
    ani.Sync(tikard.address());
  }

  TemporaryDirectory directory;
  Tikard tikard{directory};
  RealPhone ani{directory.File("ani.sqlite"), "kerinci/petugas-ani", 1};
  RealPhone budi{directory.File("budi.sqlite"), "kerinci/petugas-budi", 2};
};

TEST_F(SdkRestoreTest, PhonesThatAreAheadAreToldAndOfferWhatItLost) {
  const EditOutcome before = ani.Create("Jembatan putus");
  Meet();
  tikard.Backup();
  const uint64_t old_origin = Origin();
  // After the backup: a new report, edits of what is in the backup, each seen by the other.
  const EditOutcome after = ani.Create("Jalan berlubang");
  budi.Edit(before.request, {Move("diterima", "diverifikasi"), Comment("Sudah saya lihat")});
  Meet();
  ani.Edit(before.request, {Set("alamat", Text("Desa Siulak Deras"))});
  budi.Edit(after.request, {Comment("Perlu dua truk batu")});
  Meet();
  ExpectConverged(ani, budi);
  EXPECT_EQ(ani.Status().unsent, 0u);
  tikard.Kill();

  tikard.StartFromBackup();
  EXPECT_THAT(tikard.log(), HasSubstr("restored from backup 1"));
  const uint64_t new_origin = Origin();
  EXPECT_NE(new_origin, old_origin);
  Meet();
  ExpectConverged(ani, budi);
  EXPECT_THAT(ani.All(), SizeIs(2));
  const v1::Request mended = budi.Get(before.request).request;
  EXPECT_EQ(mended.status(), "diverifikasi");
  EXPECT_EQ(TextAt(mended, "alamat"), "Desa Siulak Deras");
  EXPECT_EQ(TextAt(budi.Get(after.request).request, "judul"), "Jalan berlubang");
  EXPECT_THAT(budi.Get(after.request).request.elements(), SizeIs(1));
  EXPECT_THAT(mended.reviews(), IsEmpty()) << "what came back is no conflict";

  // A newcomer gets all of it from the server.
  RealPhone siti{directory.File("siti.sqlite"), "kerinci/petugas-siti", 3};
  siti.Open();
  siti.Sync(tikard.address());
  ExpectConverged(ani, siti);
}

TEST_F(SdkRestoreTest, KilledWhileItTakesBackWhatItLostItGoesOnWhereItWas) {
  ani.Create("Jembatan putus");
  Meet();
  tikard.Backup();
  constexpr int kReports = 40;
  for (int i = 0; i < kReports; ++i) {
    ani.Create("Laporan Ani " + std::to_string(i));
    budi.Create("Laporan Budi " + std::to_string(i));
  }
  Meet();
  tikard.Kill();
  tikard.StartFromBackup();
  // Ani's come back, then it is killed before Budi's do, and goes on from its own disk.
  ani.Sync(tikard.address());
  const uint64_t origin = Origin();
  tikard.Kill();
  tikard.Start();
  EXPECT_EQ(Origin(), origin);
  Meet();
  ExpectConverged(ani, budi);
  EXPECT_THAT(ani.All(), SizeIs(2 * kReports + 1));
}

TEST_F(SdkRestoreTest, RestoredTwiceFromOneBackupNothingIsLostAndNoNumberUsedAgain) {
  const EditOutcome report = ani.Create("Jembatan putus");
  Meet();
  tikard.Backup();
  std::set<uint64_t> origins = {Origin()};
  for (int round = 1; round <= 3; ++round) {
    budi.Edit(report.request, {Comment("Putaran " + std::to_string(round))});
    ani.Create("Laporan " + std::to_string(round));
    Meet();
    tikard.Kill();
    tikard.StartFromBackup();
    EXPECT_TRUE(origins.insert(Origin()).second);
    Meet();
    ExpectConverged(ani, budi);
    EXPECT_THAT(ani.All(), SizeIs(static_cast<size_t>(round) + 1));
    EXPECT_THAT(ani.Get(report.request).request.elements(), SizeIs(round));
  }
}

}  // namespace
}  // namespace tikar::client
