#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authoring.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/resource_names.h"
#include "server/services.h"
#include "server/unary.h"
#include "server/watch.h"
#include "sync/feed.h"
#include "sync/feed_cursor.h"
#include "sync/limits.h"
#include "sync/query.h"
#include "sync/status_macros.h"
#include "tikar/v1/request_service.grpc.pb.h"

namespace tikar::server {
namespace {

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

// A place in the feed, as phones send it. What it says is checked where the feed is read.
absl::Status CheckResumeToken(const std::string& token) {
  if (token.size() <= kCursorBytesMax && sync::DecodeCursor(token).ok()) return absl::OkStatus();
  return Malformed(
      "resume_token", "resume_token_format",
      "resume_token bukan dari jawaban WatchRequests; kosongkan untuk mulai sekarang.",
      "resume_token is from no response of WatchRequests; leave it empty to begin now");
}

absl::Status CheckAsOf(int64_t as_of_ms) {
  if (as_of_ms >= 0) return absl::OkStatus();
  return Malformed("as_of_ms", "as_of_negative", "Waktu harus setelah 1970.",
                   "the time must be after 1970");
}

// Area-code prefixes of what somebody watches.
std::vector<std::string> WatchedAreas(const AreaTable& areas, const std::string& region,
                                      const v1::RequestFilter& filter) {
  const std::string& area = filter.area();
  if (!region.empty()) {
    const bool narrower = !area.empty() && sync::AreaWithin(area, region);
    return {narrower ? area : region};
  }
  if (!area.empty()) return {area};
  std::vector<std::string> provinces;
  for (const v1::Area& province : areas.Children("", "", sync::kScopePrefixesMax).areas) {
    provinces.push_back(province.code());
  }
  return provinces;
}

class RequestService final : public v1::RequestService::CallbackService {
 public:
  RequestService(Engine* engine, const Catalog* catalog) : engine_(engine), catalog_(*catalog) {}

  grpc::ServerUnaryReactor* GetRequest(grpc::CallbackServerContext* context,
                                       const v1::GetRequestRequest* request,
                                       v1::GetRequestResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(request->name()));
      ASSIGN_OR_RETURN(const sync::RequestKey key,
                       ResolveRequest(*published.reader, parts, request->name()));
      RETURN_IF_ERROR(CheckAsOf(request->as_of_ms()));
      ASSIGN_OR_RETURN(const auto stored,
                       request->as_of_ms() == 0
                           ? sync::LoadRequest(*published.reader, key)
                           : sync::LoadRequestAsOf(*published.reader, key, request->as_of_ms(),
                                                   *published.definitions));
      if (!stored.has_value()) return NoSuchThing(request->name());
      *response->mutable_request() = sync::ToProto(*stored);
      return sync::AddViews(*published.reader, stored->state,
                            ViewOf(published, request->as_of_ms()), true,
                            response->mutable_request());
    });
  }

  grpc::ServerUnaryReactor* ListRequests(grpc::CallbackServerContext* context,
                                         const v1::ListRequestsRequest* request,
                                         v1::ListRequestsResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", request->parent()));
      RETURN_IF_ERROR(CheckFilter(request->filter()));
      RETURN_IF_ERROR(CheckAsOf(request->as_of_ms()));
      const std::string arguments = absl::StrCat("list ", region, " ", request->as_of_ms(), "\n",
                                                 request->filter().SerializeAsString());
      ASSIGN_OR_RETURN(const sync::PageQuery page, PageOf(request->page_size(), kPageSizeDefault,
                                                          request->page_token(), arguments));
      ASSIGN_OR_RETURN(*response, sync::ListRequests(*published.reader, region, request->filter(),
                                                     page, ViewOf(published, request->as_of_ms())));
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
      RETURN_IF_ERROR(CheckAsOf(request->as_of_ms()));
      const std::string arguments =
          absl::StrCat("history ", sync::RequestName(key), " ", request->as_of_ms());
      ASSIGN_OR_RETURN(const sync::PageQuery page, PageOf(request->page_size(), kPageSizeMax,
                                                          request->page_token(), arguments));
      auto history =
          request->as_of_ms() == 0
              ? sync::LoadHistoryPage(*published.reader, key, *published.definitions, page)
              : sync::LoadHistoryPageAsOf(*published.reader, key, request->as_of_ms(),
                                          *published.definitions, page);
      if (absl::IsFailedPrecondition(history.status())) return ChangedMeanwhile(request->name());
      if (!history.ok()) return history.status();
      *response = *std::move(history);
      response->set_next_page_token(BindToken(response->next_page_token(), arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* CreateRequest(grpc::CallbackServerContext* context,
                                          const v1::CreateRequestRequest* request,
                                          v1::CreateRequestResponse* response) override {
    auto key = IdempotencyKey("CreateRequest", request->actor(), request->request_id());
    if (!key.ok()) return FinishNow(context, key.status());
    return RunWrite(
        engine_, context,
        {*std::move(key),
         [=, this](const Published& published) {
           return AuthorCreate(published, catalog_.areas, engine_->catalogue_offers(), *request);
         },
         [=, this](const Published& published, const Written& written) {
           response->set_change_id(written.change_id.bytes());
           return Show(published, written.key, request->parent(), response->mutable_request());
         }});
  }

  grpc::ServerUnaryReactor* UpdateRequest(grpc::CallbackServerContext* context,
                                          const v1::UpdateRequestRequest* request,
                                          v1::UpdateRequestResponse* response) override {
    auto key = IdempotencyKey("UpdateRequest", request->actor(), request->request_id());
    if (!key.ok()) return FinishNow(context, key.status());
    return RunWrite(engine_, context,
                    {*std::move(key),
                     [=, this](const Published& published) {
                       return AuthorUpdate(published, catalog_.areas, *request);
                     },
                     [=, this](const Published& published, const Written& written) {
                       response->set_change_id(written.change_id.bytes());
                       response->set_verdict(written.verdict);
                       return Show(published, written.key, request->name(),
                                   response->mutable_request());
                     }});
  }

  grpc::ServerWriteReactor<v1::WatchRequestsResponse>* WatchRequests(
      grpc::CallbackServerContext* context, const v1::WatchRequestsRequest* request) override {
    const auto region = ParseParent("parent", request->parent());
    if (!region.ok()) return RefuseWatch(region.status());
    if (const absl::Status checked = CheckFilter(request->filter()); !checked.ok()) {
      return RefuseWatch(checked);
    }
    if (const absl::Status checked = CheckResumeToken(request->resume_token()); !checked.ok()) {
      return RefuseWatch(checked);
    }
    return StartWatch(engine_, context, WatchedAreas(catalog_.areas, *region, request->filter()),
                      request->filter(), request->resume_token());
  }

 private:
  sync::ListView ViewOf(const Published& published, int64_t as_of_ms = 0) const {
    return {.definitions = published.definitions.get(),
            .calendar = &engine_->calendar(),
            .now_ms = engine_->now_ms(),
            .as_of_ms = as_of_ms};
  }

  // A request as it is now.
  absl::Status Show(const Published& published, const sync::RequestKey& key,
                    const std::string& name, v1::Request* request) const {
    ASSIGN_OR_RETURN(const auto stored, sync::LoadRequest(*published.reader, key));
    if (!stored.has_value()) return NoSuchThing(name);
    *request = sync::ToProto(*stored);
    return sync::AddViews(*published.reader, stored->state, ViewOf(published), false, request);
  }

  Engine* const engine_;
  const Catalog& catalog_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRequestService(Engine* engine, const Catalog* catalog) {
  return std::make_unique<RequestService>(engine, catalog);
}

}  // namespace tikar::server
