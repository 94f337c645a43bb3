#include "sync/change.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/names.h"

namespace tikar::sync {
namespace {

constexpr size_t kElementKeySizeMin = 32 + 2;  // hex id, dot, one digit

bool IsFieldPath(std::string_view path) {
  return !path.empty() && path.front() != '@' && path != kStatusPath;
}

// What a Value in a body says; a malformed one says nothing (the first node refused it).
struct MaybeValue {
  bool well_formed = false;
  std::optional<Value> value;
};
MaybeValue ReadValue(const v1::Value& proto) {
  absl::StatusOr<Value> value = Value::FromProto(proto);
  if (!value.ok()) return {};
  return {true, *std::move(value)};
}

// The value that a mutation writes, if it is of a kind that carries one.
const v1::Value* ValueOf(const v1::Mutation& mutation) {
  if (mutation.has_set_field()) return &mutation.set_field().value();
  if (mutation.has_add_element()) return &mutation.add_element().value();
  if (mutation.has_settle()) return &mutation.settle().value();
  return nullptr;
}

bool IsOfLaterVersion(const v1::Mutation& mutation, const FoldCapability& capability) {
  if (mutation.kind_case() == v1::Mutation::KIND_NOT_SET) {
    // What this build cannot name it keeps as unknown fields. Without any the mutation is empty.
    return !mutation.GetReflection()->GetUnknownFields(mutation).empty();
  }
  if (static_cast<uint32_t>(mutation.kind_case()) > capability.mutation_kind) return true;
  const v1::Value* value = ValueOf(mutation);
  return value != nullptr && Value::IsOfLaterVersion(*value, capability.value_kind);
}

class WriteCollector {
 public:
  WriteCollector(const ParsedChange& change, std::vector<Write>* writes)
      : change_(change), writes_(*writes) {}

  void Add(uint32_t index, const v1::Mutation& mutation) {
    index_ = index;
    switch (mutation.kind_case()) {
      case v1::Mutation::kCreate: {
        if (index != 0) return;
        const v1::Create& create = mutation.create();
        if (const auto hash = DefinitionHash::FromBytes(create.definition_hash())) {
          Put(kDefinitionPath, WriteKind::kCreate, Value::Text(hash->hex()));
        }
        v1::Value area;
        area.set_text(create.area());
        if (MaybeValue read = ReadValue(area); read.well_formed) {
          Put(kAreaPath, WriteKind::kCreate, std::move(read.value));
        }
        Put(kStatusPath, WriteKind::kCreate, std::nullopt).initial_state = true;
        return;
      }
      case v1::Mutation::kSetField: {
        const v1::SetField& set = mutation.set_field();
        if (!IsFieldPath(set.path())) return;
        if (MaybeValue read = ReadValue(set.value()); read.well_formed) {
          Put(set.path(), WriteKind::kSet, std::move(read.value));
        }
        return;
      }
      case v1::Mutation::kClearField:
        if (IsFieldPath(mutation.clear_field().path())) {
          Put(mutation.clear_field().path(), WriteKind::kClear, std::nullopt);
        }
        return;
      case v1::Mutation::kTransition: {
        v1::Value to;
        to.set_text(mutation.transition().to());
        if (MaybeValue read = ReadValue(to); read.well_formed) {
          Put(kStatusPath, WriteKind::kTransition, std::move(read.value));
        }
        return;
      }
      case v1::Mutation::kAddElement: {
        const v1::AddElement& add = mutation.add_element();
        if (add.collection().empty()) return;
        if (MaybeValue read = ReadValue(add.value()); read.well_formed) {
          Put(ElementPath(add.collection(), change_.id, index), WriteKind::kAdd,
              std::move(read.value));
        }
        return;
      }
      case v1::Mutation::kRemoveElement:
        if (IsElementPath(mutation.remove_element().path())) {
          Put(mutation.remove_element().path(), WriteKind::kRemove, std::nullopt);
        }
        return;
      case v1::Mutation::kRetract:
        Put(kRetractedPath, WriteKind::kRetract, Value::Flag(true));
        return;
      case v1::Mutation::kRestore:
        Put(kRetractedPath, WriteKind::kRestore, Value::Flag(false));
        return;
      case v1::Mutation::kSettle: {
        const v1::Settle& settle = mutation.settle();
        if (settle.path().empty() || settle.path() == kDefinitionPath ||
            IsElementPath(settle.path())) {
          return;
        }
        MaybeValue read{true, std::nullopt};
        if (settle.has_value()) read = ReadValue(settle.value());
        if (!read.well_formed) return;
        Write& write = Put(settle.path(), WriteKind::kSettle, std::move(read.value));
        for (const std::string& bytes : settle.candidates()) {
          if (const auto id = ChangeId::FromBytes(bytes)) write.settled.push_back(*id);
        }
        std::sort(write.settled.begin(), write.settled.end());
        return;
      }
      case v1::Mutation::kRebase:
        if (const auto hash = DefinitionHash::FromBytes(mutation.rebase().definition_hash())) {
          Put(kDefinitionPath, WriteKind::kRebase, Value::Text(hash->hex()));
        }
        return;
      case v1::Mutation::KIND_NOT_SET:
        return;
    }
  }

 private:
  // Within one change the last write to a path counts.
  Write& Put(std::string_view path, WriteKind kind, std::optional<Value> value) {
    auto at = std::lower_bound(writes_.begin(), writes_.end(), path,
                               [](const Write& w, std::string_view p) { return w.path < p; });
    if (at == writes_.end() || at->path != path) at = writes_.insert(at, Write{std::string(path)});
    *at = Write{.path = std::string(path),
                .mutation_index = index_,
                .kind = kind,
                .value = std::move(value)};
    return *at;
  }

  const ParsedChange& change_;
  std::vector<Write>& writes_;
  uint32_t index_ = 0;
};

}  // namespace

std::optional<RequestId> RequestIdOf(const v1::ChangeBody& body, const Hash& hash) {
  if (!IsCreate(body)) return RequestId::FromBytes(body.request_id());
  if (!body.request_id().empty()) return std::nullopt;
  // RFC 9562 section 5.7: 48 bits of milliseconds, version 7, 12 bits, variant 10, 62 bits.
  RequestId id;
  const uint64_t ms = HlcMs(body.hlc());
  for (int i = 0; i < 6; ++i) id[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  for (size_t i = 6; i < RequestId::kSize; ++i) id[i] = hash[i];
  id[6] = static_cast<uint8_t>(0x70 | (id[6] & 0x0f));
  id[8] = static_cast<uint8_t>(0x80 | (id[8] & 0x3f));
  return id;
}

std::optional<RequestId> RequestIdOf(const v1::ChangeBody& body, std::string_view body_bytes) {
  return RequestIdOf(body, Sha256(body_bytes));
}

bool IsCreate(const v1::ChangeBody& body) {
  return body.mutations_size() > 0 && body.mutations(0).has_create();
}

bool IsByTimer(const v1::ChangeBody& body) {
  return body.actor() == kTimerActor && !IsCreate(body);
}

bool IsElementPath(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  const std::string_view key = path.substr(slash + 1);
  if (key.size() < kElementKeySizeMin || key[32] != '.') return false;
  for (const char c : key.substr(0, 32)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  const std::string_view index = key.substr(33);
  if (index.size() > 1 && index.front() == '0') return false;
  return std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string ElementPath(std::string_view collection, const ChangeId& change, uint32_t index) {
  return absl::StrCat(AbslView(collection), "/", change.hex(), ".", index);
}

std::string_view CollectionOf(std::string_view element_path) {
  return element_path.substr(0, element_path.find('/'));
}

const Write* ParsedChange::FindWrite(std::string_view path) const {
  for (const Write& write : writes) {
    if (write.path == path) return &write;
  }
  return nullptr;
}

absl::StatusOr<ParsedChange> ParseChange(std::string bytes, const FoldCapability& capability) {
  ParsedChange change;
  if (!change.body.ParseFromString(bytes)) {
    return absl::InvalidArgumentError("the bytes are not a tikar.v1.ChangeBody");
  }
  change.bytes = std::move(bytes);
  change.hash = Sha256(change.bytes);
  change.id = ChangeIdOf(change.hash);
  if (!IsRegion(change.body.region())) {
    return absl::InvalidArgumentError("region is not of the form NN.NN");
  }
  const std::optional<RequestId> request_id = RequestIdOf(change.body, change.hash);
  if (!request_id) {
    return absl::InvalidArgumentError(
        "request_id must be 16 bytes, and empty in the change that carries Create");
  }
  change.request_id = *request_id;
  for (const std::string& parent : change.body.parents()) {
    if (const auto id = ChangeId::FromBytes(parent)) change.parents.push_back(*id);
  }
  std::sort(change.parents.begin(), change.parents.end());
  change.parents.erase(std::unique(change.parents.begin(), change.parents.end()),
                       change.parents.end());
  WriteCollector collector(change, &change.writes);
  for (int i = 0; i < change.body.mutations_size(); ++i) {
    const v1::Mutation& mutation = change.body.mutations(i);
    if (!mutation.has_retract()) change.contests_retract = true;
    if (IsOfLaterVersion(mutation, capability)) {
      change.newer_kind = true;
    } else {
      collector.Add(static_cast<uint32_t>(i), mutation);
    }
  }
  return change;
}

bool IsRegion(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  return text.size() == 5 && digit(0) && digit(1) && text[2] == '.' && digit(3) && digit(4);
}

}  // namespace tikar::sync
