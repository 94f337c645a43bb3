#include <grpcpp/grpcpp.h>

#include <memory>

#include "server/authoring.h"
#include "server/engine/failure.h"
#include "server/resource_names.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/feed.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/conflict_service.grpc.pb.h"

namespace tikar::server {
namespace {

class ConflictService final : public v1::ConflictService::CallbackService {
 public:
  explicit ConflictService(Engine* engine) : engine_(engine) {}

  grpc::ServerUnaryReactor* ListConflicts(grpc::CallbackServerContext* context,
                                          const v1::ListConflictsRequest* request,
                                          v1::ListConflictsResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", request->parent()));
      if (!request->area().empty() && !sync::IsAreaPrefix(request->area())) {
        return Malformed("area", "area_format",
                         "Kode wilayah harus seperti 15, 15.01, 15.01.06 atau 15.01.06.2010.",
                         "an area code looks like 15, 15.01, 15.01.06 or 15.01.06.2010");
      }
      if (request->service().size() > kSearchTextBytesMax) {
        return Malformed("service", "filter_too_long", "Paling panjang 256 byte.",
                         "at most 256 bytes");
      }
      const std::string arguments =
          "conflicts " + region + "\n" + request->area() + "\n" + request->service();
      ASSIGN_OR_RETURN(const sync::PageQuery query, PageOf(request->page_size(), kPageSizeDefault,
                                                           request->page_token(), arguments));
      ASSIGN_OR_RETURN(sync::ConflictPage page,
                       sync::ListConflicts(*published.reader, region, request->area(),
                                           request->service(), query, *published.definitions));
      for (v1::Conflict& conflict : page.conflicts) {
        *response->add_conflicts() = std::move(conflict);
      }
      response->set_next_page_token(BindToken(page.next_page_token, arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* GetConflict(grpc::CallbackServerContext* context,
                                        const v1::GetConflictRequest* request,
                                        v1::GetConflictResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const ConflictNameParts parts, ParseConflictName(request->name()));
      ASSIGN_OR_RETURN(const sync::RequestKey key,
                       ResolveRequest(*published.reader, parts.request, request->name()));
      ASSIGN_OR_RETURN(const auto stored, sync::LoadRequest(*published.reader, key));
      if (!stored.has_value()) return NoSuchThing(request->name());
      ASSIGN_OR_RETURN(*response->mutable_conflict(),
                       sync::MakeConflict(*stored, parts.path, *published.definitions));
      *response->mutable_request() = sync::ToProto(*stored);
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* SettleConflict(grpc::CallbackServerContext* context,
                                           const v1::SettleConflictRequest* request,
                                           v1::SettleConflictResponse* response) override {
    auto key = IdempotencyKey("SettleConflict", request->actor(), request->request_id());
    if (!key.ok()) return FinishNow(context, key.status());
    return RunWrite(
        engine_, context,
        {*std::move(key),
         [=](const Published& published) { return AuthorSettle(published, *request); },
         [=](const Published& published, const Written& written) -> absl::Status {
           ASSIGN_OR_RETURN(const ConflictNameParts parts, ParseConflictName(request->name()));
           ASSIGN_OR_RETURN(const auto stored, sync::LoadRequest(*published.reader, written.key));
           if (!stored.has_value()) return NoSuchThing(request->name());
           response->set_change_id(written.change_id.bytes());
           response->set_still_under_review(stored->state.UnderReview(parts.path));
           *response->mutable_request() = sync::ToProto(*stored);
           return absl::OkStatus();
         }});
  }

 private:
  Engine* const engine_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConflictService(Engine* engine) {
  return std::make_unique<ConflictService>(engine);
}

}  // namespace tikar::server
