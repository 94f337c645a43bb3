// Offers: which definition of a service new requests of a region pin.
//
// Of this node; what a request pinned is never changed by them. A region without an offer of a
// service offers what the node's own catalogue holds.
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

// nullopt: the region has adopted none.
absl::StatusOr<std::optional<OfferRecord>> FindOffer(const Reader& reader, std::string_view region,
                                                     std::string_view service);
// Of one region, or (empty) of all; sorted by region, then service.
absl::StatusOr<std::vector<OfferRecord>> ListOffers(const Reader& reader, std::string_view region);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_OFFERS_H_
