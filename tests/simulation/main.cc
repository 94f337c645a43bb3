// tikar-sim: runs simulated worlds and says which promise broke, and how to see it again.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checker.h"
#include "git_hash.h"
#include "options.h"
#include "server/engine/log.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::simulation {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A run takes a tenth of a second; one that takes so long will not end.
constexpr unsigned kRunSecondsMax = 300;
constexpr int kExitUsage = 2;

constexpr char kExamples[] = R"(Examples:
  tikar-sim --seed 1 --runs 2000      the same 2,000 worlds everywhere
  tikar-sim --minutes 30 --jobs 2     fresh ones, for half an hour, two at a time
  tikar-sim --seed 4711 --verbose     one world, with a line for everything that happens
  tikar-sim --seed 4711 --options     what that seed has drawn
  tikar-sim --checker Converged       only this promise is judged
)";

struct Flags {
  std::optional<uint64_t> seed;
  std::optional<uint64_t> runs;
  double minutes = 0;
  size_t jobs = 1;
  bool verbose = false;
  bool hashes = false;
  bool options = false;
  bool list_checkers = false;
  bool keep_going = false;
  std::vector<std::string> checkers;
};

// What a job tells while it works, in memory that it shares with the process that started it.
struct Progress {
  uint64_t seed;  // being run
  uint64_t runs;
  uint64_t steps;
  int64_t simulated_ms;
};

Watch WatchOf(const Flags& flags) {
  return {flags.verbose, {flags.checkers.begin(), flags.checkers.end()}};
}

std::string ReplayCommand(const Flags& flags, uint64_t seed) {
  std::string command = absl::StrCat("tikar-sim --seed ", seed, " --verbose");
  for (const std::string& checker : flags.checkers) {
    absl::StrAppend(&command, " --checker ", checker);
  }
  return command;
}

// In one write, so that the reports of two jobs do not mix.
void Say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Report(const Flags& flags, uint64_t seed, const Result& result) {
  std::string text;
  for (const Findings::Finding& finding : result.findings) {
    absl::StrAppendFormat(&text, "FAILED %s seed %d step %d at %.3f s\nchecker: %s\n  %s\n",
                          finding.checker, seed, finding.step,
                          static_cast<double>(finding.time_ms - kBeginMs) / 1000, finding.checker,
                          finding.message);
  }
  absl::StrAppend(&text, "seed ", seed, "\ngit ", kGitHash,
                  "\nreplay: ", ReplayCommand(flags, seed), "\ndrawn:\n",
                  Describe(DrawOptions(seed)));
  Say(text);
}

// Whether all promises held.
bool RunSeed(const Flags& flags, uint64_t seed, Progress* progress) {
  progress->seed = seed;
  World world(DrawOptions(seed), WatchOf(flags));
  const Result result = world.Run();
  ++progress->runs;
  progress->steps += result.steps;
  progress->simulated_ms += result.simulated_ms;
  if (flags.hashes) Say(absl::StrFormat("seed %d trace %016x\n", seed, result.trace_hash));
  if (result.findings.empty()) return true;
  Report(flags, seed, result);
  return false;
}

// One process for each job: a CHECK that fails ends that one, and this one says with which seed.
class Jobs {
 public:
  Jobs(const Flags& flags, uint64_t first_seed) : flags_(flags), first_seed_(first_seed) {
    const size_t bytes = flags.jobs * sizeof(Progress);
    void* shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    progress_ = static_cast<Progress*>(shared);
  }

  // Whether all held.
  bool Run() {
    const SteadyClock::time_point begin = SteadyClock::now();
    for (size_t job = 0; job < flags_.jobs; ++job) pids_.push_back(Start(job));
    bool held = true;
    for (size_t left = flags_.jobs; left > 0; --left) {
      int status = 0;
      const pid_t pid = wait(&status);
      CHECK(pid > 0);
      const auto job =
          static_cast<size_t>(std::find(pids_.begin(), pids_.end(), pid) - pids_.begin());
      CHECK(job < pids_.size());
      pids_[job] = 0;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      if (WIFSIGNALED(status) && held) Died(job, WTERMSIG(status));
      held = false;
      if (flags_.keep_going) continue;
      // One finding is enough to look at.
      for (const pid_t other : pids_) {
        if (other != 0) kill(other, SIGTERM);
      }
    }
    Summarize(held, std::chrono::duration<double>(SteadyClock::now() - begin).count());
    return held;
  }

 private:
  pid_t Start(size_t job) {
    std::fflush(stdout);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid != 0) return pid;
    // A test that is given up takes its jobs along.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const SteadyClock::time_point end =
        SteadyClock::now() +
        std::chrono::milliseconds(static_cast<int64_t>(flags_.minutes * 60'000));
    bool held = true;
    for (uint64_t i = job; held || flags_.keep_going; i += flags_.jobs) {
      if (flags_.runs && i >= *flags_.runs) break;
      if (flags_.minutes > 0 && SteadyClock::now() >= end) break;
      alarm(kRunSecondsMax);
      if (!RunSeed(flags_, first_seed_ + i, &progress_[job])) held = false;
    }
    // No destructors of what belongs to the process that started this one.
    _exit(held ? 0 : 1);
  }

  void Died(size_t job, int signal) {
    const uint64_t seed = progress_[job].seed;
    Say(absl::StrCat("FAILED World seed ", seed, "\nchecker: World\n  ",
                     signal == SIGALRM
                         ? absl::StrCat("the run did not end within ", kRunSecondsMax, " s")
                         : absl::StrCat("the process died of signal ", signal),
                     "\nseed ", seed, "\ngit ", kGitHash, "\nreplay: ", ReplayCommand(flags_, seed),
                     "\ndrawn:\n", Describe(DrawOptions(seed))));
  }

  void Summarize(bool held, double seconds) {
    Progress sum{};
    for (size_t job = 0; job < flags_.jobs; ++job) {
      sum.runs += progress_[job].runs;
      sum.steps += progress_[job].steps;
      sum.simulated_ms += progress_[job].simulated_ms;
    }
    Say(
        absl::StrFormat("%s: %d runs from seed %d, %d events, %.1f simulated hours, %.1f s, "
                        "git %s\n",
                        held ? "held" : "FAILED", sum.runs, first_seed_, sum.steps,
                        static_cast<double>(sum.simulated_ms) / 3'600'000, seconds, kGitHash));
  }

  const Flags& flags_;
  const uint64_t first_seed_;
  Progress* progress_ = nullptr;
  std::vector<pid_t> pids_;
};

uint64_t FreshSeed() {
  uint32_t seed = 0;
  CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

int Main(const Flags& flags) {
  // A disk that fails is what is simulated, not what an operator should hear of.
  server::SetUpLog(server::Level::kNone, false);
  std::set<std::string> names = {"World"};
  for (const std::unique_ptr<Checker>& checker : MakeCheckers()) {
    names.insert(std::string(checker->name()));
  }
  if (flags.list_checkers) {
    for (const std::string& name : names) Say(name + "\n");
    return 0;
  }
  for (const std::string& name : flags.checkers) {
    if (names.contains(name)) continue;
    std::fprintf(stderr, "tikar-sim: there is no checker %s; there are:\n", name.c_str());
    for (const std::string& known : names) std::fprintf(stderr, "  %s\n", known.c_str());
    return kExitUsage;
  }
  const uint64_t seed = flags.seed.value_or(FreshSeed());
  if (flags.options) {
    Say(absl::StrCat("seed ", seed, "\n", Describe(DrawOptions(seed))));
    return 0;
  }
  if (flags.verbose) {
    // In this process, for a debugger.
    Progress progress{};
    const bool held = RunSeed(flags, seed, &progress);
    if (held) Say(absl::StrCat("held: seed ", seed, ", ", progress.steps, " events\n"));
    return held ? 0 : 1;
  }
  return Jobs(flags, seed).Run() ? 0 : 1;
}

}  // namespace
}  // namespace tikar::simulation

int main(int argc, char** argv) {
  tikar::simulation::Flags flags;
  CLI::App app(
      "Runs simulated worlds of nodes and phones in which everything fails that can, and "
      "judges whether what is promised holds.");
  app.footer(tikar::simulation::kExamples);
  app.add_option("--seed", flags.seed, "The first run's seed; without it a fresh one is drawn");
  app.add_option("--runs", flags.runs,
                 "How many, each with the next seed (default: 1 with --seed, else 100)");
  app.add_option("--minutes", flags.minutes, "Goes on for so long instead");
  app.add_option("--jobs", flags.jobs, "Runs at a time")->check(CLI::Range(1, 256));
  app.add_option("--checker", flags.checkers, "Only this checker judges (repeatable)");
  app.add_flag("--list-checkers", flags.list_checkers, "Names the checkers and ends");
  app.add_flag("--verbose", flags.verbose, "A line for each event of the one seed");
  app.add_flag("--keep-going", flags.keep_going, "Goes on after a failure, to see them all");
  app.add_flag("--hashes", flags.hashes, "Prints the hash of each run's trace");
  app.add_flag("--options", flags.options, "Prints what the seed draws and ends");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : tikar::simulation::kExitUsage;
  }
  if (!flags.runs && flags.minutes <= 0) flags.runs = flags.seed ? 1 : 100;
  return tikar::simulation::Main(flags);
}
