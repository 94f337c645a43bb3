#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/offers.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/change.h"
#include "sync/definition_review.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/offers.h"
#include "sync/status_macros.h"
#include "tikar/v1/catalog_service.grpc.pb.h"

namespace tikar::server {
namespace {

// Hash, tags and lengths around one definition of a list.
constexpr size_t kSummaryOverheadBytes = 64;

using DefinitionPointer = std::shared_ptr<const sync::Definition>;

absl::StatusOr<sync::DefinitionHash> HashOf(const std::string& bytes) {
  const auto hash = sync::DefinitionHash::FromBytes(bytes);
  if (hash.has_value()) return *hash;
  return Malformed("definition_hash", "definition_hash_format", "Hash definisi harus 32 byte.",
                   "a definition's hash has 32 bytes");
}

absl::Status CheckRegion(const std::string& region) {
  if (sync::IsRegion(region)) return absl::OkStatus();
  return Malformed("region", "region_format", "Wilayah harus seperti 15.01.",
                   "a region looks like 15.01");
}

// A definition that may be published: one that this build can judge, and in whose workflow nothing
// gets stuck.
absl::StatusOr<DefinitionPointer> CheckDefinition(const std::string& bytes) {
  if (bytes.size() > sync::kDefinitionBytesMax) {
    return Malformed("definition_bytes.body", "definition_too_large",
                     "Definisi paling besar 256 KiB.", "a definition has at most 256 KiB");
  }
  v1::Definition proto;
  if (!proto.ParseFromString(bytes)) {
    return Malformed("definition_bytes.body", "definition_format",
                     "Ini bukan tikar.v1.Definition yang diserialisasi.",
                     "this is no serialized tikar.v1.Definition");
  }
  if (proto.merge_version() > sync::kMergeVersionNewest) {
    return Malformed(
        "merge_version", "merge_version_unknown", "Definisi ini memerlukan server yang lebih baru.",
        absl::StrCat("this definition needs a newer server: this one knows merge rules "
                     "up to version ",
                     sync::kMergeVersionNewest));
  }
  std::vector<sync::Violation> violations;
  for (const sync::Finding& finding : sync::ReviewDefinition(proto)) {
    if (finding.severity != sync::Severity::kError) continue;
    violations.push_back(
        {finding.where, "definition_problem",
         absl::StrCat("Perbaiki definisi di ", finding.where, ": ", finding.message, "."),
         absl::StrCat(finding.where, ": ", finding.message, ".")});
  }
  if (!violations.empty()) return MalformedIn("definition_problem", violations);
  return sync::Definition::Parse(bytes);
}

// AlreadyExists: the publisher has another definition under this version of the service.
absl::Status CheckVersion(const sync::DefinitionTable& table, const sync::Definition& definition) {
  const v1::Definition& mine = definition.proto();
  uint32_t newest = 0;
  bool taken = false;
  for (const auto& [hash, other] : table.all()) {
    const v1::Definition& theirs = other->proto();
    if (theirs.service() != mine.service() || theirs.publisher() != mine.publisher()) continue;
    newest = std::max(newest, theirs.version());
    taken = taken || (theirs.version() == mine.version() && hash != definition.hash());
  }
  if (!taken || table.Find(definition.hash()) != nullptr) return absl::OkStatus();
  return VersionTaken(mine.publisher(), mine.service(), mine.version(), newest);
}

v1::Adoption AdoptionOf(const Published& published, const sync::OfferRecord& offer) {
  v1::Adoption adoption;
  adoption.set_region(offer.region);
  adoption.set_service(offer.service);
  adoption.set_definition_hash(offer.definition.bytes());
  adoption.set_actor(offer.actor);
  adoption.set_time_ms(offer.time_ms);
  if (const DefinitionPointer definition = published.definitions->Find(offer.definition)) {
    adoption.set_publisher(definition->proto().publisher());
    adoption.set_version(definition->proto().version());
  }
  return adoption;
}

// By service and publisher, where not every publisher will do; the newest where no version is
// given. nullptr: none.
DefinitionPointer FindPublished(const sync::DefinitionTable& table,
                                const v1::GetDefinitionRequest& request) {
  DefinitionPointer found;
  for (const auto& [hash, definition] : table.all()) {
    const v1::Definition& proto = definition->proto();
    if (proto.service() != request.service()) continue;
    if (!request.publisher().empty() && proto.publisher() != request.publisher()) continue;
    if (request.version() != 0 && proto.version() != request.version()) continue;
    if (found == nullptr || proto.version() > found->proto().version()) found = definition;
  }
  return found;
}

// By service, version and publisher, for people.
using ListKey = std::tuple<std::string, uint32_t, std::string, sync::DefinitionHash>;

ListKey ListKeyOf(const sync::Definition& definition) {
  const v1::Definition& proto = definition.proto();
  return {proto.service(), proto.version(), proto.publisher(), definition.hash()};
}

// Of the definition that a page ended with, whose hash is the token. Definitions stay for ever,
// even when a newer one has taken this one's place in the list meanwhile.
absl::StatusOr<ListKey> LastOfPage(const sync::DefinitionTable& table, const std::string& token) {
  const auto hash = sync::DefinitionHash::FromHex(token);
  const DefinitionPointer last = hash.has_value() ? table.Find(*hash) : nullptr;
  if (last != nullptr) return ListKeyOf(*last);
  return Malformed(
      "page_token", "page_token_unknown",
      "Server ini tidak punya definisi tempat halaman sebelumnya berakhir; mulai lagi "
      "tanpa page_token.",
      "this server does not have the definition that the page before ended with: begin "
      "again without page_token");
}

class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  CatalogService(Engine* engine, const Catalog* catalog) : engine_(engine), catalog_(*catalog) {}

  grpc::ServerUnaryReactor* ListAreas(grpc::CallbackServerContext* context,
                                      const v1::ListAreasRequest* request,
                                      v1::ListAreasResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published&) -> absl::Status {
      ASSIGN_OR_RETURN(const size_t page_size,
                       PageSize(request->page_size(), kAreasPageSizeDefault));
      const std::string& query = request->query();
      if (query.size() == 1 || query.size() > kSearchTextBytesMax) {
        return Malformed("query", "query_length", "Cari dengan 2 sampai 256 karakter.",
                         "search for 2 to 256 characters");
      }
      const std::string arguments = "areas " + request->parent_code() + "\n" + query;
      ASSIGN_OR_RETURN(const std::string after, UnbindToken(request->page_token(), arguments));
      AreaTable::Page page = query.empty()
                                 ? catalog_.areas.Children(request->parent_code(), after, page_size)
                                 : catalog_.areas.Search(query, after, page_size);
      for (v1::Area& area : page.areas) *response->add_areas() = std::move(area);
      response->set_next_page_token(BindToken(page.next, arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* GetArea(grpc::CallbackServerContext* context,
                                    const v1::GetAreaRequest* request,
                                    v1::GetAreaResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published&) -> absl::Status {
      ASSIGN_OR_RETURN(*response->mutable_area(), catalog_.areas.Get(request->code()));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListDefinitions(grpc::CallbackServerContext* context,
                                            const v1::ListDefinitionsRequest* request,
                                            v1::ListDefinitionsResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      const std::string arguments = absl::StrCat("definitions ", request->all_versions());
      ASSIGN_OR_RETURN(const sync::PageQuery page, PageOf(request->page_size(), kPageSizeMax,
                                                          request->page_token(), arguments));
      std::map<ListKey, const sync::Definition*> sorted;
      for (const auto& [hash, definition] : published.definitions->all()) {
        const v1::Definition& proto = definition->proto();
        if (!request->all_versions() &&
            published.definitions->Newest(proto.service())->hash() != hash) {
          continue;
        }
        sorted[ListKeyOf(*definition)] = definition.get();
      }
      auto next = sorted.begin();
      if (!page.token.empty()) {
        ASSIGN_OR_RETURN(const ListKey last, LastOfPage(*published.definitions, page.token));
        next = sorted.upper_bound(last);
      }
      size_t bytes = 0;
      for (; next != sorted.end(); ++next) {
        const size_t more = next->second->bytes().size() + kSummaryOverheadBytes;
        const auto listed = static_cast<size_t>(response->definitions_size());
        if (listed == page.size || (listed > 0 && bytes + more > page.bytes_max)) {
          response->set_next_page_token(
              BindToken(std::prev(next)->second->hash().hex(), arguments));
          break;
        }
        bytes += more;
        v1::DefinitionSummary& summary = *response->add_definitions();
        summary.set_definition_hash(next->second->hash().bytes());
        *summary.mutable_definition() = next->second->proto();
      }
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* GetDefinition(grpc::CallbackServerContext* context,
                                          const v1::GetDefinitionRequest* request,
                                          v1::GetDefinitionResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      DefinitionPointer definition;
      std::string name;
      if (!request->definition_hash().empty()) {
        ASSIGN_OR_RETURN(const sync::DefinitionHash hash, HashOf(request->definition_hash()));
        definition = published.definitions->Find(hash);
        name = hash.hex();
      } else if (!request->region().empty()) {
        RETURN_IF_ERROR(CheckRegion(request->region()));
        ASSIGN_OR_RETURN(definition, OfferedIn(published, engine_->catalogue_offers(),
                                               request->region(), request->service()));
        name = absl::StrCat(request->service(), " in ", request->region());
      } else {
        definition = FindPublished(*published.definitions, *request);
        name = absl::StrCat(request->publisher(), request->publisher().empty() ? "" : "/",
                            request->service());
        if (request->version() != 0) absl::StrAppend(&name, "@", request->version());
      }
      if (definition == nullptr) return NoSuchThing(name);
      response->set_definition_hash(definition->hash().bytes());
      response->mutable_definition_bytes()->set_body(definition->bytes());
      *response->mutable_definition() = definition->proto();
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* PublishDefinition(grpc::CallbackServerContext* context,
                                              const v1::PublishDefinitionRequest* request,
                                              v1::PublishDefinitionResponse* response) override {
    const auto add = [=](const DefinitionPointer& definition) {
      return [=](sync::Replica& replica, int64_t now_ms) -> absl::StatusOr<sync::Outcome> {
        // Here and not before, so that of two that race with one version only one is taken.
        RETURN_IF_ERROR(CheckVersion(*replica.definitions(), *definition));
        response->set_existed(replica.definitions()->Find(definition->hash()) != nullptr);
        return replica.AddDefinition(definition->bytes(), now_ms);
      };
    };
    return RunCommand(
        engine_, context,
        {[=](const Published& published) -> absl::StatusOr<CommandCall::Prepared> {
           ASSIGN_OR_RETURN(const DefinitionPointer definition,
                            CheckDefinition(request->definition_bytes().body()));
           RETURN_IF_ERROR(CheckVersion(*published.definitions, *definition));
           response->set_definition_hash(definition->hash().bytes());
           response->set_existed(published.definitions->Find(definition->hash()) != nullptr);
           if (request->validate_only()) return CommandCall::Prepared();
           return CommandCall::Prepared{add(definition), definition->bytes().size()};
         },
         [](const Published&) { return absl::OkStatus(); }});
  }

  grpc::ServerUnaryReactor* AdoptDefinition(grpc::CallbackServerContext* context,
                                            const v1::AdoptDefinitionRequest* request,
                                            v1::AdoptDefinitionResponse* response) override {
    return RunCommand(
        engine_, context,
        {[=, this](const Published& published) -> absl::StatusOr<CommandCall::Prepared> {
           RETURN_IF_ERROR(CheckRegion(request->region()));
           if (!catalog_.areas.Permits(request->region())) {
             return Malformed("region", "unknown_area", "Tidak ada wilayah dengan kode ini.",
                              "there is no region with this code");
           }
           RETURN_IF_ERROR(CheckActor(request->actor()));
           ASSIGN_OR_RETURN(const sync::DefinitionHash hash, HashOf(request->definition_hash()));
           const DefinitionPointer definition = published.definitions->Find(hash);
           if (definition == nullptr) return NoSuchThing(hash.hex());
           if (!definition->supported()) {
             return Malformed("definition_hash", "merge_version_unknown",
                              "Definisi ini memerlukan server yang lebih baru.",
                              "this definition needs a newer server");
           }
           return CommandCall::Prepared{
               [=](sync::Replica& replica, int64_t now_ms) -> absl::StatusOr<sync::Outcome> {
                 ASSIGN_OR_RETURN(sync::Outcome outcome,
                                  replica.Adopt(request->region(), hash, request->actor(), now_ms));
                 // Phones of the region hear of it at once.
                 outcome.regions_touched = {request->region()};
                 return outcome;
               }};
         },
         [=](const Published& published) -> absl::Status {
           ASSIGN_OR_RETURN(const sync::DefinitionHash hash, HashOf(request->definition_hash()));
           const DefinitionPointer definition = published.definitions->Find(hash);
           if (definition == nullptr) return NoSuchThing(hash.hex());
           ASSIGN_OR_RETURN(const auto offer, sync::FindOffer(*published.reader, request->region(),
                                                              definition->proto().service()));
           if (!offer.has_value()) return NoSuchThing(request->region());
           *response->mutable_adoption() = AdoptionOf(published, *offer);
           return absl::OkStatus();
         }});
  }

  grpc::ServerUnaryReactor* ListAdoptions(grpc::CallbackServerContext* context,
                                          const v1::ListAdoptionsRequest* request,
                                          v1::ListAdoptionsResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      if (!request->region().empty()) RETURN_IF_ERROR(CheckRegion(request->region()));
      ASSIGN_OR_RETURN(const std::vector<sync::OfferRecord> offers,
                       sync::ListOffers(*published.reader, request->region()));
      for (const sync::OfferRecord& offer : offers) {
        *response->add_adoptions() = AdoptionOf(published, offer);
      }
      return absl::OkStatus();
    });
  }

 private:
  Engine* const engine_;
  const Catalog& catalog_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCatalogService(Engine* engine, const Catalog* catalog) {
  return std::make_unique<CatalogService>(engine, catalog);
}

}  // namespace tikar::server
