#include "message_mutator.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tikar/v1/change.pb.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What a text or a list of bytes may grow by in one step.
constexpr size_t kGrowthMax = 64;
constexpr int kDepthMax = 8;

class Mutator {
 public:
  Mutator(uint64_t seed, const MutateBytes& mutate_bytes)
      : state_(seed * 0x9e3779b97f4a7c15u + 1), mutate_bytes_(mutate_bytes) {}

  void MutateFrame(const FrameShape& shape, std::vector<Frame>* frames) {
    if (frames->empty()) {
      frames->emplace_back();
    } else {
      switch (Below(12)) {
        case 0:
          if (frames->size() > 1) frames->erase(frames->begin() + At(frames->size()));
          return;
        case 1:
          if (frames->size() < shape.frames_max) {
            const Frame copy = (*frames)[Below(frames->size())];
            frames->insert(frames->begin() + At(frames->size() + 1), copy);
          }
          return;
        case 2:
          std::swap((*frames)[Below(frames->size())], (*frames)[Below(frames->size())]);
          return;
        case 3:
          (*frames)[Below(frames->size())].tag ^= static_cast<uint8_t>(1u << Below(8));
          return;
        default:
          break;
      }
    }
    Frame& frame = (*frames)[Below(frames->size())];
    const Message* const type = shape.message == nullptr ? nullptr : shape.message(frame.tag);
    if (type == nullptr || !MutateSerialized(*type, &frame.bytes)) Mutate(&frame.bytes);
  }

 private:
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  size_t Below(size_t n) { return (Next() >> 16) % n; }
  int64_t At(size_t n) { return static_cast<int64_t>(Below(n)); }

  void Mutate(std::string* bytes) { mutate_bytes_(bytes, bytes->size() + kGrowthMax); }

  // False: the bytes are no such message.
  bool MutateSerialized(const Message& type, std::string* bytes) {
    const std::unique_ptr<Message> message(type.New());
    if (!message->ParseFromString(*bytes)) return false;
    MutateMessage(message.get(), 0);
    *bytes = message->SerializeAsString();
    return true;
  }

  // One step down the tree, or a change here.
  void MutateMessage(Message* message, int depth) {
    const Reflection& reflection = *message->GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(*message, &present);
    const google::protobuf::Descriptor& type = *message->GetDescriptor();
    if (type.field_count() == 0) return;
    // Mostly what is there is changed; sometimes something is added or taken away.
    const bool adds = present.empty() || Below(5) == 0;
    const FieldDescriptor& field =
        adds ? *type.field(static_cast<int>(Below(static_cast<size_t>(type.field_count()))))
             : *present[Below(present.size())];
    if (!adds && Below(16) == 0) {
      reflection.ClearField(message, &field);
    } else if (field.is_repeated()) {
      MutateRepeated(message, field, depth);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (depth < kDepthMax) MutateMessage(reflection.MutableMessage(message, &field), depth + 1);
    } else {
      MutateScalar(message, field);
    }
  }

  void MutateRepeated(Message* message, const FieldDescriptor& field, int depth) {
    const Reflection& reflection = *message->GetReflection();
    const int size = reflection.FieldSize(*message, &field);
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const size_t what = Below(8);
    if (size == 0 || what == 0) {
      if (is_message) {
        Message* const added = reflection.AddMessage(message, &field);
        if (size > 0) {
          added->CopyFrom(reflection.GetRepeatedMessage(*message, &field, Pick(size)));
        }
        if (depth < kDepthMax) MutateMessage(added, depth + 1);
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        std::string text =
            size > 0 ? reflection.GetRepeatedString(*message, &field, Pick(size)) : std::string();
        if (size == 0 || Below(2) == 0) MutateText(field, &text);
        reflection.AddString(message, &field, std::move(text));
      }
    } else if (what == 1) {
      reflection.SwapElements(message, &field, Pick(size), size - 1);
      reflection.RemoveLast(message, &field);
    } else if (what == 2) {
      reflection.SwapElements(message, &field, Pick(size), Pick(size));
    } else if (is_message) {
      if (depth < kDepthMax) {
        MutateMessage(reflection.MutableRepeatedMessage(message, &field, Pick(size)), depth + 1);
      }
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const int at = Pick(size);
      std::string text = reflection.GetRepeatedString(*message, &field, at);
      MutateText(field, &text);
      reflection.SetRepeatedString(message, &field, at, std::move(text));
    }
  }

  int Pick(int size) { return static_cast<int>(Below(static_cast<size_t>(size))); }

  void MutateText(const FieldDescriptor& field, std::string* text) {
    // Bytes that hold a message of their own.
    if (field.name() == "body" && Below(8) != 0) {
      const bool is_form = field.containing_type() == v1::DefinitionBytes::descriptor();
      const Message& inner = is_form
                                 ? static_cast<const Message&>(v1::Definition::default_instance())
                                 : v1::ChangeBody::default_instance();
      if (MutateSerialized(inner, text)) return;
    }
    Mutate(text);
  }

  int64_t MutateNumber(int64_t number) {
    switch (Below(6)) {
      // Numbers wrap: what is next to the largest is worth a try too.
      case 0:
        return static_cast<int64_t>(static_cast<uint64_t>(number) + 1);
      case 1:
        return static_cast<int64_t>(static_cast<uint64_t>(number) - 1);
      case 2:
        return static_cast<int64_t>(static_cast<uint64_t>(number) ^ (uint64_t{1} << Below(64)));
      case 3:
        return static_cast<int64_t>(Below(20)) - 2;
      case 4:
        return Below(2) == 0 ? INT64_MAX : INT64_MIN;
      default:
        return static_cast<int64_t>(Next());
    }
  }

  void MutateScalar(Message* message, const FieldDescriptor& field) {
    const Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(
            message, &field,
            static_cast<int32_t>(MutateNumber(reflection.GetInt32(*message, &field))));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection.SetInt64(message, &field, MutateNumber(reflection.GetInt64(*message, &field)));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection.SetUInt32(
            message, &field,
            static_cast<uint32_t>(MutateNumber(reflection.GetUInt32(*message, &field))));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.SetUInt64(message, &field,
                             static_cast<uint64_t>(MutateNumber(
                                 static_cast<int64_t>(reflection.GetUInt64(*message, &field)))));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.SetBool(message, &field, !reflection.GetBool(*message, &field));
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        // One of its values, and sometimes one that a newer version has.
        reflection.SetEnumValue(
            message, &field,
            static_cast<int>(Below(static_cast<size_t>(field.enum_type()->value_count()) + 1)));
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = reflection.GetString(*message, &field);
        MutateText(field, &text);
        reflection.SetString(message, &field, std::move(text));
        break;
      }
      default:  // no floats in this house
        break;
    }
  }

  uint64_t state_;
  const MutateBytes& mutate_bytes_;
};

}  // namespace

std::string MutateFrames(const FrameShape& shape, std::string_view input, uint64_t seed,
                         const MutateBytes& mutate_bytes) {
  std::vector<Frame> frames = ReadFrames(input, shape.frames_max);
  Mutator mutator(seed, mutate_bytes);
  mutator.MutateFrame(shape, &frames);
  if (seed % 3 == 0) mutator.MutateFrame(shape, &frames);
  return WriteFrames(frames);
}

}  // namespace tikar::fuzz
