#include "settings.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/engine/log.h"
#include "server/process.h"
#include "sync/status_macros.h"

namespace tikar::benchmarks {
namespace {

// What the disk itself does, so that a reader can tell it from what we do: microseconds from an
// append of about one change's body to its fsync.
double FsyncMicroseconds(const std::string& path, size_t appends) {
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  const std::string bytes(400, 'x');
  std::vector<double> microseconds;
  for (size_t i = 0; i < appends; ++i) {
    const Stopwatch stopwatch;
    CHECK(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    CHECK(fdatasync(file) == 0);
    microseconds.push_back(stopwatch.Read().seconds * 1e6);
  }
  close(file);
  return SpreadOf(std::move(microseconds)).median;
}

bool InMemory(const std::string& directory) {
  struct statfs facts = {};
  return statfs(directory.c_str(), &facts) == 0 && facts.f_type == TMPFS_MAGIC;
}

}  // namespace

Directory::Directory(const std::string& parent) : path_(parent + "/tikar-bench-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) {
    std::fprintf(stderr, "cannot make a directory in %s\n", parent.c_str());
    std::exit(1);
  }
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Directory::Fresh() { return absl::StrCat(path_, "/", ++given_); }

int Main(int argc, char** argv, const std::string& name,
         const std::function<absl::Status(const Settings&, Directory&, const Tell&)>& run) {
  Settings settings;
  settings.directory = std::filesystem::temp_directory_path().string();
  CLI::App app(name);
  app.add_flag("--smoke", settings.smoke, "A short run that shows that everything works");
  app.add_option("--rounds", settings.rounds, "Rounds of each side, in turn")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--directory", settings.directory, "Where stores are made, and removed again")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--json", settings.json, "File to write all rounds to");
  CLI11_PARSE(app, argc, argv);
  if (settings.smoke && app.get_option("--rounds")->empty()) settings.rounds = 2;
  server::SetUpLog(server::Level::kWarning, /*json=*/false);
  server::RaiseOpenFilesLimit();

  Directory directory(settings.directory);
  const double fsync_us = FsyncMicroseconds(directory.Fresh(), settings.Count(1000, 50));
  std::printf(
      "%s, %zu rounds; append and fdatasync of 400 bytes: %.0f us%s\n", name.c_str(),
      settings.rounds, fsync_us,
      InMemory(directory.path()) ? " (in memory: fsync is free here; see --directory)" : "");
  std::fputs(FormatHeading().c_str(), stdout);
  std::fflush(stdout);

  std::vector<Case> cases;
  const absl::Status status = run(settings, directory, [&cases](Case what) {
    std::fputs(FormatCase(what).c_str(), stdout);
    std::fflush(stdout);
    cases.push_back(std::move(what));
  });
  if (!status.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), status.ToString().c_str());
    return 1;
  }
  if (settings.json.empty()) return 0;
  const absl::Status written = server::WriteFileWhole(
      settings.json, ToJson(name, cases, {{"fsync of an append, us", fsync_us}}));
  if (written.ok()) return 0;
  std::fprintf(stderr, "%s: %s\n", name.c_str(), written.ToString().c_str());
  return 1;
}

}  // namespace tikar::benchmarks
