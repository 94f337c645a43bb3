// Every limit of the core, with its unit and the reason for its size. What comes from outside and
// is over a limit is refused with RefusalReason LIMIT; nothing grows without one.
#ifndef TIKAR_SYNC_LIMITS_H_
#define TIKAR_SYNC_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace tikar::sync {

// A change: a form, a long description and some comments fit; a photo does not (those are
// attachments).
inline constexpr size_t kChangeBodyBytesMax = 64 << 10;
inline constexpr size_t kMutationsPerChangeMax = 64;
// As many as a request may have heads before the joining change is late by a factor of four.
inline constexpr size_t kParentsPerChangeMax = 64;
// Above this many heads the home node adds a joining change.
inline constexpr size_t kHeadsBeforeJoin = 16;
inline constexpr size_t kActorBytesMax = 64;
inline constexpr size_t kRoleBytesMax = 40;
inline constexpr size_t kPathBytesMax = 96;
inline constexpr size_t kTextBytesMax = 16 << 10;
inline constexpr size_t kDecimalBytesMax = 40;
inline constexpr size_t kChoiceItemsMax = 64;
inline constexpr size_t kReasonCodePointsMax = 2000;
inline constexpr size_t kNonceBytes = 8;
// A request that people work on has tens of changes; a machine that runs wild is stopped here.
// Refused changes do not count: a machine that sends rubbish must not close a request to others.
inline constexpr size_t kChangesPerRequestMax = 10'000;
// Refused changes of one request that leave a stub, so that an admin can mend them and their
// children keep their ancestry. One more is answered in the same words and leaves nothing. A tenth
// of the above: a fold of both stays a fold of 11,000.
inline constexpr size_t kRefusedChangesPerRequestMax = 1'000;
inline constexpr size_t kElementsPerCollectionMax = 500;
// Candidates of one field, above which the node that takes changes asks for a settlement first: a
// conflict of more is a machine that runs wild, and a fold looks at pairs of them.
inline constexpr size_t kCandidatesPerFieldMax = 64;
// Parents of one request that are not here, for the same reason.
inline constexpr size_t kMissingParentsMax = 1024;
// A refused change leaves no stub if more would be missing with it: the other half is for changes
// that are taken.
inline constexpr size_t kMissingParentsBesideRefusedMax = kMissingParentsMax / 2;
// Requests that one group folds again after an upgrade: some tens of milliseconds of work, so that
// a batch stays small however many wait.
inline constexpr size_t kUpgradesPerGroupMax = 256;
// Leaves that one group adds to Merkle trees that are behind: some ten milliseconds of work.
inline constexpr size_t kLeavesPerGroupMax = 4'096;
// Requests that one run of the timers reads: the same work, whether they can be moved on or not.
inline constexpr size_t kTimerRequestsPerGroupMax = 1'024;
// Ranges of entries that one region of a cursor names as withheld (feed_cursor.h): 1 KiB, which a
// phone sends and gets once a batch. Above it neighbours become one, and what lies between them is
// sent again to a phone that roams.
inline constexpr size_t kWithheldRangesMax = 64;
// Requests that wait, of one region, whose entries a pass looks up for that. Where more wait, the
// region is walked from its beginning when the phone roams.
inline constexpr size_t kWithheldRequestsMax = 256;
// Main state and elements of one request, so that it fits one message with room to spare.
inline constexpr size_t kRequestStateBytesMax = 768 << 10;
inline constexpr size_t kDefinitionBytesMax = 256 << 10;

// The text policy: beyond this a merge by words costs more than it is worth, and `latest` decides.
inline constexpr size_t kTextMergeBytesMax = 16 << 10;
inline constexpr size_t kTextMergeEditsMax = 4096;

// How far a change's clock may be off before its stamp corrects it, and how far ahead of the local
// clock an HLC may be pulled by a remote one. Milliseconds.
inline constexpr int64_t kClockOffsetToleratedMs = 5 * 60 * 1000;
inline constexpr int64_t kHlcAheadMsMax = 5 * 60 * 1000;

// Area-code prefixes of one phone.
inline constexpr size_t kScopePrefixesMax = 64;

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_LIMITS_H_
