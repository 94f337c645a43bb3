// AreaTable: Indonesia's areas from province to village, in memory.
//
// Thread safety: immutable after Load; any thread may read.
#ifndef TIKAR_SERVER_AREA_TABLE_H_
#define TIKAR_SERVER_AREA_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tikar/v1/catalog_service.pb.h"

namespace tikar::server {

class AreaTable {
 public:
  AreaTable() = default;

  // Reads provinces.csv, regencies.csv, districts.csv and villages.csv of `directory`: a header
  // row, then the code in the first column and the name in the last. aliases.csv may be missing: a
  // code that is no more, and the one it lies in today; a row for each part of one that was split.
  // Errors say file:line; an area whose parent is missing, or a code twice, is one.
  static absl::StatusOr<AreaTable> Load(const std::string& directory);

  size_t size() const { return areas_.size(); }
  bool Has(std::string_view code) const;
  // Whether a request may lie there: it is an area, or an alias of one. True of all codes in a
  // region whose villages are not in the table, for of those it cannot tell.
  bool Permits(std::string_view code) const;
  // NotFound.
  absl::StatusOr<v1::Area> Get(std::string_view code) const;

  struct Page {
    std::vector<v1::Area> areas;
    // Code to continue after; empty on the last page.
    std::string next;
  };
  // In order of code, those after `after`. An unknown parent has no children.
  Page Children(std::string_view parent, std::string_view after, size_t page_size) const;
  // Whose name or code holds `query`, without regard to the case of ASCII letters.
  Page Search(std::string_view query, std::string_view after, size_t page_size) const;

 private:
  struct Row {
    std::string code;
    std::string name;
    std::string folded;  // name in lower case
  };
  absl::Status LoadAliases(const std::string& path);
  const Row* Find(std::string_view code) const;
  v1::Area ToProto(const Row& row) const;
  // First row whose code is greater than `code`.
  std::vector<Row>::const_iterator After(std::string_view code) const;

  std::vector<Row> areas_;               // sorted by code
  std::vector<std::string> aliases_;     // sorted
  std::vector<std::string> whole_ones_;  // regions with villages; sorted
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_AREA_TABLE_H_
