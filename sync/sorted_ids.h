// Sets of change ids as they are stored: sorted vectors without duplicates.
#ifndef TIKAR_SYNC_SORTED_IDS_H_
#define TIKAR_SYNC_SORTED_IDS_H_

#include <algorithm>
#include <vector>

#include "sync/types.h"

namespace tikar::sync {

inline bool Contains(const std::vector<ChangeId>& sorted, const ChangeId& id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

inline void InsertSorted(std::vector<ChangeId>& sorted, const ChangeId& id) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), id);
  if (at == sorted.end() || *at != id) sorted.insert(at, id);
}

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_SORTED_IDS_H_
