// A phone's scope, as one region and its feed's buckets see it.
//
// A prefix is an area code of any level, or "@" and the name of an actor: what is assigned to him.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_SYNC_FEED_SCOPE_H_
#define TIKAR_SYNC_FEED_SCOPE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tikar::sync {

// "15", "15.01", "15.01.06" or "15.01.06.2010".
bool IsAreaPrefix(std::string_view text);
// Whether `area` lies within `prefix` (whole segments).
bool AreaWithin(std::string_view area, std::string_view prefix);
// The kecamatan of an area; an area above a kecamatan is its own bucket.
std::string BucketOfArea(std::string_view area);
// Of what is assigned to an actor; also the prefix of a scope that wants it.
std::string BucketOfActor(std::string_view actor);

// InvalidArgument: not 1 to kScopePrefixesMax area codes.
absl::Status CheckScope(const std::vector<std::string>& scope);

// The prefixes of a scope that concern the region, sorted: the region itself instead of what lies
// above it, and the actor where there is any. Empty: the scope has nothing of the region.
std::vector<std::string> PrefixesWithin(const std::vector<std::string>& scope,
                                        std::string_view region, std::string_view actor);

// Of prefixes that a phone has, what is still wanted: those within a wanted one, and wanted ones
// within one of them. The rest is forgotten: should it come back, it is filled again. `wanted` is
// sorted, as is the answer.
std::vector<std::string> StillWanted(const std::vector<std::string>& prefixes,
                                     const std::vector<std::string>& wanted);

// Whether a bucket of the feed can hold something within one of the prefixes.
bool Covers(const std::vector<std::string>& prefixes, std::string_view bucket);

// Whether an area lies within one of them.
bool WithinAny(std::string_view area, const std::vector<std::string>& prefixes);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_FEED_SCOPE_H_
