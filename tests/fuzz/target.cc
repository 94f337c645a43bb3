#include "target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tikar::fuzz {
namespace {

std::vector<Target>& AllTargets() {
  static auto* const targets = new std::vector<Target>;
  return *targets;
}

}  // namespace

const std::vector<Target>& Targets() { return AllTargets(); }

bool Register(Target target) {
  std::vector<Target>& all = AllTargets();
  const auto at = std::lower_bound(
      all.begin(), all.end(), target,
      [](const Target& one, const Target& other) { return one.name < other.name; });
  all.insert(at, std::move(target));
  return true;
}

void Broken(const char* file, int line, const char* condition, const std::string& promise) {
  std::fprintf(stderr, "%s:%d: broken promise: %s\n  because not: %s\n", file, line,
               promise.c_str(), condition);
  std::abort();
}

}  // namespace tikar::fuzz
