// Every seed and every regression through its target, in every build: what a fuzzer once found is
// an ordinary test from then on.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "target.h"

namespace tikar::fuzz {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Replay : public ::testing::Test {
 public:
  explicit Replay(const Target* target) : target_(*target) {}
  void TestBody() override {
    const fs::path folder = TIKAR_SOURCE_DIR "/tests/fuzz";
    int good = 0;
    for (const char* const kind : {"seeds", "regressions"}) {
      for (const fs::path& path : FilesIn(folder / kind / target_.name)) {
        // A broken promise stops the process: the last line says where.
        std::cout << target_.name << " " << path.lexically_relative(folder).string() << std::endl;
        const std::string bytes = Read(path);
        const bool understood = target_.run(bytes);
        if (!path.filename().string().starts_with("good")) continue;
        ++good;
        EXPECT_TRUE(understood) << path << " is not understood any more: make the seeds anew with "
                                << "fuzz_make_seeds (tests/fuzz/README.md)";
      }
    }
    EXPECT_GT(good, 0) << "no seed shows the way into " << target_.name;
    // What nobody sends, and what everybody sends by mistake.
    for (const std::string& bytes : {std::string(), std::string(1, '\0'), std::string(4096, '\0'),
                                     std::string(4096, '\xff'), std::string("regions/15.01")}) {
      target_.run(bytes);
    }
  }

 private:
  const Target& target_;
};

TEST(FuzzCorpus, HasNoFolderWithoutTarget) {
  for (const char* const kind : {"seeds", "regressions"}) {
    for (const auto& entry :
         fs::directory_iterator(fs::path(TIKAR_SOURCE_DIR) / "tests/fuzz" / kind)) {
      if (!entry.is_directory()) continue;
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(std::any_of(Targets().begin(), Targets().end(), [&](const Target& target) {
        return target.name == name;
      })) << entry.path();
    }
  }
}

}  // namespace
}  // namespace tikar::fuzz

// Targets register before main.
int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (const tikar::fuzz::Target& target : tikar::fuzz::Targets()) {
    ::testing::RegisterTest(
        "FuzzReplay", target.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [&target]() -> ::testing::Test* { return new tikar::fuzz::Replay(&target); });
  }
  return RUN_ALL_TESTS();
}
