#include "measurement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sync/status_macros.h"

namespace tikar::benchmarks {
namespace {

double CpuSeconds() {
  rusage usage = {};
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// How many a second in each round.
std::vector<double> Rates(const std::vector<Sample>& samples, uint64_t count) {
  std::vector<double> rates;
  for (const Sample& sample : samples) {
    rates.push_back(static_cast<double>(count) / sample.seconds);
  }
  return rates;
}

std::vector<double> CpuMicroseconds(const std::vector<Sample>& samples, uint64_t count) {
  std::vector<double> costs;
  for (const Sample& sample : samples) {
    costs.push_back(sample.cpu_seconds * 1e6 / static_cast<double>(count));
  }
  return costs;
}

// The subject's rate divided by the peer's, round by round.
std::vector<double> Ratios(const Case& what, const Peer& peer) {
  CHECK(peer.samples.size() == what.subject.size());
  std::vector<double> ratios;
  for (size_t i = 0; i < peer.samples.size(); ++i) {
    ratios.push_back(peer.samples[i].seconds / what.subject[i].seconds);
  }
  return ratios;
}

std::string RateLine(const std::string& name, const std::vector<Sample>& samples,
                     const Case& what) {
  const Spread rate = SpreadOf(Rates(samples, what.count));
  std::string line =
      absl::StrFormat("%-34s %10.0f  %9.0f to %-9.0f %9.1f", name, rate.median, rate.least,
                      rate.most, SpreadOf(CpuMicroseconds(samples, what.count)).median);
  if (what.bytes > 0) {
    const double bytes_each = static_cast<double>(what.bytes) / static_cast<double>(what.count);
    absl::StrAppendFormat(&line, " %8.1f", rate.median * bytes_each / 1e6);
  } else {
    absl::StrAppendFormat(&line, " %8s", "");
  }
  return line;
}

nlohmann::json ToJson(const std::vector<Sample>& samples, uint64_t count) {
  const auto spread = [](const Spread& of) {
    return nlohmann::json{{"median", of.median}, {"least", of.least}, {"most", of.most}};
  };
  nlohmann::json rounds = nlohmann::json::array();
  for (const Sample& sample : samples) {
    rounds.push_back({{"seconds", sample.seconds}, {"cpu_seconds", sample.cpu_seconds}});
  }
  return {{"per_second", spread(SpreadOf(Rates(samples, count)))},
          {"cpu_us_each", spread(SpreadOf(CpuMicroseconds(samples, count)))},
          {"rounds", rounds}};
}

nlohmann::json ToJson(const std::vector<std::pair<std::string, double>>& facts) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [name, value] : facts) object[name] = value;
  return object;
}

}  // namespace

Stopwatch::Stopwatch() : began_(std::chrono::steady_clock::now()), cpu_began_(CpuSeconds()) {}

Sample Stopwatch::Read() const {
  const double cpu_seconds = CpuSeconds() - cpu_began_;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began_;
  return {seconds.count(), cpu_seconds};
}

Spread SpreadOf(std::vector<double> values) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

std::string FormatHeading() {
  return absl::StrFormat("%-34s %10s  %22s %9s %8s  %s\n", "", "per second", "least to most   ",
                         "CPU us", "MB/s", "tikar : peer (least to most)");
}

std::string FormatCase(const Case& what) {
  std::string text =
      absl::StrCat(RateLine(absl::StrCat(what.name, ", ", what.unit), what.subject, what), "\n");
  for (const Peer& peer : what.peers) {
    const Spread ratio = SpreadOf(Ratios(what, peer));
    absl::StrAppendFormat(&text, "%s  %.3f (%.3f to %.3f)\n",
                          RateLine(absl::StrCat("  ", peer.name), peer.samples, what), ratio.median,
                          ratio.least, ratio.most);
  }
  for (const auto& [name, value] : what.facts) {
    absl::StrAppendFormat(&text, "  %-32s %10.2f\n", name, value);
  }
  return text;
}

std::string ToJson(const std::string& benchmark, const std::vector<Case>& cases,
                   const std::vector<std::pair<std::string, double>>& facts) {
  nlohmann::json all = {{"benchmark", benchmark}, {"facts", ToJson(facts)}};
  for (const Case& what : cases) {
    nlohmann::json one = {{"name", what.name},
                          {"unit", what.unit},
                          {"count", what.count},
                          {"bytes", what.bytes},
                          {"tikar", ToJson(what.subject, what.count)},
                          {"facts", ToJson(what.facts)}};
    for (const Peer& peer : what.peers) {
      nlohmann::json beside = ToJson(peer.samples, what.count);
      const Spread ratio = SpreadOf(Ratios(what, peer));
      beside["name"] = peer.name;
      beside["ratio"] = {{"median", ratio.median}, {"least", ratio.least}, {"most", ratio.most}};
      one["peers"].push_back(beside);
    }
    all["cases"].push_back(one);
  }
  return all.dump(2) + "\n";
}

}  // namespace tikar::benchmarks
