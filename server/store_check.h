// Looking through a whole store for damage: while it is served, a page at a time (StatusService),
// and while no tikard has it open (tikard --check).
#ifndef TIKAR_SERVER_STORE_CHECK_H_
#define TIKAR_SERVER_STORE_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/rocksdb_store.h"
#include "sync/definition.h"
#include "sync/store.h"

namespace tikar::server {

struct StoreFault {
  std::string where;  // a file of the data directory, or a row
  std::string what;   // is wrong, and for a file what to do
};

struct StoreCheckPage {
  uint64_t files = 0;        // that were read
  uint64_t files_total = 0;  // that there are now; zero once the rows have their turn
  uint64_t rows = 0;         // that were looked at
  std::vector<StoreFault> faults;
  std::string next;  // where the next page begins; empty: that was all
};

// Rows of one page: some ten milliseconds, so that officers do not wait behind it.
inline constexpr size_t kCheckedRowsPerPage = 2'000;

// One table file, or kCheckedRowsPerPage rows (sync/row_check.h). `from` is empty or the `next` of
// a page before. `files` may be null: then rows only.
//   kInvalidArgument  `from` is no such place
//   other codes       the store cannot be read at all
absl::StatusOr<StoreCheckPage> CheckStorePage(const storage::TableFiles* files,
                                              const sync::Reader& reader,
                                              const sync::DefinitionSource& definitions,
                                              std::string_view from);

struct StoreCheckTotals {
  uint64_t files = 0;
  uint64_t rows = 0;
  uint64_t faults = 0;
};

// The whole of a data directory that no tikard has open; nothing in it is changed. `found` is
// called for each fault, `progress` after each page. An error: it could not be checked at all
// (kFailedPrecondition: somebody has it open; kNotFound: there is no store). A store that does not
// open because it is damaged is a fault.
absl::StatusOr<StoreCheckTotals> CheckDataDirectory(
    const std::string& directory, const std::function<void(const StoreFault&)>& found,
    const std::function<void(const StoreCheckTotals&)>& progress);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_STORE_CHECK_H_
