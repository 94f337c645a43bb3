#include "clients/cli/csv.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"

namespace tikar::cli {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

bool IsLineEnd(int c) { return c == '\n' || c == '\r'; }

}  // namespace

CsvReader::CsvReader(std::istream& input) : input_(input) {
  if (Peek() == 0xEF && buffer_.compare(0, 3, "\xEF\xBB\xBF") == 0) {
    position_ = 3;
    bytes_read_ = 3;
  }
}

int CsvReader::Peek() {
  if (position_ == buffer_.size()) {
    buffer_.resize(kBufferBytes);
    input_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.resize(static_cast<size_t>(input_.gcount()));
    position_ = 0;
    if (buffer_.empty()) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[position_]);
}

int CsvReader::Take() {
  const int c = Peek();
  if (c == kEnd) return kEnd;
  ++position_;
  ++bytes_read_;
  ++record_bytes_;
  return c;
}

void CsvReader::FinishLineEnd(int taken) {
  if (taken == '\r' && Peek() == '\n') Take();
  ++line_;
}

int CsvReader::ReadCell(CsvRecord& record, std::string& cell) {
  int c = Take();
  if (c == '"') {
    while (true) {
      c = Take();
      if (record_bytes_ > kCsvRecordBytesMax) return kEnd;
      if (c == kEnd) {
        record.problem =
            absl::StrCat("the quote opened in the row at line ", record.line, " is never closed");
        return kEnd;
      }
      if (c == '"' && Peek() != '"') break;
      if (c == '"') Take();
      cell += static_cast<char>(c);
      if (c == '\n' || (c == '\r' && Peek() != '\n')) ++line_;
    }
    c = Take();
    if (c != ',' && c != kEnd && !IsLineEnd(c)) {
      record.problem = absl::StrCat("text after a closing quote at line ", line_);
    }
  }
  while (c != ',' && c != kEnd && !IsLineEnd(c)) {
    if (record_bytes_ > kCsvRecordBytesMax) return kEnd;
    cell += static_cast<char>(c);
    c = Take();
  }
  if (!IsLineEnd(c)) return c;
  FinishLineEnd(c);
  return '\n';
}

absl::StatusOr<std::optional<CsvRecord>> CsvReader::Next() {
  while (IsLineEnd(Peek())) FinishLineEnd(Take());
  record_bytes_ = 0;
  std::optional<CsvRecord> record;
  if (Peek() != kEnd) {
    record.emplace();
    record->line = line_;
    int end = ',';
    while (end == ',') {
      std::string cell;
      end = ReadCell(*record, cell);
      record->cells.push_back(std::move(cell));
      if (record_bytes_ > kCsvRecordBytesMax || record->cells.size() > kCsvCellsMax) {
        return WithIndonesian(
            absl::InvalidArgumentError(
                absl::StrCat("the row that begins at line ", record->line, " is over ",
                             kCsvRecordBytesMax, " bytes or ", kCsvCellsMax,
                             " cells; most likely a quote is opened there and never closed")),
            absl::StrCat("baris yang mulai di baris ", record->line, " melebihi ",
                         kCsvRecordBytesMax, " byte atau ", kCsvCellsMax,
                         " sel; barangkali tanda kutip dibuka di situ dan tidak ditutup"));
      }
    }
  }
  if (input_.bad()) {
    return WithIndonesian(
        absl::DataLossError(absl::StrCat("the file cannot be read further than line ", line_)),
        absl::StrCat("berkas tidak dapat dibaca melewati baris ", line_));
  }
  return record;
}

void WriteCsvRecord(std::ostream& output, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) output << ',';
    const std::string& cell = cells[i];
    // What begins a file with a byte order mark would lose it there.
    const bool begins_with_mark = i == 0 && cell.compare(0, 3, "\xEF\xBB\xBF") == 0;
    if (!begins_with_mark && cell.find_first_of(",\"\r\n") == std::string::npos) {
      output << cell;
      continue;
    }
    output << '"';
    for (const char c : cell) {
      if (c == '"') output << '"';
      output << c;
    }
    output << '"';
  }
  output << "\r\n";
}

}  // namespace tikar::cli
