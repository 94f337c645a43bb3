#include "sync/judge.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sync/limits.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

class Judge : public RequestView {
 public:
  Judge(const DefinitionSource& definitions, const KnowsArea& knows_area, RequestEditor* editor,
        const ParsedChange& change)
      : definitions_(definitions), knows_area_(knows_area), editor_(*editor), change_(change) {}

  absl::StatusOr<Judgement> Run() {
    Judgement judgement = CheckShape(change_.body, change_.bytes.size());
    if (judgement.ok) judgement = CheckAreas(change_.body, knows_area_);
    if (!judgement.ok) return judgement;
    if (editor_.state().change_count - editor_.local().refused_count >= kChangesPerRequestMax ||
        editor_.local().missing.size() >= kMissingParentsMax ||
        editor_.StateBytes() + change_.bytes.size() > kRequestStateBytesMax) {
      return Refuse(v1::REFUSAL_REASON_LIMIT,
                    WholeChange("request_full",
                                "Permohonan ini sudah terlalu besar. Buat permohonan baru dan "
                                "tautkan ke permohonan ini.",
                                "This request has grown too large. Make a new request and link it "
                                "to this one."));
    }
    for (const Write& write : change_.writes) {
      const FieldState* field = editor_.state().Find(write.path);
      if (field == nullptr || write.settles()) continue;
      if (field->candidates.size() < kCandidatesPerFieldMax) continue;
      Violation violation =
          WholeChange("too_many_candidates",
                      "Bagian ini sudah punya terlalu banyak nilai yang bertentangan. Putuskan "
                      "dulu, lalu ubah lagi.",
                      "This field already has too many conflicting values. Settle it first, then "
                      "edit it again.");
      violation.field = write.path;
      return Refuse(v1::REFUSAL_REASON_LIMIT, std::move(violation));
    }
    const bool ready = editor_.state().availability == v1::AVAILABILITY_READY;
    std::shared_ptr<const Definition> definition;
    if (IsCreate(change_.body)) {
      if (const auto hash =
              DefinitionHash::FromBytes(change_.body.mutations(0).create().definition_hash())) {
        definition = definitions_.Find(*hash);
      }
    } else if (ready) {
      definition = definitions_.Find(editor_.state().definition);
    }
    if (definition == nullptr) return judgement;
    judgement = CheckAgainstDefinition(change_.body, *definition, ready ? this : nullptr);
    RETURN_IF_ERROR(read_error_);
    if (judgement.ok && ready) return CheckSettlements();
    return judgement;
  }

  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const absl::StatusOr<std::optional<Value>> value = ValueSeen(path);
    if (!value.ok()) read_error_ = value.status();
    if (!value.ok() || !*value) return std::nullopt;
    return (*value)->ToProto();
  }
  bool KnowsPast() const override {
    const absl::StatusOr<bool> knows = editor_.KnowsPast(change_.parents);
    if (!knows.ok()) read_error_ = knows.status();
    return knows.ok() && *knows;
  }
  bool UnderReview(std::string_view path) const override {
    return editor_.state().UnderReview(path);
  }
  bool ParentsContainConflict(std::string_view path) const override {
    const absl::StatusOr<bool> contain = editor_.ContainConflict(change_.parents, path);
    if (!contain.ok()) read_error_ = contain.status();
    return contain.ok() && *contain;
  }
  std::string Status() const override { return std::string(editor_.state().status()); }
  size_t ElementCount(std::string_view collection) const override {
    return editor_.local().ElementCount(collection) + editor_.AddedElements(collection);
  }

 private:
  // By the state where the author missed nothing of the field, else by a fold of what he saw.
  absl::StatusOr<std::optional<Value>> ValueSeen(std::string_view path) const {
    const FieldState* field = editor_.state().Find(path);
    if (field == nullptr) return std::nullopt;
    if (!past_) {
      ASSIGN_OR_RETURN(const std::vector<ChangeId> seen,
                       editor_.SeenCandidates(change_.parents, path));
      if (seen.size() == field->candidates.size()) return field->value;
      ASSIGN_OR_RETURN(past_, editor_.StateSeen(change_.parents));
    }
    field = past_->Find(path);
    return field == nullptr ? std::nullopt : field->value;
  }

  static Judgement Refuse(v1::RefusalReason reason, Violation violation) {
    Judgement judgement;
    judgement.ok = false;
    judgement.reason = reason;
    judgement.violations.push_back(std::move(violation));
    return judgement;
  }

  // A settlement names every candidate that its author had seen: to leave one out would re-open the
  // review with what was on the table.
  absl::StatusOr<Judgement> CheckSettlements() {
    for (const Write& write : change_.writes) {
      if (!write.settles()) continue;
      ASSIGN_OR_RETURN(const std::vector<ChangeId> seen,
                       editor_.SeenCandidates(change_.parents, write.path));
      if (!std::includes(write.settled.begin(), write.settled.end(), seen.begin(), seen.end())) {
        Violation violation =
            WholeChange("settle_incomplete",
                        "Keputusan harus menyebut semua nilai yang sudah terlihat. Muat ulang dan "
                        "putuskan lagi.",
                        "A settlement must name every candidate that was seen. Reload and settle "
                        "again.");
        violation.field = write.path;
        return Refuse(v1::REFUSAL_REASON_INVALID_VALUE, std::move(violation));
      }
    }
    Judgement judgement;
    judgement.ok = true;
    return judgement;
  }

  const DefinitionSource& definitions_;
  const KnowsArea& knows_area_;
  RequestEditor& editor_;
  const ParsedChange& change_;
  mutable absl::Status read_error_;
  mutable std::optional<State> past_;  // as the author saw it; folded when asked for
};

}  // namespace

Violation WholeChange(std::string code, std::string message_id, std::string message_en) {
  Violation violation;
  violation.code = std::move(code);
  violation.message_id = std::move(message_id);
  violation.message_en = std::move(message_en);
  return violation;
}

absl::StatusOr<Judgement> JudgeChange(const ParsedChange& change,
                                      const DefinitionSource& definitions,
                                      const KnowsArea& knows_area, RequestEditor* editor) {
  return Judge(definitions, knows_area, editor, change).Run();
}

absl::StatusOr<bool> LeavesStub(const ParsedChange& refused, RequestEditor* editor) {
  if (editor->local().refused_count >= kRefusedChangesPerRequestMax ||
      refused.parents.size() > kParentsPerChangeMax) {
    return false;
  }
  size_t missing = editor->local().missing.size();
  for (const ChangeId& parent : refused.parents) {
    ASSIGN_OR_RETURN(const Header* known, editor->FindHeader(parent));
    if (known == nullptr) ++missing;
  }
  return missing <= kMissingParentsBesideRefusedMax;
}

}  // namespace tikar::sync
