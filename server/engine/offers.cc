#include "server/engine/offers.h"

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "sync/feed.h"
#include "sync/offers.h"
#include "sync/records.h"
#include "sync/status_macros.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::server {
namespace {

v1::Offer MakeOffer(std::string_view region, std::string_view service,
                    const sync::DefinitionHash& definition) {
  v1::Offer offer;
  offer.set_region(std::string(region));
  offer.set_service(std::string(service));
  offer.set_definition_hash(definition.bytes());
  return offer;
}

}  // namespace

CatalogueOffers NewestOf(const std::vector<std::string>& definitions) {
  CatalogueOffers newest;
  std::map<std::string, uint32_t> versions;
  for (const std::string& bytes : definitions) {
    v1::Definition definition;
    if (!definition.ParseFromString(bytes)) continue;
    const auto known = versions.find(definition.service());
    if (known != versions.end() && known->second >= definition.version()) continue;
    versions[definition.service()] = definition.version();
    newest[definition.service()] = sync::Sha256(bytes);
  }
  return newest;
}

absl::StatusOr<std::shared_ptr<const sync::Definition>> OfferedIn(const Published& published,
                                                                  const CatalogueOffers& catalogue,
                                                                  std::string_view region,
                                                                  std::string_view service) {
  ASSIGN_OR_RETURN(const std::optional<sync::OfferRecord> adopted,
                   sync::FindOffer(*published.reader, region, service));
  if (adopted.has_value()) return published.definitions->Find(adopted->definition);
  const auto own = catalogue.find(service);
  if (own == catalogue.end()) return std::shared_ptr<const sync::Definition>();
  return published.definitions->Find(own->second);
}

absl::StatusOr<std::vector<v1::Offer>> OffersWithin(const Published& published,
                                                    const CatalogueOffers& catalogue,
                                                    const std::vector<std::string>& scope) {
  std::vector<v1::Offer> offers;
  for (const auto& [service, definition] : catalogue) {
    offers.push_back(MakeOffer("", service, definition));
  }
  // A scope names few regions, or a province: then all adoptions are looked at once.
  constexpr size_t kRegionLength = 5;
  std::set<std::string> regions;
  bool province = false;
  for (const std::string& prefix : scope) {
    province = province || prefix.size() < kRegionLength;
    regions.insert(prefix.substr(0, kRegionLength));
  }
  if (province) regions = {""};
  for (const std::string& region : regions) {
    ASSIGN_OR_RETURN(const std::vector<sync::OfferRecord> adopted,
                     sync::ListOffers(*published.reader, region));
    for (const sync::OfferRecord& offer : adopted) {
      bool wanted = false;
      for (const std::string& prefix : scope) {
        wanted = wanted || sync::AreaWithin(offer.region, prefix) ||
                 sync::AreaWithin(prefix, offer.region);
      }
      if (wanted) offers.push_back(MakeOffer(offer.region, offer.service, offer.definition));
    }
  }
  return offers;
}

}  // namespace tikar::server
