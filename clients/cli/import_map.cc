#include "clients/cli/import_map.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "sync/change.h"
#include "sync/feed.h"
#include "sync/names.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using importmap::v1::ImportMap;

constexpr size_t kSourceBytesMax = 64;
constexpr size_t kErrorLinesMax = 5;

class ErrorLines : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    // A file that is something else altogether is wrong in every line.
    if (lines_.size() == kErrorLinesMax) return;
    lines_.push_back({absl::StrCat("baris ", line + 1, ", kolom ", column + 1, ": ", message),
                      absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message)});
  }
  const std::vector<Bilingual>& lines() const { return lines_; }

 private:
  std::vector<Bilingual> lines_;
};

bool IsSourceName(std::string_view name) {
  return !name.empty() && name.size() <= kSourceBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

}  // namespace

absl::Status ImportMapProblems(const Bilingual& what, const std::vector<Bilingual>& problems) {
  std::string indonesian = what.id + ":", english = what.en + ":";
  for (const Bilingual& problem : problems) {
    absl::StrAppend(&indonesian, "\n  ", problem.id);
    absl::StrAppend(&english, "\n  ", problem.en);
  }
  return WithIndonesian(absl::InvalidArgumentError(english), indonesian);
}

absl::StatusOr<ImportMap> ParseImportMap(const std::string& textproto) {
  ErrorLines errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  ImportMap map;
  if (!parser.ParseFromString(textproto, &map)) {
    return ImportMapProblems({"peta impor tidak dapat dibaca; ini bukan peta, atau ada salah tulis",
                              "the map cannot be read; this is no map, or it has a mistake"},
                             errors.lines());
  }
  std::vector<Bilingual> problems;
  const auto require = [&problems](bool present, std::string_view name, std::string_view indonesian,
                                   std::string_view english) {
    if (present) return;
    problems.push_back({absl::StrCat(sync::AbslView(name), ": ", sync::AbslView(indonesian)),
                        absl::StrCat(sync::AbslView(name), ": ", sync::AbslView(english))});
  };
  const auto present = [&require](bool is_present, std::string_view name) {
    require(is_present, name, "tidak ada", "missing");
  };
  require(IsSourceName(map.source()), "source", "1 sampai 64 huruf dari [a-z0-9._-]",
          "1 to 64 characters of [a-z0-9._-]");
  require(sync::IsActorName(map.actor()), "actor", "1 sampai 64 huruf dari [a-z0-9._-/]",
          "1 to 64 characters of [a-z0-9._-/]");
  present(!map.role().empty(), "role");
  present(!map.service().empty(), "service");
  present(map.definition_version() > 0, "definition_version");
  require(map.definition_publisher().empty() || sync::IsAreaPrefix(map.definition_publisher()),
          "definition_publisher", "bukan kode wilayah seperti \"32.73\"",
          "no area code such as \"32.73\"");
  require(sync::IsRegion(map.region()), "region", "bukan berbentuk \"15.01\"",
          "not of the form \"15.01\"");
  present(!map.key_column().empty(), "key_column");
  require(!map.area().parts().empty(), "area", "tidak punya parts", "has no parts");
  present(!map.date_format().empty(), "date_format");
  present(!map.time_zone().empty(), "time_zone");
  present(!map.created_column().empty(), "created_column");
  require(map.walks().empty() == map.status().parts().empty(), "status, walks",
          "salah satunya tidak ada", "one of them is missing");
  if (!problems.empty()) {
    return ImportMapProblems({"peta impor tidak lengkap", "the map is not complete"}, problems);
  }
  return map;
}

}  // namespace tikar::cli
