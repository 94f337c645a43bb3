// The input of a target that takes several things: frames, each a tag, a length and that many
// bytes.
//
//   tag     1 byte; what it means is the target's
//   length  LEB128
//   bytes
//
// Reading is total: a length beyond the end means "all that is left", so most mutations of a file
// of frames are files of frames again.
#ifndef TIKAR_TESTS_FUZZ_FRAMES_H_
#define TIKAR_TESTS_FUZZ_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
}

namespace tikar::fuzz {

struct Frame {
  uint8_t tag = 0;
  std::string bytes;
};

// At most `frames_max`; what is behind them is not looked at.
std::vector<Frame> ReadFrames(std::string_view bytes, size_t frames_max);
std::string WriteFrames(const std::vector<Frame>& frames);

// What the frames of a target hold.
struct FrameShape {
  // 0: the input is no file of frames.
  size_t frames_max = 0;
  // The message in a frame with this tag; nullptr: plain bytes. Null: plain bytes in all of them.
  const google::protobuf::Message* (*message)(uint8_t tag) = nullptr;
};

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_FRAMES_H_
