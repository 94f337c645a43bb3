// What a phone hands back to go on where it was: its place in the feed of each region. See feed.h
// for how a pass goes; docs/formats.md, "Cursor", for the bytes.
//
// Thread safety: plain values and pure functions.
#ifndef TIKAR_SYNC_FEED_CURSOR_H_
#define TIKAR_SYNC_FEED_CURSOR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/types.h"
#include "sync/version_vector.h"

namespace tikar::sync {

// Entries of one log: those after `after`, up to and with `end`.
struct EntryRange {
  Origin origin;
  uint64_t after;
  uint64_t end;
  friend bool operator==(const EntryRange&, const EntryRange&) = default;
};

// Where a phone stands in one region.
struct RegionCursor {
  std::string region;
  FeedId feed = FeedId::kNone;
  // Everything in `filled` up to this position, and this knowledge, has been sent. While nothing is
  // filled yet, and while a walk goes on, no state that the phone holds lacks an entry of `known`.
  uint64_t from = 0;
  VersionVector known;
  // The exceptions to `known`: entries of requests that the node could not show then
  // (feed_withheld.h). Another node, that can, sends what they name. On this one the feed does.
  std::vector<EntryRange> withheld;
  // More of them: of requests that a node could not read, or stand for a damaged row. No feed tells
  // when they are mended, so they are named until a walk has read them.
  std::vector<EntryRange> damaged;
  std::vector<std::string> filled;  // prefixes, sorted

  // What the phone holds may come from any entry up to here: nodes that it visited were ahead of
  // this one, and a pass reads what is newer than its end.
  VersionVector seen;
  // Entries that the phone may have seen and this feed did not have then, or did not go through
  // with it. Once they are here, what they name is sent or removed: it may have left the scope
  // without a LEFT row.
  struct Unchecked {
    Origin origin;
    uint64_t checked;  // up to here it is done
    uint64_t end;
  };
  std::vector<Unchecked> unchecked;

  // The pass under way, if any.
  enum class Pass : uint8_t { kNone = 0, kFeed = 1, kFill = 2, kRoam = 3 };
  Pass pass = Pass::kNone;
  uint64_t to = 0;
  VersionVector known_at_to;
  std::vector<EntryRange> damaged_in_pass;  // what the pass could not read so far
  std::vector<std::string> filling;         // kFill, and the first kFeed: what it adds to `filled`
  // Done within the pass: all buckets before this one, and this one up to the position; or (kRoam)
  // the entries, and as many of the withheld and then of the damaged ones as the position says.
  std::string bucket;
  uint64_t position = 0;
  VersionVector walked;
  uint64_t sent = 0;

  // The vector that the cursor claims when the pass under way ends.
  const VersionVector& claimed() const {
    return pass == Pass::kFeed || pass == Pass::kRoam ? known_at_to : known;
  }

  void EndPass() {
    pass = Pass::kNone;
    to = position = sent = 0;
    known_at_to = walked = VersionVector();
    damaged_in_pass.clear();
    filling.clear();
    bucket.clear();
  }
};

// What `vector` has beyond `base`.
VersionVector Beyond(const VersionVector& vector, const VersionVector& base);
// The largest vector that both have.
VersionVector Common(const VersionVector& a, const VersionVector& b);

std::string EncodeCursor(const std::vector<RegionCursor>& cursors);
// InvalidArgument: not what EncodeCursor made, or damaged since. What it says is still the phone's
// to make up.
absl::StatusOr<std::vector<RegionCursor>> DecodeCursor(std::string_view bytes);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_CURSOR_H_
