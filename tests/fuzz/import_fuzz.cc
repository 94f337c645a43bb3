// Import files: the map that somebody wrote and the CSV that some other program exported.
//
// Frames: the file; the map as textproto; the definition that the map is for, as bytes. A file
// alone is for the reader alone; without a definition the map is for the form of the fuzzers'
// world.
#include <sstream>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv.h"
#include "clients/cli/import_map.h"
#include "clients/cli/import_rows.h"
#include "sync/validation.h"
#include "target.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kFramesMax = 3;
constexpr size_t kRowsMax = 40;

// Reads all rows; what was read can be written, and reads the same then.
bool ReadAll(const std::string& file, std::vector<cli::CsvRecord>* records) {
  std::istringstream input(file);
  cli::CsvReader reader(input);
  uint64_t line = 0;
  bool good = true;
  while (records->size() < kRowsMax) {
    absl::StatusOr<std::optional<cli::CsvRecord>> record = reader.Next();
    PROMISE(reader.bytes_read() <= file.size(), "no more is read than there is");
    if (!record.ok()) {
      PROMISE(absl::IsInvalidArgument(record.status()), "a file that breaks the limits is refused");
      return false;
    }
    if (!*record) break;
    PROMISE((*record)->line > line, "records stand on lines of their own");
    line = (*record)->line;
    PROMISE(!(*record)->cells.empty(), "a record has a cell");
    good = good && (*record)->problem.empty();
    std::ostringstream output;
    cli::WriteCsvRecord(output, (*record)->cells);
    std::istringstream written(output.str());
    cli::CsvReader again(written);
    const absl::StatusOr<std::optional<cli::CsvRecord>> copy = again.Next();
    // One cell without a character is an empty line, which is no record.
    const bool is_empty = (*record)->cells.size() == 1 && (*record)->cells[0].empty();
    PROMISE(copy.ok() && (is_empty || (copy->has_value() && (*copy)->problem.empty() &&
                                       (*copy)->cells == (*record)->cells)),
            "a record that is written reads as it was");
    records->push_back(**std::move(record));
  }
  return good;
}

}  // namespace

FUZZ_TARGET_OF(import, "import files: CSV and the map", (FrameShape{kFramesMax, nullptr})) {
  const std::vector<Frame> frames = ReadFrames(bytes, kFramesMax);
  if (frames.empty()) return false;
  std::vector<cli::CsvRecord> records;
  const bool good = ReadAll(frames[0].bytes, &records);
  if (frames.size() == 1) return good;

  std::shared_ptr<const sync::Definition> definition = Form();
  if (frames.size() == 3) {
    const auto parsed = sync::Definition::Parse(frames[2].bytes);
    if (!parsed.ok()) return false;
    definition = *parsed;
  }
  const absl::StatusOr<importmap::v1::ImportMap> map = cli::ParseImportMap(frames[1].bytes);
  if (!map.ok()) {
    PROMISE(!map.status().message().empty(), "a map that is refused is told why");
    return false;
  }
  if (records.empty()) return false;
  absl::StatusOr<cli::RowConverter> converter =
      cli::RowConverter::Make(*map, definition, records[0].cells);
  absl::StatusOr<cli::RowConverter> second =
      cli::RowConverter::Make(*map, definition, records[0].cells);
  PROMISE(converter.ok() == second.ok(), "the same map and header are judged alike");
  if (!converter.ok()) {
    PROMISE(absl::IsInvalidArgument(converter.status()), "a map that does not fit is refused");
    return false;
  }
  bool all_fit = good && records.size() > 1;
  for (size_t i = 1; i < records.size(); ++i) {
    const cli::ImportRow row = converter->Convert(records[i]);
    const cli::ImportRow again = second->Convert(records[i]);
    PROMISE(row.changes.empty() != row.problems.empty(),
            "a row becomes changes, or says why it does not");
    PROMISE(row.changes.size() == again.changes.size(), "the same row makes the same changes");
    for (size_t change = 0; change < row.changes.size(); ++change) {
      const std::string& body = row.changes[change].body;
      PROMISE(body == again.changes[change].body, "the same row makes the same bytes");
      const absl::StatusOr<sync::ParsedChange> parsed = sync::ParseChange(body);
      PROMISE(parsed.ok() && parsed->id == row.changes[change].id,
              "what is pushed is a change, called by its id");
      PROMISE(sync::CheckShape(parsed->body, body.size()).ok, "what is pushed passes validation");
      PROMISE(sync::IsCreate(parsed->body) == (change == 0), "the first change is the Create");
    }
    all_fit = all_fit && row.problems.empty();
  }
  return all_fit;
}

}  // namespace tikar::fuzz
