// Every limit of the SDK, with its unit and the reason for its size.
#ifndef TIKAR_CLIENTS_CPP_LIMITS_H_
#define TIKAR_CLIENTS_CPP_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace tikar::client {

// One Push. On 120 kbit/s the bytes take a second: the result of one comes while the next is sent.
inline constexpr size_t kPushChangesMax = 200;
inline constexpr size_t kPushBytesMax = 16 << 10;
// Pushes without a result: together what a broken link costs to send again. The server takes four;
// more would only wait there.
inline constexpr size_t kPushesInFlightMax = 4;

// What the phone asks of one Batch: what a broken link costs to take again. On 120 kbit/s it takes
// 4 s. When a stream broke before it brought anything the next one asks for half, down to the least
// that servers grant, which comes within 7 s on 20 kbit/s.
inline constexpr uint32_t kBatchBytesWanted = 64 << 10;
inline constexpr uint32_t kBatchBytesWantedMin = 16 << 10;
// A message from the server: a definition (256 KiB) and a request (768 KiB) with their envelope
// must fit.
inline constexpr int kReceiveBytesMax = 2 << 20;

// A link that says nothing for two minutes is given up as dead after one more; servers count more
// frequent pings as abuse and hang up.
inline constexpr int kKeepaliveTimeMs = 120'000;
inline constexpr int kKeepaliveTimeoutMs = 60'000;

// How long a dial may take: connecting over 2G takes 2 to 8 seconds.
inline constexpr int kDialMsMax = 20'000;

// A short sync that gets no message for so long is ended and tried again: as long as the keepalive
// would take, for a server that answers pings and nothing else.
inline constexpr int64_t kSilenceMsMax = 180'000;

// Waits between attempts: doubled from the first to the longest, spread over the upper half.
inline constexpr int64_t kBackoffFirstMs = 1'000;
inline constexpr int64_t kBackoffLongestMs = 300'000;
// The longest wait that a server may ask for. Beyond it a mistaken server would silence a phone.
inline constexpr int64_t kRetryDelayMsMax = 3'600'000;

// A clock that is off by more is told to the officer. Same as what a stamp tolerates.
inline constexpr int64_t kClockWarningMs = 5 * 60 * 1000;

// Streams that a batch must end by an accusing error before it is halved, and that a change must
// end alone before it is parked.
inline constexpr int kStrongStrikesMax = 2;
// The same for streams that broke without a reason: links do that. Halves, never parks.
inline constexpr int kWeakStrikesMax = 3;

// One page of List.
inline constexpr size_t kListPageMax = 1'000;

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_LIMITS_H_
