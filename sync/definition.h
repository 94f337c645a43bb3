// Definition: a service as data, parsed and checked once and then asked by the merge and by
// validation.
//
//   ASSIGN_OR_RETURN(std::shared_ptr<const Definition> definition, Definition::Parse(bytes));
//   definition->PolicyOf("deskripsi");          // v1::POLICY_TEXT
//   definition->FindEdge("diterima", "ditolak");  // nullptr: no such edge
//
// Thread safety: a Definition is immutable; any thread may use it. Pointers and views that it hands
// out live as long as it does.
#ifndef TIKAR_SYNC_DEFINITION_H_
#define TIKAR_SYNC_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sync/types.h"
#include "tikar/v1/definition.pb.h"

namespace re2 {
class RE2;
}

namespace tikar::sync {

// The newest merge rules that this binary folds with. A definition that asks for newer ones is kept
// and forwarded, and its requests are NEEDS_NEWER_SERVER here.
inline constexpr uint32_t kMergeVersionNewest = 1;

// Paths that exist whatever the definition says. No field of a form may have one of these names.
inline constexpr std::string_view kStatusPath = "status";
inline constexpr std::string_view kRetractedPath = "@retracted";
inline constexpr std::string_view kDefinitionPath = "@definition";
inline constexpr std::string_view kAreaPath = "area";
inline constexpr std::string_view kAssigneePath = "assignee";
inline constexpr std::string_view kDuplicateOfPath = "duplicate_of";
inline constexpr std::string_view kTransferredFromPath = "transferred_from";

// True for the built-in paths that SetField may write: area, assignee, duplicate_of,
// transferred_from.
bool IsBuiltInField(std::string_view path);

class Definition {
 public:
  // Takes the publisher's bytes as they are. InvalidArgument names every problem, one a line, if
  // the bytes are over kDefinitionBytesMax, are not a v1::Definition, or contradict themselves.
  //
  // Not an error: merge_version > kMergeVersionNewest. Such a definition is not checked further,
  // since this binary cannot know its rules; it answers supported() == false.
  static absl::StatusOr<std::shared_ptr<const Definition>> Parse(std::string_view bytes);

  // The same of bytes that a store holds because an earlier build took them: what that one did not
  // object to must not stop this one, and requests pin it. `problems` gets what Parse would say
  // today; empty if nothing. Folding with a definition that has problems is total all the same.
  // InvalidArgument: no v1::Definition, or one whose workflow has no state to begin with.
  static absl::StatusOr<std::shared_ptr<const Definition>> ParseStored(std::string_view bytes,
                                                                       std::string* problems);

  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;
  ~Definition();

  // Its name: SHA-256 of bytes().
  const DefinitionHash& hash() const { return hash_; }
  // As published, never re-encoded.
  const std::string& bytes() const { return bytes_; }
  const v1::Definition& proto() const { return proto_; }
  // False: newer merge rules than this binary has. Do not fold with it.
  bool supported() const { return proto_.merge_version() <= kMergeVersionNewest; }

  // How concurrent writes to `path` are decided. Total: a path that nobody knows is POLICY_LATEST,
  // so that a field a later version introduced still folds the same on every node.
  v1::Policy PolicyOf(std::string_view path) const;

  // Key of the state in which Create puts a request; empty only if !supported().
  std::string_view initial_state() const;
  // Place in the order of precedence, from 0; -1: no such state.
  int StateRank(std::string_view state) const;
  // A person decided something here (a terminal state or one marked `decision`): two different ones
  // that did not know of each other go under review.
  bool IsDecision(std::string_view state) const;

  // nullptr: no such thing.
  const v1::State* FindState(std::string_view key) const;
  const v1::WorkflowEdge* FindEdge(std::string_view from, std::string_view to) const;
  const v1::Field* FindField(std::string_view key) const;
  const v1::Role* FindRole(std::string_view key) const;
  const v1::Collection* FindCollection(std::string_view key) const;

  // False for a role or a path that the definition does not know, and for what cannot be under
  // review: built-in fields and elements.
  bool MaySettle(std::string_view role, std::string_view path) const;
  // Whether the role may settle anything that has no settlers of its own: status, @retracted.
  bool IsSettler(std::string_view role) const;
  // Whether the role may write the form's field `key`. False for an unknown role or field.
  bool MayWrite(std::string_view role, std::string_view key) const;
  bool MayCreate(std::string_view role) const;
  bool MayRetract(std::string_view role) const;
  bool MayAssign(std::string_view role) const;

  // Whether `text` matches the pattern of the form's field `key` whole; true where there is none.
  bool MatchesPattern(std::string_view key, std::string_view text) const;
  // The field `key` of the form holds at most this many code points (default of its type where the
  // definition is silent). 0 for unknown fields and for types that have no length.
  size_t TextCodePointsMax(std::string_view key) const;
  // What each element of a collection holds: LONG_TEXT where the definition is silent.
  // UNSPECIFIED for an unknown collection.
  v1::FieldType ElementTypeOf(std::string_view collection) const;
  // Of one element, and of live elements in one request. 0 for an unknown collection; the former
  // also for elements that are no texts.
  size_t ElementCodePointsMax(std::string_view collection) const;
  size_t ElementsMax(std::string_view collection) const;

 private:
  Definition();
  // Of bytes that are a v1::Definition, not judged and without indexes. InvalidArgument.
  static absl::StatusOr<std::shared_ptr<Definition>> Decode(std::string_view bytes);
  // Each on a line; empty if there is none.
  std::string Problems() const;
  void BuildIndexes();

  std::string bytes_;
  DefinitionHash hash_;
  v1::Definition proto_;

  // Keys are views into proto_, which never changes.
  absl::flat_hash_map<std::string_view, const v1::Field*> fields_;
  absl::flat_hash_map<std::string_view, v1::Policy> policies_;
  absl::flat_hash_map<std::string_view, int> state_ranks_;
  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, const v1::WorkflowEdge*>
      edges_;
  absl::flat_hash_map<std::string_view, const v1::Role*> roles_;
  absl::flat_hash_map<std::string_view, const v1::Collection*> collections_;
  absl::flat_hash_map<std::string_view, std::unique_ptr<re2::RE2>> patterns_;
};

// Where definitions come from: the store, the SDK's replica, a test.
class DefinitionSource {
 public:
  virtual ~DefinitionSource() = default;
  // nullptr: not here (yet).
  virtual std::shared_ptr<const Definition> Find(const DefinitionHash& hash) const = 0;
};

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DEFINITION_H_
