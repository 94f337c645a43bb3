#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cli_sample.h"
#include "clients/cli/history_text.h"
#include "sync/hlc.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kJanuary2026Ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

// Two officers edit a complaint of Gunung Kerinci apart; one has a clock that is a year ahead, and
// an edit of a citizen is refused.
v1::GetRequestHistoryResponse TwoSides() {
  auto history = Parse<v1::GetRequestHistoryResponse>(R"(
    items { change_id: "A" actor: "hp-ani" role: "petugas" kinds: "create" stamp { verdict: VERDICT_ACCEPTED }
            writes { path: "judul" value { text: "Jembatan" } rule: RULE_SUPERSEDED by_change_id: "C" }
            writes { path: "status" value { text: "diterima" } rule: RULE_ONLY } }
    items { change_id: "B" parents: "A" actor: "kantor" role: "operator" kinds: "transition"
            stamp { verdict: VERDICT_ACCEPTED } reason: "Lengkap"
            writes { path: "prioritas" value { integer: 2 } rule: RULE_HIGHEST by_change_id: "C" } }
    items { change_id: "C" parents: "A" actor: "hp-budi" role: "petugas" kinds: "set"
            stamp { verdict: VERDICT_ACCEPTED } writes { path: "judul" value { text: "Jembatan putus" } rule: RULE_ONLY } }
    items { change_id: "D" parents: "C" actor: "hp-budi" role: "warga" kinds: "transition"
            stamp { verdict: VERDICT_VOID reason: REFUSAL_REASON_ROLE } }
  )");
  for (auto& item : *history.mutable_items()) {
    item.set_hlc(sync::PackHlc(kJanuary2026Ms, 0));
    item.set_effective_time(item.hlc());
  }
  history.mutable_items(2)->set_hlc(sync::PackHlc(kJanuary2026Ms + int64_t{365} * 86'400'000, 0));
  history.mutable_request()->set_ref("7ZK4QX9M2HP");
  return history;
}

class HistoryTextTest : public ::testing::Test {
 protected:
  HistoryTextTest() {
    setenv("TZ", "Asia/Jakarta", 1);
    tzset();
  }
};

TEST_F(HistoryTextTest, DrawsWhoWroteApartAndWhoLostToWhom) {
  EXPECT_EQ(HistoryText(TwoSides(), CatalogView("pengaduan"), {}),
            "7ZK4Q-X9M2H-P  \n"
            "\n"
            "●  #1  2026-01-01 07:00 WIB  hp-ani (Field officer)  create  41\n"
            "│  Title: Jembatan  ← replaced later (#3 hp-budi)\n"
            "│  Status: Received\n"
            "├─╮\n"
            "● │  #2  2026-01-01 07:00 WIB  kantor (Office operator)  transition  42\n"
            "  │  Priority: 2  ← lost: the other is higher (#3 hp-budi)\n"
            "  │  Reason: Lengkap\n"
            "  ●  #3  2026-01-01 07:00 WIB  hp-budi (Field officer)  set  43\n"
            "  │  clock corrected: the device said 2027-01-01 07:00 WIB, 365 d ahead\n"
            "  │  Title: Jembatan putus\n"
            "  ○  #4  2026-01-01 07:00 WIB  hp-budi (Citizen)  transition  44\n"
            "     REFUSED: the role may not do this\n");
}

TEST_F(HistoryTextTest, SpeaksIndonesian) {
  const std::string text = HistoryText(TwoSides(), CatalogView("pengaduan"),
                                       {.terminal = {}, .language = Language::kIndonesian});
  EXPECT_THAT(text, HasSubstr("hp-ani (Petugas lapangan)  dibuat  41"));
  EXPECT_THAT(text, HasSubstr("Judul laporan: Jembatan  ← kemudian diganti (#3 hp-budi)"));
  EXPECT_THAT(text, HasSubstr("365 hari terlalu maju"));
  EXPECT_THAT(text, HasSubstr("DITOLAK: peran ini tidak berwenang"));
  EXPECT_THAT(text, HasSubstr("Alasan: Lengkap"));
  for (const char* english : {"create", "transition", "lost", "ahead", "Reason", "REFUSED"}) {
    EXPECT_THAT(text, Not(HasSubstr(english)));
  }
}

TEST_F(HistoryTextTest, FitsTheTerminalAndKeepsWhatBecameOfALongText) {
  v1::GetRequestHistoryResponse history = TwoSides();
  std::string& text = *history.mutable_items(0)->mutable_writes(0)->mutable_value()->mutable_text();
  for (int i = 0; i < 20; ++i) text += " gantung putus 断橋";
  history.mutable_items(1)->set_reason(text);
  for (const size_t width : {40, 60, 80, 120}) {
    const std::string shown =
        HistoryText(history, CatalogView("pengaduan"), {.terminal = {.width = width}});
    EXPECT_GT(WidestLine(shown), 0u);
    EXPECT_LE(WidestLine(shown), width) << shown;
    EXPECT_THAT(shown, HasSubstr("← replaced later"));
    EXPECT_THAT(shown, HasSubstr("…"));
  }
}

TEST_F(HistoryTextTest, ColoursOnlyWhereThereAreColours) {
  EXPECT_THAT(HistoryText(TwoSides(), CatalogView("pengaduan"), {}), Not(HasSubstr("\x1b")));
  const std::string colored =
      HistoryText(TwoSides(), CatalogView("pengaduan"), {.terminal = {.color = true}});
  EXPECT_THAT(colored, HasSubstr("\x1b[32m●\x1b[0m"));
  EXPECT_THAT(colored, HasSubstr("\x1b[31m○\x1b[0m"));
}

TEST_F(HistoryTextTest, WhatPeopleWroteCannotDriveTheTerminal) {
  v1::GetRequestHistoryResponse history = TwoSides();
  history.mutable_items(0)->set_actor("hp\x1b[31m");
  history.mutable_items(0)->set_kinds(0, "\x1b[2J");
  history.mutable_items(1)->set_reason("a\x1b]0;x\x07");
  history.mutable_items(1)->mutable_writes(0)->set_path("\x1b[1m");
  EXPECT_THAT(HistoryText(history, CatalogView("pengaduan"), {}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace tikar::cli
