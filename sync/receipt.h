// Receipts: what a citizen or an auditor keeps to show later that the changes of a request were
// recorded, and when. A receipt (proto/tikar/v1/log_service.proto) needs no server to be verified,
// only public keys.
//
// What it shows. Each entry: that a change with this hash was taken at this time with this verdict,
// and stands in a log whose head a given key signed. The request: its id is made of the hash of its
// Create, so the receipt that shows the Create's entry shows that just this request was filed.
// Every other change belongs to it by its body alone: without bodies somebody who has them (the
// citizen's own phone, the office) must show them, and the hash tells whether they are the ones.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_RECEIPT_H_
#define TIKAR_SYNC_RECEIPT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sync/checkpoint.h"
#include "sync/store.h"
#include "sync/types.h"
#include "tikar/v1/log_service.pb.h"

namespace tikar::sync {

inline constexpr std::string_view kReceiptFormat = "tikar receipt 1";

struct ReceiptQuery {
  bool with_bodies = false;
  // Of the page before; empty: the first page.
  std::string token = {};
  // Of the page as a message, bytes; a single entry that is larger makes a page of its own.
  size_t bytes_max = 768 << 10;
};
struct ReceiptPage {
  v1::Receipt receipt;
  // Entries that no tree covers: others of their log, before them, are not here.
  uint32_t uncovered = 0;
  std::string next_token;  // empty: this was the last one
};
// Signs the head of a log and gives the note.
using CheckpointMaker = std::function<absl::StatusOr<std::string>(const Checkpoint& checkpoint)>;

// A page of the receipt of a request, log by log. NotFound: nothing of it is here.
// InvalidArgument: the token is none. Errors of `make_checkpoint` are handed on.
absl::StatusOr<ReceiptPage> MakeReceipt(const Reader& reader, const RequestKey& request,
                                        const ReceiptQuery& query,
                                        const CheckpointMaker& make_checkpoint);

struct CheckedEntry {
  size_t log = 0;  // which one of CheckedReceipt::logs
  uint64_t seq = 0;
  int64_t received_at_ms = 0;
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  ChangeId change;
  bool has_body = false;
};
struct CheckedLog {
  LogId id;
  Checkpoint checkpoint;
  std::vector<CheckpointSigner> signers;  // at least one
};
struct CheckedReceipt {
  RequestKey request;
  std::vector<CheckedLog> logs;
  std::vector<CheckedEntry> entries;  // by the time at which they were taken
  size_t changes = 0;                 // different ones: one that two nodes took has two entries
  // Whether the entry of the request's Create is among them.
  bool shows_create = false;
};

// Everything that the receipt claims, by these keys. InvalidArgument says what does not hold: then
// the receipt shows nothing.
absl::StatusOr<CheckedReceipt> CheckReceipt(const v1::Receipt& receipt,
                                            absl::Span<const PublicKey> keys);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_RECEIPT_H_
