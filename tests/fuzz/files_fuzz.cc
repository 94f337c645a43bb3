// Files that people edit: the CLI's contexts and definitions, the catalogue's calendars and areas.
//
// The first byte says which; the rest is the file.
#include <fcntl.h>
#include <google/protobuf/text_format.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/contexts.h"
#include "clients/cli/definition_files.h"
#include "server/area_table.h"
#include "server/catalog.h"
#include "silent_errors.h"
#include "sync/definition_diff.h"
#include "sync/status_macros.h"
#include "sync/working_days.h"
#include "target.h"

namespace tikar::fuzz {
namespace {

// A folder in memory where there is one, for this process; removed at its end.
class Folder {
 public:
  Folder() {
    std::error_code error;
    const bool has_memory = std::filesystem::is_directory("/dev/shm", error);
    std::string pattern =
        has_memory ? "/dev/shm/tikar-fuzz-XXXXXX"
                   : (std::filesystem::temp_directory_path() / "tikar-fuzz-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, std::string_view content) const {
    const std::string path = absl::StrCat(path_, "/", name);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    file.close();
    CHECK(file.good());
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path;
  }

 private:
  std::string path_;
};

bool Contexts(const Folder& folder, std::string_view content) {
  const absl::StatusOr<contexts::v1::Contexts> loaded =
      cli::LoadContexts(folder.Write("contexts", content));
  if (!loaded.ok()) {
    PROMISE(!loaded.status().message().empty(), "a file that is refused is told why");
    return false;
  }
  for (const contexts::v1::Context& context : loaded->contexts()) {
    PROMISE(cli::FindContext(*loaded, context.name()) != nullptr, "a context is found by its name");
  }
  cli::ChooseContext({}, *loaded).IgnoreError();
  const std::string copy = absl::StrCat(folder.path(), "/copy");
  PROMISE(cli::SaveContexts(copy, *loaded).ok(), "what was loaded can be saved");
  const absl::StatusOr<contexts::v1::Contexts> again = cli::LoadContexts(copy);
  PROMISE(again.ok() && again->SerializeAsString() == loaded->SerializeAsString(),
          "what was saved loads as it was");
  return true;
}

bool Definition(const Folder& folder, std::string_view content) {
  const absl::StatusOr<v1::Definition> read =
      cli::ReadDefinitionFile(folder.Write("definition.textproto", content));
  if (!read.ok()) return false;
  const std::string copy = absl::StrCat(folder.path(), "/copy.textproto");
  PROMISE(cli::WriteDefinitionFile(copy, *read, /*replace=*/true).ok(),
          "what was read can be written");
  const absl::StatusOr<v1::Definition> again = cli::ReadDefinitionFile(copy);
  PROMISE(again.ok() && cli::DefinitionBytes(*again) == cli::DefinitionBytes(*read),
          "what was written reads as it was, byte for byte");
  return true;
}

bool Calendar(std::string_view content) {
  const absl::StatusOr<v1::HolidayCalendar> read =
      server::CalendarFromText("kalender.textproto", std::string(content));
  if (!read.ok()) {
    PROMISE(absl::StartsWith(read.status().message(), "kalender.textproto:"),
            "an error says file:line");
    return false;
  }
  const absl::StatusOr<sync::WorkingCalendar> calendar = sync::WorkingCalendar::Make(*read);
  PROMISE(calendar.ok(), "a calendar that was taken is one");
  constexpr int64_t kDayMs = 24 * 3'600'000;
  for (const char* const area : {"15.01", "32.73.01", "91"}) {
    int64_t last = 0;
    for (const uint32_t days : {0u, 1u, 3u, 10u}) {
      const int64_t start_ms = sync::DayOfDate({2026, 3, 1}) * kDayMs;
      const int64_t deadline = calendar->Deadline(start_ms, days, area);
      PROMISE(deadline > start_ms && deadline >= last, "more working days end no sooner");
      PROMISE(calendar->WorkingDaysBetween(start_ms, deadline - 1, area) == days,
              "a deadline is as many working days away as were asked for");
      last = deadline;
    }
  }
  return true;
}

bool Areas(const Folder& folder, std::string_view content) {
  // Four files and the aliases in one, each after a line that is a single dot.
  static const char* const kNames[] = {"provinces.csv", "regencies.csv", "districts.csv",
                                       "villages.csv", "aliases.csv"};
  for (const char* const name : kNames) {
    const size_t end = content.find("\n.\n");
    folder.Write(name, content.substr(0, end == std::string_view::npos ? end : end + 1));
    content = end == std::string_view::npos ? std::string_view() : content.substr(end + 3);
  }
  const absl::StatusOr<server::AreaTable> table = server::AreaTable::Load(folder.path());
  if (!table.ok()) {
    PROMISE(!table.status().message().empty(), "an error says where");
    return false;
  }
  size_t found = 0;
  std::vector<std::string> parents = {""};
  while (!parents.empty()) {
    const std::string parent = std::move(parents.back());
    parents.pop_back();
    std::string after;
    do {
      const server::AreaTable::Page page = table->Children(parent, after, 3);
      for (const v1::Area& area : page.areas) {
        PROMISE(table->Has(area.code()) && table->Permits(area.code()), "a child is an area");
        const absl::StatusOr<v1::Area> same = table->Get(area.code());
        PROMISE(same.ok() && same->SerializeAsString() == area.SerializeAsString(),
                "each area is found by its code");
        parents.push_back(area.code());
        ++found;
      }
      PROMISE(page.next.empty() || page.next > after, "a page goes on after the one before");
      after = page.next;
    } while (!after.empty());
  }
  PROMISE(found == table->size(), "every area is below one without a parent");
  table->Search("a", "", 10);
  return found > 0;
}

}  // namespace

FUZZ_TARGET(files, "contexts, definition files, calendars, areas") {
  static const Folder folder;
  if (bytes.empty()) return false;
  const std::string_view content = bytes.substr(1);
  switch (bytes[0]) {
    case 'c':
      return Contexts(folder, content);
    case 'd':
      return Definition(folder, content);
    case 'k':
      return Calendar(content);
    case 'a':
      return Areas(folder, content);
    default:
      return false;
  }
}

}  // namespace tikar::fuzz
