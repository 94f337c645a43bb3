// A fuzz target: a function that may be given any bytes, and what it promises of them.
//
//   FUZZ_TARGET(cursors, "DecodeCursor and ReadFeed") {
//     const auto cursors = sync::DecodeCursor(bytes);
//     if (!cursors.ok()) return false;
//     PROMISE(sync::DecodeCursor(sync::EncodeCursor(*cursors)).ok(), "a cursor can be written
//     again"); return true;
//   }
//
// The same object file runs under libFuzzer (libfuzzer_main.cc, one target a program) and under
// GoogleTest (replay_test.cc, all targets in one program, in every build).
//
// A target says whether it took its input for well-formed. Seeds whose name begins with "good" must
// be, so that a corpus that no longer fits the formats is noticed. It keeps nothing from one call
// to the next that could change what it does: a finding must replay by itself.
#ifndef TIKAR_TESTS_FUZZ_TARGET_H_
#define TIKAR_TESTS_FUZZ_TARGET_H_

#include <string>
#include <string_view>
#include <vector>

#include "frames.h"

namespace tikar::fuzz {

struct Target {
  std::string name;
  // Which parsers, in a few words.
  std::string what;
  bool (*run)(std::string_view bytes);
  // Of targets that read frames: what stands in them, for mutations that keep messages whole.
  FrameShape shape;
};

// Of this program, by name.
const std::vector<Target>& Targets();

// For FUZZ_TARGET.
bool Register(Target target);

// Prints what was promised and stops the process, as libFuzzer and the replay expect it.
[[noreturn]] void Broken(const char* file, int line, const char* condition,
                         const std::string& promise);

}  // namespace tikar::fuzz

// What a target asserts beyond "does not crash". In every build.
#define PROMISE(condition, promise)                                     \
  do {                                                                  \
    if (!(condition)) [[unlikely]] {                                    \
      ::tikar::fuzz::Broken(__FILE__, __LINE__, #condition, (promise)); \
    }                                                                   \
  } while (false)

#define FUZZ_TARGET(name, what) FUZZ_TARGET_OF(name, what, ::tikar::fuzz::FrameShape())
// With the shape of its frames.
#define FUZZ_TARGET_OF(name, what, shape)                         \
  static bool Run_##name(std::string_view bytes);                 \
  [[maybe_unused]] static const bool registered_##name =          \
      ::tikar::fuzz::Register({#name, what, &Run_##name, shape}); \
  static bool Run_##name([[maybe_unused]] std::string_view bytes)

#endif  // TIKAR_TESTS_FUZZ_TARGET_H_
