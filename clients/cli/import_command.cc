// tikar requests import.
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/csv.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/import_map.h"
#include "clients/cli/import_rows.h"
#include "clients/cli/import_run.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"
#include "sync/unicode.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

// A map is a page or two of text.
constexpr uintmax_t kMapBytesMax = 1 << 20;
// Warnings shown one by one; the rest are only counted.
constexpr uint64_t kWarningsShownMax = 10;

absl::StatusOr<std::string> ReadMapFile(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (error || bytes > kMapBytesMax || !file || !(content << file.rdbuf())) {
    const std::string why = bytes > kMapBytesMax && !error ? "> 1 MiB" : error.message();
    return UsageError(absl::StrCat("peta impor ", path, " tidak dapat dibaca: ", why),
                      absl::StrCat("the map ", path, " cannot be read: ", why));
  }
  return std::move(content).str();
}

// What the rows pin: what their region offers, which must be the version that the map was written
// for (its hash is part of what is imported), or what the map names of a publisher.
absl::StatusOr<std::shared_ptr<const sync::Definition>> FetchDefinition(
    Session& session, const importmap::v1::ImportMap& map) {
  const bool by_publisher = !map.definition_publisher().empty();
  v1::GetDefinitionRequest get;
  get.set_service(map.service());
  if (by_publisher) {
    get.set_publisher(map.definition_publisher());
    get.set_version(map.definition_version());
  } else {
    get.set_region(map.region());
  }
  const absl::StatusOr<v1::GetDefinitionResponse> found = session.connection().Call(get);
  if (absl::IsNotFound(found.status())) {
    const std::string published =
        absl::StrCat(map.definition_publisher(), "/", map.service(), "@", map.definition_version());
    return WithAdvice(
        by_publisher
            ? WithIndonesian(
                  absl::NotFoundError(absl::StrCat("the server has no definition ", published)),
                  absl::StrCat("server tidak punya definisi ", published))
            : WithIndonesian(
                  absl::NotFoundError(absl::StrCat(map.region(), " does not offer the service \"",
                                                   map.service(), "\"")),
                  absl::StrCat(map.region(), " tidak menawarkan layanan \"", map.service(), "\"")),
        session.Say("Lihat yang ada: tikar catalog list", "See what there is: tikar catalog list"));
  }
  RETURN_IF_ERROR(found.status());
  const v1::Definition& definition = found->definition();
  if (definition.version() != map.definition_version()) {
    const std::string offered = NameOfDefinition(definition);
    return WithAdvice(
        UsageError(absl::StrCat("peta ditulis untuk versi ", map.definition_version(), ", tetapi ",
                                map.region(), " menawarkan ", offered),
                   absl::StrCat("the map was written for version ", map.definition_version(),
                                ", but ", map.region(), " offers ", offered)),
        absl::StrCat(
            AbslView(
                session.Say("Baris baru: sesuaikan peta, lalu tulis definition_version: ",
                            "New rows: bring the map up to it, then set definition_version: ")),
            definition.version(),
            AbslView(session.Say(". Melanjutkan impor lama: tulis pula definition_publisher, kode "
                                 "wilayah penerbitnya.",
                                 ". To go on with an older import: also set definition_publisher, "
                                 "the area code of its publisher."))));
  }
  return sync::Definition::Parse(found->definition_bytes().body());
}

// A usage error, with what the file seems to be, unless its first record can be the head of a CSV.
absl::Status CheckHeader(const std::string& path, const std::vector<std::string>& header) {
  const auto no_csv = [&](std::string_view indonesian, std::string_view english) {
    return UsageError(absl::StrCat(path, " bukan CSV: ", AbslView(indonesian)),
                      absl::StrCat(path, " is no CSV: ", AbslView(english)));
  };
  for (const std::string& cell : header) {
    if (cell.find('\0') == std::string::npos && sync::IsValidUtf8(cell)) continue;
    return no_csv("isinya bukan teks UTF-8. Dari lembar kerja, simpan sebagai \"CSV UTF-8\".",
                  "it holds no UTF-8 text. From a spreadsheet, save it as \"CSV UTF-8\".");
  }
  if (header.size() > 1) return absl::OkStatus();
  if (header.front().find(';') != std::string::npos) {
    return no_csv("kolomnya dipisah titik koma. Simpan dengan koma.",
                  "its columns are parted by semicolons. Save it with commas.");
  }
  if (header.front().find('\t') != std::string::npos) {
    return no_csv("kolomnya dipisah tab. Simpan dengan koma.",
                  "its columns are parted by tabs. Save it with commas.");
  }
  return no_csv("baris pertamanya bukan nama-nama kolom dengan koma di antaranya.",
                "its first line is no list of column names with commas between them.");
}

// The rows that were refused, with what is wrong with each. Made when the first one comes, and
// written so that after a correction the file itself can be imported: the columns that were added
// do not disturb.
class RefusedFile {
 public:
  RefusedFile(std::string path, std::vector<std::string> header)
      : path_(std::move(path)), header_(std::move(header)) {
    // One from an earlier run would say that rows are missing which are not.
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  void Add(const ImportRow& row) {
    if (!file_.is_open()) {
      file_.open(path_, std::ios::binary | std::ios::trunc);
      std::vector<std::string> header = header_;
      for (const char* column :
           {"tikar_line", "tikar_code", "tikar_field", "tikar_message_id", "tikar_message_en"}) {
        header.emplace_back(column);
      }
      WriteCsvRecord(file_, header);
    }
    std::vector<std::string> codes, fields, indonesian, english;
    for (const sync::Violation& problem : row.problems) {
      codes.push_back(problem.code);
      fields.push_back(problem.field);
      indonesian.push_back(problem.message_id);
      english.push_back(problem.message_en);
    }
    std::vector<std::string> cells = row.cells;
    // A row with another number of cells keeps its reasons under their headings, and what it has
    // too much behind them.
    cells.resize(header_.size());
    cells.push_back(absl::StrCat(row.line));
    cells.push_back(absl::StrJoin(codes, "; "));
    cells.push_back(absl::StrJoin(fields, "; "));
    cells.push_back(absl::StrJoin(indonesian, " "));
    cells.push_back(absl::StrJoin(english, " "));
    for (size_t i = header_.size(); i < row.cells.size(); ++i) cells.push_back(row.cells[i]);
    WriteCsvRecord(file_, cells);
  }

  // Whether all that was added is on its way to the disk.
  bool Close() {
    if (!file_.is_open()) return true;
    file_.close();
    return !file_.fail();
  }

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const std::vector<std::string> header_;
  std::ofstream file_;
};

Json SummaryJson(const ImportSummary& summary, const std::string& refused_path) {
  Json json;
  json["rows"] = summary.rows;
  json["rows_added"] = summary.rows_added;
  json["rows_present"] = summary.rows_present;
  json["rows_refused"] = summary.rows_refused;
  json["changes_added"] = summary.changes_added;
  json["changes_present"] = summary.changes_present;
  json["warnings"] = summary.warnings;
  json["reconnects"] = summary.reconnects;
  json["refused_file"] = summary.rows_refused == 0 ? Json(nullptr) : Json(refused_path);
  return json;
}

}  // namespace

absl::Status RequestsImport(Session& session, const RequestsImportOptions& options) {
  ASSIGN_OR_RETURN(const std::string textproto, ReadMapFile(options.map_path));
  absl::StatusOr<importmap::v1::ImportMap> map = ParseImportMap(textproto);
  if (!map.ok()) {
    return WithAdvice(
        AsUsageError(map.status()),
        absl::StrCat(AbslView(session.Say("Peta: ", "The map: ")), options.map_path,
                     AbslView(session.Say("; bentuknya: docs/cli.md",
                                          "; what it is to look like: docs/cli.md"))));
  }

  std::error_code error;
  const uintmax_t total_bytes = std::filesystem::file_size(options.csv_path, error);
  std::ifstream file(options.csv_path, std::ios::binary);
  if (!file) {
    return UsageError(absl::StrCat("berkas ", options.csv_path, " tidak dapat dibaca"),
                      absl::StrCat("the file ", options.csv_path, " cannot be read"));
  }
  CsvReader reader(file);
  absl::StatusOr<std::optional<CsvRecord>> head = reader.Next();
  if (!head.ok()) return AsUsageError(head.status());
  const std::optional<CsvRecord>& header = *head;
  if (!header.has_value()) {
    return UsageError(absl::StrCat("berkas ", options.csv_path, " kosong"),
                      absl::StrCat("the file ", options.csv_path, " is empty"));
  }
  RETURN_IF_ERROR(CheckHeader(options.csv_path, header->cells));
  ASSIGN_OR_RETURN(std::shared_ptr<const sync::Definition> definition,
                   FetchDefinition(session, *map));
  absl::StatusOr<RowConverter> converter =
      RowConverter::Make(*map, std::move(definition), header->cells);
  if (!converter.ok()) {
    return WithAdvice(
        AsUsageError(converter.status()),
        absl::StrCat(AbslView(session.Say("Peta: ", "The map: ")), options.map_path,
                     AbslView(session.Say(", berkas: ", ", the file: ")), options.csv_path));
  }

  RefusedFile refused(
      options.refused_path.empty() ? options.csv_path + ".refused.csv" : options.refused_path,
      header->cells);
  Progress progress(session.err(), session.err_terminal(),
                    Progress::ModeFor(session.err_terminal(), session.json()),
                    absl::StrCat(AbslView(session.Say("Mengimpor ", "Importing ")), map->source()));
  ImportSummary latest;
  uint64_t warnings_shown = 0;
  ImportRun::Surroundings surroundings;
  surroundings.open_stream = [&] { return session.connection().OpenSync(); };
  surroundings.now_ms = [] { return absl::ToUnixMillis(absl::Now()); };
  surroundings.sleep = [](absl::Duration duration) { absl::SleepFor(duration); };
  surroundings.on_progress = [&](const ImportSummary& summary) {
    latest = summary;
    const double done = error || total_bytes == 0 ? -1
                                                  : static_cast<double>(reader.bytes_read()) /
                                                        static_cast<double>(total_bytes);
    progress.Update(done,
                    absl::StrCat(Count(session.language(), summary.rows, "baris", "row", "rows"),
                                 "  +", summary.changes_added, "  ", summary.rows_refused, " ",
                                 AbslView(session.Say("ditolak", "refused"))),
                    absl::Now());
  };
  surroundings.on_refused = [&](const ImportRow& row) { refused.Add(row); };
  surroundings.on_warning = [&](const ImportRow& row, const Bilingual& warning) {
    if (++warnings_shown > kWarningsShownMax) return;
    progress.Note(
        OneLine(absl::StrCat(AbslView(session.Say("peringatan, baris ", "warning, line ")),
                             row.line, " (", row.key, "): ", Pick(session.language(), warning))));
  };
  surroundings.on_wait = [&](const absl::Status& status, absl::Duration delay) {
    progress.Note(OneLine(
        absl::StrFormat("%s (%s)%s %s", session.Say("sambungan terputus", "the call broke"),
                        Explain(status, session.language(), session.settings().server).message,
                        session.Say("; mencoba lagi setelah", "; trying again in"),
                        absl::FormatDuration(absl::Trunc(delay, absl::Milliseconds(100))))));
  };
  ImportRun run(reader, *converter, "tikar/" TIKAR_VERSION, std::move(surroundings));
  const absl::Time start = absl::Now();
  const absl::StatusOr<ImportSummary> result = run.Run();
  progress.Finish();
  const bool refused_written = refused.Close();
  const ImportSummary& summary = result.ok() ? *result : latest;

  if (session.json()) {
    session.out() << JsonText(SummaryJson(summary, refused.path()));
  } else {
    const auto count = [&](Style style, uint64_t number, std::string_view words) {
      session.out() << "  "
                    << Styled(session.out_terminal(), number > 0 ? style : Style::kDim,
                              absl::StrFormat("%8d", number))
                    << "  " << words << "\n";
    };
    session.out() << OneLine(absl::StrFormat(
                         "%s: %s, %.1f %s", map->source(),
                         Count(session.language(), summary.rows, "baris", "row", "rows"),
                         absl::ToDoubleSeconds(absl::Now() - start), session.Say("dtk", "s")))
                  << "\n";
    count(Style::kGood, summary.rows_added,
          absl::StrFormat(
              "%s (%s)", session.Say("ditambahkan", "added"),
              Count(session.language(), summary.changes_added, "perubahan", "change", "changes")));
    count(Style::kPlain, summary.rows_present, session.Say("sudah ada", "already there"));
    count(Style::kBad, summary.rows_refused,
          summary.rows_refused > 0
              ? absl::StrCat(AbslView(session.Say("ditolak, lihat ", "refused, see ")),
                             refused.path())
              : std::string(session.Say("ditolak", "refused")));
    count(Style::kWarning, summary.warnings,
          summary.warnings == 1 ? session.Say("peringatan", "warning")
                                : session.Say("peringatan", "warnings"));
  }
  if (!refused_written) {
    return WithIndonesian(
        absl::DataLossError(
            absl::StrCat("the refused rows could not all be written to ", refused.path())),
        absl::StrCat("baris yang ditolak tidak dapat ditulis semua ke ", refused.path()));
  }
  if (!result.ok()) {
    const ExitCode code = ExitCodeOf(result.status());
    return WithAdvice(
        result.status(),
        absl::StrCat(
            AbslView(session.Say("Yang sudah ditambahkan tetap ada. Ulangi perintah yang "
                                 "sama untuk melanjutkan.",
                                 "What was added stays. Run the same command again to go "
                                 "on where this stopped.")),
            code == ExitCode::kUnreachable
                ? absl::StrCat(" ",
                               AbslView(session.Say("Alamat server: ", "Address of the server: ")),
                               session.settings().server)
                : ""));
  }
  if (summary.rows_refused > 0) {
    return WithAdvice(absl::FailedPreconditionError(Count(session.language(), summary.rows_refused,
                                                          "baris ditolak", "row was refused",
                                                          "rows were refused")),
                      absl::StrCat(AbslView(session.Say("Perbaiki dan impor lagi: ",
                                                        "Correct and import again: ")),
                                   refused.path()));
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
