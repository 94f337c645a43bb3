// The grammar of names: keys of definitions, actors, areas.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_NAMES_H_
#define TIKAR_SYNC_NAMES_H_

#include <cstddef>
#include <string_view>

namespace tikar::sync {

// Of fields, states, roles and collections.
inline constexpr size_t kKeyBytesMax = 40;

// Key of a field, a state, a role or a collection: [a-z][a-z0-9_]*, at most kKeyBytesMax.
bool IsKey(std::string_view key);
// Key of a service: [a-z][a-z0-9-]*, at most kKeyBytesMax.
bool IsServiceKey(std::string_view key);
// Name of an enrolled device or of a credential: 1 to kActorBytesMax characters of [a-z0-9._-/].
bool IsActorName(std::string_view actor);
// Who makes the changes that a deadline brings about. No device and no credential has this name.
inline constexpr std::string_view kTimerActor = "timer";
// A kecamatan or a village ("15.01.06", "15.01.06.2010") within the region ("15.01").
bool IsAreaWithin(std::string_view area, std::string_view region);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_NAMES_H_
