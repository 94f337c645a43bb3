// tikar requests join, part.
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/random.h"
#include "clients/cli/request_text.h"
#include "clients/cli/resource_names.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

absl::StatusOr<v1::Request> GetNamed(Session& session, const std::string& typed) {
  v1::GetRequestRequest get;
  ASSIGN_OR_RETURN(*get.mutable_name(), RequestNameOf(typed));
  ASSIGN_OR_RETURN(v1::GetRequestResponse answer, session.connection().Call(get));
  return std::move(*answer.mutable_request());
}

// "regions/15.01/requests/{id}" in its two halves.
std::string RegionPart(const v1::Request& request) {
  return request.name().substr(0, request.name().rfind('/'));
}
std::string IdPart(const v1::Request& request) {
  return request.name().substr(request.name().rfind('/') + 1);
}

// Commits one mutation as of `etag`, else of the request as it was read.
absl::StatusOr<v1::Request> Write(Session& session, const v1::Request& request,
                                  const std::string& etag, v1::Mutation mutation) {
  v1::UpdateRequestRequest update;
  update.set_name(request.name());
  update.set_etag(etag.empty() ? request.etag() : etag);
  *update.add_mutations() = std::move(mutation);
  update.set_actor(session.settings().actor);
  update.set_role(session.settings().role);
  update.set_request_id(RandomUuid());
  ASSIGN_OR_RETURN(v1::UpdateRequestResponse answer, session.connection().Call(update));
  return std::move(*answer.mutable_request());
}

}  // namespace

absl::Status RequestsJoin(Session& session, const RequestsJoinOptions& options) {
  ASSIGN_OR_RETURN(const v1::Request request, GetNamed(session, options.request));
  ASSIGN_OR_RETURN(const v1::Request main, GetNamed(session, options.to));
  if (RegionPart(request) != RegionPart(main) || request.name() == main.name()) {
    return UsageError("--to meminta permohonan lain di daerah yang sama",
                      "--to takes another request of the same region");
  }
  v1::Mutation mutation;
  mutation.mutable_set_field()->set_path(std::string(sync::kDuplicateOfPath));
  mutation.mutable_set_field()->mutable_value()->set_text(IdPart(main));
  ASSIGN_OR_RETURN(const v1::Request joined,
                   Write(session, request, options.etag, std::move(mutation)));
  if (session.json()) {
    session.out() << JsonText(RequestJson(joined));
    return absl::OkStatus();
  }
  session.out() << RefText(joined.ref()) << session.Say(" digabung ke ", " is joined to ")
                << RefText(main.ref()) << session.Say(". Pisahkan lagi: ", ". Take it back: ")
                << "tikar requests part " << RefText(joined.ref()) << "\n";
  return absl::OkStatus();
}

absl::Status RequestsPart(Session& session, const RequestsJoinOptions& options) {
  ASSIGN_OR_RETURN(const v1::Request request, GetNamed(session, options.request));
  v1::Mutation mutation;
  mutation.mutable_clear_field()->set_path(std::string(sync::kDuplicateOfPath));
  ASSIGN_OR_RETURN(const v1::Request parted,
                   Write(session, request, options.etag, std::move(mutation)));
  if (session.json()) {
    session.out() << JsonText(RequestJson(parted));
    return absl::OkStatus();
  }
  session.out() << RefText(parted.ref())
                << session.Say(" adalah hal tersendiri\n", " is a thing of its own\n");
  return absl::OkStatus();
}

}  // namespace tikar::cli
