// Replica::Ingest: changes from phones and from calls, judged, logged and folded in.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/judge.h"
#include "sync/keys.h"
#include "sync/replica.h"
#include "sync/replica_group.h"
#include "sync/status_macros.h"

namespace tikar::sync {

absl::StatusOr<Outcome> Replica::Ingest(absl::Span<const Submission> submissions, int64_t now_ms) {
  Group group(*this, now_ms);
  for (const Submission& submission : submissions) {
    SubmissionResult& result = group.outcome().results.emplace_back();
    result.verdict = v1::VERDICT_VOID;
    const auto refuse = [&](v1::RefusalReason reason, std::vector<Violation> violations) {
      result.reason = reason;
      result.violations = std::move(violations);
    };
    absl::StatusOr<ParsedChange> parsed = ParseChange(submission.body, options_.capability);
    if (!parsed.ok()) {
      result.change_id = ChangeIdOf(Sha256(submission.body));
      refuse(
          v1::REFUSAL_REASON_MALFORMED,
          {WholeChange("malformed", "Perubahan ini rusak dan tidak dapat dibaca.",
                       absl::StrCat("This change cannot be read: ", parsed.status().message()))});
      continue;
    }
    ParsedChange& change = *parsed;
    result.change_id = change.id;
    result.region = change.body.region();
    result.request_id = change.request_id;
    if (!submission.actor.empty() && submission.actor != change.body.actor()) {
      refuse(v1::REFUSAL_REASON_MALFORMED,
             {WholeChange("actor_mismatch",
                          "Perubahan ini ditulis oleh perangkat lain dan tidak dapat dikirim dari "
                          "sini.",
                          "Another device wrote this change; it cannot be sent from here.")});
      continue;
    }
    if (!submission.idempotency_key.empty()) {
      ASSIGN_OR_RETURN(std::optional<IdempotencyRecord> before,
                       group.Recall(submission.idempotency_key));
      if (before) {
        result.change_id = before->change;
        result.region = before->request.region;
        result.request_id = before->request.id;
        result.verdict = before->verdict;
        result.duplicate = true;
        continue;
      }
    }
    ASSIGN_OR_RETURN(RequestEditor * editor, group.Edit({change.body.region(), change.request_id}));
    ASSIGN_OR_RETURN(const Header* known, editor->FindHeader(change.id));
    if (known != nullptr) {
      result.duplicate = true;
      result.origin = known->positions.front().origin;
      result.seq = known->positions.front().seq;
      if (known->stamp.verdict == v1::VERDICT_ACCEPTED) {
        result.verdict = known->stamp.verdict;
        continue;
      }
    }
    ASSIGN_OR_RETURN(Judgement judgement,
                     JudgeChange(change, *definitions_, options_.knows_area, editor));
    Stamp stamp = group.MakeStamp(submission.clock_offset_ms, submission.signature_id);
    if (!judgement.ok) {
      refuse(judgement.reason, std::move(judgement.violations));
      if (known != nullptr) continue;
      ASSIGN_OR_RETURN(const bool leaves_stub, LeavesStub(change, editor));
      if (!leaves_stub) continue;  // Told, and not kept.
      stamp.verdict = v1::VERDICT_VOID;
      stamp.reason = judgement.reason;
    } else {
      result.verdict = v1::VERDICT_ACCEPTED;
      hlc_.Observe(change.body.hlc(), now_ms);
    }
    if (!submission.idempotency_key.empty() && judgement.ok) {
      group.Remember(submission.idempotency_key, {.request = editor->key(),
                                                  .change = change.id,
                                                  .verdict = result.verdict,
                                                  .time_ms = now_ms});
    }
    ASSIGN_OR_RETURN(const LogPosition position, group.Log(editor, std::move(change), stamp));
    result.duplicate = false;
    result.origin = position.origin;
    result.seq = position.seq;
  }
  return group.Finish();
}

absl::StatusOr<std::optional<IdempotencyRecord>> FindIdempotent(const Reader& reader,
                                                                std::string_view key) {
  ASSIGN_OR_RETURN(std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Idempotent(key)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(IdempotencyRecord record, DecodeIdempotency(*bytes));
  return record;
}

}  // namespace tikar::sync
