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

}  // namespace

absl::StatusOr<std::string> DefinitionFromText(const std::string& path, const std::string& text) {
  Complaints complaints(path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaints);
  v1::Definition definition;
  if (!parser.ParseFromString(text, &definition)) {
    return absl::InvalidArgumentError(complaints.text());
  }
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

absl::StatusOr<Catalog> LoadCatalog(const std::string& directory) {
  Catalog catalog;
  ASSIGN_OR_RETURN(catalog.areas, AreaTable::Load(absl::StrCat(directory, "/areas")));
  const std::string services = absl::StrCat(directory, "/services");
  std::error_code error;
  std::vector<std::string> paths;
  for (std::filesystem::directory_iterator entry(services, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".textproto") paths.push_back(entry->path().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(services, ": ", error.message()));
  // Directory order is the file system's business.
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) {
      return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
    }
    ASSIGN_OR_RETURN(std::string bytes, DefinitionFromText(path, text));
    catalog.definitions.push_back(std::move(bytes));
  }
  return catalog;
}

}  // namespace tikar::server
