#include "clients/cli/watch_lines.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "clients/cli/display.h"
#include "clients/cli/request_text.h"
#include "clients/cli/times.h"
#include "clients/cli/value_text.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr size_t kRefColumns = 13;
constexpr size_t kServiceColumns = 12;
constexpr size_t kStatusColumns = 20;
constexpr size_t kAreaColumns = 18;
constexpr size_t kGap = 2;
// Narrower terminals lose the area, then the service: what changed is what one watches for.
constexpr size_t kWidthForArea = 110;
constexpr size_t kWidthForService = 84;
// However narrow it is.
constexpr size_t kWhatColumnsMin = 16;

std::string TimeText(int64_t time_ms, const TextStyle& style) {
  return absl::FormatTime(style.terminal.interactive ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S",
                          absl::FromUnixMillis(time_ms), absl::LocalTimeZone());
}

size_t TimeColumns(const TextStyle& style) { return style.terminal.interactive ? 8 : 19; }

bool Shows(const TextStyle& style, size_t width_needed) {
  return style.terminal.width == 0 || style.terminal.width >= width_needed;
}

// Cells of one line, in the columns that fit. On no terminal nothing is cut.
class Line {
 public:
  explicit Line(const TextStyle& style) : style_(style) {}

  void Add(std::string_view text, size_t columns, Style color) {
    std::string cell = OneLine(text);
    if (style_.terminal.width > 0) cell = CutToWidth(cell, columns);
    // Spaces are left without colour: some terminals underline or mark them.
    const std::string padding = PadToWidth(cell, columns).substr(cell.size());
    absl::StrAppend(&text_, Styled(style_.terminal, color, cell), padding, std::string(kGap, ' '));
    used_ += columns + kGap;
  }

  std::string End(std::string_view what, Style color) {
    std::string cell = OneLine(what);
    const size_t width = style_.terminal.width;
    if (width > 0) {
      cell = CutToWidth(cell, width > used_ + kWhatColumnsMin ? width - used_ : kWhatColumnsMin);
    }
    return absl::StrCat(text_, Styled(style_.terminal, color, cell), "\n");
  }

 private:
  const TextStyle& style_;
  std::string text_;
  size_t used_ = 0;
};

const v1::FieldState* FindState(const v1::Request& request, const std::string& path) {
  if (const v1::FieldState* field = FindFieldState(request, path)) return field;
  for (const v1::FieldState& element : request.elements()) {
    if (element.path() == path) return &element;
  }
  return nullptr;
}

std::string PathText(const v1::Request& request, const std::string& path,
                     const DefinitionView& definition, Language language) {
  const v1::FieldState* state = FindState(request, path);
  const v1::Value* value = state != nullptr && state->has_value() ? &state->value() : nullptr;
  const size_t slash = path.find('/');
  if (slash == std::string::npos) {
    return absl::StrCat(definition.FieldLabel(path, language), ": ",
                        definition.FormatFieldValue(path, value, language));
  }
  return absl::StrCat(CollectionLabel(path.substr(0, slash), definition, language), ": ",
                      FormatValue(nullptr, value, language));
}

std::string WhatText(const v1::Request& request, const RequestNews& news,
                     const DefinitionView& definition, Language language) {
  std::string text;
  if (news.is_new) {
    const std::string title = TitleOf(request, definition);
    text = absl::StrCat(AbslView(Pick(language, "baru", "new")), title.empty() ? "" : ": ", title);
  } else if (news.paths.empty()) {
    text =
        std::string(Pick(language, "tidak ada yang berubah di dalamnya", "nothing in it changed"));
  } else {
    text = absl::StrJoin(news.paths, "; ", [&](std::string* out, const std::string& path) {
      out->append(PathText(request, path, definition, language));
    });
  }
  if (!news.actors.empty()) {
    absl::StrAppend(&text, " (", absl::StrJoin(news.actors, ", "), ")");
  }
  if (news.earlier_changes > 0) {
    absl::StrAppend(&text, " +",
                    Count(language, news.earlier_changes, "perubahan sebelumnya", "earlier change",
                          "earlier changes"));
  }
  return text;
}

}  // namespace

RequestNews NewsOf(const v1::Request& request, std::optional<uint32_t> change_count_before) {
  const std::set<std::string> heads(request.heads().begin(), request.heads().end());
  RequestNews news;
  news.is_new = request.change_count() == 1;
  std::set<std::string> actors;
  const auto look = [&](const google::protobuf::RepeatedPtrField<v1::FieldState>& states) {
    for (const v1::FieldState& state : states) {
      bool written = false;
      for (const v1::Candidate& candidate : state.candidates()) {
        if (heads.count(candidate.change_id()) == 0) continue;
        written = true;
        actors.insert(candidate.actor());
      }
      if (written) news.paths.push_back(state.path());
    }
  };
  look(request.fields());
  look(request.elements());
  std::sort(news.paths.begin(), news.paths.end());
  news.actors.assign(actors.begin(), actors.end());
  if (change_count_before.has_value()) {
    const uint64_t told = *change_count_before + heads.size();
    if (request.change_count() > told) {
      news.earlier_changes = static_cast<uint32_t>(request.change_count() - told);
    }
  }
  return news;
}

std::string WatchHead(const TextStyle& style) {
  Line line(style);
  line.Add(Say(style, "WAKTU", "TIME"), TimeColumns(style), Style::kBold);
  line.Add("REF", kRefColumns, Style::kBold);
  if (Shows(style, kWidthForService)) {
    line.Add(Say(style, "LAYANAN", "SERVICE"), kServiceColumns, Style::kBold);
  }
  if (Shows(style, kWidthForArea)) {
    line.Add(Say(style, "WILAYAH", "AREA"), kAreaColumns, Style::kBold);
  }
  line.Add("STATUS", kStatusColumns, Style::kBold);
  return line.End(Say(style, "PERUBAHAN", "CHANGE"), Style::kBold);
}

std::string WatchLine(const v1::WatchRequestsResponse& response, const RequestNews& news,
                      const DefinitionView& definition, std::string_view area_name,
                      const TextStyle& style) {
  const v1::Request& request = response.request();
  Line line(style);
  line.Add(TimeText(response.time_ms(), style), TimeColumns(style), Style::kDim);
  line.Add(RefText(request.ref()), kRefColumns, Style::kName);
  if (Shows(style, kWidthForService)) line.Add(request.service(), kServiceColumns, Style::kPlain);
  if (Shows(style, kWidthForArea)) line.Add(area_name, kAreaColumns, Style::kPlain);
  line.Add(StatusText(request, definition, style.language), kStatusColumns,
           IsLate(request)             ? Style::kBad
           : request.reviews().empty() ? Style::kPlain
                                       : Style::kWarning);
  return line.End(WhatText(request, news, definition, style.language), Style::kPlain);
}

std::string WatchJsonLine(const v1::WatchRequestsResponse& response, const RequestNews& news) {
  Json json;
  json["time"] = IsoTime(response.time_ms());
  json["new"] = news.is_new;
  json["changed"] = news.paths;
  json["actors"] = news.actors;
  json["earlier_changes"] = news.earlier_changes;
  json["request"] = RequestJson(response.request());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tikar::cli
