// Trace: what happened in a run, as a number that two equal runs share, and as lines for people.
#ifndef TIKAR_TESTS_SIMULATION_TRACE_H_
#define TIKAR_TESTS_SIMULATION_TRACE_H_

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

#include "schedule.h"

namespace tikar::simulation {

// Not safe for threads.
class Trace {
 public:
  // `verbose`: a line for each note on stdout.
  Trace(const Schedule* schedule, bool verbose) : schedule_(*schedule), verbose_(verbose) {}

  // "push arrives at node 2 of phone 3": what, the numbers that it is about, and bytes that must be
  // the same (told by their hash).
  void Note(std::string_view what, std::initializer_list<uint64_t> numbers,
            std::string_view bytes = {}) {
    Mix(what);
    MixNumber(static_cast<uint64_t>(schedule_.now_ms()));
    for (const uint64_t number : numbers) MixNumber(number);
    Mix(bytes);
    if (verbose_) Print(what, numbers, bytes);
  }
  bool verbose() const { return verbose_; }
  uint64_t hash() const { return hash_; }

 private:
  // FNV-1a.
  void Mix(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  }
  void MixNumber(uint64_t number) {
    for (int i = 0; i < 8; ++i, number >>= 8) hash_ = (hash_ ^ (number & 0xff)) * 0x100000001b3u;
  }
  void Print(std::string_view what, std::initializer_list<uint64_t> numbers,
             std::string_view bytes) const;

  const Schedule& schedule_;
  const bool verbose_;
  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_TRACE_H_
