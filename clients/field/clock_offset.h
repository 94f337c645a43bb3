// A device clock that is wrong on purpose, so that a phone in a test or in a story can lie as real
// ones do.
#ifndef TIKAR_CLIENTS_FIELD_CLOCK_OFFSET_H_
#define TIKAR_CLIENTS_FIELD_CLOCK_OFFSET_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "clients/cpp/environment.h"

namespace tikar::field {

// Milliseconds of "+365d", "-2h", "90m", "+5s", "+250ms". nullopt for anything else, and for more
// than a hundred years either way.
std::optional<int64_t> ParseClockOffset(std::string_view text);

// The operating system's clock, moved by `offset_ms`. Safe from any thread.
class OffsetClock : public client::Clock {
 public:
  explicit OffsetClock(int64_t offset_ms) : offset_ms_(offset_ms) {}
  int64_t NowMs() override { return client::SystemClock().NowMs() + offset_ms_; }

 private:
  const int64_t offset_ms_;
};

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_CLOCK_OFFSET_H_
