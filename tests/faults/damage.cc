// tikar-damage: see README.md.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "child.h"
#include "office.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::faults {
namespace {

namespace fs = std::filesystem;

// Some table files, and a log that no flush has emptied.
constexpr size_t kGroups = 60;
constexpr unsigned kSecondsMax = 60;
constexpr int kSound = 0, kCouldNotLook = 1, kDamaged = 3;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  CHECK(file.good());
}

std::vector<fs::path> FilesIn(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(directory));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string DigestOfTree(const std::string& directory) {
  std::string text;
  for (const fs::path& file : FilesIn(directory)) {
    absl::StrAppend(&text, file.string(), " ", sync::Sha256(ReadFile(directory / file)).hex(),
                    "\n");
  }
  return text;
}

// What a file is for: damages are spread evenly over the kinds, or tables would get nearly all.
std::string KindOf(const fs::path& file) {
  const std::string name = file.filename().string(), extension = file.extension().string();
  if (extension == ".sst" || extension == ".log") return extension;
  return name.substr(0, name.find('-'));
}

struct Damage {
  fs::path file;
  std::string what;
};

// Does something to one file of `directory`.
Damage DoDamage(const std::string& directory, std::mt19937_64& random) {
  std::map<std::string, std::vector<fs::path>> kinds;
  for (const fs::path& file : FilesIn(directory)) kinds[KindOf(file)].push_back(file);
  // What matters most twice as often.
  std::vector<std::string> names;
  for (const auto& [name, files] : kinds) {
    const bool heavy = name == ".sst" || name == ".log" || name == "MANIFEST";
    names.insert(names.end(), heavy ? 3 : 1, name);
  }
  const std::vector<fs::path>& files = kinds[names[random() % names.size()]];
  Damage damage{.file = files[random() % files.size()], .what = {}};
  const fs::path path = directory / damage.file;
  std::string bytes = ReadFile(path);
  const size_t size = bytes.size();
  const uint64_t how = random() % 10;
  if (how == 0 || size == 0) {
    fs::remove(path);
    damage.what = "removed";
    return damage;
  }
  const size_t at = random() % size;
  if (how <= 2) {
    bytes.resize(at);
    damage.what = absl::StrCat("cut to ", at, " of ", size, " bytes");
  } else if (how <= 6) {
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    damage.what = absl::StrCat("a bit flipped at ", at, " of ", size);
  } else if (how == 7) {
    const size_t end = std::min(size, at + 1 + random() % 4096);
    std::fill(bytes.begin() + static_cast<long>(at), bytes.begin() + static_cast<long>(end), '\0');
    damage.what = absl::StrCat("zeros from ", at, " to ", end, " of ", size);
  } else if (how == 8) {
    const size_t end = std::min(size, at + 1 + random() % 64);
    for (size_t i = at; i < end; ++i) bytes[i] = static_cast<char>(random());
    damage.what = absl::StrCat("rubbish from ", at, " to ", end, " of ", size);
  } else {
    const size_t more = 1 + random() % 512;
    for (size_t i = 0; i < more; ++i) bytes.push_back(static_cast<char>(random()));
    damage.what = absl::StrCat(more, " bytes of rubbish behind its ", size);
  }
  WriteFile(path, bytes);
  return damage;
}

struct CheckEnd {
  int code = -1;
  std::string text;
};

// tikard --check, the real one.
CheckEnd RunCheck(const std::string& tikard, const std::string& directory) {
  CheckEnd end;
  const std::string output = directory + ".check";
  const ChildEnd child = RunInChild(
      [&](const Teller&) {
        CHECK(freopen(output.c_str(), "w", stdout) != nullptr);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        execl(tikard.c_str(), tikard.c_str(), "--check", "--data-dir", directory.c_str(),
              static_cast<char*>(nullptr));
      },
      kSecondsMax);
  if (WIFEXITED(child.status)) end.code = WEXITSTATUS(child.status);
  end.text = ReadFile(output);
  fs::remove(output);
  return end;
}

// Serves the damaged store as tikard would. Tells "refused <why>" when it does not open,
// "unreadable <why>" for what a reader is told, "wrong <what>" for what is shown and not true.
void Serve(const std::string& directory, const Work& work, const Shown& truth,
           const Teller& teller) {
  auto office = Office::Open(directory, nullptr, nullptr);
  if (!office.ok()) return teller.Tell("refused " + office.status().ToString());
  const auto published = (*office)->published();
  std::vector<absl::Status> unreadable;
  const auto shown = ShownBy(*published->reader, work, &unreadable);
  if (!shown.ok()) return teller.Tell("unreadable " + shown.status().ToString());
  for (const absl::Status& status : unreadable) {
    teller.Tell((absl::IsDataLoss(status) ? "unreadable " : "wrong ") + status.ToString());
  }
  for (const auto& [request, text] : *shown) {
    if (truth.at(request) == text) continue;
    teller.Tell(absl::StrCat("wrong request ", request.id.hex(), " is shown as \"",
                             text.substr(0, 32), "\", it was \"", truth.at(request).substr(0, 32),
                             "\""));
  }
}

std::vector<std::string> Beginning(const std::vector<std::string>& lines, absl::string_view with) {
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, with)) found.push_back(line.substr(with.size()));
  }
  return found;
}

struct Counts {
  int sound = 0, refused = 0, unreadable = 0, harmless = 0;
};

// What is wrong about how one damage was met. Empty: nothing.
std::vector<std::string> Meet(const std::string& tikard, const std::string& directory,
                              const Work& work, const Shown& truth, const Damage& damage,
                              Counts* counts) {
  std::vector<std::string> wrong;
  const std::string before = DigestOfTree(directory);
  const CheckEnd check = RunCheck(tikard, directory);
  // An empty LOCK is all that it may leave.
  std::string after = DigestOfTree(directory);
  if (damage.file.filename() != "LOCK" && after != before) wrong.push_back("the check wrote");
  const ChildEnd served =
      RunInChild([&](const Teller& teller) { Serve(directory, work, truth, teller); }, kSecondsMax);
  if (!served.well()) wrong.push_back("the server " + served.text());
  for (const std::string& what : Beginning(served.told, "wrong ")) wrong.push_back(what);
  const auto refused = Beginning(served.told, "refused ");
  const auto unreadable = Beginning(served.told, "unreadable ");

  const std::string name = damage.file.filename().string();
  switch (check.code) {
    case kSound:
      if (!refused.empty()) wrong.push_back("the check finds nothing, and it " + refused[0]);
      if (!unreadable.empty())
        wrong.push_back("the check finds nothing; unreadable: " + unreadable[0]);
      break;
    case kCouldNotLook:
      // A FORMAT that names another version, or a directory that is no store any more.
      if (refused.empty()) wrong.push_back("the check did not look: " + check.text);
      if (name != "FORMAT") wrong.push_back("the check did not look: " + check.text);
      break;
    case kDamaged:
      break;
    default:
      wrong.push_back("the check died: " + check.text);
  }
  // Whoever is told must be told where, and what to do.
  const auto names_it = [&](const std::string& text) {
    return absl::StrContains(text, name) || absl::StrContains(text, directory);
  };
  for (const std::string& why : refused) {
    if (!names_it(why)) wrong.push_back("it does not say where the damage is: " + why);
    if (!absl::StrContains(why, ": ") || !absl::StrContains(why, "nothing was changed")) {
      wrong.push_back("it does not say how to go on: " + why);
    }
  }
  if (check.code == kDamaged && !names_it(check.text)) {
    wrong.push_back("the check does not say where the damage is: " + check.text);
  }
  counts->refused += !refused.empty();
  counts->unreadable += !unreadable.empty();
  counts->sound += check.code == kSound;
  counts->harmless += check.code != kSound && refused.empty() && unreadable.empty();
  return wrong;
}

int Main(int argc, char** argv) {
  uint64_t seed = 1;
  int damages = 300, only = 0;
  std::string tikard, parent = fs::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  CLI::App app("Damages the files of a store, and looks who notices.", "tikar-damage");
  app.add_option("--damages", damages, "How many")->capture_default_str();
  app.add_option("--seed", seed, "Fixes all of them; 0: a fresh one")->capture_default_str();
  app.add_option("--only", only, "The damage of this number only");
  app.add_option("--tikard", tikard, "The program whose check is asked")->required();
  app.add_option("--folder", parent, "Where a directory for the run is made")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (seed == 0) seed = std::random_device()() + uint64_t{1};
  std::string folder = parent + "/tikar-damage-XXXXXX";
  CHECK(mkdtemp(folder.data()) != nullptr);
  const std::string whole = folder + "/whole", directory = folder + "/data";
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));

  // A store as SIGKILL leaves it, all of it acknowledged.
  const Work work = MakeWork(kGroups);
  const ChildEnd made = RunInChild(
      [&](const Teller&) {
        auto office = Office::Open(whole, nullptr, nullptr);
        CHECK(office.ok());
        CHECK((*office)->AddDefinition(work.definition).ok());
        for (const std::vector<Work::Change>& group : work.groups)
          CHECK((*office)->Send(group).ok());
        _exit(0);
      },
      kSecondsMax);
  CHECK(made.well());
  Shown truth;
  const ChildEnd told = RunInChild(
      [&](const Teller& teller) {
        fs::copy(whole, directory, fs::copy_options::recursive);
        auto office = Office::Open(directory, nullptr, nullptr);
        CHECK(office.ok());
        std::vector<absl::Status> unreadable;
        const auto shown = ShownBy(*(*office)->published()->reader, work, &unreadable);
        CHECK(shown.ok() && unreadable.empty());
        for (const auto& [request, text] : *shown) teller.Tell(request.id.hex() + " " + text);
      },
      kSecondsMax);
  CHECK(told.well());
  for (const std::string& line : told.told) {
    const auto id = sync::RequestId::FromHex(line.substr(0, 2 * sync::RequestId::kSize));
    CHECK(id.has_value());
    truth[{"15.01", *id}] = line.substr(2 * sync::RequestId::kSize + 1);
  }
  CHECK(truth.size() == work.groups.size());

  int failures = 0;
  Counts counts;
  for (int number = 1; number <= damages; ++number) {
    if (only != 0 && number != only) continue;
    fs::remove_all(directory);
    fs::copy(whole, directory, fs::copy_options::recursive);
    std::mt19937_64 random(seed * 1'000'003 + static_cast<uint64_t>(number));
    const Damage damage = DoDamage(directory, random);
    for (const std::string& wrong : Meet(tikard, directory, work, truth, damage, &counts)) {
      std::printf("FAILED damage %d, %s %s: %s\n", number, damage.file.c_str(), damage.what.c_str(),
                  wrong.c_str());
      ++failures;
    }
    std::fflush(stdout);
  }
  std::printf(
      "%d damages: %d harmless and called sound, %d kept the store from opening, %d met by "
      "a reader, %d found by the check alone; %d failures\n",
      damages, counts.sound, counts.refused, counts.unreadable, counts.harmless, failures);
  fs::remove_all(folder);
  if (only == 0 && (counts.refused == 0 || counts.sound == 0)) {
    std::printf("FAILED: damages of one kind only show little\n");
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tikar::faults

int main(int argc, char** argv) { return tikar::faults::Main(argc, argv); }
