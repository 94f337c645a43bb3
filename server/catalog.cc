#include "server/catalog.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::server {
namespace {

// Keeps what the parser complains about, as file:line:column.
class Complaints : public google::protobuf::io::ErrorCollector {
 public:
  explicit Complaints(const std::string& path) : path_(path) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "\n", path_, ":", line + 1, ":", column + 1, ": ",
                    message);
  }
  const std::string& text() const { return text_; }

 private:
  const std::string& path_;
  std::string text_;
};

absl::Status ParseText(const std::string& path, const std::string& text,
                       google::protobuf::TextFormat::ParseInfoTree* places,
                       google::protobuf::Message* message) {
  Complaints complaints(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaints);
  parser.WriteLocationsTo(places);
  if (parser.ParseFromString(text, message)) return absl::OkStatus();
  return absl::InvalidArgumentError(complaints.text());
}

// Where the first entry stands with which `calendar` is bad, from 1.
int LineOfProblem(const v1::HolidayCalendar& calendar,
                  const google::protobuf::TextFormat::ParseInfoTree& places) {
  const google::protobuf::Descriptor& type = *v1::HolidayCalendar::descriptor();
  const auto line = [&](int field, int index) {
    return places.GetLocation(type.FindFieldByNumber(field), index).line + 1;
  };
  v1::HolidayCalendar part;
  part.set_version(calendar.version());
  if (!sync::WorkingCalendar::Make(part).ok()) {
    // -1 is an entry that is not there.
    return std::max(1, line(v1::HolidayCalendar::kVersionFieldNumber, -1));
  }
  for (int i = 0; i < calendar.years_size(); ++i) {
    *part.add_years() = calendar.years(i);
    if (!sync::WorkingCalendar::Make(part).ok()) {
      return line(v1::HolidayCalendar::kYearsFieldNumber, i);
    }
  }
  for (int i = 0; i < calendar.holidays_size(); ++i) {
    *part.add_holidays() = calendar.holidays(i);
    if (!sync::WorkingCalendar::Make(part).ok()) {
      return line(v1::HolidayCalendar::kHolidaysFieldNumber, i);
    }
  }
  return 1;
}

// Paths of *.textproto, sorted: directory order is the file system's business.
absl::StatusOr<std::vector<std::string>> TextFilesIn(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> paths;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".textproto") paths.push_back(entry->path().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(directory, ": ", error.message()));
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  return text;
}

absl::Status LoadCalendars(const std::string& directory, Catalog* catalog) {
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, TextFilesIn(directory));
  v1::HolidayCalendar newest;
  std::string newest_path;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    ASSIGN_OR_RETURN(v1::HolidayCalendar calendar, CalendarFromText(path, text));
    if (calendar.version() == newest.version()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":1: version ", calendar.version(),
                                                     " is that of ", newest_path, " too"));
    }
    if (calendar.version() < newest.version()) continue;
    newest = std::move(calendar);
    newest_path = path;
  }
  if (newest_path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(catalog->calendar, sync::WorkingCalendar::Make(newest));
  for (const v1::CalendarYear& year : newest.years()) {
    catalog->calendar_years.push_back(year.year());
  }
  std::sort(catalog->calendar_years.begin(), catalog->calendar_years.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DefinitionFromText(const std::string& path, const std::string& text) {
  v1::Definition definition;
  RETURN_IF_ERROR(ParseText(path, text, nullptr, &definition));
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!definition.SerializeToCodedStream(&coded)) {
      return absl::InternalError(absl::StrCat(path, ": cannot be serialized"));
    }
  }
  if (const auto parsed = sync::Definition::Parse(bytes); !parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1: ", std::string(parsed.status().message())));
  }
  return bytes;
}

absl::StatusOr<v1::HolidayCalendar> CalendarFromText(const std::string& path,
                                                     const std::string& text) {
  v1::HolidayCalendar calendar;
  google::protobuf::TextFormat::ParseInfoTree places;
  RETURN_IF_ERROR(ParseText(path, text, &places, &calendar));
  if (const auto made = sync::WorkingCalendar::Make(calendar); !made.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", LineOfProblem(calendar, places), ": ",
                                                   std::string(made.status().message())));
  }
  return calendar;
}

absl::StatusOr<Catalog> LoadCatalog(const std::string& directory) {
  Catalog catalog;
  ASSIGN_OR_RETURN(catalog.areas, AreaTable::Load(absl::StrCat(directory, "/areas")));
  ASSIGN_OR_RETURN(const std::vector<std::string> services,
                   TextFilesIn(absl::StrCat(directory, "/services")));
  for (const std::string& path : services) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    ASSIGN_OR_RETURN(std::string bytes, DefinitionFromText(path, text));
    catalog.definitions.push_back(std::move(bytes));
  }
  RETURN_IF_ERROR(LoadCalendars(absl::StrCat(directory, "/calendars"), &catalog));
  return catalog;
}

}  // namespace tikar::server
