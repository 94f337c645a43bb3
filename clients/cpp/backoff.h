// How long to wait after a failure. A pure function of its arguments.
#ifndef TIKAR_CLIENTS_CPP_BACKOFF_H_
#define TIKAR_CLIENTS_CPP_BACKOFF_H_

#include <cstdint>
#include <optional>

#include "clients/cpp/environment.h"
#include "clients/cpp/limits.h"

namespace tikar::client {

struct BackoffLimits {
  int64_t first_ms = kBackoffFirstMs;
  int64_t longest_ms = kBackoffLongestMs;
};

// Uniform between half and all of first * 2^(failures - 1), at most `longest`: the spread keeps a
// district whose cable was mended from coming back all at once. Never less than what the server
// asked for
// (`retry_delay_ms`), which is itself bounded by kRetryDelayMsMax and spread by another tenth.
// `failures`: in a row, from 1.
int64_t BackoffMs(int failures, std::optional<int64_t> retry_delay_ms, const BackoffLimits& limits,
                  Random& random);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_BACKOFF_H_
