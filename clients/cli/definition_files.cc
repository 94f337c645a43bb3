#include "clients/cli/definition_files.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"

namespace tikar::cli {
namespace {

// In text a definition takes several times the 256 KiB that its bytes may have.
constexpr uintmax_t kFileBytesMax = 4 << 20;
constexpr char kExtension[] = ".textproto";

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status Unreadable(const std::string& path, const std::string& why) {
  return UsageError(absl::StrCat(path, " tidak dapat dibaca: ", why),
                    absl::StrCat(path, " cannot be read: ", why));
}

}  // namespace

absl::StatusOr<v1::Definition> ReadDefinitionFile(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return Unreadable(path, error.message());
  if (bytes > kFileBytesMax) return Unreadable(path, "> 4 MiB");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  // Of an empty file nothing can be copied, which is no failure to read it.
  if (!file || (bytes > 0 && !(content << file.rdbuf()))) return Unreadable(path, "I/O");
  v1::Definition definition;
  google::protobuf::TextFormat::Parser parser;
  FirstError first;
  parser.RecordErrorsTo(&first);
  if (parser.ParseFromString(content.str(), &definition)) return definition;
  return UsageError(
      absl::StrCat(path, ":", first.text(), " (bukan definisi layanan dalam format teks)"),
      absl::StrCat(path, ":", first.text(), " (no service definition in text format)"));
}

absl::StatusOr<std::vector<std::string>> DefinitionFiles(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == kExtension) files.push_back(entry.path().string());
  }
  if (error) return Unreadable(path, error.message());
  if (files.empty()) {
    return UsageError(absl::StrCat("tidak ada berkas *.textproto di ", path),
                      absl::StrCat("there is no *.textproto in ", path));
  }
  std::sort(files.begin(), files.end());
  return files;
}

absl::Status WriteDefinitionFile(const std::string& path, const v1::Definition& definition,
                                 bool replace) {
  std::error_code error;
  if (!replace && std::filesystem::exists(path, error)) {
    return UsageError(absl::StrCat(path, " sudah ada; timpa dengan --replace"),
                      absl::StrCat(path, " is there already; take its place with --replace"));
  }
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  printer.PrintToString(definition, &text);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << "# proto-file: tikar/v1/definition.proto\n# proto-message: tikar.v1.Definition\n\n"
       << text;
  file.close();
  if (file) return absl::OkStatus();
  return UsageError(absl::StrCat(path, " tidak dapat ditulis"),
                    absl::StrCat(path, " cannot be written"));
}

std::string DefinitionBytes(const v1::Definition& definition) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  definition.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace tikar::cli
