// What every benchmark is told on its command line, and how it tells what it found.
#ifndef TIKAR_TESTS_BENCHMARKS_SETTINGS_H_
#define TIKAR_TESTS_BENCHMARKS_SETTINGS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "measurement.h"

namespace tikar::benchmarks {

struct Settings {
  // A short run that shows that everything works; its figures say nothing.
  bool smoke = false;
  size_t rounds = 5;
  // The stores are made in a directory of their own under this one, and removed.
  std::string directory;
  // Where the JSON goes; empty: nowhere.
  std::string json;

  // `full`, or in a short run `smoke_count`.
  size_t Count(size_t full, size_t smoke_count) const { return smoke ? smoke_count : full; }
};

// A directory that is removed with everything in it.
class Directory {
 public:
  // Made anew under `parent`, which must exist.
  explicit Directory(const std::string& parent);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  // A path in it that nobody was given before.
  std::string Fresh();

 private:
  std::string path_;
  int given_ = 0;
};

// Runs one benchmark: `run` prints through `tell` as cases are ready. An error is a check that
// failed, and the program's exit code 1.
using Tell = std::function<void(Case)>;
int Main(int argc, char** argv, const std::string& name,
         const std::function<absl::Status(const Settings&, Directory&, const Tell&)>& run);

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_SETTINGS_H_
