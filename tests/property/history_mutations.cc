#include "history_mutations.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "history_definitions.h"
#include "history_values.h"
#include "reference.h"

namespace tikar::property {
namespace {

// A field number that no message of this version has.
constexpr int kLaterFieldNumber = 900;

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

template <typename Message>
void AddUnknownField(Message* message) {
  message->GetReflection()->MutableUnknownFields(message)->AddVarint(kLaterFieldNumber, 1);
}

// Seen by the author or not: two officers often mean the same.
template <typename Matches>
std::optional<v1::Mutation> LastWrite(const Draft& draft, const Matches& matches) {
  for (auto made = draft.made.rbegin(); made != draft.made.rend(); ++made) {
    for (const v1::Mutation& mutation : made->body.mutations()) {
      if (matches(mutation)) return mutation;
    }
  }
  return std::nullopt;
}

// Mostly one that the author has seen.
std::optional<std::string> PickElement(Draft& draft, const Actor& author) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < draft.made.size(); ++i) {
    if (!author.seen[i] && !draft.random.Percent(5)) continue;
    for (int m = 0; m < draft.made[i].body.mutations_size(); ++m) {
      const v1::Mutation& mutation = draft.made[i].body.mutations(m);
      if (!mutation.has_add_element()) continue;
      paths.push_back(mutation.add_element().collection() + "/" + Hex(draft.made[i].id) + "." +
                      std::to_string(m));
    }
  }
  if (paths.empty()) return std::nullopt;
  // The oldest half of the time, so that edits meet.
  return draft.random.Percent(50) ? paths.front() : draft.random.Pick(paths);
}

void NameWrites(Draft& draft, const Actor& author, v1::Settle& settle) {
  for (size_t i = 0; i < draft.made.size(); ++i) {
    if (author.seen[i] && draft.random.Percent(50)) settle.add_candidates(draft.made[i].id);
  }
}

reference::State ViewOf(const Draft& draft, const Actor& author) {
  std::vector<reference::Observation> seen;
  for (size_t i = 0; i < draft.made.size(); ++i) {
    if (!author.seen[i]) continue;
    reference::Observation observation;
    observation.body = draft.made[i].body.SerializeAsString();
    observation.stamp.set_received_at_ms(draft.now_ms);
    observation.stamp.set_verdict(v1::VERDICT_ACCEPTED);
    seen.push_back(std::move(observation));
  }
  // Which text comes out does not matter for the view.
  const auto take_ours = [](std::string_view, std::string_view ours, std::string_view) {
    return std::optional<std::string>(ours);
  };
  return reference::Fold(seen, AllDefinitions().by_hash, take_ours);
}

// A decision on what the author sees under review; now and then on something else.
void AddSettle(Draft& draft, const Actor& author, v1::ChangeBody& body) {
  Random& random = draft.random;
  const reference::State view = ViewOf(draft, author);
  std::vector<std::string> reviews, others;
  for (const auto& [path, field] : view.fields) {
    if (path.find('/') != std::string::npos || path == "@definition") continue;
    (field.under_review ? reviews : others).push_back(path);
  }
  v1::Settle* const settle = body.add_mutations()->mutable_settle();
  settle->set_reason("sudah diperiksa");
  if (reviews.empty() || random.Percent(15)) {
    settle->set_path(others.empty() || random.Percent(70) ? PickPath(draft) : random.Pick(others));
    if (random.Percent(10)) settle->set_path("status");
  } else {
    settle->set_path(random.Pick(reviews));
  }
  std::set<std::string> named;
  std::vector<std::optional<std::string>> values;
  if (const auto it = view.fields.find(settle->path()); it != view.fields.end()) {
    for (const reference::Candidate& candidate : it->second.candidates) {
      values.push_back(candidate.value);
      named.insert(candidate.change_id);
    }
  }
  if (named.size() > 1 && random.Percent(18)) named.erase(named.begin());
  for (const std::string& id : named) settle->add_candidates(id);
  if (random.Percent(10)) NameWrites(draft, author, *settle);
  if (!draft.made.empty() && random.Percent(5)) {
    settle->add_candidates(random.Pick(draft.made).id);  // perhaps not seen
  }
  std::sort(settle->mutable_candidates()->begin(), settle->mutable_candidates()->end());

  if (random.Percent(15)) return;  // decides for "empty"
  if (!values.empty() && random.Percent(60)) {
    const std::optional<std::string>& value = random.Pick(values);
    if (value) settle->mutable_value()->ParseFromString(*value);
    if (value) return;
  }
  if (settle->path() == "status") {
    settle->mutable_value()->set_text(PickState(draft));
  } else if (settle->path() == "@retracted") {
    settle->mutable_value()->set_flag(random.Percent(50));
  } else {
    *settle->mutable_value() = PickValue(draft, author, settle->path());
  }
}

void AddMove(Draft& draft, v1::ChangeBody& body) {
  v1::Transition* const move = body.add_mutations()->mutable_transition();
  move->set_from(PickStep(draft.random));
  move->set_to(PickState(draft));
  if (!draft.theme.has_few_values || !draft.random.Percent(50)) return;
  const std::optional<v1::Mutation> last =
      LastWrite(draft, [](const v1::Mutation& mutation) { return mutation.has_transition(); });
  if (last) move->set_to(last->transition().to());
}

// What only a wrong client sends; a first node may refuse it, a mirror must bear it.
void AddOdd(Draft& draft, const Actor& author, v1::ChangeBody& body) {
  Random& random = draft.random;
  v1::Mutation* const mutation = body.add_mutations();
  switch (random.Below(16)) {
    case 0:
      mutation->mutable_set_field()->set_path("status");
      mutation->mutable_set_field()->mutable_value()->set_text("selesai");
      return;
    case 1:
      mutation->mutable_set_field()->set_path(random.Percent(50) ? "@retracted" : "@definition");
      mutation->mutable_set_field()->mutable_value()->set_flag(true);
      return;
    case 2:
      mutation->mutable_set_field()->set_path(PickPath(draft));
      mutation->mutable_set_field()->mutable_value()->set_decimal("seribu");
      return;
    case 3:  // a value of no kind at all: malformed, not of a later version
      if (random.Percent(30)) {
        mutation->mutable_settle()->set_path(PickPath(draft));
        mutation->mutable_settle()->mutable_value();
        return NameWrites(draft, author, *mutation->mutable_settle());
      }
      mutation->mutable_set_field()->set_path(PickPath(draft));
      if (random.Percent(50)) mutation->mutable_set_field()->mutable_value();
      return;
    case 4:
      mutation->mutable_clear_field()->set_path(random.Percent(50) ? "" : "status");
      return;
    case 5: {
      const std::optional<std::string> element = PickElement(draft, author);
      mutation->mutable_settle()->set_path(element ? *element : "@definition");
      mutation->mutable_settle()->mutable_value()->set_text("x");
      NameWrites(draft, author, *mutation->mutable_settle());
      return;
    }
    case 6: {  // the same path twice: the last write counts
      const std::string path = PickPath(draft);
      mutation->mutable_set_field()->set_path(path);
      *mutation->mutable_set_field()->mutable_value() = PickValue(draft, author, path);
      if (random.Percent(30)) {
        body.add_mutations()->mutable_clear_field()->set_path(path);
        return;
      }
      v1::SetField* const again = body.add_mutations()->mutable_set_field();
      again->set_path(path);
      *again->mutable_value() = PickValue(draft, author, path);
      return;
    }
    case 7:
      mutation->mutable_transition()->set_to(PickWord(random));
      return;
    case 8:
      mutation->mutable_remove_element()->set_path(random.Percent(70) ? PickPath(draft) : "status");
      return;
    case 9:
      mutation->mutable_add_element()->set_collection(random.Percent(50) ? "" : "folder/berkas");
      mutation->mutable_add_element()->mutable_value()->set_text("lampiran");
      return;
    case 10: {  // almost an element
      const std::optional<std::string> element = PickElement(draft, author);
      mutation->mutable_set_field()->set_path(element.value_or("comments/") + "1.01");
      mutation->mutable_set_field()->mutable_value()->set_text("x");
      return;
    }
    case 11:
      mutation->mutable_rebase()->set_definition_hash(random.Bytes(5));
      return;
    case 12:
      if (body.mutations_size() == 1 || draft.made.empty()) {
        // A settlement of what never was under review, to a value that is no flag.
        mutation->mutable_settle()->set_path("@retracted");
        mutation->mutable_settle()->mutable_value()->set_text("ya");
        return;
      }
      *mutation->mutable_create() = draft.made[0].body.mutations(0).create();
      mutation->mutable_create()->set_area("15.01.09");
      return;
    case 13:  // a mutation of no kind at all: malformed, writes nothing, but is no Retract either
      return;
    case 14: {  // what stands beside a known kind is for others to read
      const std::string path = PickPath(draft);
      mutation->mutable_set_field()->set_path(path);
      *mutation->mutable_set_field()->mutable_value() = PickValue(draft, author, path);
      AddUnknownField(mutation->mutable_set_field()->mutable_value());
      return;
    }
    default:
      mutation->mutable_restore();
  }
}

}  // namespace

void AddOfLaterVersion(Draft& draft, v1::ChangeBody& body) {
  Random& random = draft.random;
  v1::Mutation* const mutation = body.add_mutations();
  if (random.Percent(50)) return AddUnknownField(mutation);
  switch (random.Below(3)) {
    case 0:
      mutation->mutable_set_field()->set_path(random.Percent(70) ? PickPath(draft) : "status");
      return AddUnknownField(mutation->mutable_set_field()->mutable_value());
    case 1:
      mutation->mutable_add_element()->set_collection(random.Percent(70) ? "comments" : "");
      return AddUnknownField(mutation->mutable_add_element()->mutable_value());
    default:
      mutation->mutable_settle()->set_path(random.Percent(70) ? PickPath(draft) : "@definition");
      return AddUnknownField(mutation->mutable_settle()->mutable_value());
  }
}

void AddSet(Draft& draft, const Actor& author, v1::ChangeBody& body) {
  v1::SetField* const set = body.add_mutations()->mutable_set_field();
  set->set_path(PickPath(draft));
  const bool is_wrong = draft.random.Percent(draft.theme.wrong_kind_percent);
  *set->mutable_value() =
      PickValue(draft, author, is_wrong ? draft.random.Pick(AllFields()) : set->path());
  if (!draft.theme.has_few_values || !draft.random.Percent(50)) return;
  const std::optional<v1::Mutation> last = LastWrite(draft, [set](const v1::Mutation& mutation) {
    return mutation.has_set_field() && mutation.set_field().path() == set->path();
  });
  if (last) *set->mutable_value() = last->set_field().value();
}

void AddRebase(Random& random, v1::ChangeBody& body) {
  v1::Rebase* const rebase = body.add_mutations()->mutable_rebase();
  const size_t target = random.Weighted({40, 50, 14});
  rebase->set_definition_hash(reference::Sha256(AllDefinitions().bytes[target]));
  rebase->set_version(static_cast<uint32_t>(target) + 1);
  if (random.Percent(12)) rebase->set_definition_hash(random.Bytes(32));
}

void AddMutation(Draft& draft, const Actor& author, v1::ChangeBody& body) {
  Random& random = draft.random;
  if (draft.theme.has_newer_client && random.Percent(8)) return AddOfLaterVersion(draft, body);
  switch (static_cast<Action>(random.Weighted(draft.theme.weights))) {
    case kSet:
      return AddSet(draft, author, body);
    case kClear:
      body.add_mutations()->mutable_clear_field()->set_path(PickPath(draft));
      return;
    case kMove:
      return AddMove(draft, body);
    case kAddElement: {
      v1::AddElement* const add = body.add_mutations()->mutable_add_element();
      add->set_collection(random.Percent(70) ? "comments" : "tags");
      add->mutable_value()->set_text(Reword(random, ""));
      return;
    }
    case kEditElement: {
      const std::optional<std::string> path = PickElement(draft, author);
      if (!path) return AddSet(draft, author, body);
      v1::SetField* const set = body.add_mutations()->mutable_set_field();
      set->set_path(*path);
      set->mutable_value()->set_text(PickTitle(random));
      return;
    }
    case kRemoveElement: {
      const std::optional<std::string> path = PickElement(draft, author);
      if (!path) return AddSet(draft, author, body);
      body.add_mutations()->mutable_remove_element()->set_path(*path);
      return;
    }
    case kRetract:
      body.add_mutations()->mutable_retract()->set_reason("salah kirim");
      return;
    case kRestore:
      body.add_mutations()->mutable_restore();
      return;
    case kSettle:
      return AddSettle(draft, author, body);
    case kRebase:
      return AddRebase(random, body);
    case kJoin:
      if (!draft.made.empty()) body.clear_mutations();
      return;
    case kOdd:
    case kActions:
      return AddOdd(draft, author, body);
  }
}

}  // namespace tikar::property
