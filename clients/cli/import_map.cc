#include "clients/cli/import_map.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sync/change.h"
#include "sync/names.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using importmap::v1::ImportMap;

constexpr size_t kSourceBytesMax = 64;

class ErrorLines : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    lines_.push_back(absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message));
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

bool IsSourceName(std::string_view name) {
  return !name.empty() && name.size() <= kSourceBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

}  // namespace

absl::Status ImportMapProblems(std::string_view what, const std::vector<std::string>& problems) {
  return absl::InvalidArgumentError(
      absl::StrCat(sync::AbslView(what), ":\n  ", absl::StrJoin(problems, "\n  ")));
}

absl::StatusOr<ImportMap> ParseImportMap(const std::string& textproto) {
  ErrorLines errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  ImportMap map;
  if (!parser.ParseFromString(textproto, &map)) {
    return ImportMapProblems("the map cannot be read", errors.lines());
  }
  std::vector<std::string> problems;
  const auto require = [&problems](bool present, std::string_view what) {
    if (!present) problems.emplace_back(what);
  };
  require(IsSourceName(map.source()), "source: 1 to 64 characters of [a-z0-9._-]");
  require(sync::IsActorName(map.actor()), "actor: 1 to 64 characters of [a-z0-9._-/]");
  require(!map.role().empty(), "role: missing");
  require(!map.service().empty(), "service: missing");
  require(map.definition_version() > 0, "definition_version: missing");
  require(sync::IsRegion(map.region()), "region: not of the form \"15.01\"");
  require(!map.key_column().empty(), "key_column: missing");
  require(!map.area().parts().empty(), "area: has no parts");
  require(!map.date_format().empty(), "date_format: missing");
  require(!map.time_zone().empty(), "time_zone: missing");
  require(!map.created_column().empty(), "created_column: missing");
  require(map.walks().empty() == map.status().parts().empty(),
          "status and walks: one of them is missing");
  if (!problems.empty()) return ImportMapProblems("the map is not complete", problems);
  return map;
}

}  // namespace tikar::cli
