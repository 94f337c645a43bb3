// tikar status.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/display.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr size_t kLabelColumns = 12;

}  // namespace

absl::Status ShowStatus(Session& session) {
  ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                   session.connection().Call(v1::GetStatusRequest()));
  if (session.json()) {
    session.out() << JsonText(StatusJson(status));
    return absl::OkStatus();
  }
  const Terminal& terminal = session.out_terminal();
  const auto line = [&](std::string_view label, std::string_view text) {
    session.out() << Styled(terminal, Style::kDim, PadToWidth(label, kLabelColumns))
                  << OneLine(text) << "\n";
  };
  const absl::Duration up = absl::Milliseconds(status.server_time_ms() - status.started_at_ms());
  const std::string& context = session.settings().context;
  line("Server", absl::StrCat(session.settings().server,
                              context.empty() ? "" : absl::StrCat(" (", context, ")"), "  tikard ",
                              status.server_version()));
  line(session.Say("Berjalan", "Running"),
       absl::StrCat(AboutDuration(up, session.language()),
                    sync::AbslView(session.Say(", sejak ", ", since ")),
                    LocalTime(status.started_at_ms())));
  line("Log", absl::StrFormat("%016x", status.origin()));
  if (!status.data_directory().empty()) {
    line(session.Say("Data", "Data"), status.data_directory());
  }
  const auto count = [&](uint64_t number, std::string_view indonesian, std::string_view one,
                         std::string_view many) {
    return Count(session.language(), number, indonesian, one, many);
  };
  line(session.Say("Katalog", "Catalogue"),
       absl::StrCat(count(status.definitions(), "definisi", "definition", "definitions"), ", ",
                    count(status.areas(), "wilayah", "area", "areas")));
  line(session.Say("Aliran", "Streams"),
       absl::StrCat(status.live_streams(), sync::AbslView(session.Say(" terbuka", " live"))));
  line(session.Say("Antrean", "Queue"),
       absl::StrCat(count(status.queue_changes(), "perubahan", "change", "changes"), ", ",
                    status.queue_bytes(), " B"));
  // Not the groups: the server writes some for itself, on which nobody's change waits.
  line(session.Say("Tersimpan", "Committed"),
       absl::StrCat(count(status.changes_committed(), "perubahan", "change", "changes"),
                    sync::AbslView(session.Say(" sejak mulai", " since start"))));
  session.out() << "\n";
  if (status.regions().empty()) {
    session.out() << session.Say("Belum ada permohonan.\n", "No requests yet.\n");
  } else {
    Table table(
        {{.title = std::string(session.Say("DAERAH", "REGION"))},
         {.title = std::string(session.Say("NAMA", "NAME")), .shrinks = true},
         {.title = std::string(session.Say("PERMOHONAN", "REQUESTS")), .right_aligned = true},
         {.title = std::string(session.Say("PERUBAHAN", "CHANGES")), .right_aligned = true},
         {.title = std::string(session.Say("KONFLIK", "CONFLICTS")), .right_aligned = true},
         {.title = std::string(session.Say("MENUNGGU", "WAITING")), .right_aligned = true}});
    for (const v1::RegionStatus& region : status.regions()) {
      table.AddRow({{region.region(), Style::kName},
                    {session.AreaName(region.region())},
                    {absl::StrCat(region.requests())},
                    {absl::StrCat(region.changes())},
                    {absl::StrCat(region.conflicts()),
                     region.conflicts() > 0 ? Style::kWarning : Style::kPlain},
                    {absl::StrCat(region.waiting()),
                     region.waiting() > 0 ? Style::kWarning : Style::kPlain}});
    }
    session.out() << table.Render(terminal);
  }
  const auto warn = [&](Style style, std::string_view text) {
    session.out() << "\n" << Styled(terminal, style, OneLine(text)) << "\n";
  };
  if (!status.refusing_writes().empty()) {
    warn(Style::kBad,
         absl::StrCat(sync::AbslView(session.Say("MENOLAK PERUBAHAN: ", "TAKES NO CHANGES: ")),
                      status.refusing_writes()));
  }
  if (!status.clock_warning().empty()) {
    warn(Style::kWarning,
         absl::StrCat(sync::AbslView(session.Say("Jam: ", "Clock: ")), status.clock_warning()));
  }
  if (status.single_copy()) {
    warn(Style::kWarning,
         session.Say("Salinan tunggal: tidak ada cermin atau pusat yang juga menyimpan data ini.",
                     "Single copy: no mirror and no hub holds this data too."));
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
