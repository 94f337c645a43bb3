// fuzz_make_seeds SOURCE_ROOT: writes tests/fuzz/seeds anew (seeds.h).
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {

namespace fs = std::filesystem;

Seeds::Seeds(fs::path root) : root_(std::move(root)) {}

void Seeds::Add(const std::string& target, const std::string& name, const std::string& bytes) {
  const fs::path folder = root_ / "tests/fuzz/seeds" / target;
  fs::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  CHECK(file.good());
  ++count_;
  bytes_ += bytes.size();
}

std::string Seeds::Source(const std::string& path) const {
  std::ifstream file(root_ / path, std::ios::binary);
  CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

v1::Definition Seeds::Service(const std::string& name) const {
  return DefinitionOf(Source(absl::StrCat("catalog/services/", name, ".textproto")).c_str());
}

std::string Seeds::Sum() const { return absl::StrCat(count_, " seeds, ", bytes_ >> 10, " KiB"); }

std::string Framed(uint8_t tag, const std::vector<std::string>& payloads) {
  std::vector<Frame> frames;
  for (const std::string& payload : payloads) frames.push_back({tag, payload});
  return WriteFrames(frames);
}

}  // namespace tikar::fuzz

int main(int argc, char** argv) {
  namespace fuzz = tikar::fuzz;
  if (argc != 2 || !std::filesystem::is_directory(std::filesystem::path(argv[1]) / "tests/fuzz")) {
    std::cerr << "usage: fuzz_make_seeds SOURCE_ROOT, the folder that holds tests/fuzz\n";
    return 2;
  }
  fuzz::Seeds seeds{std::filesystem::path(argv[1])};
  for (const auto make : {&fuzz::MakeBundleSeeds, &fuzz::MakeHistorySeeds,
                          &fuzz::MakeDefinitionSeeds, &fuzz::MakePlaceSeeds, &fuzz::MakeStreamSeeds,
                          &fuzz::MakeFileSeeds, &fuzz::MakeNoteSeeds, &fuzz::MakeValueSeeds}) {
    make(&seeds);
  }
  std::cout << seeds.Sum() << "\n";
  return 0;
}
