// Offers: which definition the new requests of a service pin in a region.
//
// What a region has adopted (sync/offers.h), else what the node's own catalogue holds. A definition
// that was only published to the node is offered nowhere until somebody adopts it.
//
// Thread safety: pure functions over a published version; any thread.
#ifndef TIKAR_SERVER_ENGINE_OFFERS_H_
#define TIKAR_SERVER_ENGINE_OFFERS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/published.h"
#include "sync/definition.h"
#include "sync/types.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::server {

// By service: the newest version of the node's own catalogue.
using CatalogueOffers = std::map<std::string, sync::DefinitionHash, std::less<>>;

// The newest version of each service among the serialized `definitions`; those that are no
// definitions do not count.
CatalogueOffers NewestOf(const std::vector<std::string>& definitions);

// nullptr: the region offers no such service.
absl::StatusOr<std::shared_ptr<const sync::Definition>> OfferedIn(const Published& published,
                                                                  const CatalogueOffers& catalogue,
                                                                  std::string_view region,
                                                                  std::string_view service);

// What a phone with this scope (area-code prefixes) must know to make requests: the catalogue's
// offers under no region, then those that regions of the scope have adopted instead. Sorted by
// region, then service.
absl::StatusOr<std::vector<v1::Offer>> OffersWithin(const Published& published,
                                                    const CatalogueOffers& catalogue,
                                                    const std::vector<std::string>& scope);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_OFFERS_H_
