// Data directories for tests: made, copied as a kill would leave them, damaged, and compared.
#ifndef TIKAR_TESTS_UNIT_STORAGE_DATA_DIRECTORY_H_
#define TIKAR_TESTS_UNIT_STORAGE_DATA_DIRECTORY_H_

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "gtest/gtest.h"
#include "sync/types.h"

namespace tikar::storage {

// A place in memory where there is one: for tests that open hundreds of stores and learn nothing
// from how long an fsync takes.
inline std::filesystem::path MemoryDisk() {
  const std::filesystem::path memory = "/dev/shm";
  return access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

// A directory that is removed at the end.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "tikar_store_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "cannot make " << pattern;
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  ASSERT_TRUE(file.good()) << path;
}

inline void FlipByte(const std::string& path, size_t offset) {
  std::string bytes = ReadFile(path);
  ASSERT_LT(offset, bytes.size()) << path;
  bytes[offset] = static_cast<char>(bytes[offset] ^ 0x10);
  WriteFile(path, bytes);
}

// Path, size and time of change of every file below `directory`; empty if it changed while we
// looked.
inline std::string TreeListing(const std::string& directory) {
  std::string listing;
  std::error_code error;
  std::filesystem::recursive_directory_iterator file(directory, error), end;
  for (; !error && file != end; file.increment(error)) {
    const bool regular = file->is_regular_file(error);
    if (error) break;
    const auto bytes = regular ? file->file_size(error) : 0;
    if (error) break;
    const auto time = file->last_write_time(error).time_since_epoch().count();
    listing +=
        file->path().string() + " " + std::to_string(bytes) + " " + std::to_string(time) + "\n";
  }
  return error ? "" : listing;
}

// What SIGKILL would leave of a store that is open: its files as the kernel has them at one moment.
// Copies again when RocksDB changed something in between.
inline void CopyTree(const std::string& from, const std::string& to) {
  std::error_code error;
  std::string before, after;
  do {
    std::filesystem::remove_all(to);
    before = TreeListing(from);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, error);
    after = TreeListing(from);
  } while (error || before.empty() || before != after);
}

// Every path below `directory`, with its kind, its mode and a hash of its bytes.
inline std::map<std::string, std::string> TreeDigest(const std::string& directory) {
  std::map<std::string, std::string> digest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const int mode = static_cast<int>(entry.status().permissions());
    std::string content = "directory";
    if (entry.is_regular_file()) content = sync::Sha256(ReadFile(entry.path().string())).hex();
    digest[entry.path().string()] = std::to_string(mode) + " " + content;
  }
  return digest;
}

// The files of `directory` whose names end in `suffix`, in order.
inline std::vector<std::string> FilesEndingIn(const std::string& directory,
                                              const std::string& suffix) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string path = entry.path().string();
    if (path.size() >= suffix.size() &&
        path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace tikar::storage

#endif  // TIKAR_TESTS_UNIT_STORAGE_DATA_DIRECTORY_H_
