// The full fold: f(map) of README.md, from all changes of one request at once.
//
// This is the definition in code: it computes every change's past as a set of bits and evaluates
// each path from all its writes. It is what the incremental path (request_editor.h) must agree
// with, and what it falls back to. Cost: n²/8 bytes for n changes, and per path (writes)²; 10,000
// changes take 12.5 MB.
#ifndef TIKAR_SYNC_FOLD_H_
#define TIKAR_SYNC_FOLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/policy.h"
#include "sync/stamp.h"
#include "sync/state.h"
#include "sync/types.h"

namespace tikar::sync {

// One change of the map.
struct FoldChange {
  ChangeId id;
  Stamp stamp = {};                      // joined
  std::vector<ChangeId> parents = {};    // sorted
  const ParsedChange* change = nullptr;  // null: not live. Not owned.
  bool stub = false;                     // no body is here: the parents are somebody's word

  bool live() const { return change != nullptr && stamp.verdict == v1::VERDICT_ACCEPTED; }
};

// The state, and what the incremental path needs to go on from it.
struct Fold {
  State state;
  Elements elements;
  std::vector<ChangeId> missing;             // parents that are not in the map, sorted
  std::vector<std::string> disputed;         // see RequestLocal
  bool retract_open = false;                 // see RequestLocal
  bool has_timer_change = false;             // see RequestLocal
  std::vector<std::vector<uint64_t>> cover;  // see RequestLocal
  absl::flat_hash_map<ChangeId, uint32_t> generations;
  std::vector<ChangeId> circular;  // stubs whose word about their parents cannot be true, sorted
};

// Total: every set of changes with distinct ids has a fold. Order of `changes` does not matter.
// `capability` is the one that the changes were parsed with.
Fold FoldRequest(const RequestKey& key, const std::vector<FoldChange>& changes,
                 const DefinitionSource& definitions,
                 const FoldCapability& capability = kFoldCapability);

// A write as it stands in a state.
Candidate MakeCandidate(const Write& write, const ParsedChange& change, const Stamp& stamp,
                        const Definition* definition);

// Availability and the effective definition of a request with this Create and value of
// "@definition".
struct Standing {
  v1::Availability availability;
  std::shared_ptr<const Definition> definition;  // set only if READY
};
Standing StandingOf(bool newer_kind, bool has_create, const DefinitionHash& definition,
                    const DefinitionSource& definitions, const FoldCapability& capability);

// Notes in the state what a write to "status" enters, if that is a state of the workflow.
void Enter(const Candidate& write, const Definition& definition, State* state);

// What the Create says that no later change alters: service, version, time of creation.
void SetCreated(const ParsedChange& create, State* state);
// The hash that a value of "@definition" names; zero for what names none.
DefinitionHash EffectiveDefinition(const std::optional<Value>& value);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FOLD_H_
