// Which change of a batch spoils the exchange?
//
// Problem: one change that makes a server (or a proxy before it) end the stream would stop every
// change behind it for ever (CHT #6143, PouchDB #9165). But streams end for many reasons, and to
// park an innocent change is to hide an officer's work.
//
// So: a stream's end accuses the first batch without a result, and only by what it says.
//   strong  INTERNAL, UNKNOWN, INVALID_ARGUMENT, DATA_LOSS, OUT_OF_RANGE, and RESOURCE_EXHAUSTED
//           without a request to come back later (a message over a limit): the server choked.
//   weak    UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ABORTED: the link broke or the server went
//           away. It may have crashed on the batch; most often it did not.
//   none    RESOURCE_EXHAUSTED with RetryInfo, UNAUTHENTICATED, PERMISSION_DENIED,
//           FAILED_PRECONDITION, UNIMPLEMENTED: about the device or the server. And whatever ended
//           the stream before the Welcome: then the hello or the server was at fault.
//
// After a strong end the next stream is *wary*: it takes nothing down, waits for the Welcome, and
// carries the accused batch alone. A batch that ends two streams by strong ends is halved; a half
// that ends one is halved again; a change that alone ends two streams, after all that, is parked.
// What a half brings through is acquitted, and the search goes on in the other half. Three weak
// ends of the same batch halve it too, which on a bad link is right anyway, but they never park: a
// change that is alone then is sent after all the others, for ever.
//
// Pure functions on a value that is stored, so that the search goes on after a kill.
#ifndef TIKAR_CLIENTS_CPP_BATCH_SUSPICION_H_
#define TIKAR_CLIENTS_CPP_BATCH_SUSPICION_H_

#include <optional>

#include "absl/status/status.h"
#include "sync/types.h"

namespace tikar::client {

// What is known about a batch that ended streams.
struct Suspicion {
  sync::ChangeId first;  // the first change of the suspected ones; zero: no suspicion
  int changes = 0;       // how many are suspected, from `first` on
  int limit = 0;         // how many go into the next batch
  int strong_strikes = 0;
  int weak_strikes = 0;
  bool halved = false;  // convicted as a whole; the culprit is being looked for
  bool wary = false;    // the next stream carries this batch and nothing else

  bool active() const { return !first.is_zero(); }
  friend bool operator==(const Suspicion&, const Suspicion&) = default;
};

enum class Evidence { kNone, kWeak, kStrong };
// `asked_to_wait`: the server's answer said when to come back (RetryInfo).
Evidence EvidenceOf(const absl::Status& end, bool asked_to_wait);

enum class Consequence {
  kNone,
  // The next batch is smaller.
  kHalved,
  // `first` goes to the end of the line.
  kDefer,
  // `first` is parked in needs attention.
  kPark,
};

// A stream ended while a batch of `changes` changes, beginning with `first`, was without a result.
// `welcomed`: the server had taken the hello.
Consequence Accuse(const sync::ChangeId& first, int changes, Evidence evidence, bool welcomed,
                   Suspicion* suspicion);

// A batch of `changes` changes that began with `first` got its results. `next`: the first change
// that is still to be sent, if any.
void Acquit(const sync::ChangeId& first, int changes, const std::optional<sync::ChangeId>& next,
            Suspicion* suspicion);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_BATCH_SUSPICION_H_
