#include "server/area_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "sync/feed.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

using sync::AbslView;

// Files in this order, each with the length of its codes.
struct AreaFile {
  const char* name;
  size_t code_length;
};
constexpr AreaFile kFiles[] = {
    {"provinces.csv", 2}, {"regencies.csv", 5}, {"districts.csv", 8}, {"villages.csv", 13}};

// More than twice the largest file there is today (2.6 MB).
constexpr size_t kFileBytesMax = 16 << 20;

v1::AreaLevel LevelOf(std::string_view code) {
  switch (code.size()) {
    case 2:
      return v1::AREA_LEVEL_PROVINCE;
    case 5:
      return v1::AREA_LEVEL_REGENCY;
    case 8:
      return v1::AREA_LEVEL_DISTRICT;
    default:
      return v1::AREA_LEVEL_VILLAGE;
  }
}

// "15.01" of "15.01.06"; empty of a province.
std::string_view ParentOf(std::string_view code) {
  const size_t dot = code.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : code.substr(0, dot);
}

// "15.01" of "15.01.06"; a province as it is.
std::string_view RegionOf(std::string_view code) { return code.substr(0, 5); }

// One row of RFC 4180 without line breaks in fields. False: quotes that do not close.
bool SplitRow(std::string_view line, std::vector<std::string>* fields) {
  fields->clear();
  fields->emplace_back();
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c != '"') {
        fields->back().push_back(c);
      } else if (i + 1 < line.size() && line[i + 1] == '"') {
        fields->back().push_back(line[++i]);
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields->back().empty()) {
      quoted = true;
    } else if (c == ',') {
      fields->emplace_back();
    } else {
      fields->back().push_back(c);
    }
  }
  return !quoted;
}

absl::Status At(const std::string& path, size_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", AbslView(what)));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  if (text.size() > kFileBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": larger than ", kFileBytesMax));
  }
  return text;
}

// Calls `take` with each row below a header that begins with "code" and ends with `last_column`.
absl::Status ReadRows(
    const std::string& path, const std::string& last_column,
    const std::function<absl::Status(size_t line, std::vector<std::string>& fields)>& take) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::string_view rest = text;
  std::vector<std::string> fields;
  for (size_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (!SplitRow(line, &fields)) return At(path, line_number, "a quote does not close");
    if (line_number == 1) {
      if (fields.front() != "code" || fields.back() != last_column) {
        return At(path, line_number,
                  absl::StrCat("the header must begin with code and end with ", last_column));
      }
      continue;
    }
    if (fields.size() < 2) return At(path, line_number, "a row needs a code and a " + last_column);
    RETURN_IF_ERROR(take(line_number, fields));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AreaTable> AreaTable::Load(const std::string& directory) {
  AreaTable table;
  for (const AreaFile& file : kFiles) {
    const std::string path = absl::StrCat(directory, "/", file.name);
    RETURN_IF_ERROR(
        ReadRows(path, "name", [&](size_t line, std::vector<std::string>& fields) -> absl::Status {
          if (fields.front().size() != file.code_length || !sync::IsAreaPrefix(fields.front())) {
            return At(path, line, absl::StrCat("not an area code: ", fields.front()));
          }
          if (fields.back().empty()) return At(path, line, "the name is empty");
          std::string folded = absl::AsciiStrToLower(fields.back());
          table.areas_.push_back(
              {std::move(fields.front()), std::move(fields.back()), std::move(folded)});
          return absl::OkStatus();
        }));
  }
  std::sort(table.areas_.begin(), table.areas_.end(),
            [](const Row& a, const Row& b) { return a.code < b.code; });
  for (size_t i = 0; i < table.areas_.size(); ++i) {
    const std::string& code = table.areas_[i].code;
    if (i > 0 && table.areas_[i - 1].code == code) {
      return absl::InvalidArgumentError(absl::StrCat(directory, ": ", code, " is there twice"));
    }
    const std::string_view parent = ParentOf(code);
    if (!parent.empty() && table.Find(parent) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(directory, ": ", code, " lies in ", AbslView(parent), ", which is missing"));
    }
    const std::string_view region = RegionOf(code);
    if (LevelOf(code) == v1::AREA_LEVEL_VILLAGE &&
        (table.whole_ones_.empty() || table.whole_ones_.back() != region)) {
      table.whole_ones_.emplace_back(region);
    }
  }
  RETURN_IF_ERROR(table.LoadAliases(absl::StrCat(directory, "/aliases.csv")));
  return table;
}

absl::Status AreaTable::LoadAliases(const std::string& path) {
  if (!std::filesystem::exists(path)) return absl::OkStatus();
  RETURN_IF_ERROR(ReadRows(
      path, "area_code", [&](size_t line, std::vector<std::string>& fields) -> absl::Status {
        if (!sync::IsAreaPrefix(fields.front())) {
          return At(path, line, absl::StrCat("not an area code: ", fields.front()));
        }
        if (Has(fields.front())) {
          return At(path, line, absl::StrCat(fields.front(), " is an area of today"));
        }
        if (!Has(fields.back())) {
          return At(path, line, absl::StrCat("there is no area ", fields.back()));
        }
        aliases_.push_back(std::move(fields.front()));
        return absl::OkStatus();
      }));
  std::sort(aliases_.begin(), aliases_.end());
  return absl::OkStatus();
}

std::vector<AreaTable::Row>::const_iterator AreaTable::After(std::string_view code) const {
  return std::upper_bound(areas_.begin(), areas_.end(), code,
                          [](std::string_view value, const Row& row) { return value < row.code; });
}

const AreaTable::Row* AreaTable::Find(std::string_view code) const {
  const auto row =
      std::lower_bound(areas_.begin(), areas_.end(), code,
                       [](const Row& row, std::string_view value) { return row.code < value; });
  return row == areas_.end() || row->code != code ? nullptr : &*row;
}

bool AreaTable::Has(std::string_view code) const { return Find(code) != nullptr; }

bool AreaTable::Permits(std::string_view code) const {
  return Has(code) || std::binary_search(aliases_.begin(), aliases_.end(), code) ||
         !std::binary_search(whole_ones_.begin(), whole_ones_.end(), RegionOf(code));
}

v1::Area AreaTable::ToProto(const Row& row) const {
  v1::Area area;
  area.set_code(row.code);
  area.set_name(row.name);
  area.set_level(LevelOf(row.code));
  std::string path = row.name;
  for (std::string_view parent = ParentOf(row.code); !parent.empty(); parent = ParentOf(parent)) {
    if (const Row* above = Find(parent)) path = absl::StrCat(above->name, " / ", path);
  }
  area.set_path(path);
  return area;
}

absl::StatusOr<v1::Area> AreaTable::Get(std::string_view code) const {
  const Row* row = Find(code);
  if (row == nullptr) return NoSuchThing(absl::StrCat("area ", AbslView(code)));
  return ToProto(*row);
}

AreaTable::Page AreaTable::Children(std::string_view parent, std::string_view after,
                                    size_t page_size) const {
  Page page;
  const std::string prefix = parent.empty() ? "" : absl::StrCat(AbslView(parent), ".");
  for (auto row = After(std::max<std::string_view>(prefix, after)); row != areas_.end(); ++row) {
    if (row->code.compare(0, prefix.size(), prefix) != 0) break;
    if (ParentOf(row->code) != parent) continue;
    if (page.areas.size() == page_size) {
      page.next = page.areas.back().code();
      break;
    }
    page.areas.push_back(ToProto(*row));
  }
  return page;
}

AreaTable::Page AreaTable::Search(std::string_view query, std::string_view after,
                                  size_t page_size) const {
  Page page;
  const std::string folded = absl::AsciiStrToLower(AbslView(query));
  for (auto row = After(after); row != areas_.end(); ++row) {
    if (row->folded.find(folded) == std::string::npos &&
        row->code.find(folded) == std::string::npos) {
      continue;
    }
    if (page.areas.size() == page_size) {
      page.next = page.areas.back().code();
      break;
    }
    page.areas.push_back(ToProto(*row));
  }
  return page;
}

}  // namespace tikar::server
