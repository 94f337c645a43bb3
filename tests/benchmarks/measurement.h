// What is measured and how it is told: wall time and CPU time of each round, medians, ranges,
// ratios.
//
// Subject and peer run in turn, round after round, because a machine's speed drifts by more than
// what is to be seen: the ratio is taken within each round, and of these the median is told with
// the smallest and largest.
#ifndef TIKAR_TESTS_BENCHMARKS_MEASUREMENT_H_
#define TIKAR_TESTS_BENCHMARKS_MEASUREMENT_H_

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace tikar::benchmarks {

// One round of one side.
struct Sample {
  double seconds = 0;
  // Of all threads of this process, in user and kernel mode.
  double cpu_seconds = 0;
};

class Stopwatch {
 public:
  Stopwatch();
  // Since construction.
  Sample Read() const;

 private:
  std::chrono::steady_clock::time_point began_;
  double cpu_began_;
};

struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};
// `values` must not be empty.
Spread SpreadOf(std::vector<double> values);

// One case: what the subject did in each round, and each peer beside it.
struct Peer {
  std::string name;
  std::vector<Sample> samples;
};
struct Case {
  std::string name;
  // What is counted: "changes", "requests".
  std::string unit;
  // How many of them one round does, and how many bytes; zero bytes: not told.
  uint64_t count = 0;
  uint64_t bytes = 0;
  std::vector<Sample> subject;
  // Each has as many rounds as the subject.
  std::vector<Peer> peers;
  // Further numbers, told as they are: ("fsyncs per change", 0.01).
  std::vector<std::pair<std::string, double>> facts;
};

// Prints one case as lines of a table; FormatHeading goes above the first.
std::string FormatHeading();
std::string FormatCase(const Case& what);

// All of it, with the single rounds, for machines.
std::string ToJson(const std::string& benchmark, const std::vector<Case>& cases,
                   const std::vector<std::pair<std::string, double>>& facts);

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_MEASUREMENT_H_
