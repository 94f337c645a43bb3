#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>

#include "server/authoring.h"
#include "server/engine/failure.h"
#include "server/resource_names.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/feed.h"
#include "sync/limits.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/request_service.grpc.pb.h"

namespace tikar::server {
namespace {

// gRPC clients take 4 MiB unless told otherwise.
constexpr size_t kPageBytesMax = 3 << 20;

absl::Status CheckFilter(const v1::RequestFilter& filter) {
  if (!filter.area().empty() && !sync::IsAreaPrefix(filter.area())) {
    return Malformed("filter.area", "area_format",
                     "Kode wilayah harus seperti 15, 15.01, 15.01.06 atau 15.01.06.2010.",
                     "an area code looks like 15, 15.01, 15.01.06 or 15.01.06.2010");
  }
  for (const std::string* text :
       {&filter.text(), &filter.service(), &filter.status(), &filter.assignee()}) {
    if (text->size() > kSearchTextBytesMax) {
      return Malformed("filter", "filter_too_long", "Paling panjang 256 byte.",
                       "at most 256 bytes each");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Request> LoadProto(const Published& published, const sync::RequestKey& key,
                                      std::string_view name) {
  ASSIGN_OR_RETURN(const auto stored, sync::LoadRequest(*published.reader, key));
  if (!stored.has_value()) return NoSuchThing(name);
  return sync::ToProto(*stored);
}

// A page may be short, so one whose requests are large is asked for again with fewer.
absl::StatusOr<v1::ListRequestsResponse> ListWithinBytes(const Published& published,
                                                         const std::string& region,
                                                         const v1::RequestFilter& filter,
                                                         size_t page_size,
                                                         const std::string& token) {
  while (true) {
    ASSIGN_OR_RETURN(v1::ListRequestsResponse page,
                     sync::ListRequests(*published.reader, region, filter, page_size, token));
    if (page_size == 1 || page.ByteSizeLong() <= kPageBytesMax) return page;
    page_size = std::max<size_t>(1, page_size / 4);
  }
}

class RequestService final : public v1::RequestService::CallbackService {
 public:
  RequestService(Engine* engine, const Catalog* catalog) : engine_(engine), catalog_(*catalog) {}

  grpc::ServerUnaryReactor* GetRequest(grpc::CallbackServerContext* context,
                                       const v1::GetRequestRequest* request,
                                       v1::GetRequestResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(request->name()));
      ASSIGN_OR_RETURN(const sync::RequestKey key,
                       ResolveRequest(*published.reader, parts, request->name()));
      ASSIGN_OR_RETURN(*response->mutable_request(), LoadProto(published, key, request->name()));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListRequests(grpc::CallbackServerContext* context,
                                         const v1::ListRequestsRequest* request,
                                         v1::ListRequestsResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", request->parent()));
      ASSIGN_OR_RETURN(const size_t page_size, PageSize(request->page_size(), kPageSizeDefault));
      RETURN_IF_ERROR(CheckFilter(request->filter()));
      const std::string arguments = "list " + region + request->filter().SerializeAsString();
      ASSIGN_OR_RETURN(const std::string token, UnbindToken(request->page_token(), arguments));
      ASSIGN_OR_RETURN(*response,
                       ListWithinBytes(published, region, request->filter(), page_size, token));
      response->set_next_page_token(BindToken(response->next_page_token(), arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* GetRequestHistory(grpc::CallbackServerContext* context,
                                              const v1::GetRequestHistoryRequest* request,
                                              v1::GetRequestHistoryResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(request->name()));
      ASSIGN_OR_RETURN(const sync::RequestKey key,
                       ResolveRequest(*published.reader, parts, request->name()));
      ASSIGN_OR_RETURN(*response,
                       sync::LoadHistory(*published.reader, key, *published.definitions));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* CreateRequest(grpc::CallbackServerContext* context,
                                          const v1::CreateRequestRequest* request,
                                          v1::CreateRequestResponse* response) override {
    auto key = IdempotencyKey("CreateRequest", request->actor(), request->request_id());
    if (!key.ok()) return FinishNow(context, key.status());
    return RunWrite(engine_, context,
                    {*std::move(key),
                     [=, this](const Published& published) {
                       return AuthorCreate(published, catalog_.areas, *request);
                     },
                     [=](const Published& published, const Written& written) -> absl::Status {
                       response->set_change_id(written.change_id.bytes());
                       ASSIGN_OR_RETURN(*response->mutable_request(),
                                        LoadProto(published, written.key, request->parent()));
                       return absl::OkStatus();
                     }});
  }

  grpc::ServerUnaryReactor* UpdateRequest(grpc::CallbackServerContext* context,
                                          const v1::UpdateRequestRequest* request,
                                          v1::UpdateRequestResponse* response) override {
    auto key = IdempotencyKey("UpdateRequest", request->actor(), request->request_id());
    if (!key.ok()) return FinishNow(context, key.status());
    return RunWrite(engine_, context,
                    {*std::move(key),
                     [=](const Published& published) { return AuthorUpdate(published, *request); },
                     [=](const Published& published, const Written& written) -> absl::Status {
                       response->set_change_id(written.change_id.bytes());
                       response->set_verdict(written.verdict);
                       ASSIGN_OR_RETURN(*response->mutable_request(),
                                        LoadProto(published, written.key, request->name()));
                       return absl::OkStatus();
                     }});
  }

 private:
  Engine* const engine_;
  const Catalog& catalog_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRequestService(Engine* engine, const Catalog* catalog) {
  return std::make_unique<RequestService>(engine, catalog);
}

}  // namespace tikar::server
