// What differs between two definitions, and how a fork takes over what its upstream changed since.
//
// A part of a definition is named by a path of keys, whatever its place in its list:
//   title/id    fields/nik/help/en    workflow/states/diterima/label/id
//   workflow/edges/diterima-ditolak/roles    fields/@order
// Lists without unique keys, and lists of plain values, are one part each. What says whose
// definition it is takes no part: service, version, publisher, provenance.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_DEFINITION_DIFF_H_
#define TIKAR_SYNC_DEFINITION_DIFF_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tikar/v1/definition.pb.h"

namespace tikar::sync {

// Values are in protobuf's text format; nullopt: not there, or at its default.
struct DefinitionDifference {
  std::string path;
  std::optional<std::string> before;
  std::optional<std::string> after;

  friend bool operator==(const DefinitionDifference&, const DefinitionDifference&) = default;
};

// In the order of the messages' fields; what `after` alone has stands behind what both have. An
// element that one side lacks is one difference. Empty: they ask for the same and do the same.
std::vector<DefinitionDifference> DiffDefinitions(const v1::Definition& before,
                                                  const v1::Definition& after);

enum class DefinitionSide { kOurs, kTheirs };

// One part that upstream changed.
struct DefinitionMergeStep {
  std::string path;
  std::optional<std::string> base;
  std::optional<std::string> ours;
  std::optional<std::string> theirs;

  friend bool operator==(const DefinitionMergeStep&, const DefinitionMergeStep&) = default;
};

struct DefinitionMerge {
  // Ours with the steps in `taken`. Where there are conflicts it holds our side of them. Not
  // judged: two sound definitions may well merge into one that is not.
  v1::Definition merged;
  // Upstream's changes that are in `merged`.
  std::vector<DefinitionMergeStep> taken;
  // Upstream's changes that a choice for ours kept out.
  std::vector<DefinitionMergeStep> kept;
  // Both changed it, differently, and no choice says whose counts.
  std::vector<DefinitionMergeStep> conflicts;
  // Paths of choices that name nothing that upstream changed.
  std::vector<std::string> choices_unused;
};

// Three-way: `base` is what `ours` was forked from, `theirs` what upstream made of it since. A part
// that we left alone follows upstream; one that upstream left alone stays ours; both changing it to
// the same is no conflict. Removing an element that the other side changed is one. A new element
// of theirs goes behind the one that it stands behind there.
//
// `choices` decide, by path, instead of that: a choice for a path covers every part of it, and the
// longest that fits counts ("fields/nik" for all of the field, "fields" for the whole form).
DefinitionMerge MergeDefinitions(const v1::Definition& base, const v1::Definition& ours,
                                 const v1::Definition& theirs,
                                 const std::map<std::string, DefinitionSide>& choices = {});

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_DEFINITION_DIFF_H_
