#include "clients/cli/import_rows.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/import_map.h"
#include "clients/cli/value_text.h"
#include "sync/change.h"
#include "sync/hlc.h"
#include "sync/limits.h"
#include "sync/names.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::cli {
namespace {

using importmap::v1::FieldMap;
using importmap::v1::ImportMap;
using importmap::v1::Part;
using importmap::v1::PlaceColumns;
using importmap::v1::Step;
using importmap::v1::Text;
using importmap::v1::Walk;
using sync::AbslView;
using sync::StdView;

constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kComments = "comments";
constexpr int kLatitudeMax = 90;
constexpr int kLongitudeMax = 180;

void AddProblem(ImportRow& row, std::string_view field, std::string_view code,
                std::string message_id, std::string message_en) {
  sync::Violation violation;
  violation.field = std::string(field);
  violation.code = std::string(code);
  violation.message_id = std::move(message_id);
  violation.message_en = std::move(message_en);
  row.problems.push_back(std::move(violation));
}

// The first `code_points_max` code points of NFC text, the last one "…" if more were there.
std::string CutToCodePoints(std::string text, size_t code_points_max) {
  if (code_points_max == 0 || sync::CodePoints(text) <= code_points_max) return text;
  size_t end = 0;
  for (size_t taken = 0; taken + 1 < code_points_max; ++taken) {
    do {
      ++end;
    } while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  }
  text.resize(end);
  return text.append(kEllipsis);
}

std::string Nonce(std::string_view source, std::string_view key, size_t step) {
  const sync::Hash hash =
      sync::Sha256(absl::StrCat("import\n", AbslView(source), "\n", AbslView(key), "\n", step));
  return std::string(hash.view().substr(0, sync::kNonceBytes));
}

uint64_t KeyFingerprint(std::string_view key) {
  uint64_t fingerprint = 0;
  const sync::Hash hash = sync::Sha256(key);
  std::memcpy(&fingerprint, hash.view().data(), sizeof(fingerprint));
  return fingerprint;
}

}  // namespace

// The request as the row's changes make it: nobody else writes to it before the import is done, so
// what validation asks can be answered here. Nothing is ever under review.
class RowConverter::RequestSoFar : public sync::RequestView {
 public:
  std::optional<v1::Value> FieldValue(std::string_view path) const override {
    const auto found = fields_.find(path);
    if (found == fields_.end()) return std::nullopt;
    return found->second;
  }
  bool KnowsPast() const override { return true; }
  bool UnderReview(std::string_view) const override { return false; }
  bool ParentsContainConflict(std::string_view) const override { return false; }
  std::string Status() const override { return state; }
  size_t ElementCount(std::string_view collection) const override {
    const auto found = elements_.find(collection);
    return found == elements_.end() ? 0 : found->second;
  }

  void Apply(const v1::ChangeBody& body) {
    for (const v1::Mutation& mutation : body.mutations()) {
      if (mutation.has_set_field()) {
        fields_[mutation.set_field().path()] = mutation.set_field().value();
      } else if (mutation.has_add_element()) {
        ++elements_[mutation.add_element().collection()];
      } else if (mutation.has_transition()) {
        state = mutation.transition().to();
      }
    }
  }

  std::string state;
  // Of the change before.
  uint64_t hlc = 0;
  sync::RequestId request_id;

 private:
  std::map<std::string, v1::Value, std::less<>> fields_;
  std::map<std::string, size_t, std::less<>> elements_;
};

RowConverter::RowConverter(ImportMap map, std::shared_ptr<const sync::Definition> definition,
                           CivilTimeParser times)
    : map_(std::move(map)), definition_(std::move(definition)), times_(std::move(times)) {}

absl::StatusOr<RowConverter> RowConverter::Make(ImportMap map,
                                                std::shared_ptr<const sync::Definition> definition,
                                                const std::vector<std::string>& header) {
  ASSIGN_OR_RETURN(CivilTimeParser times,
                   CivilTimeParser::Make(map.date_format(), map.time_zone()));
  RowConverter converter(std::move(map), std::move(definition), std::move(times));
  RETURN_IF_ERROR(converter.CheckMap(header));
  return converter;
}

void RowConverter::CheckColumn(std::string_view column, std::string_view where,
                               std::vector<Bilingual>& problems) const {
  if (columns_.contains(std::string(column))) return;
  problems.push_back(
      {absl::StrCat(AbslView(where), ": berkas tidak punya kolom \"", AbslView(column), "\""),
       absl::StrCat(AbslView(where), ": the file has no column \"", AbslView(column), "\"")});
}

void RowConverter::CheckText(const Text& text, std::string_view where,
                             std::vector<Bilingual>& problems) const {
  for (const Part& part : text.parts()) {
    if (part.from_case() == Part::kColumn) {
      CheckColumn(part.column(), where, problems);
    } else if (part.from_case() == Part::FROM_NOT_SET) {
      problems.push_back(
          {absl::StrCat(AbslView(where), ": satu part tanpa column dan tanpa fixed"),
           absl::StrCat(AbslView(where), ": a part has neither a column nor a fixed text")});
    }
  }
}

void RowConverter::CheckField(const FieldMap& field, std::vector<Bilingual>& problems) const {
  const v1::Field* known = definition_->FindField(field.field());
  if (known == nullptr) {
    problems.push_back(
        {absl::StrCat("fields: ", map_.service(), " tidak punya bagian \"", field.field(), "\""),
         absl::StrCat("fields: ", map_.service(), " has no field \"", field.field(), "\"")});
  }
  const bool is_place = known != nullptr && known->type() == v1::FIELD_TYPE_PLACE;
  switch (field.from_case()) {
    case FieldMap::kText:
      CheckText(field.text(), field.field(), problems);
      break;
    case FieldMap::kPlace:
      CheckColumn(field.place().latitude_column(), field.field(), problems);
      CheckColumn(field.place().longitude_column(), field.field(), problems);
      if (!is_place) {
        problems.push_back({absl::StrCat(field.field(), ": bukan tempat"),
                            absl::StrCat(field.field(), ": is no place")});
      }
      break;
    case FieldMap::FROM_NOT_SET:
      problems.push_back({absl::StrCat(field.field(), ": tanpa text dan tanpa place"),
                          absl::StrCat(field.field(), ": has neither text nor place")});
      break;
  }
}

absl::Status RowConverter::CheckMap(const std::vector<std::string>& header) {
  std::vector<Bilingual> problems;
  column_count_ = header.size();
  for (size_t i = 0; i < header.size(); ++i) {
    const std::string name(absl::StripAsciiWhitespace(header[i]));
    if (!columns_.emplace(name, i).second) {
      problems.push_back({absl::StrCat("berkas punya dua kolom bernama \"", name, "\""),
                          absl::StrCat("the file has two columns called \"", name, "\"")});
    }
  }
  CheckColumn(map_.key_column(), "key_column", problems);
  CheckColumn(map_.created_column(), "created_column", problems);
  CheckText(map_.area(), "area", problems);
  CheckText(map_.status(), "status", problems);
  for (const Text& comment : map_.comments()) CheckText(comment, "comments", problems);
  for (const FieldMap& field : map_.fields()) CheckField(field, problems);
  for (const Walk& walk : map_.walks()) {
    std::string from(definition_->initial_state());
    for (const Step& step : walk.steps()) {
      const std::string where = absl::StrCat("walk \"", walk.status(), "\"");
      if (!step.to().empty()) {
        if (definition_->FindEdge(from, step.to()) == nullptr) {
          problems.push_back(
              {absl::StrCat(where, ": ", map_.service(), " tidak punya langkah dari \"", from,
                            "\" ke \"", step.to(), "\""),
               absl::StrCat(where, ": ", map_.service(), " has no step from \"", from, "\" to \"",
                            step.to(), "\"")});
        }
        from = step.to();
      } else if (step.comments().empty() && step.fields().empty()) {
        problems.push_back(
            {absl::StrCat(where, ": satu langkah tanpa status, bagian dan komentar"),
             absl::StrCat(where, ": a step has neither a state, fields nor comments")});
      }
      for (const FieldMap& field : step.fields()) CheckField(field, problems);
      if (!step.time_column().empty()) CheckColumn(step.time_column(), where, problems);
      CheckText(step.reason(), where, problems);
      for (const Text& comment : step.comments()) CheckText(comment, where, problems);
    }
  }
  if (definition_->FindRole(map_.role()) == nullptr) {
    problems.push_back(
        {absl::StrCat("role: ", map_.service(), " tidak punya peran \"", map_.role(), "\""),
         absl::StrCat("role: ", map_.service(), " has no role \"", map_.role(), "\"")});
  }
  if (problems.empty()) return absl::OkStatus();
  // The file may be another one than the map was written for: what it has tells.
  const std::string columns = absl::StrJoin(header, ", ");
  problems.push_back({absl::StrCat("kolom berkas ini: ", columns),
                      absl::StrCat("this file's columns: ", columns)});
  return ImportMapProblems({"peta dan berkas tidak cocok", "the map does not fit"}, problems);
}

std::string_view RowConverter::CellOf(const ImportRow& row, const std::string& column) const {
  return StdView(absl::StripAsciiWhitespace(row.cells[columns_.at(column)]));
}

std::optional<std::string> RowConverter::Evaluate(const Text& text, std::string_view where,
                                                  size_t code_points_max, ImportRow& row) const {
  std::string joined;
  for (const Part& part : text.parts()) {
    std::string_view content =
        part.from_case() == Part::kColumn ? CellOf(row, part.column()) : part.fixed();
    const bool means_empty = std::any_of(
        part.empty_texts().begin(), part.empty_texts().end(),
        [&](const std::string& empty) { return absl::EqualsIgnoreCase(AbslView(content), empty); });
    if (content.empty() || means_empty) continue;
    if (!joined.empty()) joined += text.separator();
    absl::StrAppend(&joined, part.prefix(), AbslView(content), part.suffix());
  }
  if (!text.table().empty()) {
    const auto found = std::find_if(
        text.table().begin(), text.table().end(),
        [&](const auto& entry) { return absl::EqualsIgnoreCase(entry.from(), joined); });
    if (found != text.table().end()) {
      joined = found->to();
    } else if (text.has_otherwise()) {
      joined = text.otherwise();
    } else {
      AddProblem(row, where, "not_in_table",
                 absl::StrCat("\"", joined, "\" tidak ada dalam tabel pada peta impor; tambahkan."),
                 absl::StrCat("\"", joined, "\" is not in the table of the import map; add it."));
      return std::nullopt;
    }
  }
  size_t most = text.length_max();
  if (most == 0 || (code_points_max != 0 && code_points_max < most)) most = code_points_max;
  std::string normal = sync::ToNfc(joined);
  const size_t length = sync::CodePoints(normal);
  if (most != 0 && length > most) {
    row.warnings.push_back(
        {absl::StrCat(AbslView(where), ": dipotong dari ", length, " menjadi ", most, " huruf"),
         absl::StrCat(AbslView(where), ": cut from ", length, " to ", most, " characters")});
    normal = CutToCodePoints(std::move(normal), most);
  }
  return normal;
}

std::optional<int64_t> RowConverter::TimeOf(const std::string& column, ImportRow& row) const {
  const std::string_view cell = CellOf(row, column);
  if (cell.empty()) return std::nullopt;
  const absl::StatusOr<int64_t> time = times_.Parse(cell);
  if (time.ok() && *time >= 0) return *time;
  AddProblem(row, column, "date",
             absl::StrCat("\"", AbslView(cell), "\" bukan waktu dengan bentuk \"",
                          map_.date_format(), "\"; perbaiki berkas atau date_format."),
             absl::StrCat("\"", AbslView(cell), "\" is no time of the form \"", map_.date_format(),
                          "\"; correct the file or date_format."));
  return std::nullopt;
}

void RowConverter::AddField(const FieldMap& field, v1::ChangeBody& body, ImportRow& row) const {
  const v1::Field& definition = *definition_->FindField(field.field());
  v1::Value value;
  if (field.from_case() == FieldMap::kPlace) {
    const PlaceColumns& columns = field.place();
    const std::string_view latitude = CellOf(row, columns.latitude_column());
    const std::string_view longitude = CellOf(row, columns.longitude_column());
    if (latitude.empty() && longitude.empty()) return;
    const std::optional<int32_t> latitude_e7 = ParseDegreesE7(latitude, kLatitudeMax);
    const std::optional<int32_t> longitude_e7 = ParseDegreesE7(longitude, kLongitudeMax);
    if (!latitude_e7.has_value() || !longitude_e7.has_value()) {
      AddProblem(row, field.field(), "place", "Lintang dan bujur bukan derajat desimal; perbaiki.",
                 "Latitude and longitude are not decimal degrees; correct them.");
      return;
    }
    value.mutable_place()->set_latitude_e7(*latitude_e7);
    value.mutable_place()->set_longitude_e7(*longitude_e7);
  } else {
    const std::optional<std::string> text =
        Evaluate(field.text(), field.field(), definition_->TextCodePointsMax(field.field()), row);
    if (!text.has_value() || text->empty()) return;
    absl::StatusOr<v1::Value> parsed = [&]() -> absl::StatusOr<v1::Value> {
      v1::Value time_value;
      if (definition.type() == v1::FIELD_TYPE_DATE) {
        ASSIGN_OR_RETURN(const int32_t days, times_.ParseDate(*text));
        time_value.set_date_days(days);
        return time_value;
      }
      if (definition.type() == v1::FIELD_TYPE_TIME) {
        ASSIGN_OR_RETURN(const int64_t time, times_.Parse(*text));
        time_value.set_time_ms(time);
        return time_value;
      }
      return ParseValue(&definition, *text, Language::kEnglish);
    }();
    if (!parsed.ok()) {
      // Once more for the other language; what cannot be read in one cannot be read in the other.
      const absl::Status indonesian =
          ParseValue(&definition, *text, Language::kIndonesian).status();
      AddProblem(row, field.field(), "value",
                 std::string((indonesian.ok() ? parsed.status() : indonesian).message()),
                 std::string(parsed.status().message()));
      return;
    }
    value = *std::move(parsed);
  }
  v1::SetField& set = *body.add_mutations()->mutable_set_field();
  set.set_path(field.field());
  *set.mutable_value() = std::move(value);
}

void RowConverter::AddComments(const google::protobuf::RepeatedPtrField<Text>& comments,
                               v1::ChangeBody& body, ImportRow& row) const {
  for (const Text& comment : comments) {
    std::optional<std::string> text =
        Evaluate(comment, kComments, definition_->ElementCodePointsMax(kComments), row);
    if (!text.has_value() || text->empty()) continue;
    v1::AddElement& element = *body.add_mutations()->mutable_add_element();
    element.set_collection(std::string(kComments));
    element.mutable_value()->set_text(*std::move(text));
  }
}

const Walk* RowConverter::WalkOf(ImportRow& row) const {
  if (map_.walks().empty()) return nullptr;
  const std::optional<std::string> status = Evaluate(map_.status(), "status", 0, row);
  if (!status.has_value()) return nullptr;
  for (const Walk& walk : map_.walks()) {
    if (absl::EqualsIgnoreCase(walk.status(), *status)) return &walk;
  }
  AddProblem(
      row, "status", "no_walk",
      absl::StrCat("Peta impor tidak punya walks untuk status \"", *status, "\"; tambahkan."),
      absl::StrCat("The import map has no walk for the status \"", *status, "\"; add one."));
  return nullptr;
}

void RowConverter::Append(v1::ChangeBody body, int64_t time_ms, RequestSoFar& request,
                          ImportRow& row) const {
  body.set_region(map_.region());
  body.set_actor(map_.actor());
  body.set_role(map_.role());
  // Steps of one moment are told apart by the counter.
  body.set_hlc(std::max(sync::PackHlc(time_ms, 0), request.hlc + 1));
  body.set_nonce(Nonce(map_.source(), row.key, row.changes.size()));
  if (!row.changes.empty()) {
    body.set_request_id(request.request_id.bytes());
    body.add_parents(row.changes.back().id.bytes());
  }
  ImportChange change;
  change.body = body.SerializeAsString();
  sync::Judgement judgement = sync::CheckShape(body, change.body.size());
  if (judgement.ok) judgement = sync::CheckAgainstDefinition(body, *definition_, &request);
  if (!judgement.ok) {
    row.problems.insert(row.problems.end(), judgement.violations.begin(),
                        judgement.violations.end());
    return;
  }
  const sync::Hash hash = sync::Sha256(change.body);
  change.id = sync::ChangeIdOf(hash);
  if (row.changes.empty()) {
    request.request_id = *sync::RequestIdOf(body, hash);
    request.state = std::string(definition_->initial_state());
  }
  request.hlc = body.hlc();
  request.Apply(body);
  row.changes.push_back(std::move(change));
}

ImportRow RowConverter::Convert(CsvRecord record) {
  ImportRow row;
  row.line = record.line;
  row.cells = std::move(record.cells);
  if (!record.problem.empty()) {
    AddProblem(
        row, "", "csv_quoting",
        absl::StrCat("Tanda kutip baris ini rusak (", record.problem, "); perbaiki."),
        absl::StrCat("The quotes of this row are broken (", record.problem, "); correct them."));
    return row;
  }
  if (row.cells.size() != column_count_) {
    AddProblem(row, "", "csv_columns",
               absl::StrCat("Baris ini punya ", row.cells.size(), " kolom, bukan ", column_count_,
                            " seperti baris judul; perbaiki."),
               absl::StrCat("This row has ", row.cells.size(), " columns and not ", column_count_,
                            " as the header has; correct it."));
    return row;
  }
  for (const std::string& cell : row.cells) {
    if (sync::IsValidUtf8(cell)) continue;
    AddProblem(
        row, "", "encoding",
        "Baris ini bukan UTF-8; ubah berkas, misalnya dengan iconv -f WINDOWS-1252 -t UTF-8.",
        "This row is not UTF-8; convert the file, for example with iconv -f WINDOWS-1252 "
        "-t UTF-8.");
    return row;
  }
  row.key = std::string(CellOf(row, map_.key_column()));
  if (row.key.empty()) {
    AddProblem(row, map_.key_column(), "key_missing", "Baris ini tidak punya kunci; isikan.",
               "This row has no key; give it one.");
    return row;
  }
  if (!keys_.insert(KeyFingerprint(row.key)).second) {
    AddProblem(row, map_.key_column(), "key_twice",
               absl::StrCat("Kunci \"", row.key, "\" sudah dipakai baris sebelumnya; periksa."),
               absl::StrCat("An earlier row has the key \"", row.key, "\" already; check both."));
    return row;
  }
  const std::optional<int64_t> created = TimeOf(map_.created_column(), row);
  if (!created.has_value() && row.problems.empty()) {
    AddProblem(row, map_.created_column(), "date", "Baris ini tidak punya waktu pembuatan; isikan.",
               "This row has no creation time; give it one.");
  }
  const std::optional<std::string> area = Evaluate(map_.area(), "area", 0, row);
  const Walk* walk = WalkOf(row);

  RequestSoFar request;
  v1::ChangeBody create_body;
  v1::Create& create = *create_body.add_mutations()->mutable_create();
  create.set_definition_hash(definition_->hash().bytes());
  create.set_service(map_.service());
  create.set_version(map_.definition_version());
  if (area.has_value()) create.set_area(*area);
  for (const FieldMap& field : map_.fields()) AddField(field, create_body, row);
  AddComments(map_.comments(), create_body, row);
  // One look at everything that is wrong in the row, but nothing built on what is.
  if (row.problems.empty()) Append(std::move(create_body), *created, request, row);
  if (!row.problems.empty()) return row;

  int64_t time = *created;
  if (walk != nullptr) {
    for (const Step& step : walk->steps()) {
      if (!step.time_column().empty()) {
        const std::optional<int64_t> step_time = TimeOf(step.time_column(), row);
        if (step_time.has_value() && *step_time < time) {
          const absl::Duration early = absl::Milliseconds(time - *step_time);
          row.warnings.push_back(
              {absl::StrCat("\"", step.time_column(), "\" ",
                            AboutDuration(early, Language::kIndonesian),
                            " lebih awal daripada langkah sebelumnya; dianggap bersamaan"),
               absl::StrCat("\"", step.time_column(), "\" lies ", AboutDuration(early),
                            " before the step before it; taken to be at the same time")});
        }
        time = std::max(time, step_time.value_or(time));
      }
      v1::ChangeBody body;
      if (!step.to().empty()) {
        const std::optional<std::string> reason =
            Evaluate(step.reason(), "reason", sync::kReasonCodePointsMax, row);
        v1::Transition& transition = *body.add_mutations()->mutable_transition();
        transition.set_from(request.state);
        transition.set_to(step.to());
        if (reason.has_value()) transition.set_reason(*reason);
      }
      for (const FieldMap& field : step.fields()) AddField(field, body, row);
      AddComments(step.comments(), body, row);
      // Only fields and comments were asked for, and all of them are empty in this row.
      if (body.mutations().empty()) continue;
      if (row.problems.empty()) Append(std::move(body), time, request, row);
      if (!row.problems.empty()) break;
    }
  }
  if (!row.problems.empty()) row.changes.clear();
  return row;
}

}  // namespace tikar::cli
