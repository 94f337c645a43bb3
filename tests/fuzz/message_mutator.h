// Mutations that keep protobuf messages well-formed.
//
// A byte changed in a serialized message mostly breaks the length of something, and the parser
// never sees the rest. So frames are read as the messages that they hold, a field somewhere in the
// tree is changed through reflection, and the message is written again. A change's body within
// another message is bytes to protobuf and is opened too.
#ifndef TIKAR_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define TIKAR_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "frames.h"

namespace tikar::fuzz {

// Changes bytes as libFuzzer would, within `bytes_max`; knows the dictionary and what was compared.
using MutateBytes = std::function<void(std::string* bytes, size_t bytes_max)>;

// One or two changes to the frames. The same input and seed give the same, as far as `mutate_bytes`
// does. Empty: there is nothing to change.
std::string MutateFrames(const FrameShape& shape, std::string_view input, uint64_t seed,
                         const MutateBytes& mutate_bytes);

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_MESSAGE_MUTATOR_H_
