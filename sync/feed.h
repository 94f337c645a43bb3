// The feed: what a phone's cursor points into, and how a pass over it goes.
//
// Problem: a phone wants every request of its scope that changed since it last asked, exactly,
// resumable after every batch, without the server remembering phones. Obvious ways fail: a time
// stamp skips what commits late; one list per scope does not survive overlapping scopes; sending in
// order of position over many kecamatan needs a merge whose progress is a vector.
//
// So: each region's one sequencer gives each touch of a request a position. A row (region, bucket,
// position) names the request; a bucket is a kecamatan, or "@actor" for what is assigned to an
// actor. A request has one live row per bucket it is in, and at most one LEFT row per bucket it
// left. A *pass* covers the positions (from, to] of a region bucket by bucket; `to` is fixed when
// the pass begins, and only its end moves `from`. What is touched during the pass moves beyond `to`
// and comes with the next one. A prefix that is new in the scope is filled by a pass (0, to] of its
// own. On another node or feed the version vector of the last complete pass decides: the logs are
// walked from there and every request they name is sent. A vector claims too much where this node
// did not show what it had logged; the cursor names the exceptions (feed_withheld.h), and they
// are walked, too. README.md, "What a cursor claims", has the law.
//
// A phone that comes from a node that was ahead of this one, or whose first pass was broken off
// elsewhere, may hold what has left its scope without a LEFT row here: the entries in question are
// walked as they come. LEFT rows are forgotten after half a year (feed_rows.h): a phone that stands
// before a forgotten one is served like one from another node, by the logs.
//
// Promises: Complete (everything in scope at `to` was sent or removed), Resumable (each batch's
// cursor resumes after it), Once (a pass sends a request at most once per bucket), Told (what left
// the scope is removed, provided that the phone itself drops what a scope that it made smaller no
// longer covers, and what did not come again when it starts over with an empty cursor).
#ifndef TIKAR_SYNC_FEED_H_
#define TIKAR_SYNC_FEED_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/definition.h"
#include "sync/feed_scope.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/unreadable.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::sync {

struct FeedQuery {
  // Area-code prefixes, at most kScopePrefixesMax: "15", "15.01", "15.01.06", "15.01.06.2010".
  std::vector<std::string> scope;
  // Requests assigned to this actor are in scope too, within the regions that the scope touches.
  std::string actor;
  // Opaque; empty for the first time. What a phone sent: checked, never trusted.
  std::string cursor;
  // Soft limit of the answer; at least one request is sent if there is one.
  size_t bytes_max = 256 << 10;
  size_t requests_max = 500;
};

struct FeedPage {
  std::vector<v1::Request> requests;
  std::vector<v1::Removal> removals;
  std::vector<v1::FeedIdentity> feeds;  // of the regions in this page
  // Of the requests in this page, sorted, unique.
  std::vector<DefinitionHash> definitions;
  // Resumes after this page.
  std::string cursor;
  // Nothing more in this Reader's version of the store.
  bool caught_up = false;
  // About how many rows are left.
  uint64_t remaining = 0;
  // Requests of the scope, perhaps, that cannot be read, a few of them, for an admin to see. The
  // page goes on without them, the phone keeps what it has of them, and the cursor names them.
  std::vector<UnreadableRequest> unreadable;
  // Version vectors in the cursor made it walk logs: the phone came from another node, or was away
  // for longer than the feed tells what left.
  bool roamed = false;
};

// InvalidArgument: the scope is malformed, or the cursor is not one. A cursor that this node cannot
// use (another feed, a position it never gave out) is no error. Nor is a request that is damaged;
// DataLoss: what leads to the requests cannot be read.
absl::StatusOr<FeedPage> ReadFeed(const Reader& reader, const FeedQuery& query);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_H_
