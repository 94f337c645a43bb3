// A real tikard on a real disk that is full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "server_fixture.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A disk of 48 MB, of which a file of 16 MB can be cleared away.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=48m") == 0;
    error_ = mounted_ ? 0 : errno;
    if (mounted_) std::ofstream(path_ + "/ballast") << std::string(16 << 20, 'b');
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string why() const { return std::strerror(error_); }
  void Clear() { std::filesystem::remove(path_ + "/ballast"); }

 private:
  const std::string path_;
  bool mounted_ = false;
  int error_ = 0;
};

// Sends `bodies`, 50 in a push, and returns how many were acknowledged; `end` is how the stream
// ended.
std::vector<v1::ChangeResult> PushAll(const std::string& address,
                                      const std::vector<std::string>& bodies, grpc::Status* end) {
  SyncCall call(Connect(address));
  call.Say("petugas-1", "", /*push_only=*/true);
  for (size_t first = 0; first < bodies.size(); first += 50) {
    const size_t last = std::min(bodies.size(), first + 50);
    if (!call.Push({bodies.begin() + static_cast<long>(first),
                    bodies.begin() + static_cast<long>(last)}) ||
        !call.NextResult()) {
      break;
    }
  }
  call.HalfClose();
  *end = call.End();
  return call.results;
}

TEST(DiskFull, NothingAcknowledgedIsLostAndWritingComesBackByItself) {
  TempDirectory directory;
  SmallDisk disk(directory / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "needs root to make a small disk: " << disk.why();
  Tikard tikard({"--listen", "127.0.0.1:0", "--data-dir", directory / "disk/data", "--catalog",
                 kCatalogDirectory, "--write-buffer-mb", "4"});
  ASSERT_FALSE(tikard.address().empty()) << tikard.text();

  // Until the disk is full. A comment of 8 KB each that does not compress.
  std::vector<std::string> acknowledged;
  grpc::Status end;
  for (int round = 0; round < 100 && end.ok(); ++round) {
    std::vector<std::string> bodies;
    for (int i = 0; i < 200; ++i) {
      v1::ChangeBody body;
      ASSERT_TRUE(body.ParseFromString(Complaint("petugas-1", round * 200 + i)));
      std::string noise;
      while (noise.size() < 1900) noise += absl::StrFormat("%016x", RandomBits());
      for (int comment = 0; comment < 4; ++comment) {
        v1::AddElement& add = *body.add_mutations()->mutable_add_element();
        add.set_collection("comments");
        add.mutable_value()->set_text(noise);
      }
      bodies.push_back(body.SerializeAsString());
    }
    const auto results = PushAll(tikard.address(), bodies, &end);
    acknowledged.insert(acknowledged.end(), bodies.begin(),
                        bodies.begin() + static_cast<long>(results.size()));
  }
  ASSERT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(end).reason, "REFUSING_WRITES");
  EXPECT_THAT(end.error_message(), HasSubstr("disk is full"));
  ASSERT_GE(acknowledged.size(), 100u);

  // Reads go on, and say why nothing is taken.
  const auto stub = v1::StatusService::NewStub(Connect(tikard.address()));
  v1::GetStatusResponse status;
  ASSERT_TRUE(
      Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &status).ok());
  EXPECT_THAT(status.refusing_writes(), HasSubstr("No space left"));
  EXPECT_GE(status.regions(0).requests(), acknowledged.size());

  disk.Clear();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const std::vector<std::string> one = {Complaint("petugas-1", 1'000'000)};
  do {
    PushAll(tikard.address(), one, &end);
  } while (!end.ok() && std::chrono::steady_clock::now() < deadline);
  ASSERT_TRUE(end.ok()) << end.error_message();
  size_t duplicates = 0;
  for (const v1::ChangeResult& result : PushAll(tikard.address(), acknowledged, &end)) {
    duplicates += result.duplicate();
  }
  EXPECT_EQ(duplicates, acknowledged.size());
  ASSERT_TRUE(
      Call(*stub, &v1::StatusService::Stub::GetStatus, v1::GetStatusRequest(), &status).ok());
  EXPECT_THAT(status.refusing_writes(), IsEmpty());
  EXPECT_EQ(WEXITSTATUS(tikard.Kill(SIGTERM)), 0) << tikard.text();
}

}  // namespace
}  // namespace tikar::server
