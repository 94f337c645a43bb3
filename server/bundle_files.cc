#include "server/bundle_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/identity_files.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

namespace fs = std::filesystem;

// Bundles of which parts are missing. The oldest is forgotten first: its parts may still come, and
// are taken; only what is missing is not told any more.
constexpr size_t kIncomingMax = 256;
// As large as an acknowledgement may be, and more.
constexpr size_t kSmallFileBytesMax = 1 << 20;

absl::Status FromErrno(const std::string& path) {
  const int error = errno;
  const std::string text = absl::StrCat(path, ": ", std::generic_category().message(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

absl::StatusOr<std::string> ReadSmall(const std::string& path) {
  const int number = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return FromErrno(path);
  std::string text(kSmallFileBytesMax, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = read(number, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const absl::Status status = FromErrno(path);
      close(number);
      return status;
    }
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  close(number);
  text.resize(size);
  return text;
}

// A reader sees the old bytes or the new ones.
absl::Status Replace(const std::string& path, std::string_view bytes) {
  RETURN_IF_ERROR(MakePrivateDirectory(fs::path(path).parent_path().string()));
  const std::string beside = path + ".new";
  const int number = open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (number < 0) return FromErrno(beside);
  SpoolFile file(number);
  RETURN_IF_ERROR(file.Append(bytes));
  if (fsync(number) != 0) return FromErrno(beside);
  if (rename(beside.c_str(), path.c_str()) != 0) return FromErrno(path);
  return absl::OkStatus();
}

}  // namespace

SpoolFile::~SpoolFile() { close(number_); }

absl::Status SpoolFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(number_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno("a file for the bundle on its way");
    size_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpoolFile::Read(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t count =
        pread(number_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FromErrno("a file for the bundle on its way");
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

BundleFiles::BundleFiles(const std::string& data_directory)
    : directory_(absl::StrCat(data_directory, "/bundles")) {}

absl::StatusOr<std::unique_ptr<SpoolFile>> BundleFiles::MakeSpool() {
  RETURN_IF_ERROR(MakePrivateDirectory(directory_));
  int number = open(directory_.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  if (number < 0) {
    // Not every file system knows files without names.
    std::string path = directory_ + "/spool.XXXXXX";
    number = mkostemp(path.data(), O_CLOEXEC);
    if (number < 0) return FromErrno(directory_);
    unlink(path.c_str());
  }
  return std::make_unique<SpoolFile>(number);
}

absl::StatusOr<std::string> BundleFiles::Certificate(std::string_view name) const {
  CHECK(sync::IsNodeName(name));
  return ReadSmall(absl::StrCat(directory_, "/nodes/", sync::AbslView(name), ".crt"));
}

absl::Status BundleFiles::KeepCertificate(std::string_view name, std::string_view pem) {
  CHECK(sync::IsNodeName(name));
  return Replace(absl::StrCat(directory_, "/nodes/", sync::AbslView(name), ".crt"), pem);
}

std::vector<std::string> BundleFiles::Nodes() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_ + "/nodes", error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".crt" && sync::IsNodeName(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::optional<std::string>> BundleFiles::Acknowledgement(
    const sync::PublicKey& node) const {
  absl::StatusOr<std::string> file =
      ReadSmall(absl::StrCat(directory_, "/acknowledged/", node.hex(), ".tikar"));
  if (absl::IsNotFound(file.status())) return std::optional<std::string>();
  if (!file.ok()) return file.status();
  return std::optional<std::string>(*std::move(file));
}

absl::Status BundleFiles::KeepAcknowledgement(const sync::PublicKey& node, std::string_view file) {
  return Replace(absl::StrCat(directory_, "/acknowledged/", node.hex(), ".tikar"), file);
}

std::string BundleFiles::IncomingPath(const sync::BundleHeader& header) const {
  // By sender too: whoever makes a bundle chooses its id.
  return absl::StrCat(directory_, "/incoming/", header.sender_key.hex().substr(0, 16), "-",
                      header.id.hex());
}

absl::StatusOr<std::vector<uint32_t>> BundleFiles::NotePart(const sync::BundleHeader& header) {
  std::vector<uint32_t> missing;
  if (header.parts == 1) return missing;
  const std::lock_guard lock(mutex_);
  const std::string path = IncomingPath(header);
  std::set<uint32_t> taken = {header.part};
  const absl::StatusOr<std::string> noted = ReadSmall(path);
  if (!noted.ok() && !absl::IsNotFound(noted.status())) return noted.status();
  if (noted.ok()) {
    for (const absl::string_view line : absl::StrSplit(*noted, '\n', absl::SkipEmpty())) {
      uint32_t part = 0;
      if (absl::SimpleAtoi(line, &part)) taken.insert(part);
    }
  } else {
    RETURN_IF_ERROR(ForgetOldIncoming());
  }
  RETURN_IF_ERROR(Replace(path, absl::StrCat(absl::StrJoin(taken, "\n"), "\n")));
  for (uint32_t part = 1; part <= header.parts; ++part) {
    if (!taken.contains(part)) missing.push_back(part);
  }
  return missing;
}

absl::Status BundleFiles::ForgetOldIncoming() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_ + "/incoming", error)) {
    files.emplace_back(entry.last_write_time(error), entry.path());
  }
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + kIncomingMax <= files.size(); ++i) fs::remove(files[i].second, error);
  return absl::OkStatus();
}

}  // namespace tikar::server
