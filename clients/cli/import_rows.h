// From the row of a CSV file to the changes of one request.
//
// The same row and map always make the same bytes: times come from the row, nonces from its key, so
// a change of a row that was imported before has the id it had then, and the server answers
// "duplicate". That is all there is to being idempotent; no list of what was imported is kept
// anywhere.
#ifndef TIKAR_CLIENTS_CLI_IMPORT_ROWS_H_
#define TIKAR_CLIENTS_CLI_IMPORT_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "clients/cli/csv.h"
#include "clients/cli/import_map.pb.h"
#include "clients/cli/language.h"
#include "clients/cli/times.h"
#include "sync/definition.h"
#include "sync/types.h"
#include "sync/validation.h"
#include "tikar/v1/change.pb.h"

namespace tikar::cli {

// A change as it is pushed.
struct ImportChange {
  std::string body;
  sync::ChangeId id;
};

// What became of one row. Either `changes` or `problems` is empty.
struct ImportRow {
  uint64_t line = 0;
  std::vector<std::string> cells;
  std::string key;
  // In the order in which they are to be pushed: the Create, then a chain.
  std::vector<ImportChange> changes;
  // Why the row cannot be imported.
  std::vector<sync::Violation> problems;
  // What was put right on the way: "closing date before …".
  std::vector<Bilingual> warnings;
};

// Not thread-safe.
class RowConverter {
 public:
  // `header` is the file's first record. InvalidArgument names the columns that the map asks for
  // and the file does not have, fields and states that the definition does not know, an unknown
  // time zone.
  static absl::StatusOr<RowConverter> Make(importmap::v1::ImportMap map,
                                           std::shared_ptr<const sync::Definition> definition,
                                           const std::vector<std::string>& header);

  // Total: what cannot be imported has problems. The changes passed the same validation as a server
  // does. Remembers the row's key: the next row with it is refused.
  ImportRow Convert(CsvRecord record);

  const importmap::v1::ImportMap& map() const { return map_; }

 private:
  class RequestSoFar;

  RowConverter(importmap::v1::ImportMap map, std::shared_ptr<const sync::Definition> definition,
               CivilTimeParser times);

  absl::Status CheckMap(const std::vector<std::string>& header);
  void CheckText(const importmap::v1::Text& text, std::string_view where,
                 std::vector<Bilingual>& problems) const;
  void CheckField(const importmap::v1::FieldMap& field, std::vector<Bilingual>& problems) const;
  void CheckColumn(std::string_view column, std::string_view where,
                   std::vector<Bilingual>& problems) const;

  // The row's cell without blanks around it.
  std::string_view CellOf(const ImportRow& row, const std::string& column) const;
  // nullopt: the text is not in the table (a problem was added).
  std::optional<std::string> Evaluate(const importmap::v1::Text& text, std::string_view where,
                                      size_t code_points_max, ImportRow& row) const;
  std::optional<int64_t> TimeOf(const std::string& column, ImportRow& row) const;
  void AddField(const importmap::v1::FieldMap& field, tikar::v1::ChangeBody& body,
                ImportRow& row) const;
  void AddComments(const google::protobuf::RepeatedPtrField<importmap::v1::Text>& comments,
                   tikar::v1::ChangeBody& body, ImportRow& row) const;
  const importmap::v1::Walk* WalkOf(ImportRow& row) const;
  // Puts the change behind those of the row, or adds problems.
  void Append(tikar::v1::ChangeBody body, int64_t time_ms, RequestSoFar& request,
              ImportRow& row) const;

  importmap::v1::ImportMap map_;
  std::shared_ptr<const sync::Definition> definition_;
  CivilTimeParser times_;
  absl::flat_hash_map<std::string, size_t> columns_;
  size_t column_count_ = 0;
  // First 8 bytes of the keys' hashes: a million rows take a few megabytes.
  absl::flat_hash_set<uint64_t> keys_;
};

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_IMPORT_ROWS_H_
