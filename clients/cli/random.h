// Randomness from the operating system, for ids and for spreading retries.
#ifndef TIKAR_CLIENTS_CLI_RANDOM_H_
#define TIKAR_CLIENTS_CLI_RANDOM_H_

#include <string>

#include "absl/time/time.h"

namespace tikar::cli {

// A UUID of version 4 (RFC 9562), "f81d4fae-7dec-41d0-a765-00a0c91e6bf6".
std::string RandomUuid();

// How long to wait before attempt `attempt` (from 1): uniform between half and all of
// first * 2^(attempt - 1), at most `longest`. The spread keeps many clients from coming back at
// once.
absl::Duration BackoffDelay(int attempt, absl::Duration first, absl::Duration longest);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_RANDOM_H_
