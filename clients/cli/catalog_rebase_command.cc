// tikar catalog rebase.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/catalog_commands.h"
#include "clients/cli/catalog_publishing.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/random.h"
#include "clients/cli/request_text.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;
// Told one by one; the rest are only counted.
constexpr size_t kLeftShownMax = 20;

struct Left {
  std::string ref;
  std::string why;
};

struct Summary {
  uint64_t open = 0;
  uint64_t moved = 0;
  uint64_t there = 0;
  std::vector<Left> left;
};

class Rebase {
 public:
  Rebase(Session& session, const NamedDefinition& target, bool dry_run)
      : session_(session), target_(target), dry_run_(dry_run) {
    for (const v1::State& state : target.definition.workflow().states()) {
      states_.insert(state.key());
    }
  }

  // A failure of the connection ends the run; what one request does not allow does not.
  absl::Status Run(const std::string& region, Summary& summary) {
    Progress progress(session_.err(), session_.err_terminal(),
                      Progress::ModeFor(session_.err_terminal(), session_.json()),
                      absl::StrCat(AbslView(session_.Say("Memindahkan ", "Moving ")),
                                   target_.definition.service()));
    // First what there is, then the writes: a page that is read while its requests change would
    // move under the reader, and a bar without an end would say nothing.
    std::vector<v1::Request> requests;
    absl::Status status = Collect(region, summary, requests);
    for (size_t i = 0; status.ok() && i < requests.size(); ++i) {
      status = Move(requests[i], summary);
      progress.Update(static_cast<double>(i + 1) / static_cast<double>(requests.size()),
                      absl::StrCat(i + 1, "/", requests.size()), absl::Now());
    }
    progress.Finish();
    return status;
  }

 private:
  absl::Status Collect(const std::string& region, Summary& summary,
                       std::vector<v1::Request>& requests) {
    v1::ListRequestsRequest list;
    list.set_parent(absl::StrCat("regions/", region));
    list.set_page_size(kPageSizeMax);
    list.mutable_filter()->set_service(target_.definition.service());
    list.mutable_filter()->set_open(true);
    list.mutable_filter()->set_show_joined(true);
    do {
      ASSIGN_OR_RETURN(const v1::ListRequestsResponse page, session_.connection().Call(list));
      for (const v1::Request& request : page.requests()) {
        ++summary.open;
        if (request.definition_hash() == target_.hash) {
          ++summary.there;
          continue;
        }
        // Only what the move needs: a region may have many open requests.
        v1::Request& kept = requests.emplace_back();
        kept.set_name(request.name());
        kept.set_ref(request.ref());
        kept.set_status(request.status());
        kept.set_etag(request.etag());
      }
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return absl::OkStatus();
  }

  absl::Status Move(const v1::Request& request, Summary& summary) {
    if (states_.count(request.status()) == 0) {
      summary.left.push_back(
          {request.ref(), absl::StrCat(AbslView(session_.Say("alur barunya tidak punya status ",
                                                             "its new workflow has no state ")),
                                       request.status())});
      return absl::OkStatus();
    }
    if (dry_run_) {
      ++summary.moved;
      return absl::OkStatus();
    }
    v1::UpdateRequestRequest update;
    update.set_name(request.name());
    update.set_etag(request.etag());
    v1::Rebase& rebase = *update.add_mutations()->mutable_rebase();
    rebase.set_definition_hash(target_.hash);
    rebase.set_version(target_.definition.version());
    update.set_actor(session_.settings().actor);
    update.set_role(session_.settings().role);
    update.set_request_id(RandomUuid());
    const absl::StatusOr<v1::UpdateRequestResponse> answer = session_.connection().Call(update);
    if (answer.ok() && answer->request().definition_hash() == target_.hash) {
      ++summary.moved;
      return absl::OkStatus();
    }
    if (ExitCodeOf(answer.status()) == ExitCode::kUnreachable) return answer.status();
    summary.left.push_back({request.ref(), WhyNot(answer)});
    return absl::OkStatus();
  }

  std::string WhyNot(const absl::StatusOr<v1::UpdateRequestResponse>& answer) const {
    if (answer.ok()) {
      return std::string(session_.Say("orang lain menulis bersamaan; ulangi",
                                      "somebody else wrote meanwhile; run it again"));
    }
    const FailureText text =
        Explain(answer.status(), session_.language(), session_.settings().server);
    return text.violations.empty() ? text.message : text.violations.front();
  }

  Session& session_;
  const NamedDefinition& target_;
  const bool dry_run_;
  std::set<std::string> states_;
};

}  // namespace

absl::Status CatalogRebase(Session& session, const CatalogOptions& options) {
  ASSIGN_OR_RETURN(const std::string region, RegionOf(session, options.region));
  ASSIGN_OR_RETURN(const NamedDefinition target,
                   OfferedDefinition(session, region, options.service));
  Summary summary;
  const absl::Status status = Rebase(session, target, options.dry_run).Run(region, summary);
  const std::string name = NameOfDefinition(target.definition);
  if (session.json()) {
    Json json;
    json["region"] = region;
    json["definition"] = name;
    json["definition_hash"] = absl::BytesToHexString(target.hash);
    json["open"] = summary.open;
    json["moved"] = summary.moved;
    json["already_there"] = summary.there;
    json["left"] = Json::array();
    for (const Left& left : summary.left) {
      json["left"].push_back({{"ref", left.ref}, {"why", left.why}});
    }
    json["dry_run"] = options.dry_run;
    session.out() << JsonText(json);
  } else {
    session.out() << Styled(session.out_terminal(), Style::kName, OneLine(name)) << ": "
                  << summary.moved
                  << (options.dry_run ? session.Say(" akan dipindahkan, ", " would be moved, ")
                                      : session.Say(" dipindahkan, ", " moved, "))
                  << summary.there << session.Say(" sudah di sana, ", " there already, ")
                  << summary.left.size() << session.Say(" tertinggal\n", " left behind\n");
    if (options.dry_run && summary.moved > 0) {
      session.out() << Styled(session.out_terminal(), Style::kDim,
                              session.Say("Pindahkan dengan: ", "Move them with: "))
                    << RebaseCommand(session, region, target.definition) << "\n";
    }
    for (size_t i = 0; i < std::min(kLeftShownMax, summary.left.size()); ++i) {
      session.out() << "  " << RefText(summary.left[i].ref) << "  " << OneLine(summary.left[i].why)
                    << "\n";
    }
  }
  if (!status.ok()) {
    return WithAdvice(status, session.Say("Yang sudah dipindahkan tetap begitu. Ulangi perintah "
                                          "yang sama untuk melanjutkan.",
                                          "What was moved stays. Run the same command again to "
                                          "go on where this stopped."));
  }
  if (summary.left.empty()) return absl::OkStatus();
  return WithIndonesian(
      absl::FailedPreconditionError(absl::StrCat(
          Count(Language::kEnglish, summary.left.size(), "", "request stays", "requests stay"),
          " on its earlier definition")),
      absl::StrCat(summary.left.size(), " permohonan tetap pada definisi lamanya"));
}

}  // namespace tikar::cli
