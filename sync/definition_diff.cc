// The walk is over protobuf's descriptors and not over names of fields, so that a part that a later
// version of definition.proto adds is compared and merged without a word here. What is fixed is
// only by which key the elements of a list are known.
#include "sync/definition_diff.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tikar::sync {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;
using Text = std::optional<std::string>;

constexpr std::string_view kOrder = "@order";
// Whose definition it is, not what it says.
constexpr std::string_view kIdentity[] = {"service", "version", "publisher", "provenance"};

TextFormat::Printer MakePrinter() {
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  return printer;
}

Text TextOfElement(const Message* element) {
  if (element == nullptr) return std::nullopt;
  std::string text;
  MakePrinter().PrintToString(*element, &text);
  return std::string(absl::StripTrailingAsciiWhitespace(text));
}

// Of a field that is compared as a whole.
Text TextOfPart(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  const TextFormat::Printer printer = MakePrinter();
  std::string text;
  if (!field->is_repeated()) {
    // A flag that is off is a word of its own: "required: –" would say nothing.
    const bool is_flag = field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
    if (!reflection.HasField(message, field) && (!is_flag || field->has_presence())) {
      return std::nullopt;
    }
    printer.PrintFieldValueToString(message, field, -1, &text);
    return text;
  }
  std::vector<std::string> items;
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    printer.PrintFieldValueToString(message, field, i, &text);
    const std::string item(absl::StripAsciiWhitespace(text));
    items.push_back(field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                        ? absl::StrCat("{ ", item, " }")
                        : item);
  }
  if (items.empty()) return std::nullopt;
  return absl::StrCat("[", absl::StrJoin(items, ", "), "]");
}

// What an element of a list is known by; "" for a type that has nothing of the kind.
std::string KeyOf(const Message& element) {
  const Descriptor& type = *element.GetDescriptor();
  const Reflection& reflection = *element.GetReflection();
  const auto text = [&](const char* name) -> std::string {
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr || field->is_repeated() || field->type() != FieldDescriptor::TYPE_STRING) {
      return "";
    }
    return reflection.GetString(element, field);
  };
  const std::string key = text("key");
  if (!key.empty()) return key;
  // Keys of states have no hyphens.
  const std::string from = text("from"), to = text("to");
  return from.empty() || to.empty() ? "" : absl::StrCat(from, "-", to);
}

// A list whose elements are known by keys.
struct KeyedList {
  std::vector<std::string> keys;
  std::map<std::string, const Message*> elements;

  const Message* Find(const std::string& key) const {
    const auto found = elements.find(key);
    return found == elements.end() ? nullptr : found->second;
  }
};

// nullopt: without keys, or with one twice.
std::optional<KeyedList> ReadList(const Message& message, const FieldDescriptor* field) {
  KeyedList list;
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const Message& element = reflection.GetRepeatedMessage(message, field, i);
    std::string key = KeyOf(element);
    if (key.empty() || !list.elements.emplace(key, &element).second) return std::nullopt;
    list.keys.push_back(std::move(key));
  }
  return list;
}

void CopyPart(const Message& from, const FieldDescriptor* field, Message* to) {
  std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  to->GetReflection()->SwapFields(copy.get(), to, {field});
}

// Keys of `list` that `wanted` has too, as one text.
std::string OrderText(const KeyedList& list, const std::set<std::string>& wanted) {
  std::vector<std::string> keys;
  for (const std::string& key : list.keys) {
    if (wanted.count(key) > 0) keys.push_back(key);
  }
  return absl::StrCat("[", absl::StrJoin(keys, ", "), "]");
}

// The keys of `merged` in the order of `first`; those that only `second` has behind the one that
// they follow there.
std::vector<std::string> JoinOrders(const std::vector<std::string>& first,
                                    const std::vector<std::string>& second,
                                    const std::map<std::string, std::unique_ptr<Message>>& merged) {
  std::vector<std::string> order;
  for (const std::string& key : first) {
    if (merged.count(key) > 0) order.push_back(key);
  }
  auto after = order.begin();
  for (const std::string& key : second) {
    if (merged.count(key) == 0) continue;
    const auto found = std::find(order.begin(), order.end(), key);
    after = (found != order.end() ? found : order.insert(after, key)) + 1;
  }
  return order;
}

class Merger {
 public:
  explicit Merger(const std::map<std::string, DefinitionSide>& choices) : choices_(choices) {}

  DefinitionMerge Run(const v1::Definition& base, const v1::Definition& ours,
                      const v1::Definition& theirs) {
    // What neither the walk nor this build knows stays as we have it.
    result_.merged = ours;
    v1::Definition merged;
    MergeMessage(base, ours, theirs, "", &merged);
    const Descriptor& type = *v1::Definition::descriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      if (IsIdentity(field)) continue;
      merged.GetReflection()->SwapFields(&merged, &result_.merged, {field});
    }
    for (const auto& [path, side] : choices_) {
      if (choices_used_.count(path) == 0) result_.choices_unused.push_back(path);
    }
    return std::move(result_);
  }

 private:
  static bool IsIdentity(const FieldDescriptor* field) {
    return field->containing_type() == v1::Definition::descriptor() &&
           std::find(std::begin(kIdentity), std::end(kIdentity), field->name()) !=
               std::end(kIdentity);
  }

  static std::string Below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : absl::StrCat(path, "/", std::string(name));
  }

  // The longest choice that names `path` or what it is a part of.
  std::optional<DefinitionSide> ChoiceFor(std::string path) {
    for (;;) {
      const auto found = choices_.find(path);
      if (found != choices_.end()) {
        choices_used_.insert(path);
        return found->second;
      }
      const size_t slash = path.rfind('/');
      if (slash == std::string::npos) return std::nullopt;
      path.resize(slash);
    }
  }

  // Whose side of one part counts.
  DefinitionSide Decide(const std::string& path, Text base, Text ours, Text theirs) {
    if (theirs == base || theirs == ours) return DefinitionSide::kOurs;
    const bool contested = ours != base;
    DefinitionMergeStep step{path, std::move(base), std::move(ours), std::move(theirs)};
    const std::optional<DefinitionSide> choice = ChoiceFor(path);
    if (!choice.has_value() && contested) {
      result_.conflicts.push_back(std::move(step));
      return DefinitionSide::kOurs;
    }
    const DefinitionSide side = choice.value_or(DefinitionSide::kTheirs);
    (side == DefinitionSide::kTheirs ? result_.taken : result_.kept).push_back(std::move(step));
    return side;
  }

  // A message that each side may lack (nullptr). nullptr: the merge lacks it.
  std::unique_ptr<Message> MergeElement(const Message* base, const Message* ours,
                                        const Message* theirs, const std::string& path) {
    if (base != nullptr && ours != nullptr && theirs != nullptr) {
      std::unique_ptr<Message> merged(ours->New());
      MergeMessage(*base, *ours, *theirs, path, merged.get());
      return merged;
    }
    const Message* taken = Decide(path, TextOfElement(base), TextOfElement(ours),
                                  TextOfElement(theirs)) == DefinitionSide::kOurs
                               ? ours
                               : theirs;
    if (taken == nullptr) return nullptr;
    std::unique_ptr<Message> merged(taken->New());
    merged->CopyFrom(*taken);
    return merged;
  }

  void MergeMessage(const Message& base, const Message& ours, const Message& theirs,
                    const std::string& path, Message* merged) {
    const Descriptor& type = *ours.GetDescriptor();
    const Reflection& reflection = *ours.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      if (IsIdentity(field)) continue;
      const std::string below = Below(path, field->name());
      const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (is_message && field->is_repeated() &&
          MergeList(base, ours, theirs, field, below, merged)) {
        continue;
      }
      if (is_message && !field->is_repeated()) {
        const auto part = [&](const Message& side) {
          return reflection.HasField(side, field) ? &reflection.GetMessage(side, field) : nullptr;
        };
        const std::unique_ptr<Message> element =
            MergeElement(part(base), part(ours), part(theirs), below);
        if (element != nullptr) {
          reflection.MutableMessage(merged, field)->CopyFrom(*element);
        }
        continue;
      }
      const DefinitionSide side = Decide(below, TextOfPart(base, field), TextOfPart(ours, field),
                                         TextOfPart(theirs, field));
      CopyPart(side == DefinitionSide::kOurs ? ours : theirs, field, merged);
    }
  }

  // False: its elements are not known by keys on every side.
  bool MergeList(const Message& base_message, const Message& our_message,
                 const Message& their_message, const FieldDescriptor* field,
                 const std::string& path, Message* merged_message) {
    const std::optional<KeyedList> base = ReadList(base_message, field),
                                   ours = ReadList(our_message, field),
                                   theirs = ReadList(their_message, field);
    if (!base.has_value() || !ours.has_value() || !theirs.has_value()) return false;
    std::vector<std::string> keys = ours->keys;
    for (const KeyedList* list : {&*theirs, &*base}) {
      for (const std::string& key : list->keys) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
      }
    }
    std::map<std::string, std::unique_ptr<Message>> merged;
    std::set<std::string> everywhere;
    for (const std::string& key : keys) {
      const Message *in_base = base->Find(key), *in_ours = ours->Find(key),
                    *in_theirs = theirs->Find(key);
      if (in_base != nullptr && in_ours != nullptr && in_theirs != nullptr) everywhere.insert(key);
      std::unique_ptr<Message> element =
          MergeElement(in_base, in_ours, in_theirs, Below(path, key));
      if (element != nullptr) merged.emplace(key, std::move(element));
    }
    // Only what all three know can have been moved; the rest came or went.
    const DefinitionSide side =
        Decide(Below(path, kOrder), OrderText(*base, everywhere), OrderText(*ours, everywhere),
               OrderText(*theirs, everywhere));
    const std::vector<std::string> order = side == DefinitionSide::kOurs
                                               ? JoinOrders(ours->keys, theirs->keys, merged)
                                               : JoinOrders(theirs->keys, ours->keys, merged);
    for (const std::string& key : order) {
      merged_message->GetReflection()->AddMessage(merged_message, field)->CopyFrom(*merged[key]);
    }
    return true;
  }

  const std::map<std::string, DefinitionSide>& choices_;
  std::set<std::string> choices_used_;
  DefinitionMerge result_;
};

}  // namespace

std::vector<DefinitionDifference> DiffDefinitions(const v1::Definition& before,
                                                  const v1::Definition& after) {
  // What one would take over who had changed nothing.
  std::vector<DefinitionDifference> differences;
  for (DefinitionMergeStep& step : MergeDefinitions(before, before, after).taken) {
    differences.push_back({std::move(step.path), std::move(step.ours), std::move(step.theirs)});
  }
  return differences;
}

DefinitionMerge MergeDefinitions(const v1::Definition& base, const v1::Definition& ours,
                                 const v1::Definition& theirs,
                                 const std::map<std::string, DefinitionSide>& choices) {
  return Merger(choices).Run(base, ours, theirs);
}

}  // namespace tikar::sync
