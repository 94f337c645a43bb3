#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>

#include "server/engine/failure.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/status_macros.h"
#include "tikar/v1/catalog_service.grpc.pb.h"

namespace tikar::server {
namespace {

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
      // By service and version, for people.
      std::map<std::pair<std::string, uint32_t>, const sync::Definition*> sorted;
      for (const auto& [hash, definition] : published.definitions->all()) {
        const v1::Definition& proto = definition->proto();
        if (!request->all_versions() &&
            published.definitions->Newest(proto.service())->hash() != hash) {
          continue;
        }
        sorted[{proto.service(), proto.version()}] = definition.get();
      }
      for (const auto& [key, definition] : sorted) {
        v1::DefinitionSummary& summary = *response->add_definitions();
        summary.set_definition_hash(definition->hash().bytes());
        *summary.mutable_definition() = definition->proto();
      }
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* GetDefinition(grpc::CallbackServerContext* context,
                                          const v1::GetDefinitionRequest* request,
                                          v1::GetDefinitionResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      std::shared_ptr<const sync::Definition> definition;
      if (request->definition_hash().empty()) {
        definition = published.definitions->Newest(request->service());
        if (definition == nullptr) return NoSuchThing(request->service());
      } else {
        const auto hash = sync::DefinitionHash::FromBytes(request->definition_hash());
        if (!hash.has_value()) {
          return Malformed("definition_hash", "definition_hash_format",
                           "Hash definisi harus 32 byte.", "a definition's hash has 32 bytes");
        }
        definition = published.definitions->Find(*hash);
        if (definition == nullptr) return NoSuchThing(hash->hex());
      }
      response->set_definition_hash(definition->hash().bytes());
      response->mutable_definition_bytes()->set_body(definition->bytes());
      *response->mutable_definition() = definition->proto();
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
