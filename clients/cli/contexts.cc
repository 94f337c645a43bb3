#include "clients/cli/contexts.h"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/failure.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using contexts::v1::Context;
using contexts::v1::Contexts;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kOthersMask = 077;

// Closes what it holds. Writing asks for the result of close itself.
class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }

 private:
  const int descriptor_;
};

absl::Status FileError(const std::string& path, std::string_view indonesian,
                       std::string_view english) {
  const std::string why = std::strerror(errno);
  return WithIndonesian(
      absl::UnknownError(absl::StrCat(path, " ", sync::AbslView(english), ": ", why)),
      absl::StrCat(path, " ", sync::AbslView(indonesian), ": ", why));
}

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(descriptor) == 0;
}

// The parser's complaints would else go to standard error.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(line + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string Names(const Contexts& contexts) {
  return absl::StrJoin(contexts.contexts(), ", ", [](std::string* out, const Context& context) {
    out->append(context.name());
  });
}

}  // namespace

std::optional<std::string> ContextsPath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return absl::StrCat(config, "/tikar/contexts");
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return absl::StrCat(home, "/.config/tikar/contexts");
  return std::nullopt;
}

absl::StatusOr<Contexts> LoadContexts(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return Contexts();
    return FileError(path, "tidak dapat dibaca", "cannot be read");
  }
  struct stat state;
  if (fstat(file.get(), &state) != 0)
    return FileError(path, "tidak dapat dibaca", "cannot be read");
  if ((state.st_mode & kOthersMask) != 0) {
    return WithAdvice(WithIndonesian(absl::FailedPreconditionError(
                                         absl::StrCat(path, " may be read or written by others")),
                                     absl::StrCat(path, " dapat dibaca atau ditulis orang lain")),
                      absl::StrCat("chmod 600 ", path));
  }
  std::string text;
  char buffer[4096];
  ssize_t count;
  while ((count = read(file.get(), buffer, sizeof(buffer))) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, "tidak dapat dibaca", "cannot be read");
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kContextsFileBytesMax) break;
  }
  Contexts contexts;
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  if (text.size() > kContextsFileBytesMax || !parser.ParseFromString(text, &contexts)) {
    return WithIndonesian(absl::InvalidArgumentError(
                              absl::StrCat(path, " is no file of contexts; line ", error.text())),
                          absl::StrCat(path, " bukan berkas konteks; baris ", error.text()));
  }
  return contexts;
}

absl::Status SaveContexts(const std::string& path, const Contexts& contexts) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (!error && mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return FileError(folder.string(), "tidak dapat dibuat", "cannot be made");
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(contexts, &text);
  const std::string unfinished = absl::StrCat(path, ".", getpid());
  {
    const FileDescriptor file(
        open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!file.valid() || fchmod(file.get(), kFileMode) != 0 || !WriteAll(file.get(), text)) {
      const absl::Status status = FileError(path, "tidak dapat ditulis", "cannot be written");
      if (file.valid()) unlink(unfinished.c_str());
      return status;
    }
  }
  if (rename(unfinished.c_str(), path.c_str()) != 0) {
    const absl::Status status = FileError(path, "tidak dapat ditulis", "cannot be written");
    unlink(unfinished.c_str());
    return status;
  }
  return absl::OkStatus();
}

bool IsContextName(std::string_view name) {
  return !name.empty() && name.size() <= kContextNameBytesMax && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

const Context* FindContext(const Contexts& contexts, std::string_view name) {
  for (const Context& context : contexts.contexts()) {
    if (context.name() == name) return &context;
  }
  return nullptr;
}

absl::StatusOr<const Context*> ChooseContext(const ServerWish& wish, const Contexts& contexts) {
  if (wish.server_flag.has_value() && wish.context_flag.has_value()) {
    return UsageError(
        "--server dan --context tidak dapat bersama: konteks sudah menyebut servernya",
        "--server and --context exclude each other: a context names its server");
  }
  if (wish.names_address()) return nullptr;
  std::string name = contexts.current();
  if (wish.context_variable.has_value()) name = *wish.context_variable;
  if (wish.context_flag.has_value()) name = *wish.context_flag;
  if (name.empty()) return nullptr;
  const Context* found = FindContext(contexts, name);
  if (found != nullptr) return found;
  const std::string known = Names(contexts);
  return UsageError(
      absl::StrCat("tidak ada konteks \"", name, "\"; yang ada: ", known.empty() ? "–" : known,
                   "; buat dengan: tikar context add ", name, " --server HOST:PORT"),
      absl::StrCat("there is no context \"", name, "\"; there are: ", known.empty() ? "–" : known,
                   "; make it with: tikar context add ", name, " --server HOST:PORT"));
}

}  // namespace tikar::cli
