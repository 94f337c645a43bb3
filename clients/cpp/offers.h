// The offers: which definition new requests pin, by region and service, as a server told it last.
//
// A server tells a phone about the regions of its scope and no others. So besides the offers the
// table holds the scope that they were told for: of a region outside it nothing is known, which is
// not the same as that it offers nothing.
//
// Thread safety: none. All errors are the database's.
#ifndef TIKAR_CLIENTS_CPP_OFFERS_H_
#define TIKAR_CLIENTS_CPP_OFFERS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/database.h"
#include "sync/types.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::client {

struct Offer {
  // "15.01"; empty: every region that has no offer of its own for the service.
  std::string region;
  std::string service;
  sync::DefinitionHash definition;
};

// nullopt: it names no service, or a region or a definition that can be none.
std::optional<Offer> OfferOf(const v1::Offer& proto);

class Offers {
 public:
  explicit Offers(Database* database) : database_(database) {}

  // The statements of the schema that make its tables.
  static const char* Schema();

  // Forgets what was told before. `scope`: area-code prefixes.
  absl::Status Replace(const std::vector<Offer>& offers, const std::vector<std::string>& scope);

  // The scope that the offers were told for, sorted; empty: nobody has told any.
  absl::StatusOr<std::vector<std::string>> ToldScope();
  // What the region offers: its own offers, and those of every region for the other services. One
  // of each service, sorted by service.
  absl::StatusOr<std::vector<Offer>> Of(std::string_view region);
  // Every definition that is offered somewhere, each once.
  absl::StatusOr<std::vector<sync::DefinitionHash>> Definitions();

 private:
  Database* database_;
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_OFFERS_H_
