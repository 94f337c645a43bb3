#include "clients/cli/export_command.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/csv.h"
#include "clients/cli/definition_names.h"
#include "clients/cli/display.h"
#include "clients/cli/export_rows.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/progress.h"
#include "clients/cli/replaced_file.h"
#include "clients/cli/request_filter.h"
#include "clients/cli/resource_names.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSize = 1000;
constexpr mode_t kFileMode = 0666;
// What is personal is for whoever asked for it.
constexpr mode_t kPersonalFileMode = 0600;

// One format. Begin, then each request, then End.
class Format {
 public:
  virtual ~Format() = default;
  virtual void Begin() = 0;
  virtual void Add(const v1::Request& request, const DefinitionView& definition,
                   const std::string& area_name) = 0;
  virtual void End() = 0;
};

class CsvFormat final : public Format {
 public:
  CsvFormat(std::ostream& out, std::vector<FieldColumn> columns, const ExportStyle& style)
      : out_(out), columns_(std::move(columns)), style_(style) {}

  void Begin() override { WriteCsvRecord(out_, ExportHead(columns_)); }
  void Add(const v1::Request& request, const DefinitionView& definition,
           const std::string& area_name) override {
    WriteCsvRecord(out_, ExportRow(request, definition, area_name, columns_, style_));
  }
  void End() override {}

 private:
  std::ostream& out_;
  const std::vector<FieldColumn> columns_;
  const ExportStyle style_;
};

// A feature a line.
class GeoJsonFormat final : public Format {
 public:
  GeoJsonFormat(std::ostream& out, const ExportStyle& style) : out_(out), style_(style) {}

  void Begin() override { out_ << "{\"type\": \"FeatureCollection\", \"features\": ["; }
  void Add(const v1::Request& request, const DefinitionView& definition,
           const std::string& area_name) override {
    out_ << (is_empty_ ? "\n" : ",\n")
         << ExportFeature(request, definition, area_name, style_)
                .dump(-1, ' ', false, Json::error_handler_t::replace);
    is_empty_ = false;
  }
  void End() override { out_ << (is_empty_ ? "]}\n" : "\n]}\n"); }

 private:
  std::ostream& out_;
  const ExportStyle style_;
  bool is_empty_ = true;
};

struct Counts {
  uint64_t requests = 0;
  // Of these, left without any field of their form, which is not here.
  uint64_t without_fields = 0;
};

absl::StatusOr<std::unique_ptr<Format>> MakeFormat(Session& session, const ExportOptions& options,
                                                   std::ostream& out) {
  const ExportStyle style{options.personal, session.language()};
  if (options.format == "geojson") return std::make_unique<GeoJsonFormat>(out, style);
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> definitions, AllDefinitions(session));
  return std::make_unique<CsvFormat>(
      out, FieldColumnsOf(definitions, options.filter.service, style), style);
}

absl::StatusOr<Counts> WriteAll(Session& session, v1::ListRequestsRequest list, Format& format,
                                Progress& progress, const StopSignal& stop, std::ostream& out) {
  Counts counts;
  bool begun = false;
  do {
    ASSIGN_OR_RETURN(const v1::ListRequestsResponse page, session.connection().Call(list));
    // Begun only now: a call that fails at once leaves no half of a document.
    if (!std::exchange(begun, true)) format.Begin();
    for (const v1::Request& request : page.requests()) {
      ASSIGN_OR_RETURN(const DefinitionView definition, session.DefinitionOf(request));
      format.Add(request, definition, session.AreaName(request.area()));
      ++counts.requests;
      if (!ShowsFields(definition)) ++counts.without_fields;
    }
    // The end is not known before it is there.
    progress.Update(-1,
                    Count(session.language(), counts.requests, "permohonan", "request", "requests"),
                    absl::Now());
    if (stop.stopped()) {
      return WithIndonesian(absl::CancelledError("interrupted; not all of it was written"),
                            "diputus; belum semuanya tertulis");
    }
    if (!out) {
      return WithIndonesian(absl::DataLossError("the output could not be written"),
                            "keluaran tidak dapat ditulis");
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  format.End();
  return counts;
}

void Tell(Session& session, const ExportOptions& options, const Counts& counts) {
  if (session.json()) {
    Json json;
    json["file"] = options.path;
    json["format"] = options.format;
    json["requests"] = counts.requests;
    json["without_fields"] = counts.without_fields;
    json["personal"] = options.personal;
    session.out() << JsonText(json);
    return;
  }
  const Language language = session.language();
  if (!options.path.empty()) {
    session.out() << Count(language, counts.requests, "permohonan", "request", "requests")
                  << session.Say(" ditulis ke ", " written to ") << OneLine(options.path) << "\n";
  }
  if (options.personal && (!options.path.empty() || session.err_terminal().interactive)) {
    session.err() << Styled(session.err_terminal(), Style::kWarning,
                            session.Say("Isinya data pribadi: simpan dan bagikan seperlunya saja.",
                                        "It holds personal data: keep and share it with care."))
                  << "\n";
  }
  if (counts.without_fields > 0) {
    session.err() << Styled(session.err_terminal(), Style::kWarning,
                            Count(language, counts.without_fields, "permohonan", "request",
                                  "requests"))
                  << session.Say(" tanpa isian formulir: definisinya tidak ada di server ini\n",
                                 " without the fields of the form: this server does not have the "
                                 "definition\n");
  }
}

}  // namespace

absl::Status Export(Session& session, const ExportOptions& options) {
  if (session.json() && options.path.empty()) {
    return UsageError(
        "--output json melaporkan berkas yang ditulis; sebut berkasnya dengan --file FILE",
        "--output json tells of the file that was written; name it with --file FILE");
  }
  v1::ListRequestsRequest list;
  ASSIGN_OR_RETURN(*list.mutable_filter(), FilterOf(session, options.filter));
  list.set_parent(ParentOfArea(list.filter().area()));
  ASSIGN_OR_RETURN(const int64_t as_of_ms, ParseMoment(options.as_of, DayPart::kEnd));
  list.set_as_of_ms(as_of_ms);
  list.set_page_size(kPageSize);
  // From here on Ctrl-C is a failure like others, so that no unfinished file stays behind.
  const StopSignal stop(absl::InfiniteDuration());
  std::unique_ptr<ReplacedFile> file;
  if (!options.path.empty()) {
    ASSIGN_OR_RETURN(
        file, ReplacedFile::Open(options.path, options.personal ? kPersonalFileMode : kFileMode));
  }
  std::ostream& out = file == nullptr ? session.out() : file->stream();
  ASSIGN_OR_RETURN(const std::unique_ptr<Format> format, MakeFormat(session, options, out));
  // Beside the data themselves a bar would only spoil them.
  const bool quiet = !session.err_terminal().interactive ||
                     (file == nullptr && session.out_terminal().interactive);
  Progress progress(session.err(), session.err_terminal(),
                    Progress::ModeFor(session.err_terminal(), quiet),
                    std::string(session.Say("Mengekspor", "Exporting")));
  const absl::StatusOr<Counts> counts = WriteAll(session, list, *format, progress, stop, out);
  progress.Finish();
  if (!counts.ok()) return counts.status();
  if (file != nullptr) RETURN_IF_ERROR(file->Commit());
  Tell(session, options, *counts);
  return absl::OkStatus();
}

}  // namespace tikar::cli
