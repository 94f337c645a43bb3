// Nodes of a network on disk: each its directory, made as an operator makes it.
#ifndef TIKAR_TESTS_UNIT_SERVER_IDENTITY_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SERVER_IDENTITY_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "server/identity.h"
#include "server/identity_setup.h"

namespace tikar::server {

inline int64_t NowSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class IdentityFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tikar_identity_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Directory(const std::string& node) const { return root_ + "/" + node + "/identity"; }

  // The first node of a network of its own.
  std::shared_ptr<const Identity> MakeFirst(const std::string& directory, const std::string& name,
                                            const std::vector<std::string>& regions,
                                            int64_t now_s = NowSeconds()) {
    auto made = SetUpFirstNode(directory, name, regions, {}, now_s);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->identity : nullptr;
  }

  // A further node, let in by the CA of `authority` at `now_s`.
  std::shared_ptr<const Identity> Join(const std::string& authority, const std::string& name,
                                       const std::vector<std::string>& regions,
                                       int64_t now_s = NowSeconds()) {
    const std::string directory = Directory(name);
    auto request = RequestIdentity(directory, name, {});
    EXPECT_TRUE(request.ok()) << request.status();
    if (!request.ok()) return nullptr;
    auto answer = SignRequest(authority, request->request_pem, regions, false, now_s);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return nullptr;
    auto installed = InstallIdentity(directory, answer->answer_pem, now_s);
    EXPECT_TRUE(installed.ok()) << installed.status();
    return installed.ok() ? installed->identity : nullptr;
  }

  std::string root_;
};

}  // namespace tikar::server

#endif  // TIKAR_TESTS_UNIT_SERVER_IDENTITY_FIXTURE_H_
