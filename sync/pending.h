// What a phone shows: the server's state with the phone's own changes on top.
//
// A phone holds no history, so it cannot merge; it shows its own writes as if they had won, marked
// as pending by whoever lists them. The server decides, and its state replaces all this.
#ifndef TIKAR_SYNC_PENDING_H_
#define TIKAR_SYNC_PENDING_H_

#include <optional>
#include <string>
#include <vector>

#include "sync/change.h"
#include "sync/definition.h"
#include "sync/state.h"
#include "sync/validation.h"

namespace tikar::sync {

// A request as its author sees it: state and elements.
struct LocalView {
  State state;
  Elements elements;
};

// Applies one own change on top. `definition` may be null when it is not here: then a Create shows
// without a status. The heads become those that the next change names as parents.
void ApplyPending(const ParsedChange& change, const Definition* definition, LocalView* view);

// For validation on the phone: what the author sees.
class LocalRequestView : public RequestView {
 public:
  // `view` must outlive this.
  explicit LocalRequestView(const LocalView* view) : view_(view) {}
  std::optional<v1::Value> FieldValue(std::string_view path) const override;
  // What this phone shows is what its author sees.
  bool KnowsPast() const override { return true; }
  bool UnderReview(std::string_view path) const override;
  // The author sees the conflict, so the parents contain it.
  bool ParentsContainConflict(std::string_view path) const override;
  std::string Status() const override;
  size_t ElementCount(std::string_view collection) const override;

 private:
  const LocalView* view_;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_PENDING_H_
