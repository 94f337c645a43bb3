#include "sync/offers.h"

#include <string>
#include <tuple>
#include <utility>

#include "sync/keys.h"
#include "sync/status_macros.h"

namespace tikar::sync {

bool Supersedes(const OfferRecord& a, const OfferRecord& b) {
  return std::tie(a.time_ms, a.definition, a.actor) > std::tie(b.time_ms, b.definition, b.actor);
}

absl::StatusOr<std::optional<OfferRecord>> FindOffer(const Reader& reader, std::string_view region,
                                                     std::string_view service) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader.Get(Family::kMeta, keys::Offer(region, service)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(OfferRecord offer, DecodeOffer(region, service, *bytes));
  return offer;
}

absl::StatusOr<std::vector<OfferRecord>> ListOffers(const Reader& reader, std::string_view region) {
  const std::string prefix = keys::OfferPrefix(region);
  std::vector<OfferRecord> offers;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      Family::kMeta, prefix, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        const std::string_view name = key.substr(keys::kOfferPrefix.size());
        if (name.size() <= keys::kRegionSize) {
          status = absl::DataLossError("an offer's key is damaged");
          return false;
        }
        absl::StatusOr<OfferRecord> offer =
            DecodeOffer(name.substr(0, keys::kRegionSize), name.substr(keys::kRegionSize), value);
        status = offer.status();
        if (offer.ok()) offers.push_back(*std::move(offer));
        return status.ok();
      }));
  RETURN_IF_ERROR(status);
  return offers;
}

}  // namespace tikar::sync
