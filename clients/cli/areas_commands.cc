// tikar areas search, show.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "clients/cli/area_search.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSizeMax = 1000;
constexpr size_t kQueryCharactersMin = 2;
// More than there are areas in Indonesia.
constexpr uint32_t kRankedMax = 100'000;

std::string_view LevelWord(v1::AreaLevel level, Language language) {
  switch (level) {
    case v1::AREA_LEVEL_PROVINCE:
      return Pick(language, "provinsi", "province");
    case v1::AREA_LEVEL_REGENCY:
      return Pick(language, "kabupaten atau kota", "regency or city");
    case v1::AREA_LEVEL_DISTRICT:
      return Pick(language, "kecamatan", "district (kecamatan)");
    case v1::AREA_LEVEL_VILLAGE:
      return Pick(language, "desa atau kelurahan", "village");
    default:
      return Pick(language, "wilayah", "area");
  }
}

struct AreaPage {
  std::vector<v1::Area> areas;
  // There are more than the limit.
  bool more = false;
};

absl::StatusOr<AreaPage> ListAreas(Session& session, v1::ListAreasRequest list, uint32_t limit) {
  AreaPage found;
  while (found.areas.size() < limit) {
    list.set_page_size(
        std::min<uint32_t>(kPageSizeMax, limit - static_cast<uint32_t>(found.areas.size())));
    ASSIGN_OR_RETURN(v1::ListAreasResponse page, session.connection().Call(list));
    for (v1::Area& area : *page.mutable_areas()) found.areas.push_back(std::move(area));
    found.more = !page.next_page_token().empty();
    if (!found.more) break;
    list.set_page_token(page.next_page_token());
  }
  return found;
}

Json AreasJson(const std::vector<v1::Area>& areas) {
  Json list = Json::array();
  for (const v1::Area& area : areas) list.push_back(AreaJson(area));
  return list;
}

void PrintMore(Session& session, bool more) {
  if (!more) return;
  session.out() << session.Say("… masih ada lagi; tambah dengan --limit\n",
                               "… there are more; ask for them with --limit\n");
}

absl::Status NoSuchArea(Session& session) {
  return WithAdvice(
      WithIndonesian(absl::NotFoundError("no such area"), "tidak ada wilayah seperti itu"),
      session.Say("Cari dengan bagian nama lain, misalnya: tikar areas search kerinci",
                  "Search for another part of its name, for example: "
                  "tikar areas search kerinci"));
}

}  // namespace

absl::Status AreasSearch(Session& session, const AreasSearchOptions& options) {
  if (!options.query.empty() && options.query.size() < kQueryCharactersMin) {
    return UsageError("tulis sedikitnya 2 huruf dari nama atau kode",
                      "write at least 2 characters of the name or code");
  }
  v1::ListAreasRequest list;
  list.set_query(options.query);
  list.set_parent_code(options.below);
  // Found by name they are ranked, so all are read first: the server sorts by code.
  const bool by_name = !options.query.empty() && !LooksLikeAreaCode(options.query);
  ASSIGN_OR_RETURN(AreaPage found,
                   ListAreas(session, std::move(list), by_name ? kRankedMax : options.limit));
  if (found.areas.empty()) return NoSuchArea(session);
  if (by_name) {
    RankMatches(options.query, found.areas);
    found.more = found.more || found.areas.size() > options.limit;
    found.areas.resize(std::min<size_t>(found.areas.size(), options.limit));
  }
  if (session.json()) {
    Json json;
    json["areas"] = AreasJson(found.areas);
    json["more"] = found.more;
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  Table table({{.title = std::string(session.Say("KODE", "CODE"))},
               {.title = std::string(session.Say("NAMA", "NAME")), .shrinks = true},
               {.title = std::string(session.Say("LETAK", "WHERE")), .shrinks = true}});
  for (const v1::Area& area : found.areas) {
    table.AddRow({{area.code(), Style::kName}, {area.name()}, {area.path(), Style::kDim}});
  }
  session.out() << table.Render(session.out_terminal());
  PrintMore(session, found.more);
  return absl::OkStatus();
}

absl::Status AreasShow(Session& session, const AreasShowOptions& options) {
  v1::GetAreaRequest get;
  get.set_code(options.code);
  const absl::StatusOr<v1::GetAreaResponse> answer = session.connection().Call(get);
  if (answer.status().code() == absl::StatusCode::kNotFound) {
    return WithAdvice(answer.status(), session.Say("Cari kodenya: tikar areas search NAMA",
                                                   "Find its code: tikar areas search NAME"));
  }
  if (!answer.ok()) return answer.status();
  const v1::Area& area = answer->area();
  AreaPage below;
  if (area.level() != v1::AREA_LEVEL_VILLAGE) {
    v1::ListAreasRequest list;
    list.set_parent_code(area.code());
    ASSIGN_OR_RETURN(below, ListAreas(session, std::move(list), options.limit));
  }
  if (session.json()) {
    Json json = AreaJson(area);
    json["below"] = AreasJson(below.areas);
    json["more"] = below.more;
    session.out() << JsonText(json);
    return absl::OkStatus();
  }
  const Terminal& terminal = session.out_terminal();
  session.out() << Styled(terminal, Style::kName, OneLine(area.code())) << "  "
                << Styled(terminal, Style::kBold, OneLine(area.name())) << ", "
                << LevelWord(area.level(), session.language()) << "\n"
                << OneLine(area.path()) << "\n";
  if (below.areas.empty()) return absl::OkStatus();
  Table table({{.title = std::string(session.Say("KODE", "CODE"))},
               {.title = std::string(session.Say("NAMA", "NAME")), .shrinks = true}});
  for (const v1::Area& child : below.areas) {
    table.AddRow({{child.code(), Style::kName}, {child.name()}});
  }
  session.out() << "\n" << table.Render(terminal);
  PrintMore(session, below.more);
  return absl::OkStatus();
}

}  // namespace tikar::cli
