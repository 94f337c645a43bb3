#include "clients/cli/history_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "clients/cli/history_graph.h"
#include "clients/cli/json_output.h"
#include "clients/cli/request_text.h"
#include "clients/cli/times.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

// A lane takes two columns; so many leave room for words on a terminal of 80.
constexpr size_t kLanesMax = 10;
// Of the terminal, the graph takes at most this part.
constexpr size_t kGraphShare = 4;
// Digits of a change id that are shown.
constexpr size_t kIdDigits = 8;

// Items of a history by id, with the numbers that the text gives them.
struct Numbered {
  size_t number;
  const v1::HistoryItem* item;
};
using Items = std::map<std::string, Numbered>;

std::string ShortId(const std::string& change_id) {
  return absl::BytesToHexString(change_id).substr(0, kIdDigits);
}

std::string OutcomeText(const v1::WriteOutcome& write, const Items& items, const TextStyle& style) {
  std::string by;
  if (const auto found = items.find(write.by_change_id()); found != items.end()) {
    by = absl::StrCat("#", found->second.number, " ", OneLine(found->second.item->actor()));
  } else if (!write.by_change_id().empty()) {
    by = ShortId(write.by_change_id());
  }
  const auto with = [&](std::string_view indonesian, std::string_view english) {
    const std::string words = Say(style, indonesian, english);
    return by.empty() ? words : absl::StrCat(words, " (", by, ")");
  };
  switch (write.rule()) {
    case v1::RULE_SUPERSEDED:
      return with("kemudian diganti", "replaced later");
    case v1::RULE_LATEST:
      return with("kalah: yang lain lebih baru", "lost: the other is later");
    case v1::RULE_WORKFLOW:
      return with("kalah: status lain lebih jauh dalam alur",
                  "lost: the other state is further in the workflow");
    case v1::RULE_HIGHEST:
      return with("kalah: yang lain lebih tinggi", "lost: the other is higher");
    case v1::RULE_LOWEST:
      return with("kalah: yang lain lebih rendah", "lost: the other is lower");
    case v1::RULE_UNION:
      return with("bagian dari gabungan", "part of the union");
    case v1::RULE_TEXT:
      return with("digabung ke dalam teks", "merged into the text");
    case v1::RULE_TEXT_LATEST:
      return with("kalah: teks terlalu panjang untuk digabung, yang lain lebih baru",
                  "lost: text too long to merge, the other is later");
    case v1::RULE_REVIEW:
      return with("menunggu keputusan", "waits for a decision");
    case v1::RULE_EDIT_BEATS_REMOVE:
      return with("kalah: suntingan bertahan atas penghapusan",
                  "lost: an edit stands against the removal");
    case v1::RULE_SETTLED:
      return with("diputuskan lain", "settled otherwise");
    case v1::RULE_MOOT:
      return with("batal: seseorang menulis lebih dulu", "void: a person wrote meanwhile");
    default:
      return "";
  }
}

std::string KindWord(const std::string& kind, const TextStyle& style) {
  struct Word {
    std::string_view kind;
    std::string_view indonesian;
  };
  constexpr Word kWords[] = {{"create", "dibuat"},     {"set", "diisi"},
                             {"clear", "dikosongkan"}, {"transition", "pindah status"},
                             {"add", "ditambah"},      {"remove", "dihapus"},
                             {"retract", "ditarik"},   {"restore", "dipulihkan"},
                             {"settle", "diputuskan"}, {"rebase", "pindah definisi"}};
  for (const Word& word : kWords) {
    if (word.kind == kind) return Say(style, word.indonesian, kind);
  }
  return kind;
}

std::string KindsText(const v1::HistoryItem& item, const TextStyle& style) {
  return absl::StrJoin(item.kinds(), ", ", [&](std::string* out, const std::string& kind) {
    out->append(KindWord(kind, style));
  });
}

std::string RefusalText(const v1::Stamp& stamp, const TextStyle& style) {
  const std::string verdict = stamp.verdict() == v1::VERDICT_QUARANTINED
                                  ? Say(style, "DITAHAN", "HELD")
                                  : Say(style, "DITOLAK", "REFUSED");
  const auto because = [&](std::string_view indonesian, std::string_view english) {
    return absl::StrCat(verdict, ": ", Say(style, indonesian, english));
  };
  switch (stamp.reason()) {
    case v1::REFUSAL_REASON_MALFORMED:
      return because("bentuknya rusak", "malformed");
    case v1::REFUSAL_REASON_LIMIT:
      return because("melebihi batas", "over a limit");
    case v1::REFUSAL_REASON_INVALID_VALUE:
      return because("nilai yang tidak diizinkan", "a value that is not allowed");
    case v1::REFUSAL_REASON_NO_SUCH_TRANSITION:
      return because("langkah yang tidak ada dalam alur", "no such step in the workflow");
    case v1::REFUSAL_REASON_ROLE:
      return because("peran ini tidak berwenang", "the role may not do this");
    case v1::REFUSAL_REASON_SCOPE:
      return because("di luar wilayah petugas", "outside the officer's areas");
    case v1::REFUSAL_REASON_UNDER_REVIEW:
      return because("menunggu keputusan; putuskan dahulu", "under review; settle first");
    case v1::REFUSAL_REASON_REGION:
      return because("server ini tidak melayani daerah itu",
                     "this server does not serve the region");
    default:
      return absl::StrCat(verdict, ": ",
                          EnumJson(v1::RefusalReason_Name(stamp.reason()), "REFUSAL_REASON_"));
  }
}

// The text of one change: each line stands beside the graph, so none may be wider than `columns`
// (0: no limit).
class ItemText {
 public:
  ItemText(const Items& items, const DefinitionView& definition, const TextStyle& style,
           size_t columns)
      : items_(items), definition_(definition), style_(style), columns_(columns) {}

  // "#3  2026-01-31 10:00 WIB  hp-ani (Field officer)  set  0a1b2c3d". The end gives way first.
  std::string Head(const v1::HistoryItem& item) const {
    struct Part {
      std::string text;
      Style style;
    };
    const Part parts[] = {
        {absl::StrCat("#", items_.at(item.change_id()).number), Style::kBold},
        {HlcText(item.effective_time()), Style::kPlain},
        {WhoText(item.actor(), item.role(), definition_, style_.language), Style::kPlain},
        {OneLine(KindsText(item, style_)), Style::kName},
        {ShortId(item.change_id()), Style::kDim}};
    std::string line;
    size_t used = 0;
    for (const Part& part : parts) {
      if (part.text.empty()) continue;
      const size_t gap = used == 0 ? 0 : 2;
      if (columns_ > 0 && used + gap >= columns_) break;
      const std::string text =
          columns_ == 0 ? part.text : CutToWidth(part.text, columns_ - used - gap);
      absl::StrAppend(&line, std::string(gap, ' '), Styled(style_.terminal, part.style, text));
      used += gap + DisplayWidth(text);
    }
    return line;
  }

  std::vector<std::string> Body(const v1::HistoryItem& item) const {
    std::vector<std::string> lines;
    if (item.stamp().verdict() != v1::VERDICT_ACCEPTED) {
      Add(lines, RefusalText(item.stamp(), style_), Style::kBad);
    }
    const int64_t correction_ms = sync::HlcMs(item.effective_time()) - sync::HlcMs(item.hlc());
    if (correction_ms != 0) {
      const std::string duration =
          AboutDuration(absl::Milliseconds(correction_ms), style_.language);
      Add(lines,
          absl::StrCat(Say(style_, "jam dikoreksi: perangkat menunjuk ",
                           "clock corrected: the device said "),
                       HlcText(item.hlc()), ", ", duration,
                       correction_ms < 0 ? Say(style_, " terlalu maju", " ahead")
                                         : Say(style_, " terlambat", " behind")),
          Style::kWarning);
    }
    for (const v1::WriteOutcome& write : item.writes()) {
      if (write.path() != sync::kDefinitionPath) AddWrite(lines, write);
    }
    if (!item.reason().empty()) {
      Add(lines, absl::StrCat(Say(style_, "Alasan: ", "Reason: "), item.reason()), Style::kPlain);
    }
    return lines;
  }

 private:
  void Add(std::vector<std::string>& lines, std::string_view text, Style style) const {
    for (const std::string& line : Lines(text, columns_)) {
      lines.push_back(Styled(style_.terminal, style, line));
    }
  }

  void AddWrite(std::vector<std::string>& lines, const v1::WriteOutcome& write) const {
    const v1::Value* value = write.has_value() ? &write.value() : nullptr;
    const std::string label =
        sync::IsElementPath(write.path())
            ? CollectionLabel(sync::CollectionOf(write.path()), definition_, style_.language)
            : definition_.FieldLabel(write.path(), style_.language);
    std::string line = OneLine(absl::StrCat(
        label, ": ", definition_.FormatFieldValue(write.path(), value, style_.language)));
    const std::string outcome = OutcomeText(write, items_, style_);
    if (outcome.empty()) {
      lines.push_back(columns_ == 0 ? line : CutToWidth(line, columns_));
      return;
    }
    const std::string arrow = Styled(style_.terminal, Style::kDim, "← ");
    const size_t outcome_columns = DisplayWidth(outcome) + 4;
    if (columns_ == 0 || DisplayWidth(line) + outcome_columns <= columns_) {
      lines.push_back(
          absl::StrCat(line, "  ", arrow, Styled(style_.terminal, Style::kWarning, outcome)));
      return;
    }
    // What became of it matters more than the end of a long text: it gets lines of its own.
    lines.push_back(CutToWidth(line, columns_));
    bool first = true;
    for (const std::string& part : Lines(outcome, columns_ > 4 ? columns_ - 4 : columns_)) {
      lines.push_back(
          absl::StrCat("  ", first ? arrow : "  ", Styled(style_.terminal, Style::kWarning, part)));
      first = false;
    }
  }

  const Items& items_;
  const DefinitionView& definition_;
  const TextStyle& style_;
  const size_t columns_;
};

// The graph is dim, and the dot is not.
std::string StyledChangeRow(const std::string& row, const v1::HistoryItem& item,
                            const Terminal& terminal) {
  const bool counts = item.stamp().verdict() == v1::VERDICT_ACCEPTED;
  const std::string_view dot = counts ? kGraphDot : kGraphHollowDot;
  const size_t at = row.find(dot);
  if (at == std::string::npos) return Styled(terminal, Style::kDim, row);
  return absl::StrCat(Styled(terminal, Style::kDim, row.substr(0, at)),
                      Styled(terminal, counts ? Style::kGood : Style::kBad, dot),
                      Styled(terminal, Style::kDim, row.substr(at + dot.size())));
}

}  // namespace

std::string HistoryText(const v1::GetRequestHistoryResponse& history,
                        const DefinitionView& definition, const TextStyle& style) {
  const Terminal& terminal = style.terminal;
  Items items;
  for (int i = 0; i < history.items_size(); ++i) {
    items[history.items(i).change_id()] = {static_cast<size_t>(i) + 1, &history.items(i)};
  }
  const size_t lanes_max =
      terminal.width == 0 ? kLanesMax
                          : std::clamp<size_t>(terminal.width / (2 * kGraphShare), 1, kLanesMax);
  const std::vector<GraphRows> graph = DrawHistoryGraph(history.items(), lanes_max);
  std::string text = absl::StrCat(
      Styled(terminal, Style::kName, RefText(history.request().ref())), "  ",
      Styled(terminal, Style::kBold, OneLine(TitleOf(history.request(), definition))), "\n\n");
  for (int i = 0; i < history.items_size(); ++i) {
    const v1::HistoryItem& item = history.items(i);
    const GraphRows& rows = graph[static_cast<size_t>(i)];
    // All lines of a change begin in one column.
    const size_t margin = std::max(DisplayWidth(rows.change), DisplayWidth(rows.beside)) + 2;
    size_t columns = 0;
    if (terminal.width > 0) columns = terminal.width > margin ? terminal.width - margin : 1;
    const ItemText item_text(items, definition, style, columns);
    const auto connector = [&](const std::string& row) {
      if (!row.empty()) absl::StrAppend(&text, Styled(terminal, Style::kDim, row), "\n");
    };
    connector(rows.before);
    absl::StrAppend(&text, StyledChangeRow(rows.change, item, terminal),
                    std::string(margin - DisplayWidth(rows.change), ' '), item_text.Head(item),
                    "\n");
    const std::string beside = absl::StrCat(Styled(terminal, Style::kDim, rows.beside),
                                            std::string(margin - DisplayWidth(rows.beside), ' '));
    for (const std::string& line : item_text.Body(item)) {
      absl::StrAppend(&text, beside, line, "\n");
    }
    connector(rows.after);
  }
  return text;
}

}  // namespace tikar::cli
