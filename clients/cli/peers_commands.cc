#include "clients/cli/peers_commands.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "clients/cli/command_line.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/table.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr uint32_t kPageSize = 1'000;

std::string BareName(const v1::Peer& peer) {
  return std::string(absl::StripPrefix(peer.name(), "peers/"));
}

absl::StatusOr<std::vector<v1::Peer>> AllPeers(Session& session) {
  std::vector<v1::Peer> peers;
  v1::ListPeersRequest request;
  request.set_page_size(kPageSize);
  do {
    ASSIGN_OR_RETURN(v1::ListPeersResponse page, session.connection().Call(request));
    for (v1::Peer& peer : *page.mutable_peers()) peers.push_back(std::move(peer));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return peers;
}

Json TimeJson(int64_t milliseconds) {
  return milliseconds == 0 ? Json(nullptr) : Json(IsoTime(milliseconds));
}

Json ProgressJson(const v1::MirrorProgress& progress) {
  Json json;
  json["lag_entries"] = progress.lag_entries();
  json["lag_seconds"] = progress.lag_seconds();
  json["entries"] = progress.entries();
  json["bytes"] = progress.bytes();
  json["entries_per_second"] = progress.entries_per_second();
  json["bytes_per_second"] = progress.bytes_per_second();
  json["seconds_left"] =
      progress.has_seconds_left() ? Json(progress.seconds_left()) : Json(nullptr);
  return json;
}

Json PeerJson(const v1::Peer& peer) {
  const v1::PeerStatus& status = peer.status();
  Json json;
  json["name"] = BareName(peer);
  json["address"] = peer.address();
  json["regions"] = Json::array();
  for (const std::string& region : peer.regions()) json["regions"].push_back(region);
  json["source"] = EnumJson(v1::PeerSource_Name(peer.source()), "PEER_SOURCE_");
  json["connected"] = status.connected();
  json["since"] = TimeJson(status.since_ms());
  json["last_error"] = status.last_error();
  json["last_error_at"] = TimeJson(status.last_error_ms());
  json["next_attempt"] = TimeJson(status.next_attempt_ms());
  json["version"] = status.version();
  json["clock_offset_ms"] = status.clock_offset_ms();
  json["mirrored_regions"] = status.regions();
  json["entries_refused"] = status.entries_refused();
  json["outgoing"] = ProgressJson(status.outgoing());
  json["incoming"] = ProgressJson(status.incoming());
  return json;
}

void PrintJson(Session& session, const std::vector<v1::Peer>& peers) {
  Json json;
  json["peers"] = Json::array();
  for (const v1::Peer& peer : peers) json["peers"].push_back(PeerJson(peer));
  session.out() << JsonText(json);
}

void PrintNone(Session& session) {
  session.out() << session.Say(
      "Server ini belum bercermin dengan node mana pun. Tambahkan: tikar peers add NAMA "
      "HOST:PORT\n",
      "This server mirrors with no node yet. Add one: tikar peers add NAME HOST:PORT\n");
}

std::string SourceText(Session& session, v1::PeerSource source) {
  switch (source) {
    case v1::PEER_SOURCE_FLAG:
      return "--peer";
    case v1::PEER_SOURCE_INCOMING:
      return std::string(session.Say("menghubungi server ini", "dials this server"));
    default:
      return std::string(session.Say("ditambahkan", "added"));
  }
}

Cell StateCell(Session& session, const v1::PeerStatus& status) {
  if (status.connected()) {
    return {std::string(session.Say("tersambung", "connected")), Style::kGood};
  }
  return {std::string(session.Say("terputus", "not connected")), Style::kBad};
}

// "1,240 (3 min)": how much lags, and for how long. "0" when nothing does.
std::string LagText(Session& session, const v1::MirrorProgress& progress) {
  if (progress.lag_entries() == 0) return "0";
  return absl::StrCat(progress.lag_entries(), " (",
                      AboutDuration(absl::Seconds(static_cast<int64_t>(progress.lag_seconds())),
                                    session.language()),
                      ")");
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 10'000) return absl::StrCat(bytes, " B");
  if (bytes < 10'000'000) return absl::StrFormat("%.0f kB", static_cast<double>(bytes) / 1e3);
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

// "812/s, 96 kB/s"; empty when nothing moves.
std::string RateText(const v1::MirrorProgress& progress) {
  if (progress.entries_per_second() == 0 && progress.bytes_per_second() == 0) return "";
  return absl::StrCat(progress.entries_per_second(), "/s, ", BytesText(progress.bytes_per_second()),
                      "/s");
}

std::string TimeLeftText(Session& session, const v1::MirrorProgress& progress) {
  if (!progress.has_seconds_left()) return "";
  return AboutDuration(absl::Seconds(static_cast<int64_t>(progress.seconds_left())),
                       session.language());
}

// Rows of one connection: one for each direction.
void AddRows(Session& session, const v1::Peer& peer, Table* table) {
  const v1::PeerStatus& status = peer.status();
  const std::string since = status.since_ms() == 0 ? std::string() : LocalTime(status.since_ms());
  if (!status.connected()) {
    table->AddRow(
        {{BareName(peer), Style::kName}, StateCell(session, status), {since}, {}, {}, {}, {}, {}});
    return;
  }
  const auto add = [&](bool first, std::string_view direction, const v1::MirrorProgress& progress) {
    table->AddRow(
        {first ? Cell{BareName(peer), Style::kName} : Cell{},
         first ? StateCell(session, status) : Cell{},
         {first ? since : std::string()},
         {std::string(direction)},
         {LagText(session, progress), progress.lag_entries() > 0 ? Style::kWarning : Style::kPlain},
         {absl::StrCat(progress.entries(), ", ", BytesText(progress.bytes()))},
         {RateText(progress)},
         {TimeLeftText(session, progress)}});
  };
  add(true, session.Say("keluar", "out"), status.outgoing());
  add(false, session.Say("masuk", "in"), status.incoming());
}

}  // namespace

absl::Status PeersAdd(Session& session, const PeersOptions& options) {
  v1::CreatePeerRequest request;
  request.set_peer_id(options.name);
  request.mutable_peer()->set_address(options.address);
  for (const std::string& region : options.regions) request.mutable_peer()->add_regions(region);
  ASSIGN_OR_RETURN(const v1::CreatePeerResponse response, session.connection().Call(request));
  if (session.json()) {
    session.out() << JsonText(PeerJson(response.peer()));
    return absl::OkStatus();
  }
  session.out() << session.Say("Bercermin mulai sekarang dengan ", "Mirrors from now on with ")
                << OneLine(BareName(response.peer())) << " (" << OneLine(response.peer().address())
                << ")\n"
                << Styled(session.out_terminal(), Style::kDim,
                          session.Say("Lihat keadaannya: ", "See how it goes: "))
                << "tikar peers status\n";
  return absl::OkStatus();
}

absl::Status PeersList(Session& session) {
  ASSIGN_OR_RETURN(const std::vector<v1::Peer> peers, AllPeers(session));
  if (session.json()) {
    PrintJson(session, peers);
    return absl::OkStatus();
  }
  if (peers.empty()) {
    PrintNone(session);
    return absl::OkStatus();
  }
  Table table(
      {{.title = std::string(session.Say("NODE", "NODE"))},
       {.title = std::string(session.Say("ALAMAT", "ADDRESS")), .droppable = true},
       {.title = std::string(session.Say("DAERAH", "REGIONS")), .shrinks = true, .droppable = true},
       {.title = std::string(session.Say("ASAL", "FROM")), .shrinks = true},
       {.title = std::string(session.Say("KEADAAN", "STATE"))}});
  for (const v1::Peer& peer : peers) {
    table.AddRow({{BareName(peer), Style::kName},
                  {peer.address()},
                  {absl::StrJoin(peer.regions(), ", ")},
                  {SourceText(session, peer.source())},
                  StateCell(session, peer.status())});
  }
  session.out() << table.Render(session.out_terminal());
  return absl::OkStatus();
}

absl::Status PeersRemove(Session& session, const PeersOptions& options) {
  v1::DeletePeerRequest request;
  request.set_name(absl::StrCat("peers/", options.name));
  RETURN_IF_ERROR(session.connection().Call(request).status());
  if (session.json()) {
    session.out() << JsonText({{"removed", options.name}});
    return absl::OkStatus();
  }
  session.out() << session.Say("Tidak lagi bercermin dengan ", "Mirrors no more with ")
                << OneLine(options.name)
                << session.Say("; yang sudah disalin tetap ada.\n", "; what was copied stays.\n");
  return absl::OkStatus();
}

absl::Status PeersStatus(Session& session, const PeersOptions& options) {
  ASSIGN_OR_RETURN(std::vector<v1::Peer> peers, AllPeers(session));
  if (!options.name.empty()) {
    std::erase_if(peers, [&](const v1::Peer& peer) { return BareName(peer) != options.name; });
    if (peers.empty()) {
      return WithAdvice(
          absl::NotFoundError(absl::StrCat(
              AbslView(session.Say("server tidak mengenal node ", "the server knows no node ")),
              options.name)),
          absl::StrCat(AbslView(session.Say("Lihat yang ada: ", "See what there is: ")),
                       "tikar peers list"));
    }
  }
  if (session.json()) {
    PrintJson(session, peers);
    return absl::OkStatus();
  }
  if (peers.empty()) {
    PrintNone(session);
    return absl::OkStatus();
  }
  Table table({{.title = std::string(session.Say("NODE", "NODE"))},
               {.title = std::string(session.Say("KEADAAN", "STATE"))},
               {.title = std::string(session.Say("SEJAK", "SINCE")), .droppable = true},
               {.title = std::string(session.Say("ARAH", "WAY")), .droppable = true},
               {.title = std::string(session.Say("TERTINGGAL", "LAGS")),
                .right_aligned = true,
                .droppable = true},
               {.title = std::string(session.Say("TERSALIN", "COPIED")),
                .right_aligned = true,
                .droppable = true},
               {.title = std::string(session.Say("LAJU", "RATE")),
                .right_aligned = true,
                .droppable = true},
               {.title = std::string(session.Say("SISA", "LEFT")),
                .right_aligned = true,
                .droppable = true}});
  for (const v1::Peer& peer : peers) AddRows(session, peer, &table);
  session.out() << table.Render(session.out_terminal());
  for (const v1::Peer& peer : peers) {
    const v1::PeerStatus& status = peer.status();
    if (status.last_error().empty() || (status.connected() && status.entries_refused() == 0)) {
      continue;
    }
    std::string line = absl::StrCat(BareName(peer), ": ", status.last_error());
    if (status.next_attempt_ms() > 0) {
      absl::StrAppend(&line, AbslView(session.Say("; dicoba lagi ", "; tried again at ")),
                      LocalTime(status.next_attempt_ms()));
    }
    session.out() << "\n" << Styled(session.out_terminal(), Style::kWarning, OneLine(line)) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace tikar::cli
