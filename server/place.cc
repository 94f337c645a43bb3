#include "server/place.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/process.h"
#include "storage/store_directory.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

// The ids themselves are not to leave the machine.
std::string Hashed(std::string_view what, std::string_view id) {
  return sync::Sha256(absl::StrCat("tikar ", sync::AbslView(what), "\n", sync::AbslView(id))).hex();
}

std::string BoardId() {
  // The second is for boards without a BIOS. The first is for root alone to read.
  for (const char* path :
       {"/sys/class/dmi/id/product_uuid", "/sys/firmware/devicetree/base/serial-number"}) {
    std::ifstream file(path);
    const std::string id{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!id.empty()) return Hashed("board", id);
  }
  return "";
}

// What the kernel gave to a file or directory when it was made.
absl::StatusOr<std::string> BirthMark(const std::string& path) {
  struct statx found = {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &found) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot look at ", path, ": ", std::strerror(errno)));
  }
  std::string mark = absl::StrCat(found.stx_ino);
  if ((found.stx_mask & STATX_BTIME) != 0) {
    absl::StrAppend(&mark, "/", found.stx_btime.tv_sec, ".", found.stx_btime.tv_nsec);
  }
  // Not every file system has generations; those that have say the same each time.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    long generation = 0;
    if (ioctl(file, FS_IOC_GETVERSION, &generation) == 0) {
      absl::StrAppend(&mark, "/", static_cast<uint32_t>(generation));
    }
    close(file);
  }
  return mark;
}

}  // namespace

absl::StatusOr<Place> PlaceOf(const std::string& data_directory) {
  Place place;
  if (std::string machine = MachineId(); !machine.empty()) place[kPlaceMachine] = machine;
  if (std::string board = BoardId(); !board.empty()) place[kPlaceBoard] = board;
  ASSIGN_OR_RETURN(place[kPlaceDirectory], BirthMark(data_directory));
  ASSIGN_OR_RETURN(place[kPlaceFile], BirthMark(data_directory + "/SYNCED"));
  return place;
}

std::string EncodePlace(const Place& place) {
  std::string text;
  for (const auto& [name, value] : place) absl::StrAppend(&text, name, "=", value, "\n");
  return text;
}

Place DecodePlace(std::string_view text) {
  Place place;
  for (const absl::string_view line :
       absl::StrSplit(sync::AbslView(text), '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (parts.second.empty()) {
      place[kPlaceMachine] = std::string(line);
    } else {
      place[std::string(parts.first)] = std::string(parts.second);
    }
  }
  return place;
}

std::string WhyMoved(const Place& stored, const Place& now) {
  const auto differs = [&](const char* name) {
    const auto before = stored.find(name), after = now.find(name);
    return before != stored.end() && after != now.end() && before->second != after->second;
  };
  if (differs(kPlaceMachine)) return "the store was made on another machine";
  if (differs(kPlaceBoard)) return "the store was made on other hardware, or its disk was cloned";
  if (differs(kPlaceDirectory)) {
    return "the data directory is a copy, or was on another disk: where it was copied from, its "
           "log may go on";
  }
  if (differs(kPlaceFile)) {
    return "the files of the data directory were put back from a copy: the log may have gone on "
           "since it was made";
  }
  return "";
}

void WatchPlace(const std::string& data_directory, SequencerOptions* options) {
  options->place = [data_directory]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(data_directory));
    return EncodePlace(place);
  };
  options->replica.why_moved = [data_directory](std::string_view stored, std::string_view now) {
    const absl::StatusOr<std::string> restored =
        storage::StoreDirectory::RestoredNote(data_directory);
    // It is there, and that is what counts.
    if (!restored.ok()) return std::string("restored from a backup");
    return restored->empty() ? WhyMoved(DecodePlace(stored), DecodePlace(now)) : *restored;
  };
  options->opened = [data_directory] {
    return storage::StoreDirectory::ForgetRestored(data_directory);
  };
}

}  // namespace tikar::server
