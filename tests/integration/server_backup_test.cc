// Backups of the real tikard: made while it takes writes, restored, verified, and the same for
// data directories that somebody copied.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <atomic>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "server_fixture.h"
#include "storage/backup.h"
#include "tikar/v1/backup_service.grpc.pb.h"

namespace tikar::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
namespace fs = std::filesystem;

// Where a change stands, for ever.
using LogPosition = std::pair<uint64_t, uint64_t>;  // origin, sequence

v1::GetStatusResponse StatusOf(const std::string& address) {
  const auto stub = v1::StatusService::NewStub(Connect(address));
  v1::GetStatusResponse status;
  const grpc::Status answer =
      Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &status);
  EXPECT_TRUE(answer.ok()) << answer.error_message();
  return status;
}

// The last message; nullopt and the status when it failed.
std::optional<v1::CreateBackupResponse> CreateBackup(const std::string& address, uint32_t keep = 0,
                                                     grpc::Status* status = nullptr) {
  const auto stub = v1::BackupService::NewStub(Connect(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::CreateBackupRequest request;
  request.set_keep(keep);
  const auto stream = stub->CreateBackup(&context, request);
  v1::CreateBackupResponse response, last;
  while (stream->Read(&response)) {
    EXPECT_LE(response.bytes_done(), response.bytes_total());
    last = response;
  }
  const grpc::Status end = stream->Finish();
  if (status != nullptr) *status = end;
  EXPECT_TRUE(end.ok() || status != nullptr) << end.error_message();
  if (!end.ok()) return std::nullopt;
  return last;
}

std::optional<v1::VerifyBackupResponse> VerifyBackup(const std::string& address,
                                                     const std::string& name,
                                                     grpc::Status* status = nullptr) {
  const auto stub = v1::BackupService::NewStub(Connect(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::VerifyBackupRequest request;
  request.set_name(name);
  const auto stream = stub->VerifyBackup(&context, request);
  v1::VerifyBackupResponse response, last;
  while (stream->Read(&response)) last = response;
  const grpc::Status end = stream->Finish();
  if (status != nullptr) *status = end;
  EXPECT_TRUE(end.ok() || status != nullptr) << end.error_message();
  if (!end.ok() || !last.done()) return std::nullopt;
  return last;
}

v1::ListBackupsResponse ListBackups(const std::string& address) {
  const auto stub = v1::BackupService::NewStub(Connect(address));
  v1::ListBackupsResponse list;
  const grpc::Status answer =
      Call(*stub, &v1::BackupService::Stub::ListBackups, v1::ListBackupsRequest(), &list);
  EXPECT_TRUE(answer.ok()) << answer.error_message();
  return list;
}

// Files complaints number `first` to `last` and waits for the answers.
std::vector<v1::ChangeResult> File(const std::string& address, int first, int last) {
  SyncCall call(Connect(address));
  EXPECT_TRUE(call.Say("hp/ani", "", /*push_only=*/true));
  std::vector<std::string> bodies;
  for (int number = first; number <= last; ++number) bodies.push_back(Complaint("hp/ani", number));
  EXPECT_TRUE(call.Push(bodies));
  while (call.results.size() < bodies.size()) {
    if (!call.NextResult()) break;
  }
  EXPECT_EQ(call.results.size(), bodies.size());
  for (const v1::ChangeResult& result : call.results) {
    EXPECT_EQ(result.verdict(), v1::VERDICT_ACCEPTED);
  }
  call.HalfClose();
  return call.results;
}

// Names of all requests that a phone gets.
std::set<std::string> AllRequests(const std::string& address) {
  SyncCall call(Connect(address));
  EXPECT_TRUE(call.Say("hp/budi"));
  EXPECT_TRUE(call.CatchUp());
  std::set<std::string> names;
  for (const auto& [name, request] : call.requests) names.insert(name);
  return names;
}

std::string NameOf(const v1::ChangeResult& result) {
  return absl::StrCat("regions/", result.region(), "/requests/",
                      sync::RequestId::FromBytes(result.request_id())->hex());
}

class BackupsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Serving(const std::string& data, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--listen", "127.0.0.1:0", "--data-dir",
                                          data,       "--catalog",   kCatalogDirectory};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TempDirectory directory_;
  const std::string data_ = directory_ / "data";
  const std::string backups_ = directory_ / "backups";
};

TEST_F(BackupsTest, MadeUnderLoadThenKilledAndRestoredItHasAllThatWasAcknowledgedBefore) {
  constexpr int kBatch = 20;
  std::map<std::string, LogPosition> acknowledged;  // by request
  std::set<std::string> before_backup;
  uint64_t old_origin = 0;
  int filed = 0;
  {
    Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    old_origin = StatusOf(tikard.address()).origin();
    std::mutex mutex;
    std::atomic<bool> stop{false};
    std::thread load([&] {
      while (!stop) {
        for (const v1::ChangeResult& result : File(tikard.address(), filed + 1, filed + kBatch)) {
          const std::lock_guard<std::mutex> lock(mutex);
          acknowledged[NameOf(result)] = {result.origin(), result.seq()};
        }
        filed += kBatch;
      }
    });
    const auto count = [&] {
      const std::lock_guard<std::mutex> lock(mutex);
      return acknowledged.size();
    };
    const auto await = [&](size_t wanted) {
      while (count() < wanted) std::this_thread::yield();
    };
    await(5 * kBatch);
    const auto first = CreateBackup(tikard.address());
    ASSERT_TRUE(first.has_value());
    await(count() + 3 * kBatch);
    {
      const std::lock_guard<std::mutex> lock(mutex);
      for (const auto& [name, position] : acknowledged) before_backup.insert(name);
    }
    const auto second = CreateBackup(tikard.address());
    ASSERT_TRUE(second.has_value());
    await(count() + 3 * kBatch);
    stop = true;
    load.join();
    EXPECT_EQ(tikard.Kill(SIGKILL), SIGKILL);
    EXPECT_EQ(second->backup().name(), "backups/2");
    EXPECT_EQ(second->backup().origin(), old_origin);
    ASSERT_THAT(second->backup().regions(), SizeIs(1));
    const v1::BackupRegion& kerinci = second->backup().regions(0);
    EXPECT_EQ(kerinci.region(), "15.01");
    EXPECT_GE(kerinci.requests(), before_backup.size());
    EXPECT_LT(kerinci.requests(), acknowledged.size());
    EXPECT_EQ(kerinci.last_seq(), kerinci.entries());
  }

  const std::string restored = directory_ / "restored";
  Tikard tikard(Serving(restored, {"--restore-from", backups_}));
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  EXPECT_THAT(tikard.text(), AllOf(HasSubstr("began a new origin"),
                                   HasSubstr("reason=\"restored from backup 2 of 20")));
  const uint64_t new_origin = StatusOf(tikard.address()).origin();
  EXPECT_NE(new_origin, old_origin);
  const std::set<std::string> held = AllRequests(tikard.address());
  for (const std::string& name : before_backup) EXPECT_TRUE(held.contains(name)) << name;
  EXPECT_LT(held.size(), acknowledged.size()) << "nothing was lost: the test shows little";

  // The phone offers everything again, and more.
  std::set<LogPosition> positions;
  for (const auto& [name, position] : acknowledged) positions.insert(position);
  ASSERT_EQ(positions.size(), acknowledged.size());
  for (int first = 1; first <= filed; first += kBatch) {
    for (const v1::ChangeResult& result : File(tikard.address(), first, first + kBatch - 1)) {
      const LogPosition position{result.origin(), result.seq()};
      if (result.duplicate()) {
        EXPECT_EQ(position, acknowledged[NameOf(result)]);
      } else {
        EXPECT_EQ(result.origin(), new_origin);
        EXPECT_TRUE(positions.insert(position).second) << "a sequence was used twice";
      }
    }
  }
  for (const v1::ChangeResult& result : File(tikard.address(), filed + 1, filed + 5)) {
    EXPECT_TRUE(positions.insert({result.origin(), result.seq()}).second);
  }
  EXPECT_EQ(AllRequests(tikard.address()).size(), acknowledged.size() + 5);
}

TEST_F(BackupsTest, TheNewOriginComesAlsoWhenTheRestoredServerWasKilledBeforeItServed) {
  uint64_t old_origin = 0;
  {
    Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    File(tikard.address(), 1, 3);
    old_origin = StatusOf(tikard.address()).origin();
    ASSERT_TRUE(CreateBackup(tikard.address()).has_value());
  }
  // As far as --restore-from comes before the store is opened.
  const std::string restored = directory_ / "restored";
  const auto record =
      storage::RestoreBackup(backups_, std::nullopt, restored,
                             [](const storage::BackupProgress&) { return absl::OkStatus(); });
  ASSERT_TRUE(record.ok()) << record.status();
  uint64_t origin = 0;
  {
    Tikard tikard(Serving(restored));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    EXPECT_THAT(tikard.text(), HasSubstr("reason=\"restored from backup 1 of 20"));
    origin = StatusOf(tikard.address()).origin();
    EXPECT_NE(origin, old_origin);
    tikard.Kill(SIGKILL);
  }
  Tikard again(Serving(restored));
  EXPECT_EQ(StatusOf(again.address()).origin(), origin) << "once is enough";
  EXPECT_THAT(again.text(), Not(HasSubstr("began a new origin")));
}

TEST_F(BackupsTest, ADirectoryThatHoldsAStoreIsNotRestoredTo) {
  {
    Tikard tikard(Serving(data_));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    ASSERT_TRUE(CreateBackup(tikard.address()).has_value());
    tikard.Kill(SIGTERM);
  }
  Tikard tikard(Serving(data_, {"--restore-from", data_ + "/backups@1"}));
  EXPECT_TRUE(tikard.address().empty());
  EXPECT_EQ(WEXITSTATUS(tikard.Wait()), 1);
  EXPECT_THAT(tikard.text(),
              AllOf(HasSubstr("holds a store already"), HasSubstr("start without --restore-from")));
  Tikard missing(Serving(directory_ / "new", {"--restore-from", data_ + "/backups@7"}));
  EXPECT_TRUE(missing.address().empty());
  EXPECT_THAT(missing.text(), HasSubstr("no backup 7"));
  EXPECT_FALSE(fs::exists(directory_ / "new"));
}

// Copies as an admin would, and everything with it.
void CopyDirectory(const std::string& from, const std::string& to) {
  ASSERT_EQ(std::system(absl::StrCat("cp -a '", from, "' '", to, "'").c_str()), 0);
}

TEST_F(BackupsTest, TwoServersOnOneCopiedDirectoryEndOnDifferentOriginsAndSaySo) {
  uint64_t old_origin = 0;
  {
    Tikard tikard(Serving(data_));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    File(tikard.address(), 1, 5);
    old_origin = StatusOf(tikard.address()).origin();
    // While it runs: what a snapshot of the disk would hold.
    tikard.Kill(SIGKILL);
  }
  const std::string first = directory_ / "first", second = directory_ / "second";
  CopyDirectory(data_, first);
  CopyDirectory(data_, second);
  Tikard a(Serving(first)), b(Serving(second)), original(Serving(data_));
  std::set<uint64_t> origins;
  std::set<LogPosition> positions;
  for (Tikard* tikard : {&a, &b, &original}) {
    ASSERT_FALSE(tikard->address().empty()) << tikard->text();
    origins.insert(StatusOf(tikard->address()).origin());
    for (const v1::ChangeResult& result : File(tikard->address(), 6, 8)) {
      EXPECT_TRUE(positions.insert({result.origin(), result.seq()}).second);
    }
    EXPECT_THAT(AllRequests(tikard->address()), SizeIs(8));
  }
  EXPECT_THAT(origins, SizeIs(3));
  EXPECT_TRUE(origins.contains(old_origin)) << "the original did not move";
  for (Tikard* copy : {&a, &b}) {
    EXPECT_THAT(copy->text(),
                AllOf(HasSubstr("began a new origin"), HasSubstr("the data directory is a copy")));
  }
  EXPECT_THAT(original.text(), Not(HasSubstr("began a new origin")));
}

TEST_F(BackupsTest, ACopyThatTakesTheOriginalsPlaceIsKnownAsOne) {
  uint64_t old_origin = 0;
  {
    Tikard tikard(Serving(data_));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    File(tikard.address(), 1, 5);
    old_origin = StatusOf(tikard.address()).origin();
    tikard.Kill(SIGTERM);
  }
  const std::string saved = directory_ / "saved";
  CopyDirectory(data_, saved);
  // The whole directory; inode numbers are given out again at once.
  fs::remove_all(data_);
  CopyDirectory(saved, data_);
  uint64_t second_origin = 0;
  {
    Tikard tikard(Serving(data_));
    second_origin = StatusOf(tikard.address()).origin();
    EXPECT_NE(second_origin, old_origin);
    EXPECT_THAT(tikard.text(), HasSubstr("the data directory is a copy"));
    tikard.Kill(SIGTERM);
  }
  // Its files alone, as where a disk is mounted.
  for (const auto& entry : fs::directory_iterator(data_)) fs::remove_all(entry.path());
  ASSERT_EQ(std::system(absl::StrCat("cp -a '", saved, "/.' '", data_, "/'").c_str()), 0);
  Tikard tikard(Serving(data_));
  const uint64_t third_origin = StatusOf(tikard.address()).origin();
  EXPECT_NE(third_origin, old_origin);
  EXPECT_NE(third_origin, second_origin);
  EXPECT_THAT(tikard.text(), HasSubstr("began a new origin"));
}

TEST_F(BackupsTest, ADirectoryThatWasMovedGoesOn) {
  uint64_t origin = 0;
  {
    Tikard tikard(Serving(data_));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    File(tikard.address(), 1, 2);
    origin = StatusOf(tikard.address()).origin();
    tikard.Kill(SIGKILL);
  }
  const std::string moved = directory_ / "moved";
  fs::rename(data_, moved);
  Tikard tikard(Serving(moved));
  EXPECT_EQ(StatusOf(tikard.address()).origin(), origin);
  EXPECT_THAT(tikard.text(), Not(HasSubstr("began a new origin")));
  EXPECT_EQ(File(tikard.address(), 3, 3).front().seq(), 3u);
}

TEST_F(BackupsTest, AFlippedByteIsFoundAndItsFileNamed) {
  Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  File(tikard.address(), 1, 50);
  ASSERT_TRUE(CreateBackup(tikard.address()).has_value());
  const auto sound = VerifyBackup(tikard.address(), "backups/1");
  ASSERT_TRUE(sound.has_value());
  EXPECT_THAT(sound->faults(), IsEmpty());
  EXPECT_EQ(sound->bytes_done(), sound->bytes_total());

  std::string table;
  for (const auto& entry : fs::directory_iterator(backups_ + "/rocksdb/shared_checksum")) {
    table = entry.path().string();
  }
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(100);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(100);
  file.put(byte);
  file.close();
  const auto damaged = VerifyBackup(tikard.address(), "backups/1");
  ASSERT_TRUE(damaged.has_value());
  ASSERT_THAT(damaged->faults(), SizeIs(1));
  EXPECT_EQ(backups_ + "/" + damaged->faults(0).path(), table);

  Tikard restored(Serving(directory_ / "restored", {"--restore-from", backups_}));
  EXPECT_TRUE(restored.address().empty());
  EXPECT_THAT(restored.text(), AllOf(HasSubstr("backup 1 is damaged"), HasSubstr(table)));

  grpc::Status status;
  VerifyBackup(tikard.address(), "backups/9", &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("there is 1"));
  VerifyBackup(tikard.address(), "backups/x", &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BackupsTest, SoManyAreKeptAndTheListShowsWhatIsInThem) {
  Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  EXPECT_THAT(ListBackups(tikard.address()).backups(), IsEmpty());
  for (int i = 1; i <= 4; ++i) {
    File(tikard.address(), i * 10, i * 10 + 4);
    const auto made = CreateBackup(tikard.address(), /*keep=*/2);
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->directory(), backups_);
    EXPECT_TRUE(made->same_disk());
    if (i == 3) {
      EXPECT_THAT(made->deleted(), ElementsAre("backups/1"));
    }
  }
  const v1::ListBackupsResponse list = ListBackups(tikard.address());
  ASSERT_THAT(list.backups(), SizeIs(2));
  EXPECT_EQ(list.backups(0).name(), "backups/4");
  EXPECT_EQ(list.backups(1).name(), "backups/3");
  EXPECT_EQ(list.backups(0).regions(0).requests(), 20u);
  EXPECT_EQ(list.backups(1).regions(0).requests(), 15u);
  EXPECT_GE(list.backups(0).end_time_ms(), list.backups(0).begin_time_ms());

  const auto stub = v1::BackupService::NewStub(Connect(tikard.address()));
  v1::DeleteBackupRequest request;
  v1::DeleteBackupResponse response;
  request.set_name("backups/3");
  EXPECT_TRUE(Call(*stub, &v1::BackupService::Stub::DeleteBackup, request, &response).ok());
  EXPECT_EQ(Call(*stub, &v1::BackupService::Stub::DeleteBackup, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(ListBackups(tikard.address()).backups(), SizeIs(1));
}

TEST_F(BackupsTest, TheBackupsOfAnotherStoreAreLeftAlone) {
  Tikard kerinci(Serving(data_, {"--backup-dir", backups_}));
  ASSERT_TRUE(CreateBackup(kerinci.address()).has_value());
  Tikard nias(Serving(directory_ / "nias", {"--backup-dir", backups_}));
  grpc::Status status;
  EXPECT_FALSE(CreateBackup(nias.address(), 1, &status).has_value());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("another node's store"));
  EXPECT_THAT(ListBackups(kerinci.address()).backups(), SizeIs(1));
}

TEST_F(BackupsTest, AFullDiskEndsTheBackupAndTheServerGoesOn) {
  fs::create_directory(backups_);
  if (mount("tmpfs", backups_.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "needs root to make a small disk";
  }
  {
    Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
    ASSERT_FALSE(tikard.address().empty()) << tikard.text();
    for (int batch = 0; batch < 30; ++batch) File(tikard.address(), batch * 100, batch * 100 + 99);
    grpc::Status status;
    EXPECT_FALSE(CreateBackup(tikard.address(), 0, &status).has_value());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), AllOf(HasSubstr("disk full"), HasSubstr(backups_)));
    EXPECT_THAT(DetailsOf(status).messages["id"], HasSubstr("Cadangan tidak dibuat"));
    EXPECT_THAT(ListBackups(tikard.address()).backups(), IsEmpty());
    for (const auto& entry : fs::recursive_directory_iterator(backups_)) {
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(entry.is_directory() || name == "FORMAT" || name == "LOCK") << entry.path();
    }
    EXPECT_EQ(StatusOf(tikard.address()).refusing_writes(), "");
    File(tikard.address(), 5000, 5009);
  }
  umount2(backups_.c_str(), MNT_DETACH);
}

TEST_F(BackupsTest, WhoeverGoesAwayEndsTheBackupAndAServerThatStopsDoesNotWait) {
  Tikard tikard(Serving(data_, {"--backup-dir", backups_}));
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();
  for (int batch = 0; batch < 10; ++batch) File(tikard.address(), batch * 100, batch * 100 + 99);
  {
    const auto stub = v1::BackupService::NewStub(Connect(tikard.address()));
    grpc::ClientContext context;
    const auto stream = stub->CreateBackup(&context, v1::CreateBackupRequest());
    context.TryCancel();
    v1::CreateBackupResponse response;
    while (stream->Read(&response)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // The next one begins when that one has ended.
  grpc::Status status;
  std::optional<v1::CreateBackupResponse> made;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!made.has_value() && std::chrono::steady_clock::now() < end) {
    made = CreateBackup(tikard.address(), 0, &status);
    if (!made.has_value()) {
      ASSERT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
          << status.error_message();
    }
  }
  ASSERT_TRUE(made.has_value());
  EXPECT_THAT(VerifyBackup(tikard.address(), made->backup().name())->faults(), IsEmpty());
  EXPECT_EQ(tikard.Kill(SIGTERM), 0);
}

}  // namespace
}  // namespace tikar::server
