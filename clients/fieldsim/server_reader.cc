#include "clients/fieldsim/server_reader.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/settings.h"
#include "clients/cpp/replica.h"
#include "sync/feed.h"
#include "sync/status_macros.h"

namespace tikar::fieldsim {
namespace {

constexpr uint32_t kRequestsPerPage = 200;
constexpr auto kTimeout = absl::Seconds(60);
// A history that changes while its pages are read is begun again so often.
constexpr int kAttemptsMax = 5;

ServerRequest MakeRequest(const v1::Request& proto) {
  ServerRequest request;
  request.area = proto.area();
  request.digest = proto.state_digest();
  for (const auto* fields : {&proto.fields(), &proto.elements()}) {
    for (const v1::FieldState& field : *fields) {
      if (field.under_review()) {
        ++request.under_review;
      } else if (field.candidates_size() > 1) {
        ++request.decided;
      }
    }
  }
  return request;
}

bool HasWriteOf(const v1::Request& request, std::string_view actors) {
  for (const v1::FieldState& field : request.fields()) {
    for (const v1::Candidate& candidate : field.candidates()) {
      if (candidate.actor().starts_with(actors)) return true;
    }
  }
  return false;
}

// What a scope holds, and which of it was written by `actors`.
struct Scope {
  std::map<sync::RequestKey, ServerRequest> requests;
  std::set<sync::RequestKey> written;
};

absl::StatusOr<Scope> ReadScope(cli::Connection& connection, const std::string& prefix,
                                std::string_view actors) {
  v1::ListRequestsRequest query;
  // A province has many regions; the filter finds its own.
  query.set_parent(prefix.size() < 5 ? "regions/-" : absl::StrCat("regions/", prefix.substr(0, 5)));
  query.set_page_size(kRequestsPerPage);
  query.mutable_filter()->set_area(prefix);
  query.mutable_filter()->set_show_retracted(true);
  Scope scope;
  do {
    ASSIGN_OR_RETURN(const v1::ListRequestsResponse page, connection.Call(query));
    for (const v1::Request& request : page.requests()) {
      const std::optional<sync::RequestKey> key = client::KeyOfName(request.name());
      if (!key) return absl::InternalError(absl::StrCat("no request's name: ", request.name()));
      scope.requests.insert_or_assign(*key, MakeRequest(request));
      if (HasWriteOf(request, actors)) scope.written.insert(*key);
    }
    query.set_page_token(page.next_page_token());
  } while (!query.page_token().empty());
  return scope;
}

absl::StatusOr<ServerChange> MakeChange(const v1::HistoryItem& item) {
  const std::optional<sync::ChangeId> id = sync::ChangeId::FromBytes(item.change_id());
  if (!id) return absl::InternalError("a history names a change that has no id");
  ServerChange change{*id, item.actor(), {}, item.stamp().verdict()};
  for (const std::string& parent : item.parents()) {
    if (const auto parent_id = sync::ChangeId::FromBytes(parent)) {
      change.parents.push_back(*parent_id);
    }
  }
  return change;
}

absl::StatusOr<std::vector<ServerChange>> ReadHistory(cli::Connection& connection,
                                                      const sync::RequestKey& key) {
  v1::GetRequestHistoryRequest query;
  query.set_name(absl::StrCat("regions/", key.region, "/requests/", key.id.hex()));
  std::vector<ServerChange> changes;
  do {
    ASSIGN_OR_RETURN(const v1::GetRequestHistoryResponse page, connection.Call(query));
    for (const v1::HistoryItem& item : page.items()) {
      ASSIGN_OR_RETURN(ServerChange change, MakeChange(item));
      changes.push_back(std::move(change));
    }
    query.set_page_token(page.next_page_token());
  } while (!query.page_token().empty());
  return changes;
}

// Scopes that no other one covers.
std::vector<std::string> Outermost(const std::set<std::string>& scopes) {
  std::vector<std::string> outermost;
  for (const std::string& scope : scopes) {
    // A prefix sorts before what lies within it.
    if (outermost.empty() || !sync::AreaWithin(scope, outermost.back())) outermost.push_back(scope);
  }
  return outermost;
}

}  // namespace

absl::StatusOr<ServerRecord> ReadServer(const std::string& server,
                                        const std::set<std::string>& scopes,
                                        std::set<sync::RequestKey> written, std::string_view actors,
                                        Workers* workers) {
  cli::Settings settings;
  settings.server = server;
  settings.timeout = kTimeout;
  std::vector<std::unique_ptr<cli::Connection>> connections;
  for (size_t i = 0; i < workers->threads(); ++i) {
    connections.push_back(std::make_unique<cli::Connection>(settings));
  }
  ServerRecord record;
  std::mutex mutex;  // guards record and written
  const std::vector<std::string> outermost = Outermost(scopes);
  RETURN_IF_ERROR(workers->Each(outermost.size(), [&](size_t worker, size_t i) -> absl::Status {
    ASSIGN_OR_RETURN(Scope scope, ReadScope(*connections[worker], outermost[i], actors));
    const std::lock_guard<std::mutex> lock(mutex);
    record.requests.merge(scope.requests);
    written.merge(scope.written);
    return absl::OkStatus();
  }));
  const std::vector<sync::RequestKey> keys(written.begin(), written.end());
  RETURN_IF_ERROR(workers->Each(keys.size(), [&](size_t worker, size_t i) -> absl::Status {
    absl::StatusOr<std::vector<ServerChange>> changes;
    int attempts = 0;
    do {
      changes = ReadHistory(*connections[worker], keys[i]);
    } while (absl::IsFailedPrecondition(changes.status()) && ++attempts < kAttemptsMax);
    if (absl::IsNotFound(changes.status())) return absl::OkStatus();
    RETURN_IF_ERROR(changes.status());
    const std::lock_guard<std::mutex> lock(mutex);
    record.histories[keys[i]] = *std::move(changes);
    return absl::OkStatus();
  }));
  return record;
}

absl::StatusOr<Writer> MakeWriter(cli::Connection& connection,
                                  const std::vector<std::string>& services,
                                  const std::vector<District>& districts) {
  DefinitionsOfRegions offered;
  // Most regions offer the same.
  std::map<std::string, std::shared_ptr<const sync::Definition>> parsed;
  for (const District& district : districts) {
    const auto [region, is_new] = offered.try_emplace(district.region);
    if (!is_new) continue;
    for (const std::string& service : services) {
      v1::GetDefinitionRequest request;
      request.set_service(service);
      request.set_region(district.region);
      ASSIGN_OR_RETURN(const v1::GetDefinitionResponse response, connection.Call(request));
      std::shared_ptr<const sync::Definition>& definition = parsed[response.definition_hash()];
      if (definition == nullptr) {
        ASSIGN_OR_RETURN(definition, sync::Definition::Parse(response.definition_bytes().body()));
      }
      region->second.push_back(definition);
    }
  }
  return Writer::Make(std::move(offered));
}

}  // namespace tikar::fieldsim
