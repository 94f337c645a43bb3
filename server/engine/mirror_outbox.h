// MirrorOutbox: what one connection has yet to tell and to send, by what is published.
//
// mirror_session.h says what follows from which vectors. This is the part that reads the store.
#ifndef TIKAR_SERVER_ENGINE_MIRROR_OUTBOX_H_
#define TIKAR_SERVER_ENGINE_MIRROR_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/mirror_table.h"
#include "server/engine/published.h"
#include "sync/definition.h"
#include "sync/offers.h"
#include "sync/replica.h"
#include "tikar/v1/mirror_service.pb.h"

namespace tikar::server {

// Thread safety: none; one read at a time.
class MirrorOutbox {
 public:
  // What the peer has of a region, as is known now.
  using PeerHas = std::function<sync::VersionVector(const std::string& region)>;

  // `definitions`: those that the peer has.
  MirrorOutbox(std::vector<std::string> prefixes, std::set<sync::DefinitionHash> definitions);

  struct Wanted {
    // Where something was published since the last read.
    std::set<std::string> dirty;
    // What came from the peer since, and need not go back.
    std::vector<sync::DefinitionHash> definitions_got;
    std::vector<sync::OfferRecord> offers_got;
    // Whether a batch may be sent.
    bool batch = false;
  };
  struct Found {
    std::vector<v1::MirrorHeld> held;
    std::optional<v1::MirrorBatch> batch;
    uint64_t entries = 0;  // in the batch
    // There is more for another batch.
    bool more = false;
  };
  // An error: the store could not be read. The call must end, and this with it.
  absl::StatusOr<Found> Read(const Published& published, const Wanted& wanted,
                             const PeerHas& peer_has);

  // Whether the table holds definitions that were not looked at.
  bool LacksDefinitionsOf(const Published& published) const {
    return published.definitions != definitions_seen_;
  }
  // What is on this disk, as of the last read.
  const RegionVectors& own() const { return own_; }

 private:
  absl::Status LookAt(const Published& published, const std::string& prefix,
                      const PeerHas& peer_has, std::set<std::string>* regions);
  void LookAtDefinitions(const Published& published);
  void NoteTold(const sync::OfferRecord& offer, bool due);
  absl::Status MakeBatch(const Published& published, const PeerHas& peer_has, Found* found);
  absl::Status FillWithEntries(const Published& published, const PeerHas& peer_has, size_t bytes,
                               Found* found);
  // Of these regions what the peer was not told, as messages.
  std::vector<v1::MirrorHeld> MakeHeld(const std::set<std::string>& regions);

  const std::vector<std::string> prefixes_;
  RegionVectors own_;
  RegionVectors told_;
  bool complete_told_ = false;
  // Regions of which the peer may lack something, in turns, so that a heavy one blocks none.
  std::deque<std::string> pending_;
  std::set<std::string> pending_set_;

  std::shared_ptr<const sync::DefinitionTable> definitions_seen_;
  std::set<sync::DefinitionHash> peer_definitions_;
  std::deque<std::shared_ptr<const sync::Definition>> definitions_due_;
  std::map<std::pair<std::string, std::string>, sync::OfferRecord> offers_told_;
  std::deque<sync::OfferRecord> offers_due_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_MIRROR_OUTBOX_H_
