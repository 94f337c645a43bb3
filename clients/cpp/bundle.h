// A phone's work as a file that somebody else carries to a server: by boat, on another phone, on a
// memory card.
//
//   ASSIGN_OR_RETURN(BundleReceiver kerinci, ParseBundleReceiver("kerinci+1b7c6f23+ATtq…"));
//   ASSIGN_OR_RETURN(std::string file, app->MakeBundle(kerinci));   // Share it as it is
//   …
//   ASSIGN_OR_RETURN(BundleAnswers answers, app->TakeAcknowledgement(file, kerinci));
//
// The line that names the receiver is what `tikar bundle key` prints at the server; the officer
// scans or types it once. Only that server can open the file, and it takes what is in it as if this
// phone had sent it: what a sync brings before or after is the same change, not another one. So
// nothing of the phone's own state changes when a bundle is made. An acknowledgement, which travels
// back, is the first tick of each change that it names.
//
// Files are signed with a key of this phone, which lies with the rest of its data.
//
// Thread safety: none; FieldApp has the lock.
#ifndef TIKAR_CLIENTS_CPP_BUNDLE_H_
#define TIKAR_CLIENTS_CPP_BUNDLE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/environment.h"
#include "clients/cpp/local_store.h"
#include "sync/ed25519.h"

namespace tikar::client {

// The server that is to open it.
struct BundleReceiver {
  std::string node;
  sync::PublicKey key;
};
// InvalidArgument: it is none, or a letter got lost.
absl::StatusOr<BundleReceiver> ParseBundleReceiver(std::string_view line);

// NotFound: there is nothing to carry. ResourceExhausted: too much for one file. Others: the
// database's.
absl::StatusOr<std::string> MakeOutboxBundle(LocalStore* store, Clock* clock, Random* random,
                                             const std::string& client_version,
                                             const BundleReceiver& receiver);

struct BundleAnswers {
  // Stored there: first tick. Refused ones are in "needs attention" now.
  uint64_t stored = 0;
  uint64_t refused = 0;
  uint64_t quarantined = 0;
};
// What the receiver answered to a bundle of this phone. The same again changes nothing.
//   InvalidArgument   it is something else, or not by that server, or not for this phone
//   DataLoss          it was damaged on its way: copy it again
absl::StatusOr<BundleAnswers> TakeOutboxAcknowledgement(LocalStore* store, Random* random,
                                                        std::string_view file,
                                                        const BundleReceiver& receiver);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_BUNDLE_H_
