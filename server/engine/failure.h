// What can go wrong for a caller, in one place: the code, what a program needs (google.rpc details)
// and what a person reads, in Indonesian and English. Carried by absl::Status as a payload, so that
// it passes through code that knows nothing of it; server/errors.h turns it into a gRPC status.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SERVER_ENGINE_FAILURE_H_
#define TIKAR_SERVER_ENGINE_FAILURE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "sync/violations.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::server {

// RESOURCE_EXHAUSTED: come back after `retry_ms`. `what` is too much, in English ("live streams").
absl::Status Overloaded(std::string_view what, int64_t retry_ms);
// UNAVAILABLE: the server stops.
absl::Status Stopping(int64_t retry_ms);
// UNAVAILABLE: the server takes no changes just now, because of `why`.
absl::Status RefusingWrites(std::string_view why, int64_t retry_ms);
// UNAVAILABLE: the store is being opened.
absl::Status StoreOpening(int64_t retry_ms);
// UNAVAILABLE: the stream's reader took nothing for too long.
absl::Status ReadsTooSlowly(int64_t retry_ms);
// FAILED_PRECONDITION: the app speaks an older protocol than this server.
absl::Status AppTooOld(uint32_t version, uint32_t version_min);
// FAILED_PRECONDITION: `what` changed between two pages of it.
absl::Status ChangedMeanwhile(std::string_view what);
// ALREADY_EXISTS: `publisher` has published this version of `service` with other bytes; its newest
// is `version_newest`.
absl::Status VersionTaken(std::string_view publisher, std::string_view service, uint32_t version,
                          uint32_t version_newest);
// ALREADY_EXISTS: another connection with this node is up.
absl::Status PeerConnected(std::string_view peer);
// FAILED_PRECONDITION: the node at the other end is not one to mirror with. `why` in English, for
// whoever runs the two.
absl::Status WrongPeer(std::string_view why);
// ALREADY_EXISTS: a peer of this name was added with another address or other regions.
absl::Status PeerTaken(std::string_view peer, std::string_view address);
// FAILED_PRECONDITION: the peer is not one that was added, and cannot be removed.
absl::Status PeerOfCommandLine(std::string_view peer);
absl::Status PeerDialsUs(std::string_view peer);
// FAILED_PRECONDITION: this server has no name by which to mirror.
absl::Status MirrorsWithNobody();
// INVALID_ARGUMENT: the other node breaks the protocol of mirrors.
absl::Status MirrorMistake(std::string_view what);
// NOT_FOUND. `name` as the caller gave it.
absl::Status NoSuchThing(std::string_view name);

// INVALID_ARGUMENT with one violation.
absl::Status Malformed(std::string_view field, std::string_view code, std::string_view message_id,
                       std::string_view message_en);
// INVALID_ARGUMENT with these, at least one, as far as they fit (kFailureDetailsBytesMax).
absl::Status MalformedIn(std::string_view code, const std::vector<sync::Violation>& violations);
// A change that was refused: INVALID_ARGUMENT, PERMISSION_DENIED or FAILED_PRECONDITION by
// `reason`, with the violations as far as they fit.
absl::Status Refused(v1::RefusalReason reason, const std::vector<sync::Violation>& violations);

// The code and the words of `status` as they are, files included: for calls of whoever runs the
// server.
absl::Status ForOperator(const absl::Status& status, std::string_view reason,
                         std::string_view message_id);

// Code, message and details of any status. One that no function here made gets words by its code;
// what the storage said about its files stays in the log and is not told to strangers.
google::rpc::Status DetailsOf(const absl::Status& status);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_FAILURE_H_
