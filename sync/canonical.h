// Canonical bytes: the one encoding of stored records and of a request's state.
//
// Equal things have equal bytes: numbers are LEB128 varints of minimal length or big-endian
// fixed64, strings carry their length, lists their count; whoever encodes a set sorts it first. No
// maps, no floats.
#ifndef TIKAR_SYNC_CANONICAL_H_
#define TIKAR_SYNC_CANONICAL_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace tikar::sync {

class CanonicalWriter {
 public:
  void Byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Flag(bool value) { Byte(value ? 1 : 0); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      Byte(static_cast<uint8_t>(value) | 0x80);
      value >>= 7;
    }
    Byte(static_cast<uint8_t>(value));
  }
  // Zigzag, so that small negative numbers are short.
  void SignedVarint(int64_t value) {
    Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  // Big-endian, so that order of bytes is order of numbers.
  void Fixed64(uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) Byte(static_cast<uint8_t>(value >> shift));
  }
  void Raw(std::string_view bytes) { out_.append(bytes); }
  void Bytes(std::string_view bytes) {
    Varint(bytes.size());
    Raw(bytes);
  }

  const std::string& view() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what CanonicalWriter wrote. After the first malformed field every read returns zero or
// empty and ok() is false: check once at the end. Views point into the input.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view input) : rest_(input) {}

  uint8_t Byte() {
    if (rest_.empty()) return Fail();
    const uint8_t value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  bool Flag() {
    const uint8_t value = Byte();
    if (value > 1) Fail();
    return value == 1;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) return Fail();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) {
        if (byte == 0 && shift > 0) return Fail();  // Not of minimal length.
        return value;
      }
    }
    return Fail();
  }
  // A larger one is malformed: cut to 32 bits, a damaged record would read as another one.
  uint32_t Varint32() {
    const uint64_t value = Varint();
    if (value > 0xffffffff) return Fail();
    return static_cast<uint32_t>(value);
  }
  int64_t SignedVarint() {
    const uint64_t value = Varint();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  uint64_t Fixed64() {
    const std::string_view bytes = Raw(8);
    uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view Raw(size_t size) {
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string_view Bytes() { return Raw(Varint()); }
  // A count of things of at least `size_min` bytes each; refuses counts that cannot be true.
  size_t Count(size_t size_min = 1) {
    const uint64_t count = Varint();
    if (count > rest_.size() / size_min) return Fail();
    return count;
  }

  bool ok() const { return ok_; }
  // Whether everything was read, and well.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  uint8_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_CANONICAL_H_
