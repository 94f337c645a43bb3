#include "clients/cpp/backoff.h"

#include <algorithm>

namespace tikar::client {
namespace {

// Uniform in [0, most].
int64_t Spread(int64_t most, Random& random) {
  return static_cast<int64_t>(random.Next() % static_cast<uint64_t>(most + 1));
}

}  // namespace

int64_t BackoffMs(int failures, std::optional<int64_t> retry_delay_ms, const BackoffLimits& limits,
                  Random& random) {
  const int64_t longest = std::max<int64_t>(limits.longest_ms, 1);
  int64_t most = std::clamp<int64_t>(limits.first_ms, 1, longest);
  for (int i = 1; i < failures && most < longest; ++i) most = std::min(most * 2, longest);
  const int64_t own = most - Spread(most / 2, random);
  if (!retry_delay_ms || *retry_delay_ms <= 0) return own;
  const int64_t asked = std::min(*retry_delay_ms, kRetryDelayMsMax);
  return std::max(own, asked + Spread(asked / 10, random));
}

}  // namespace tikar::client
