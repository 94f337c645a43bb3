// A fork that takes over what its upstream changed: differences and three-way merges of
// definitions.
//
// Frames: base, ours, theirs; then choices, a path each (odd tag: theirs).
#include <map>

#include "sync/definition_diff.h"
#include "target.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kFramesMax = 12;
// Compared with itself and others a dozen times: larger ones only take longer.
constexpr size_t kBytesMax = 24 << 10;

// Each frame is a definition; read as a message, a choice's path stays plain bytes.
const google::protobuf::Message* MessageOf(uint8_t tag) {
  return tag == 0 ? &v1::Definition::default_instance() : nullptr;
}

bool Same(const v1::Definition& a, const v1::Definition& b) {
  return sync::DiffDefinitions(a, b).empty();
}

}  // namespace

FUZZ_TARGET_OF(definition_merge, "differences and merges of definitions",
               (FrameShape{kFramesMax, &MessageOf})) {
  const std::vector<Frame> frames = ReadFrames(bytes, kFramesMax);
  if (frames.size() < 3 || bytes.size() > kBytesMax) return false;
  v1::Definition base, ours, theirs;
  if (!base.ParseFromString(frames[0].bytes) || !ours.ParseFromString(frames[1].bytes) ||
      !theirs.ParseFromString(frames[2].bytes)) {
    return false;
  }
  std::map<std::string, sync::DefinitionSide> choices;
  for (size_t i = 3; i < frames.size(); ++i) {
    choices[frames[i].bytes] =
        (frames[i].tag & 1) != 0 ? sync::DefinitionSide::kTheirs : sync::DefinitionSide::kOurs;
  }

  for (const v1::Definition* one : {&base, &ours, &theirs}) {
    PROMISE(Same(*one, *one), "a definition does not differ from itself");
  }
  PROMISE(Same(base, ours) == Same(ours, base), "to differ goes both ways");

  const sync::DefinitionMerge nothing = sync::MergeDefinitions(base, ours, base);
  PROMISE(Same(nothing.merged, ours) && nothing.taken.empty() && nothing.conflicts.empty(),
          "an upstream that changed nothing changes nothing");
  const sync::DefinitionMerge all = sync::MergeDefinitions(base, base, theirs);
  PROMISE(all.conflicts.empty(), "a fork that changed nothing has no conflict");
  PROMISE(Same(all.merged, theirs) && (Same(base, theirs) || !all.taken.empty()),
          "a fork that changed nothing follows its upstream");
  const sync::DefinitionMerge agreed = sync::MergeDefinitions(base, ours, ours);
  PROMISE(Same(agreed.merged, ours) && agreed.conflicts.empty(),
          "both changing it to the same is no conflict");

  const sync::DefinitionMerge merge = sync::MergeDefinitions(base, ours, theirs);
  PROMISE(merge.merged.service() == ours.service() && merge.merged.version() == ours.version() &&
              merge.merged.publisher() == ours.publisher(),
          "whose definition it is stays ours");
  const sync::DefinitionMerge same = sync::MergeDefinitions(base, ours, theirs);
  PROMISE(same.merged.SerializeAsString() == merge.merged.SerializeAsString() &&
              same.conflicts == merge.conflicts && same.taken == merge.taken,
          "the same three give the same merge");
  std::map<std::string, sync::DefinitionSide> ours_everywhere;
  for (const sync::DefinitionMergeStep& step : merge.conflicts) {
    ours_everywhere[step.path] = sync::DefinitionSide::kOurs;
  }
  PROMISE(sync::MergeDefinitions(base, ours, theirs, ours_everywhere).conflicts.empty(),
          "a choice ends a conflict");
  const sync::DefinitionMerge chosen = sync::MergeDefinitions(base, ours, theirs, choices);
  PROMISE(chosen.conflicts.size() <= merge.conflicts.size(), "choices make no conflict");
  return true;
}

}  // namespace tikar::fuzz
