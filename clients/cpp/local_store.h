// The phone's durable state: one SQLite file with the outbox, the replica of the server's states,
// the definitions and which of them are offered, and where the exchange with the server stands.
//
// Invariants, each kept within one transaction:
//   1. A change is in the outbox, with the hlc it used up, or it was never made.
//   2. A cursor is stored with everything that came before it, or not at all.
//   3. A change leaves the outbox only by a person's word (Dismiss). What the server acknowledged
//   stays
//      until a second tick says that it is on two machines.
//   4. Offers are stored with the batch that told them, and with the scope that it was for.
//   5. While the exchange is at the server's end, what is held came with the pass that is counted
//      now. A phone that starts over (with an empty cursor) gets everything anew, and nobody tells
//      it what left its scope meanwhile: so what the new pass has not brought by its end is
//      forgotten in the transaction that stores the end. The mark is a column, no list in memory: a
//      kill in the middle of the pass changes nothing.
// That a change still has to be shown on top of the server's state is not stored: it follows from
// the positions of its acknowledgements and of the state (see local_view.h).
//
// Thread safety: none; FieldApp has the lock.
#ifndef TIKAR_CLIENTS_CPP_LOCAL_STORE_H_
#define TIKAR_CLIENTS_CPP_LOCAL_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/batch_suspicion.h"
#include "clients/cpp/database.h"
#include "clients/cpp/offers.h"
#include "clients/cpp/outbox.h"
#include "clients/cpp/replica.h"
#include "sync/definition.h"
#include "sync/types.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::client {

// Who this is and where it works.
struct Device {
  std::string actor;
  std::vector<std::string> scope;  // area-code prefixes, sorted
  uint64_t hlc_last = 0;
};

// Where the exchange with the server stands. One row; every field survives a kill.
struct SyncState {
  std::string cursor;
  std::vector<std::string> cursor_scope;  // of the hello that brought the cursor
  uint64_t stream = 0;                    // streams begun so far
  uint64_t pass = 0;                      // times the server sent everything anew, so far
  uint64_t server_origin = 0;
  bool single_copy = true;
  std::optional<int64_t> clock_offset_ms;  // server's clock minus ours
  bool caught_up = false;
  int64_t caught_up_at_ms = 0;
  uint64_t remaining = 0;  // requests still to come down, about
  int error_code = 0;      // absl::StatusCode of the last attempt; 0: it went well
  std::string error;
  v1::LocalizedText error_words;  // the same for the officer
  int64_t error_at_ms = 0;
  int failures = 0;  // attempts in a row without progress
  int64_t next_attempt_at_ms = 0;
  bool upgrade_required = false;
  Suspicion suspicion;
};

class LocalStore : public sync::DefinitionSource {
 public:
  // The newest schema this build reads and writes.
  static constexpr int kSchemaVersion = 4;

  // Opens or makes the file. FailedPrecondition, and the file stays as it is, byte for byte: it was
  // written by a newer app, or is a database of something else. DataLoss: damaged.
  // `vfs` as for Database::Open.
  static absl::StatusOr<std::unique_ptr<LocalStore>> Open(const std::string& path,
                                                          const std::string& vfs = "");

  Database& database() { return *database_; }
  Outbox& outbox() { return outbox_; }
  Replica& replica() { return replica_; }
  Offers& offers() { return offers_; }

  absl::StatusOr<Device> LoadDevice();
  absl::Status SaveDevice(const Device& device);
  absl::StatusOr<SyncState> LoadSyncState();
  absl::Status SaveSyncState(const SyncState& state);

  // Keeps the publisher's bytes under their hash. Bytes that this build cannot read are kept too: a
  // newer app will.
  absl::Status AddDefinition(const v1::DefinitionBytes& definition);
  absl::StatusOr<std::vector<sync::DefinitionHash>> DefinitionHashes();
  // Of those that requests here pin and those that are offered, the ones that are not here.
  absl::StatusOr<std::vector<sync::DefinitionHash>> MissingDefinitions();
  // nullptr: not here, or not readable by this build.
  std::shared_ptr<const sync::Definition> Find(const sync::DefinitionHash& hash) const override;

  // What new requests pin that are made in this area (of a kecamatan, a village, or the region
  // itself): what its region offers. Every error has words for the officer (WordsOf).
  //   InvalidArgument      the area lies in no region
  //   NotFound             no server has told what the region offers
  //   FailedPrecondition   (of one service) its definition is offered, and not here or not readable
  //                        by this build
  // One definition of each service, sorted by service; without those that are not here or not
  // readable.
  absl::StatusOr<std::vector<std::shared_ptr<const sync::Definition>>> OfferedDefinitions(
      std::string_view area);
  // NotFound also: the region offers no such service; the words say which ones it offers.
  absl::StatusOr<std::shared_ptr<const sync::Definition>> OfferedDefinition(
      std::string_view service, std::string_view area);

 private:
  explicit LocalStore(std::unique_ptr<Database> database);

  // What the area's region offers, as OfferedDefinitions. Empty only when the region offers
  // nothing.
  absl::StatusOr<std::vector<Offer>> OffersAt(std::string_view area);

  std::unique_ptr<Database> database_;
  Outbox outbox_;
  Replica replica_;
  Offers offers_;
  mutable std::map<sync::DefinitionHash, std::shared_ptr<const sync::Definition>> parsed_;
};

// Lists of area codes as they are stored: one a line.
std::string JoinLines(const std::vector<std::string>& lines);
std::vector<std::string> SplitLines(std::string_view text);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_LOCAL_STORE_H_
