// Offers: which definition of a service new requests of a region pin.
//
// What a request pinned is never changed by them. A region without an offer of a service offers
// what the node's own catalogue holds.
//
// Mirrors tell each other their offers. They end with the same one, whatever the order, because a
// later adoption carries a larger time than the one that it replaces, whatever the clocks say
// (Replica::Adopt), and the larger of two wins everywhere (Supersedes).
//
// Functions of a Reader, for any thread over a snapshot.
#ifndef TIKAR_SYNC_OFFERS_H_
#define TIKAR_SYNC_OFFERS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/records.h"
#include "sync/store.h"

namespace tikar::sync {

// Whether `a` is to stand in the place of `b`, both for one service in one region: a strict total
// order by time, definition, actor.
bool Supersedes(const OfferRecord& a, const OfferRecord& b);

// nullopt: the region has adopted none.
absl::StatusOr<std::optional<OfferRecord>> FindOffer(const Reader& reader, std::string_view region,
                                                     std::string_view service);
// Of one region, or (empty) of all; sorted by region, then service.
absl::StatusOr<std::vector<OfferRecord>> ListOffers(const Reader& reader, std::string_view region);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_OFFERS_H_
