#include "sync/feed_scope.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "sync/limits.h"
#include "sync/types.h"

namespace tikar::sync {
namespace {

bool PrefixWithin(std::string_view inner, std::string_view outer) {
  // Names of actors have dots too, and nothing within them.
  if (inner.starts_with('@') || outer.starts_with('@')) return inner == outer;
  return AreaWithin(inner, outer);
}

}  // namespace

bool IsAreaPrefix(std::string_view text) {
  // NN, NN.NN, NN.NN.NN, NN.NN.NN.NNNN
  if (text.size() != 2 && text.size() != 5 && text.size() != 8 && text.size() != 13) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dot = i == 2 || i == 5 || i == 8;
    if (dot ? text[i] != '.' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

bool AreaWithin(std::string_view area, std::string_view prefix) {
  return area.starts_with(prefix) && (area.size() == prefix.size() || area[prefix.size()] == '.');
}

std::string BucketOfArea(std::string_view area) {
  constexpr size_t kKecamatanSize = 8;
  return std::string(area.substr(0, kKecamatanSize));
}

std::string BucketOfActor(std::string_view actor) { return absl::StrCat("@", AbslView(actor)); }

absl::Status CheckScope(const std::vector<std::string>& scope) {
  if (scope.empty() || scope.size() > kScopePrefixesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("scope needs 1 to ", kScopePrefixesMax, " area-code prefixes"));
  }
  for (const std::string& prefix : scope) {
    if (!IsAreaPrefix(prefix)) {
      return absl::InvalidArgumentError(
          absl::StrCat("scope: \"", prefix,
                       "\" is no area code; write it like 15, 15.01, 15.01.06 or "
                       "15.01.06.2010"));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> PrefixesWithin(const std::vector<std::string>& scope,
                                        std::string_view region, std::string_view actor) {
  std::set<std::string> prefixes;
  for (const std::string& prefix : scope) {
    if (AreaWithin(region, prefix)) prefixes.insert(std::string(region));
    if (AreaWithin(prefix, region)) prefixes.insert(prefix);
  }
  if (!prefixes.empty() && !actor.empty()) prefixes.insert(BucketOfActor(actor));
  return {prefixes.begin(), prefixes.end()};
}

std::vector<std::string> StillWanted(const std::vector<std::string>& prefixes,
                                     const std::vector<std::string>& wanted) {
  std::set<std::string> kept;
  for (const std::string& have : prefixes) {
    for (const std::string& want : wanted) {
      if (PrefixWithin(have, want)) kept.insert(have);
      if (PrefixWithin(want, have)) kept.insert(want);
    }
  }
  std::vector<std::string> still(kept.begin(), kept.end());
  // One that lies within another says nothing more, unless it is asked for by name.
  std::erase_if(still, [&](const std::string& prefix) {
    return !std::binary_search(wanted.begin(), wanted.end(), prefix) &&
           std::any_of(kept.begin(), kept.end(), [&](const std::string& other) {
             return other != prefix && PrefixWithin(prefix, other);
           });
  });
  return still;
}

bool Covers(const std::vector<std::string>& prefixes, std::string_view bucket) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
    return prefix == bucket || (bucket.front() != '@' && prefix.front() != '@' &&
                                (AreaWithin(bucket, prefix) || AreaWithin(prefix, bucket)));
  });
}

bool WithinAny(std::string_view area, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return AreaWithin(area, prefix); });
}

}  // namespace tikar::sync
