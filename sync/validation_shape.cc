// CheckShape: the rules of change.proto that need no definition. CheckAreas.

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sync/change.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/unicode.h"
#include "sync/validation.h"
#include "sync/validation_words.h"
#include "sync/value.h"

namespace tikar::sync {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

// Sorted, unique, of the size of a change id: what parents and candidates must be.
enum class IdListProblem { kNone, kSize, kOrder };
IdListProblem CheckIds(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  for (int i = 0; i < ids.size(); ++i) {
    if (ids[i].size() != ChangeId::kSize) return IdListProblem::kSize;
  }
  for (int i = 1; i < ids.size(); ++i) {
    if (ids[i - 1] >= ids[i]) return IdListProblem::kOrder;
  }
  return IdListProblem::kNone;
}

// An element path that an AddElement can have made: a known id is not asked for, a possible one is.
bool IsPossibleElement(std::string_view path) {
  if (path.size() > kPathBytesMax || !IsElementPath(path)) return false;
  const std::string_view index = path.substr(path.rfind('.') + 1);
  return IsKey(CollectionOf(path)) && index.size() <= 2 &&
         std::stoul(std::string(index)) < kMutationsPerChangeMax;
}

class ShapeChecker {
 public:
  explicit ShapeChecker(const v1::ChangeBody& body) : body_(body) {}

  Judgement Run(size_t body_bytes) && {
    if (body_bytes > kChangeBodyBytesMax) {
      judgement_.Add(kBodyTooLarge, "", absl::StrCat(body_bytes),
                     absl::StrCat(kChangeBodyBytesMax));
    }
    CheckHead();
    const auto& mutations = body_.mutations();
    if (static_cast<size_t>(mutations.size()) > kMutationsPerChangeMax) {
      // Its steps are not looked at one by one: the answer must stay small.
      judgement_.Add(kTooManyMutations, "", absl::StrCat(mutations.size()),
                     absl::StrCat(kMutationsPerChangeMax));
      return std::move(judgement_);
    }
    for (int i = 0; i < mutations.size(); ++i) CheckMutation(mutations[i], i);
    return std::move(judgement_);
  }

 private:
  using enum ViolationCode;

  bool creates() const { return !body_.mutations().empty() && body_.mutations(0).has_create(); }

  void CheckHead() {
    if (!IsRegion(body_.region())) judgement_.Add(kRegionFormat, "", Quoted(body_.region()));
    if (!IsActorName(body_.actor())) {
      judgement_.Add(kActorFormat, "", absl::StrCat(kActorBytesMax));
    }
    if (body_.actor() == kTimerActor) judgement_.Add(kActorReserved, "", kTimerActor);
    if (body_.hlc() == 0) judgement_.Add(kHlcMissing, "");
    if (body_.nonce().size() != kNonceBytes) {
      judgement_.Add(kNonceFormat, "", absl::StrCat(kNonceBytes));
    }
    if (creates()) {
      if (!body_.request_id().empty()) judgement_.Add(kRequestIdOnCreate, "");
      if (!body_.parents().empty()) judgement_.Add(kParentsOnCreate, "");
    } else {
      if (body_.request_id().size() != RequestId::kSize) judgement_.Add(kRequestIdFormat, "");
      // Whoever edits a request has seen its Create at the least.
      if (body_.parents().empty()) judgement_.Add(kParentsMissing, "");
    }
    CheckParents();
    if (body_.role().empty()) {
      if (!body_.mutations().empty()) judgement_.Add(kRoleMissing, "");
    } else if (!IsKey(body_.role())) {
      judgement_.Add(kRoleFormat, "", Quoted(body_.role()));
    }
  }

  void CheckParents() {
    if (static_cast<size_t>(body_.parents_size()) > kParentsPerChangeMax) {
      judgement_.Add(kTooManyParents, "", absl::StrCat(body_.parents_size()),
                     absl::StrCat(kParentsPerChangeMax));
    }
    const IdListProblem problem = CheckIds(body_.parents());
    if (problem == IdListProblem::kSize) judgement_.Add(kParentsFormat, "");
    if (problem == IdListProblem::kOrder) judgement_.Add(kParentsOrder, "");
  }

  void CheckMutation(const v1::Mutation& mutation, int index) {
    switch (mutation.kind_case()) {
      case v1::Mutation::kCreate:
        return CheckCreate(mutation.create(), index);
      case v1::Mutation::kSetField:
        return CheckSetField(mutation.set_field());
      case v1::Mutation::kClearField:
        return CheckClearField(mutation.clear_field());
      case v1::Mutation::kTransition:
        return CheckTransition(mutation.transition());
      case v1::Mutation::kAddElement:
        return CheckAddElement(mutation.add_element());
      case v1::Mutation::kRemoveElement:
        return CheckRemoveElement(mutation.remove_element());
      case v1::Mutation::kRetract:
        Writes(kRetractedPath);
        return CheckReason(kRetractedPath, mutation.retract().reason());
      case v1::Mutation::kRestore:
        Writes(kRetractedPath);
        return CheckReason(kRetractedPath, mutation.restore().reason());
      case v1::Mutation::kSettle:
        return CheckSettle(mutation.settle());
      case v1::Mutation::kRebase:
        Writes(kDefinitionPath);
        if (mutation.rebase().definition_hash().size() != DefinitionHash::kSize ||
            mutation.rebase().version() < 1) {
          judgement_.Add(kRebaseIncomplete, "");
        }
        return;
      case v1::Mutation::KIND_NOT_SET:
        // A kind of a newer version leaves unknown fields; nothing at all is a mistake.
        if (mutation.GetReflection()->GetUnknownFields(mutation).empty()) {
          judgement_.Add(kMutationEmpty, "", absl::StrCat(index + 1));
        }
        return;
    }
  }

  void CheckCreate(const v1::Create& create, int index) {
    if (index != 0) judgement_.Add(kCreateNotFirst, "");
    if (create.definition_hash().size() != DefinitionHash::kSize || create.version() < 1 ||
        !IsServiceKey(create.service())) {
      judgement_.Add(kCreateIncomplete, "");
    }
    Writes(kDefinitionPath);
    Writes(kStatusPath);
    Writes(kAreaPath);
    CheckArea(create.area());
  }

  void CheckSetField(const v1::SetField& set) {
    if (!CheckWritablePath(set.path())) return;
    Writes(set.path());
    if (!CheckValue(set.path(), set.value())) return;
    if (IsBuiltInField(set.path())) CheckBuiltIn(set.path(), set.value());
  }

  void CheckClearField(const v1::ClearField& clear) {
    if (!CheckWritablePath(clear.path())) return;
    Writes(clear.path());
    if (clear.path() == kAreaPath) judgement_.Add(kAreaRequired, kAreaPath);
  }

  void CheckTransition(const v1::Transition& transition) {
    Writes(kStatusPath);
    if (!IsKey(transition.from()) || !IsKey(transition.to())) {
      judgement_.Add(kTransitionIncomplete, kStatusPath);
    }
    CheckReason(kStatusPath, transition.reason());
  }

  void CheckAddElement(const v1::AddElement& add) {
    if (!IsKey(add.collection())) {
      judgement_.Add(kPathFormat, "", Quoted(add.collection()));
      return;
    }
    CheckValue(add.collection(), add.value());
  }

  void CheckRemoveElement(const v1::RemoveElement& remove) {
    if (!IsPossibleElement(remove.path())) {
      judgement_.Add(kPathFormat, "", Quoted(remove.path()));
      return;
    }
    Writes(remove.path());
  }

  void CheckSettle(const v1::Settle& settle) {
    const std::string& path = settle.path();
    // Nothing but these can be under review.
    if (path != kStatusPath && path != kRetractedPath && !IsKey(path)) {
      judgement_.Add(kPathFormat, "", Quoted(path));
      return;
    }
    if (IsBuiltInField(path)) {
      judgement_.Add(kPathReserved, path, path);
      return;
    }
    Writes(path);
    if (settle.candidates().empty() || CheckIds(settle.candidates()) != IdListProblem::kNone) {
      judgement_.Add(kSettleCandidates, path);
    }
    if (settle.has_value()) CheckValue(path, settle.value());
    CheckReason(path, settle.reason());
  }

  // False, and said so, unless SetField and ClearField may name it.
  bool CheckWritablePath(const std::string& path) {
    if (path == kStatusPath || path.starts_with('@')) {
      judgement_.Add(kPathReserved, Quoted(path), Quoted(path));
      return false;
    }
    if (!IsKey(path) && !IsPossibleElement(path)) {
      judgement_.Add(kPathFormat, "", Quoted(path));
      return false;
    }
    return true;
  }

  void Writes(std::string_view path) {
    if (!written_.insert(path).second) judgement_.Add(kPathTwice, path, path);
  }

  void CheckReason(std::string_view path, const std::string& reason) {
    const size_t length = CodePoints(reason);
    if (length > kReasonCodePointsMax) {
      judgement_.Add(kReasonTooLong, path, absl::StrCat(length),
                     absl::StrCat(kReasonCodePointsMax));
    }
  }

  bool CheckValue(const std::string& path, const v1::Value& value) {
    const absl::Status status = Value::FromProto(value).status();
    if (status.ok()) return true;
    // Not a mistake: it is kept for a build that knows this kind of value.
    if (Value::IsOfLaterVersion(value)) return true;
    judgement_.Add(absl::IsResourceExhausted(status) ? kValueTooLarge : kValueMalformed, path,
                   path);
    return false;
  }

  void CheckArea(const std::string& area) {
    if (!IsAreaWithin(area, body_.region())) {
      judgement_.Add(kAreaFormat, kAreaPath, Quoted(area), Quoted(body_.region()));
    }
  }

  // `value` is well-formed.
  void CheckBuiltIn(std::string_view path, const v1::Value& value) {
    if (!value.has_text()) {
      judgement_.Add(kWrongType, path, BuiltInLabel(path), TypeWords(v1::FIELD_TYPE_TEXT));
      return;
    }
    const std::string& text = value.text();
    if (path == kAreaPath) {
      CheckArea(text);
    } else if (path == kAssigneePath) {
      if (!IsActorName(text)) judgement_.Add(kAssigneeFormat, path, Quoted(text));
    } else if (path == kDuplicateOfPath) {
      if (text.size() != 2 * RequestId::kSize || !IsLowerHex(text)) {
        judgement_.Add(kDuplicateOfFormat, path, Quoted(text));
      } else if (RequestId::FromHex(text) == RequestId::FromBytes(body_.request_id())) {
        judgement_.Add(kDuplicateOfItself, path);
      }
    } else if (text.empty() || text.size() > kPathBytesMax ||
               text.find_first_of("\r\n") != std::string::npos) {
      judgement_.Add(kTransferredFromFormat, path, absl::StrCat(kPathBytesMax));
    }
  }

  const v1::ChangeBody& body_;
  absl::flat_hash_set<std::string_view> written_;  // views into body_
  Judgement judgement_;
};

}  // namespace

Judgement CheckShape(const v1::ChangeBody& body, size_t body_bytes) {
  return ShapeChecker(body).Run(body_bytes);
}

Judgement CheckAreas(const v1::ChangeBody& body, const KnowsArea& knows_area) {
  Judgement judgement;
  if (knows_area == nullptr) return judgement;
  const auto check = [&](const std::string& code) {
    if (!knows_area(code)) judgement.Add(ViolationCode::kUnknownArea, kAreaPath, code);
  };
  for (const v1::Mutation& mutation : body.mutations()) {
    if (mutation.has_create()) {
      check(mutation.create().area());
    } else if (mutation.has_set_field() && mutation.set_field().path() == kAreaPath &&
               mutation.set_field().value().has_text()) {
      check(mutation.set_field().value().text());
    }
  }
  return judgement;
}

}  // namespace tikar::sync
