// The judgement of the first node that sees a change: whether it takes it, and what of a refused
// one it keeps. No mirror repeats it.
//
// Not thread-safe: the editor reads the store as it is asked.
#ifndef TIKAR_SYNC_JUDGE_H_
#define TIKAR_SYNC_JUDGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/request_editor.h"
#include "sync/validation.h"

namespace tikar::sync {

// A violation of the change as a whole.
Violation WholeChange(std::string code, std::string message_id, std::string message_en);

// Judges a change of the editor's request: shape, areas (see CheckAreas), limits, and the rules of
// the definition where the request's is here. A bad change is no error: an error is one of the
// store.
absl::StatusOr<Judgement> JudgeChange(const ParsedChange& change,
                                      const DefinitionSource& definitions,
                                      const KnowsArea& knows_area, RequestEditor* editor);

// Whether a refused change may leave a stub, so that its children keep their ancestry. Not when
// there are too many stubs already, or this one would cost everybody who reads the request: what is
// refused never uses up the room of what is taken (limits.h).
absl::StatusOr<bool> LeavesStub(const ParsedChange& refused, RequestEditor* editor);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_JUDGE_H_
