#include "clients/cpp/offers.h"

#include <utility>

#include "sync/change.h"

namespace tikar::client {
namespace {

absl::StatusOr<sync::DefinitionHash> ReadHash(const Statement& row, int column) {
  const std::optional<sync::DefinitionHash> hash =
      sync::DefinitionHash::FromBytes(row.Bytes(column));
  if (!hash) return absl::DataLossError("a stored offer names no definition");
  return *hash;
}

}  // namespace

std::optional<Offer> OfferOf(const v1::Offer& proto) {
  const auto definition = sync::DefinitionHash::FromBytes(proto.definition_hash());
  const bool region_ok = proto.region().empty() || sync::IsRegion(proto.region());
  if (!definition || !region_ok || proto.service().empty()) return std::nullopt;
  return Offer{proto.region(), proto.service(), *definition};
}

const char* Offers::Schema() {
  return R"sql(
    CREATE TABLE offers (
      region BLOB NOT NULL,
      service BLOB NOT NULL,
      definition BLOB NOT NULL,
      PRIMARY KEY (region, service)
    ) WITHOUT ROWID;
    CREATE TABLE offers_scope (prefix BLOB PRIMARY KEY) WITHOUT ROWID;
  )sql";
}

absl::Status Offers::Replace(const std::vector<Offer>& offers,
                             const std::vector<std::string>& scope) {
  RETURN_IF_ERROR(database_->Run("DELETE FROM offers"));
  RETURN_IF_ERROR(database_->Run("DELETE FROM offers_scope"));
  for (const Offer& offer : offers) {
    RETURN_IF_ERROR(database_->Run("INSERT OR REPLACE INTO offers VALUES (?, ?, ?)", offer.region,
                                   offer.service, offer.definition.view()));
  }
  for (const std::string& prefix : scope) {
    RETURN_IF_ERROR(database_->Run("INSERT OR REPLACE INTO offers_scope VALUES (?)", prefix));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Offers::ToldScope() {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT prefix FROM offers_scope ORDER BY prefix"));
  std::vector<std::string> scope;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return scope;
    scope.push_back(rows.Bytes(0));
  }
}

absl::StatusOr<std::vector<Offer>> Offers::Of(std::string_view region) {
  // A region's own offer stands before the one of every region.
  ASSIGN_OR_RETURN(
      Statement rows,
      database_->Prepare("SELECT region, service, definition FROM offers "
                         "WHERE region = ? OR region = x'' ORDER BY service, region DESC"));
  rows.BindAll(region);
  std::vector<Offer> offers;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return offers;
    std::string service = rows.Bytes(1);
    if (!offers.empty() && offers.back().service == service) continue;
    ASSIGN_OR_RETURN(const sync::DefinitionHash definition, ReadHash(rows, 2));
    offers.push_back({rows.Bytes(0), std::move(service), definition});
  }
}

absl::StatusOr<std::vector<sync::DefinitionHash>> Offers::Definitions() {
  ASSIGN_OR_RETURN(Statement rows, database_->Prepare("SELECT DISTINCT definition FROM offers"));
  std::vector<sync::DefinitionHash> hashes;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return hashes;
    ASSIGN_OR_RETURN(const sync::DefinitionHash hash, ReadHash(rows, 0));
    hashes.push_back(hash);
  }
}

}  // namespace tikar::client
