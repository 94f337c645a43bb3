#include "reference_writes.h"

#include <optional>
#include <utility>

namespace tikar::reference {
namespace {

using ::tikar::v1::Mutation;

bool MayBeSet(const std::string& path) { return path != kStatusPath && path.substr(0, 1) != "@"; }

template <typename Message>
bool HasUnknownFields(const Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

bool IsOfLaterVersion(const v1::Value& value) {
  return value.kind_case() == v1::Value::KIND_NOT_SET && HasUnknownFields(value);
}

class Writes {
 public:
  explicit Writes(const std::string& change_id) : change_id_(change_id) {}

  void Collect(uint32_t index, const Mutation& mutation) {
    index_ = index;
    kind_ = mutation.kind_case();
    switch (kind_) {
      case Mutation::kCreate:
        if (index != 0) return;  // a Create stands first, or is none
        PutDefinition(mutation.create().definition_hash());
        if (const auto area = NormalValue(TextValue(mutation.create().area()))) {
          Put(kAreaPath, *area);
        }
        Put(kStatusPath, std::nullopt);
        writes_[kStatusPath].is_first_state = true;
        return;
      case Mutation::kSetField: {
        const std::optional<v1::Value> value = NormalValue(mutation.set_field().value());
        if (!value || !MayBeSet(mutation.set_field().path())) return;
        Put(mutation.set_field().path(), *value);
        return;
      }
      case Mutation::kClearField:
        if (!MayBeSet(mutation.clear_field().path())) return;
        Put(mutation.clear_field().path(), std::nullopt);
        return;
      case Mutation::kTransition:
        if (const auto to = NormalValue(TextValue(mutation.transition().to()))) {
          Put(kStatusPath, *to);
        }
        return;
      case Mutation::kAddElement: {
        const std::optional<v1::Value> value = NormalValue(mutation.add_element().value());
        if (!value || mutation.add_element().collection().empty()) return;
        Put(mutation.add_element().collection() + "/" + Hex(change_id_) + "." +
                std::to_string(index),
            *value);
        return;
      }
      case Mutation::kRemoveElement:
        if (!IsElement(mutation.remove_element().path())) return;
        Put(mutation.remove_element().path(), std::nullopt);
        return;
      case Mutation::kRetract:
        Put(kRetractedPath, FlagValue(true));
        return;
      case Mutation::kRestore:
        Put(kRetractedPath, FlagValue(false));
        return;
      case Mutation::kSettle:
        PutSettle(mutation.settle());
        return;
      case Mutation::kRebase:
        PutDefinition(mutation.rebase().definition_hash());
        return;
      case Mutation::KIND_NOT_SET:
        return;
    }
  }

  std::map<std::string, Write> Take() { return std::move(writes_); }

 private:
  // Overwrites: within one change the last write to a path counts.
  void Put(const std::string& path, MaybeValue value) {
    if (path.empty()) return;
    Write write;
    write.mutation_index = index_;
    write.kind = kind_;
    write.value = std::move(value);
    writes_[path] = std::move(write);
  }

  void PutDefinition(const std::string& hash) {
    if (hash.size() != 32) return;
    Put(kDefinitionPath, TextValue(Hex(hash)));
  }

  void PutSettle(const v1::Settle& settle) {
    if (settle.path().empty() || settle.path() == kDefinitionPath || IsElement(settle.path())) {
      return;
    }
    MaybeValue value;
    if (settle.has_value()) {
      value = NormalValue(settle.value());
      if (!value) return;
    }
    Put(settle.path(), value);
    Write& write = writes_[settle.path()];
    write.settles = true;
    write.named.insert(settle.candidates().begin(), settle.candidates().end());
  }

  const std::string& change_id_;
  std::map<std::string, Write> writes_;
  uint32_t index_ = 0;
  Mutation::KindCase kind_ = Mutation::KIND_NOT_SET;
};

}  // namespace

std::map<std::string, Write> WritesOf(const std::string& change_id, const v1::ChangeBody& body) {
  Writes writes(change_id);
  for (int m = 0; m < body.mutations_size(); ++m) {
    writes.Collect(static_cast<uint32_t>(m), body.mutations(m));
  }
  return writes.Take();
}

Later LaterIn(const v1::ChangeBody& body) {
  for (const Mutation& mutation : body.mutations()) {
    switch (mutation.kind_case()) {
      case Mutation::KIND_NOT_SET:
        if (HasUnknownFields(mutation)) return Later::kMutation;
        break;
      case Mutation::kSetField:
        if (IsOfLaterVersion(mutation.set_field().value())) return Later::kValue;
        break;
      case Mutation::kAddElement:
        if (IsOfLaterVersion(mutation.add_element().value())) return Later::kValue;
        break;
      case Mutation::kSettle:
        if (IsOfLaterVersion(mutation.settle().value())) return Later::kValue;
        break;
      default:
        break;
    }
  }
  return Later::kNothing;
}

bool IsElement(const std::string& path) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos || slash == 0) return false;
  const size_t point = path.find('.', slash);
  if (point == std::string::npos || point - slash != 1 + 2 * 16 || point + 1 == path.size()) {
    return false;
  }
  const std::string index = path.substr(point + 1);
  return path.find_first_not_of("0123456789abcdef", slash + 1) == point &&
         index.find_first_not_of("0123456789") == std::string::npos &&
         (index == "0" || index[0] != '0');
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

}  // namespace tikar::reference
