#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (section 3 and law 5 of sync/README.md): a review ends only by Settle. Whatever else is
// written to a field under review, by whoever knows of it or not, leaves it under review.
//
// Judged whenever a state is written: of a path that was under review in the state before and is
// not any more, there is an accepted Settle among the entries that came to this request's log since
// the state before.
//
// Excused, as the law is: the request took another definition, or waits for something; a parent had
// been missing (once it comes, what seemed concurrent may turn out not to be). The run has no
// timers.
class ReviewEndsOnlyBySettle : public Checker {
 public:
  std::string_view name() const override { return "ReviewEndsOnlyBySettle"; }

  void OnEntryWritten(const EntryWritten& entry) override {
    v1::ChangeBody body;
    if (entry.record.stamp.verdict != v1::VERDICT_ACCEPTED || entry.record.body.empty() ||
        !body.ParseFromString(entry.record.body)) {
      return;
    }
    for (const v1::Mutation& mutation : body.mutations()) {
      if (!mutation.has_settle()) continue;
      settled_[{entry.node, {entry.region, entry.record.request_id}}].insert(
          mutation.settle().path());
    }
  }

  void OnStateWritten(const StateWritten& written) override {
    // Its entries come before it, in one batch with it.
    const std::set<std::string> settled = std::exchange(settled_[{written.node, written.key}], {});
    if (written.before == nullptr || written.before->definition != written.after.definition ||
        written.after.availability != v1::AVAILABILITY_READY) {
      return;
    }
    for (const sync::FieldState& field : written.before->fields) {
      if (!field.under_review || written.after.UnderReview(field.path)) continue;
      if (settled.contains(field.path) || LackedParents(written.node, written.key)) continue;
      Fail(absl::StrCat(NodeName(written.node), " ended the review of ", field.path, " in ",
                        Name(written.key), ", and nobody had settled it"));
      return;
    }
  }

 private:
  // Before the batch that is being written.
  bool LackedParents(NodeIndex node, const sync::RequestKey& key) const {
    const auto headers = HeadersOf(*sight().NodeWritten(node), key);
    for (const auto& [change, header] : headers) {
      for (const sync::ChangeId& parent : header.parents) {
        if (!headers.contains(parent)) return true;
      }
    }
    return false;
  }

  // Paths that were settled since a request's state was written last.
  std::map<std::pair<NodeIndex, sync::RequestKey>, std::set<std::string>> settled_;
};

}  // namespace

std::unique_ptr<Checker> MakeReviewEndsOnlyBySettle() {
  return std::make_unique<ReviewEndsOnlyBySettle>();
}

}  // namespace tikar::simulation
