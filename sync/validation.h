// Validation: what the first node that takes a change, and the SDK before it queues one, checks.
// Mirrors never validate (see README.md): what one node accepted no other refuses.
//
//   Judgement judgement = CheckShape(body, body_bytes);
//   if (judgement.ok) judgement = CheckAreas(body, knows_area);   // not on phones
//   if (judgement.ok) judgement = CheckAgainstDefinition(body, definition, &view);
//   // judgement.violations: everything that is wrong, in Indonesian and English
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_VALIDATION_H_
#define TIKAR_SYNC_VALIDATION_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sync/definition.h"
#include "sync/violations.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::sync {

// What validation asks about the request that a change edits. Stands on a state that was read
// already: no answer can fail, since a failure taken for "no conflict" would let money out.
class RequestView {
 public:
  virtual ~RequestView() = default;
  // Value of a field of the form or a built-in one as the author of the change saw it, that is, by
  // the changes in the past of its parents: what others wrote meanwhile does not make offline work
  // wrong. nullopt: empty.
  virtual std::optional<v1::Value> FieldValue(std::string_view path) const = 0;
  // False: some of that past is not here, so the author may have seen other values than FieldValue
  // tells, and no step is refused for what is missing.
  virtual bool KnowsPast() const = 0;
  // Under review as this node sees the request now.
  virtual bool UnderReview(std::string_view path) const = 0;
  // Under review in the past of the change: its author could see the conflict.
  virtual bool ParentsContainConflict(std::string_view path) const = 0;
  // Key of the state; provisional while under review.
  virtual std::string Status() const = 0;
  // Live elements of a collection, as this node sees the request now.
  virtual size_t ElementCount(std::string_view collection) const = 0;
};

// The rules of change.proto that need no definition: formats, limits, the order of mutations, and
// the values of built-in fields. `body_bytes` is the size of the body as it came. Not an error: a
// mutation of a kind that this binary does not know but a newer one sent.
Judgement CheckShape(const v1::ChangeBody& body, size_t body_bytes);

// Whether this node's table has an area code, as one of today or as one that was split or renamed.
// Null, and for codes of which the node has no table: any will do.
using KnowsArea = std::function<bool(std::string_view code)>;

// The areas that a change names in Create and SetField. `body` passed CheckShape. Only the first
// node asks this: what areas there are is its own data, and no state follows from it.
Judgement CheckAreas(const v1::ChangeBody& body, const KnowsArea& knows_area);

// The rules of the definition: fields, workflow, roles, reviews. `body` passed CheckShape.
// `view` may be null, for a Create and where the request's Create is not here; then what depends on
// the request's state is not checked. A definition that is not supported() permits everything: a
// node that knows its rules judges the result. Not an error: a Transition whose `from` is not (or
// no longer) the request's status; the policy of the status decides that.
Judgement CheckAgainstDefinition(const v1::ChangeBody& body, const Definition& definition,
                                 const RequestView* view);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_VALIDATION_H_
