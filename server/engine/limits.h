// Every limit of the server, with its unit and the reason for its size. Over one, somebody is told
// to come back later or that the message is wrong; nothing grows without one.
#ifndef TIKAR_SERVER_ENGINE_LIMITS_H_
#define TIKAR_SERVER_ENGINE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace tikar::server {

// --- The way of a write ---

// Changes that wait for the sequencer, of all streams and calls together. At 20,000 changes a
// second on a small machine the last one waits about two seconds: longer, and a phone on 2G does
// better to come back.
inline constexpr size_t kQueueChangesMax = 40'000;
// Their bytes: 64 pushes of the largest size.
inline constexpr size_t kQueueBytesMax = 64 << 20;
// One group, that is, one WriteBatch and one fsync. Beyond this the fsync is no longer what costs,
// and the first of a group waits for its last.
inline constexpr size_t kGroupChangesMax = 1'000;
inline constexpr size_t kGroupBytesMax = 4 << 20;
// Groups between the end of Ingest and the answer: one is being synced, the next one is ready.
inline constexpr size_t kGroupsInFlightMax = 2;
// Requests that the timers move on in one group, so that a node that was off for weeks does not
// hold up those who write.
inline constexpr size_t kTimersPerGroupMax = 256;
// Waits between attempts to bring a failed store back. The first is short because most failures
// that pass at all (a full disk that was cleared) pass at once; the last because a person may be at
// work on it.
inline constexpr int64_t kRecoveryBackoffMsMin = 200;
inline constexpr int64_t kRecoveryBackoffMsMax = 10'000;

// --- Reads ---

// Unary calls that wait for a thread. At 1 ms each the last one waits a second.
inline constexpr size_t kReadsQueuedMax = 1'024;
// A page of a list, where the caller says nothing, and the most he may ask for.
inline constexpr uint32_t kPageSizeDefault = 50;
inline constexpr uint32_t kPageSizeMax = 1'000;
inline constexpr uint32_t kAreasPageSizeDefault = 100;
// Of one page, in bytes: as much as one message of a Sync stream, and less than what every gRPC
// client takes without being told to. So a page may hold less than was asked for.
inline constexpr size_t kPageBytesMax = 1 << 20;
// A page token is ours; somebody else's is cut off here.
inline constexpr size_t kPageTokenBytesMax = 1'024;
// Text to search for, in bytes.
inline constexpr size_t kSearchTextBytesMax = 256;
// A resource name: region, request id, longest path.
inline constexpr size_t kNameBytesMax = 256;
// An etag holds at most kParentsPerChangeMax heads of 16 bytes in base64url.
inline constexpr size_t kEtagBytesMax = 2'048;

// --- Reports ---

// Requests that one job of a report looks at, some tens of milliseconds, so that others get the
// thread in between; fewer where it reads their histories. And their bytes.
inline constexpr size_t kReportRequestsPerJob = 1'000;
inline constexpr size_t kReportHistoriesPerJob = 100;
inline constexpr size_t kReportBytesPerJob = 4 << 20;
// Reports at a time: each holds one version of the data and its table.
inline constexpr size_t kReportsMax = 4;
// Rows of a table. Beyond it nobody reads, and the server's memory is not the caller's.
inline constexpr size_t kReportRowsMax = 200'000;
inline constexpr size_t kReportBytesMax = 64 << 20;
// Of one message.
inline constexpr size_t kReportBatchBytesMax = 512 << 10;

// --- Sync streams ---

// Streams at a time. A live stream that is idle costs about 40 KB; 10,000 of them fit a small
// machine and its limit of open files (20,000).
inline constexpr size_t kStreamsMax = 10'000;
// One message from a phone, after sync_service.proto: 1 MiB of changes, and what encloses them.
inline constexpr size_t kMessageBytesMax = (1 << 20) + (64 << 10);
inline constexpr size_t kPushChangesMax = 1'000;
inline constexpr size_t kPushBytesMax = 1 << 20;
// Pushes of one stream without a result; more are not read. So one phone cannot fill the queue.
inline constexpr size_t kPushesInFlightMax = 4;
// Batches that a live phone has not confirmed.
inline constexpr uint64_t kBatchesUnconfirmedMax = 8;
inline constexpr size_t kBatchBytesDefault = 256 << 10;
inline constexpr size_t kBatchBytesMin = 16 << 10;
inline constexpr size_t kBatchBytesMax = 1 << 20;
// Batches of all streams that are read or being written. Normally each is gone within milliseconds;
// this is for a thousand phones that stop reading at the same moment.
inline constexpr size_t kFeedBytesInFlightMax = 512 << 20;
inline constexpr size_t kHelloDefinitionsMax = 1'024;
inline constexpr size_t kClientVersionBytesMax = 128;
inline constexpr size_t kCursorBytesMax = 256 << 10;
// From the opening of a stream to its hello, milliseconds. A phone on 2G needs about 3 s.
inline constexpr int64_t kHelloWaitMs = 30'000;
// A write that the phone does not take. 256 KiB at 20 kbit/s last 105 s.
inline constexpr int64_t kWriteStalledMsMax = 300'000;
// An app that is too old is told so this long after its last push, if it does not half-close
// before.
inline constexpr int64_t kTooOldIdleMs = 5'000;
// How often deadlines of streams are looked at.
inline constexpr int64_t kTickMs = 500;
// The oldest protocol this server talks, and the one it is written for.
inline constexpr uint32_t kProtocolVersionMin = 1;

// --- Mirrors ---

// The oldest mirror protocol that this node talks, and the one it is written for.
inline constexpr uint32_t kMirrorProtocolVersion = 1;
inline constexpr uint32_t kMirrorProtocolVersionMin = 1;
// Stored bytes of the entries of one batch: one group of the sequencer on the other side, large
// enough that its fsync is not what costs. As a message about a third more.
inline constexpr size_t kMirrorBatchBytes = 256 << 10;
// Batches of one direction that are not on the other side's disk. 2 MiB on their way fill a link of
// 3 MB/s by satellite (600 ms); a peer that stores nothing holds no more than that.
inline constexpr uint64_t kMirrorBatchesInFlightMax = 8;
// Steps of received batches (definitions, offers, entries) that one connection has in the
// sequencer's queue: one is being folded, the others are ready.
inline constexpr size_t kMirrorStepsQueuedMax = 4;
// While more than this waits for the sequencer mirrors hold back: the room is for phones.
inline constexpr size_t kMirrorQueueBytesMax = kQueueBytesMax / 4;
// Regions in one message of what is held: about 100 bytes each, a few origins.
inline constexpr size_t kMirrorRegionsPerMessage = 256;
inline constexpr size_t kMirrorHelloDefinitionsMax = 16'384;
// Connections with other nodes. A hub has one for each regency.
inline constexpr size_t kMirrorsMax = 1'024;
// Peers that are not connected any more, of which is known why.
inline constexpr size_t kMirrorPastsMax = 1'024;

// --- Refusals ---

// What a failure says travels in HTTP/2 trailers, of which gRPC's clients take 8 KiB. Over that the
// caller is told RESOURCE_EXHAUSTED in place of what is wrong, and comes back for ever. The details
// are a third larger in base64: 5,600 bytes of the 8,192.
inline constexpr size_t kFailureDetailsBytesMax = 4'200;
// Of the message in one language, which also travels in a trailer of its own, where a byte that is
// not ASCII is three.
inline constexpr size_t kFailureMessageBytesMax = 600;

// --- Coming back later ---

// Told to whoever is turned away; each gets a random delay between half and one and a half of it,
// so that a district that reconnects at once does not come back at once.
inline constexpr int64_t kRetryOverloadedMs = 2'000;
inline constexpr int64_t kRetryStoppingMs = 3'000;
inline constexpr int64_t kRetryRefusingMs = 10'000;

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_LIMITS_H_
