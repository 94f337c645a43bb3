// Values as the API carries them, and their canonical bytes; version vectors; the merge of texts.
//
// Frames; the tag: 0 a v1::Value, 1 the canonical bytes of one, 2 a v1::VersionVector, 3 a text. Up
// to eight, so that orders and joins have something to be compared with.
#include <algorithm>

#include "sync/text_merge.h"
#include "sync/unicode.h"
#include "sync/value.h"
#include "sync/version_vector.h"
#include "target.h"
#include "tikar/v1/entry.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kFramesMax = 8;
constexpr size_t kTextBytesMax = 600;
enum Tag : uint8_t { kValue = 0, kCanonical = 1, kVector = 2, kText = 3, kTags = 4 };

void CheckValue(const sync::Value& value) {
  PROMISE(sync::Value::FromCanonical(value.canonical()) == value,
          "canonical bytes are those of one value");
  const absl::StatusOr<sync::Value> again = sync::Value::FromProto(value.ToProto());
  PROMISE(again.ok() && *again == value, "a value comes back from its message as it was");
  PROMISE(!sync::Value::IsOfLaterVersion(value.ToProto()), "what is known is of no later version");
}

void CheckOrder(const std::vector<sync::Value>& values) {
  for (const sync::Value& a : values) {
    for (const sync::Value& b : values) {
      const auto order = CompareByValue(a, b);
      PROMISE((order == 0) == (a == b), "only equal values are equal in order");
      PROMISE((order < 0) == (CompareByValue(b, a) > 0), "the order has two sides");
      for (const sync::Value& c : values) {
        PROMISE(!(order < 0 && CompareByValue(b, c) < 0) || CompareByValue(a, c) < 0,
                "the order is transitive");
      }
    }
  }
}

void CheckVectors(const std::vector<sync::VersionVector>& vectors) {
  for (const sync::VersionVector& a : vectors) {
    const absl::StatusOr<sync::VersionVector> again = sync::VersionVector::FromProto(a.ToProto());
    PROMISE(again.ok() && *again == a, "a vector comes back from its message as it was");
    for (const sync::VersionVector& b : vectors) {
      sync::VersionVector ab = a, ba = b;
      ab.Join(b);
      ba.Join(a);
      PROMISE(ab == ba, "a join does not depend on the order");
      const sync::CausalOrder order = Compare(a, ab);
      PROMISE(order == sync::CausalOrder::kEqual || order == sync::CausalOrder::kBefore,
              "a join knows all that its sides know");
      PROMISE((Compare(a, b) == sync::CausalOrder::kEqual) == (a == b), "equal is equal");
      PROMISE((Compare(a, b) == sync::CausalOrder::kBefore) ==
                  (Compare(b, a) == sync::CausalOrder::kAfter),
              "the order has two sides");
    }
  }
}

void CheckTexts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    PROMISE(sync::IsNfc(text) && sync::ToNfc(text) == text, "what is normal stays as it is");
    PROMISE(sync::CodePoints(text) <= text.size(), "a code point takes a byte or more");
    PROMISE(sync::IsValidUtf8(sync::CaseFolded(text)), "what is folded for a search is a text");
  }
  if (texts.size() < 3) return;
  const std::string &base = texts[0], &ours = texts[1], &theirs = texts[2];
  const auto merged = sync::MergeText(base, ours, theirs);
  PROMISE(merged == sync::MergeText(base, ours, theirs), "the same three give the same text");
  if (merged) {
    PROMISE(sync::IsValidUtf8(*merged) && sync::IsNfc(*merged), "a merged text is a text");
  }
  const auto only_ours = sync::MergeText(base, ours, base);
  PROMISE(!only_ours || *only_ours == ours, "Merge(b, x, b) = x");
  const auto only_theirs = sync::MergeText(base, base, theirs);
  PROMISE(!only_theirs || *only_theirs == theirs, "Merge(b, b, y) = y");
  const auto agreed = sync::MergeText(base, ours, ours);
  PROMISE(!agreed || *agreed == ours, "Merge(b, x, x) = x");
}

const google::protobuf::Message* MessageOf(uint8_t tag) {
  switch (tag % kTags) {
    case kValue:
      return &v1::Value::default_instance();
    case kVector:
      return &v1::VersionVector::default_instance();
    default:
      return nullptr;
  }
}

}  // namespace

FUZZ_TARGET_OF(values, "values, version vectors, the merge of texts",
               (FrameShape{kFramesMax, &MessageOf})) {
  std::vector<sync::Value> values;
  std::vector<sync::VersionVector> vectors;
  std::vector<std::string> texts;
  const std::vector<Frame> frames = ReadFrames(bytes, kFramesMax);
  for (const Frame& frame : frames) {
    switch (frame.tag % kTags) {
      case kValue: {
        v1::Value proto;
        if (!proto.ParseFromString(frame.bytes)) break;
        const absl::StatusOr<sync::Value> value = sync::Value::FromProto(proto);
        if (value.ok()) values.push_back(*value);
        break;
      }
      case kCanonical: {
        const auto value = sync::Value::FromCanonical(frame.bytes);
        if (!value) break;
        PROMISE(value->canonical() == frame.bytes, "a value is its canonical bytes");
        values.push_back(*value);
        break;
      }
      case kVector: {
        v1::VersionVector proto;
        if (!proto.ParseFromString(frame.bytes)) break;
        const absl::StatusOr<sync::VersionVector> vector = sync::VersionVector::FromProto(proto);
        if (vector.ok()) vectors.push_back(*vector);
        break;
      }
      default: {
        if (frame.bytes.size() > kTextBytesMax || !sync::IsValidUtf8(frame.bytes)) break;
        texts.push_back(sync::ToNfc(frame.bytes));
        PROMISE(sync::IsValidUtf8(texts.back()), "what is made normal is a text");
      }
    }
  }
  for (const sync::Value& value : values) CheckValue(value);
  CheckOrder(values);
  CheckVectors(vectors);
  CheckTexts(texts);
  return values.size() + vectors.size() + texts.size() == frames.size() && !frames.empty();
}

}  // namespace tikar::fuzz
