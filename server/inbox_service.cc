#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/resource_names.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/inbox_query.h"
#include "sync/status_macros.h"
#include "tikar/v1/inbox_service.grpc.pb.h"

namespace tikar::server {
namespace {

// As asked for, each once and in the order of the list.
absl::StatusOr<std::vector<v1::InboxKind>> KindsOf(const v1::ListInboxRequest& request) {
  std::vector<v1::InboxKind> kinds;
  for (const int kind : request.kinds()) {
    if (kind == v1::INBOX_KIND_UNSPECIFIED || !v1::InboxKind_IsValid(kind)) {
      return Malformed("kinds", "inbox_kind", "Jenis ini tidak dikenal server.",
                       "this server does not know this kind");
    }
    kinds.push_back(static_cast<v1::InboxKind>(kind));
  }
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

class InboxService final : public v1::InboxService::CallbackService {
 public:
  explicit InboxService(Engine* engine) : engine_(engine) {}

  grpc::ServerUnaryReactor* ListInbox(grpc::CallbackServerContext* context,
                                      const v1::ListInboxRequest* request,
                                      v1::ListInboxResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      sync::InboxQuery query;
      ASSIGN_OR_RETURN(query.region, ParseParent("parent", request->parent()));
      ASSIGN_OR_RETURN(query.kinds, KindsOf(*request));
      query.now_ms = engine_->now_ms();
      std::string arguments = absl::StrCat("inbox ", query.region);
      for (const v1::InboxKind kind : query.kinds) {
        absl::StrAppend(&arguments, " ", static_cast<int>(kind));
      }
      ASSIGN_OR_RETURN(const sync::PageQuery page, PageOf(request->page_size(), kPageSizeDefault,
                                                          request->page_token(), arguments));
      ASSIGN_OR_RETURN(*response, sync::ListInbox(*published.reader, query, page,
                                                  *published.definitions, engine_->calendar()));
      response->set_next_page_token(BindToken(response->next_page_token(), arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* DismissInboxItem(grpc::CallbackServerContext* context,
                                             const v1::DismissInboxItemRequest* request,
                                             v1::DismissInboxItemResponse*) override {
    return RunCommand(
        engine_, context,
        {[=](const Published& published) -> absl::StatusOr<CommandCall::Prepared> {
           ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(request->request()));
           ASSIGN_OR_RETURN(const sync::RequestKey key,
                            ResolveRequest(*published.reader, parts, request->request()));
           const auto change = sync::ChangeId::FromBytes(request->change_id());
           if (!change.has_value()) {
             return Malformed("change_id", "change_id_format", "ID perubahan harus 16 byte.",
                              "a change's id has 16 bytes");
           }
           return CommandCall::Prepared{
               [key, change = *change](sync::Replica& replica,
                                       int64_t now_ms) -> absl::StatusOr<sync::Outcome> {
                 auto outcome = replica.DismissRefused(key, change, now_ms);
                 if (absl::IsNotFound(outcome.status())) return NoSuchThing(change.hex());
                 return outcome;
               }};
         },
         [](const Published&) { return absl::OkStatus(); }});
  }

 private:
  Engine* const engine_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInboxService(Engine* engine) {
  return std::make_unique<InboxService>(engine);
}

}  // namespace tikar::server
