// Streaming reader and writer of comma-separated values (RFC 4180).
//
// Files that people export hold stray quotes, lost quotes and byte order marks. A record that
// breaks the rules is still handed out, with what is wrong with it, so that it costs one row and
// not the file.
//
//   CsvReader reader(stream);
//   while (true) {
//     ASSIGN_OR_RETURN(std::optional<CsvRecord> record, reader.Next());
//     if (!record.has_value()) break;
//   }
#ifndef TIKAR_CLIENTS_CLI_CSV_H_
#define TIKAR_CLIENTS_CLI_CSV_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tikar::cli {

// A longer row is a quote that was never closed, not data.
inline constexpr size_t kCsvRecordBytesMax = 1 << 20;
inline constexpr size_t kCsvCellsMax = 4096;

struct CsvRecord {
  // Where it begins, from 1.
  uint64_t line = 0;
  std::vector<std::string> cells;
  // What is wrong with its quoting, in English; empty if nothing is. The cells then are a guess.
  std::string problem;
};

// Takes "\n", "\r\n" and a lone "\r" as line ends, skips a UTF-8 byte order mark and empty lines. A
// quote inside an unquoted cell is an ordinary character, as spreadsheets write it.
// Not thread-safe. Keeps a reference to the stream.
class CsvReader {
 public:
  explicit CsvReader(std::istream& input);

  // nullopt at the end. InvalidArgument, with the line, for a row over the limits; DataLoss if the
  // stream breaks. After an error there is no going on.
  absl::StatusOr<std::optional<CsvRecord>> Next();

  // Bytes consumed so far.
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  static constexpr int kEnd = -1;

  // The next byte, kEnd at the end. Peek does not consume it.
  int Peek();
  int Take();
  // Consumes a line end whose first byte was taken.
  void FinishLineEnd(int taken);
  // Reads one cell into `cell`; returns what ended it: ',', '\n' or kEnd.
  int ReadCell(CsvRecord& record, std::string& cell);

  std::istream& input_;
  std::string buffer_;
  size_t position_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t line_ = 1;
  size_t record_bytes_ = 0;
};

// One record and "\r\n". Quotes what needs it. A cell that a spreadsheet would run as a formula is
// written as it is: this is for data that goes back in, see docs/cli.md.
void WriteCsvRecord(std::ostream& output, const std::vector<std::string>& cells);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_CSV_H_
