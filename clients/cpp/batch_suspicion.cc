#include "clients/cpp/batch_suspicion.h"

#include "clients/cpp/limits.h"
#include "sync/status_macros.h"

namespace tikar::client {

Evidence EvidenceOf(const absl::Status& end, bool asked_to_wait) {
  if (asked_to_wait) return Evidence::kNone;
  switch (end.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnimplemented:
      return Evidence::kNone;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kAborted:
      return Evidence::kWeak;
    default:
      return Evidence::kStrong;
  }
}

namespace {

Consequence AccuseStrongly(int changes, Suspicion* suspicion) {
  suspicion->wary = true;
  ++suspicion->strong_strikes;
  if (changes == 1) {
    if (suspicion->strong_strikes < kStrongStrikesMax) return Consequence::kNone;
    *suspicion = Suspicion();
    return Consequence::kPark;
  }
  if (suspicion->strong_strikes < kStrongStrikesMax && !suspicion->halved)
    return Consequence::kNone;
  suspicion->changes = changes;
  suspicion->limit = (changes + 1) / 2;
  suspicion->strong_strikes = 0;
  suspicion->halved = true;
  return Consequence::kHalved;
}

Consequence AccuseWeakly(int changes, Suspicion* suspicion) {
  if (++suspicion->weak_strikes < kWeakStrikesMax) return Consequence::kNone;
  if (changes == 1) {
    *suspicion = Suspicion();
    return Consequence::kDefer;
  }
  suspicion->changes = changes;
  suspicion->limit = (changes + 1) / 2;
  suspicion->weak_strikes = 0;
  suspicion->wary = true;
  return Consequence::kHalved;
}

}  // namespace

Consequence Accuse(const sync::ChangeId& first, int changes, Evidence evidence, bool welcomed,
                   Suspicion* suspicion) {
  CHECK(changes > 0);
  if (evidence == Evidence::kNone) return Consequence::kNone;
  if (suspicion->first != first) {
    *suspicion = Suspicion();
    suspicion->first = first;
    suspicion->changes = changes;
    suspicion->limit = changes;
  }
  if (!welcomed) {
    // Perhaps it was the hello that the server choked on. A wary stream will tell.
    if (evidence == Evidence::kStrong) suspicion->wary = true;
    return Consequence::kNone;
  }
  return evidence == Evidence::kStrong ? AccuseStrongly(changes, suspicion)
                                       : AccuseWeakly(changes, suspicion);
}

void Acquit(const sync::ChangeId& first, int changes, const std::optional<sync::ChangeId>& next,
            Suspicion* suspicion) {
  if (!suspicion->active() || suspicion->first != first) return;
  const int rest = suspicion->changes - changes;
  if (rest <= 0 || !next) {
    *suspicion = Suspicion();
    return;
  }
  suspicion->first = *next;
  suspicion->changes = rest;
  suspicion->limit = (rest + 1) / 2;
  suspicion->strong_strikes = 0;
  suspicion->weak_strikes = 0;
}

}  // namespace tikar::client
