#include "frames.h"

#include <algorithm>

namespace tikar::fuzz {

std::vector<Frame> ReadFrames(std::string_view bytes, size_t frames_max) {
  std::vector<Frame> frames;
  while (!bytes.empty() && frames.size() < frames_max) {
    Frame& frame = frames.emplace_back();
    frame.tag = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    size_t length = 0;
    for (int shift = 0; shift < 28 && !bytes.empty(); shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      length |= static_cast<size_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    length = std::min(length, bytes.size());
    frame.bytes = std::string(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return frames;
}

std::string WriteFrames(const std::vector<Frame>& frames) {
  std::string bytes;
  for (const Frame& frame : frames) {
    bytes.push_back(static_cast<char>(frame.tag));
    size_t length = frame.bytes.size();
    while (length >= 0x80) {
      bytes.push_back(static_cast<char>((length & 0x7f) | 0x80));
      length >>= 7;
    }
    bytes.push_back(static_cast<char>(length));
    bytes += frame.bytes;
  }
  return bytes;
}

}  // namespace tikar::fuzz
