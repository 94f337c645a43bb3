// A history while it is being written: who writes, what about, and what is there so far. The files
// history_*.cc each add to it.
#ifndef TIKAR_TESTS_PROPERTY_HISTORY_DRAFT_H_
#define TIKAR_TESTS_PROPERTY_HISTORY_DRAFT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "random.h"
#include "tikar/v1/change.pb.h"

namespace tikar::property {

inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kHourMs = 60 * kMinuteMs;
inline constexpr int64_t kDayMs = 24 * kHourMs;

// What an actor may do next.
enum Action : size_t {
  kSet,
  kClear,
  kMove,
  kAddElement,
  kEditElement,
  kRemoveElement,
  kRetract,
  kRestore,
  kSettle,
  kRebase,
  kJoin,
  kOdd,
  kActions
};

struct Actor {
  std::string name;
  int64_t ahead_ms = 0;  // of the true time
  uint64_t hlc_last = 0;
  std::vector<bool> seen;  // by change
};

struct Made {
  std::string id;
  v1::ChangeBody body;
  size_t actor = 0;
};

// What a history is about, so that writes meet and each way of meeting comes often enough.
struct Theme {
  std::vector<uint64_t> weights;  // by Action
  std::vector<std::string> hot;   // paths that most writes go to
  uint64_t looks_percent = 0;     // how often a phone has a signal
  uint64_t wrong_kind_percent = 0;
  bool has_few_values = false;     // two actors often mean the same
  bool has_huge_texts = false;     // more edits than a merge of texts takes on
  bool has_long_texts = false;     // two of them together are more than a text may hold
  bool has_large_choices = false;  // likewise for sets of choices
  bool has_newer_client = false;   // somebody's app is of a later version
  bool is_crowd = false;           // more writers of one field than a machine word has bits
  bool is_coarse = false;          // clocks that only show hours
  uint64_t timer_percent = 0;      // how many of the changes a deadline brings about
};

struct Draft {
  Random random;
  std::string request_id = {};
  std::vector<Actor> actors = {};
  std::vector<Made> made = {};
  Theme theme = {};
  int64_t now_ms = 1'760'000'000'000;
};

}  // namespace tikar::property

#endif  // TIKAR_TESTS_PROPERTY_HISTORY_DRAFT_H_
