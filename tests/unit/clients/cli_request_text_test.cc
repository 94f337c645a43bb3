#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli_sample.h"
#include "clients/cli/display.h"
#include "clients/cli/json_output.h"
#include "clients/cli/request_text.h"
#include "sync/hlc.h"
#include "sync/ref.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DefinitionView PengaduanView() { return CatalogView("pengaduan"); }

constexpr int64_t kJanuary2026Ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

// A complaint of Gunung Kerinci whose status two people decided differently.
v1::Request Disputed() {
  v1::Request request = Parse<v1::Request>(R"(
    name: "regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"
    ref: "7ZK4QX9M2HP" availability: AVAILABILITY_READY service: "pengaduan" definition_version: 1
    area: "15.01.06" status: "ditolak" reviews: "status" change_count: 4 etag: "-AbC"
    fields { path: "deskripsi" value { text: "Papan lepas.\nTali putus." } rule: RULE_TEXT
             candidates { actor: "hp-ani" } candidates { actor: "hp-budi" } }
    fields { path: "judul" value { text: "Jembatan gantung putus" } rule: RULE_ONLY
             candidates { actor: "hp-ani" role: "petugas" } }
    fields { path: "assignee" value { text: "hp-ani" } rule: RULE_ONLY candidates {} }
    fields { path: "status" value { text: "ditolak" } rule: RULE_REVIEW under_review: true
             candidates { change_id: "\001\002\003\004" value { text: "ditolak" } actor: "hp-budi" role: "penyelia" }
             candidates { change_id: "\005\006\007\010" value { text: "selesai" } actor: "kantor" role: "operator" } }
    elements { path: "comments/00000000000000000000000000000001.1" value { text: "Sudah difoto" }
               candidates { actor: "hp-ani" role: "petugas" } }
    elements { path: "comments/00000000000000000000000000000002.0" candidates { actor: "hp-ani" } }
  )");
  const uint64_t time = sync::PackHlc(kJanuary2026Ms, 0);
  request.set_create_time(time);
  request.set_update_time(time);
  for (auto& field : *request.mutable_fields()) {
    for (auto& candidate : *field.mutable_candidates()) candidate.set_effective_time(time);
  }
  return request;
}

class RequestTextTest : public ::testing::Test {
 protected:
  RequestTextTest() {
    setenv("TZ", "Asia/Jakarta", 1);
    tzset();
  }
};

TEST_F(RequestTextTest, ShowsWhatThereIsWithLabels) {
  const std::string text =
      RequestText(Disputed(), PengaduanView(), "Jambi / Kabupaten Kerinci / Gunung Kerinci", {});
  EXPECT_THAT(text, HasSubstr("7ZK4Q-X9M2H-P  Jembatan gantung putus\n"));
  EXPECT_THAT(text, HasSubstr("Citizen complaint (pengaduan v1)  ·  Rejected, under review"));
  EXPECT_THAT(text, HasSubstr("Jambi / Kabupaten Kerinci / Gunung Kerinci (15.01.06)"));
  EXPECT_THAT(text, HasSubstr("Description"));
  EXPECT_THAT(text, HasSubstr("(merged from 2)"));
  EXPECT_THAT(text, HasSubstr("Comments (1)"));  // the removed one is not shown
  EXPECT_THAT(text, HasSubstr("Sudah difoto"));
  EXPECT_THAT(text, HasSubstr("2026-01-01 07:00 WIB"));
  // Both values, and what to type.
  EXPECT_THAT(text, HasSubstr("1  Rejected  hp-budi (Supervisor)"));
  EXPECT_THAT(text, HasSubstr("2  Closed    kantor (Office operator)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "tikar conflicts resolve 7ZK4Q-X9M2H-P status --take 1 --reason \"…\" --role penyelia"
          " --etag=-AbC\n"));
  EXPECT_THAT(text, HasSubstr(", 4 changes\n"));
}

TEST_F(RequestTextTest, CountsOneAsOne) {
  v1::Request request = Disputed();
  request.set_change_count(1);
  EXPECT_THAT(RequestText(request, PengaduanView(), "", {}), HasSubstr(", 1 change\n"));
}

TEST_F(RequestTextTest, SpeaksIndonesian) {
  const std::string text = RequestText(Disputed(), PengaduanView(), "",
                                       {.terminal = {}, .language = Language::kIndonesian});
  EXPECT_THAT(text, HasSubstr("Ditolak, perlu keputusan"));
  EXPECT_THAT(text, HasSubstr("Judul laporan"));
  EXPECT_THAT(text, HasSubstr("hp-budi (Penyelia)"));
}

TEST_F(RequestTextTest, FitsTheTerminal) {
  v1::Request request = Disputed();
  std::string& text = *request.mutable_fields(0)->mutable_value()->mutable_text();
  for (int i = 0; i < 40; ++i) text += " papan dan tali";
  for (const size_t width : {60, 80, 120}) {
    const std::string shown = RequestText(request, PengaduanView(), "Kerinci", {{.width = width}});
    for (const absl::string_view line : absl::StrSplit(shown, '\n')) {
      // The command to copy and the note behind a text are never broken.
      if (line.find("tikar conflicts") != absl::string_view::npos) continue;
      if (line.find("(merged") != absl::string_view::npos) continue;
      EXPECT_LE(DisplayWidth({line.data(), line.size()}), width) << line;
    }
  }
}

TEST_F(RequestTextTest, ARequestThatWaitsForItsDefinitionIsShownByKeys) {
  v1::Request request = Disputed();
  request.set_availability(v1::AVAILABILITY_NEEDS_DEFINITION);
  request.clear_fields();
  request.clear_reviews();
  v1::Definition unknown;
  unknown.set_service("pengaduan");
  const DefinitionView view(std::make_shared<const v1::Definition>(unknown));
  EXPECT_THAT(RequestText(request, view, "", {}), HasSubstr("waits for its definition"));
}

TEST_F(RequestTextTest, ServiceLevelsSayWhenTheyAreDueAndWhetherTheyAreLate) {
  v1::Request request = Disputed();
  EXPECT_THAT(RequestText(request, PengaduanView(), "", {}), Not(HasSubstr("◷")));
  v1::ServiceClock& met = *request.add_clocks();
  met.set_key("verifikasi");
  met.mutable_label()->set_en("Verification");
  met.set_due_at_ms(kJanuary2026Ms);
  met.set_stopped_at_ms(kJanuary2026Ms - 1);
  v1::ServiceClock& running = *request.add_clocks();
  running.set_key("jawaban");
  running.set_due_at_ms(kJanuary2026Ms);
  std::string text = RequestText(request, PengaduanView(), "", {});
  EXPECT_THAT(text, HasSubstr("◷ Verification  done "));
  EXPECT_THAT(text, HasSubstr("◷ jawaban  due "));
  EXPECT_THAT(text, Not(HasSubstr("late")));
  EXPECT_FALSE(IsLate(request));

  running.set_late(true);
  EXPECT_TRUE(IsLate(request));
  text = RequestText(request, PengaduanView(), "", {});
  EXPECT_THAT(text, HasSubstr(", late\n"));
  EXPECT_THAT(StatusText(request, PengaduanView(), Language::kIndonesian),
              HasSubstr(", terlambat"));
  // One that was late, and is over, is history.
  running.set_stopped_at_ms(kJanuary2026Ms + 1);
  EXPECT_FALSE(IsLate(request));
}

std::string RefOfId(const std::string& hex) {
  return sync::FormatRef(sync::MakeRef(*sync::RequestId::FromHex(hex)));
}

TEST_F(RequestTextTest, WhatIsTheSameIsShownWithTheCommandThatJoinsIt) {
  v1::Request request = Disputed();
  request.add_joined("regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e70");
  request.add_possible_duplicates("regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e71");
  const std::string text = RequestText(request, PengaduanView(), "", {});
  EXPECT_THAT(text, HasSubstr(absl::StrCat("Joined to this one: ",
                                           RefOfId("0190f5c2a7b07c3e8d1f2a3b4c5d6e70"), "\n")));
  const std::string other = RefOfId("0190f5c2a7b07c3e8d1f2a3b4c5d6e71");
  EXPECT_THAT(text,
              HasSubstr(absl::StrCat("May be the same as ", other,
                                     ": tikar requests join 7ZK4Q-X9M2H-P --to ", other, "\n")))
      << "as citizens and officers call it";
}

TEST_F(RequestTextTest, WhatPeopleWroteCannotDriveTheTerminal) {
  v1::Request request = Disputed();
  request.mutable_fields(1)->mutable_value()->set_text("\x1b[2Jgone");
  request.mutable_elements(0)->mutable_value()->set_text("a\x1b]0;x\x07");
  request.mutable_fields(3)->mutable_candidates(0)->set_actor("hp\x1b[31m");
  EXPECT_THAT(RequestText(request, PengaduanView(), "\x1b[1m", {}), Not(HasSubstr("\x1b")));
}

TEST(RequestJsonTest, FieldNamesAreAPromise) {
  const Json json = RequestJson(Disputed());
  for (const char* name :
       {"name",   "ref",      "availability", "service", "definition_version",  "definition_hash",
        "area",   "status",   "retracted",    "reviews", "create_time",         "update_time",
        "fields", "elements", "clocks",       "joined",  "possible_duplicates", "change_count",
        "heads",  "etag",     "state_digest"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
  EXPECT_EQ(json.size(), 21u);
  EXPECT_EQ(json["availability"], "ready");
  EXPECT_EQ(json["create_time"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(json["fields"]["judul"]["value"], "Jembatan gantung putus");
  EXPECT_EQ(json["fields"]["status"]["under_review"], true);
  EXPECT_EQ(json["fields"]["status"]["candidates"][0]["change_id"], "01020304");
  EXPECT_EQ(json["fields"]["status"]["rule"], "review");
}

TEST(RequestJsonTest, ValuesKeepTheirKind) {
  EXPECT_EQ(ValueJson(nullptr), nullptr);
  const auto json = [](const std::string& text) {
    const v1::Value value = Parse<v1::Value>(text);
    return ValueJson(&value);
  };
  EXPECT_EQ(json("integer: 1500000"), 1500000);
  EXPECT_EQ(json("decimal: '3.50'"), "3.50");
  EXPECT_EQ(json("flag: false"), false);
  EXPECT_EQ(json("date_days: 19782"), "2024-02-29");
  EXPECT_EQ(json("choices { items: 'a' items: 'b' }"), Json::array({"a", "b"}));
  EXPECT_NEAR(json("place { latitude_e7: -20645123 }")["latitude"].get<double>(), -2.0645123, 1e-9);
}

TEST(JsonListWriterTest, WritesADocumentOfAnyLength) {
  for (const int length : {0, 1, 3}) {
    std::ostringstream out;
    JsonListWriter writer(out, "requests");
    for (int i = 0; i < length; ++i) writer.Add({{"ref", std::to_string(i)}, {"note", "a\nb"}});
    writer.End(length == 3);
    const Json json = Json::parse(out.str());
    EXPECT_EQ(json["requests"].size(), static_cast<size_t>(length));
    EXPECT_EQ(json["more"], length == 3);
    for (const Json& item : json["requests"]) EXPECT_EQ(item["note"], "a\nb");
  }
}

TEST(JsonTextTest, BytesThatAreNoUtf8DoNotEndTheProgram) {
  v1::Request request;
  request.set_status("rusak\xFF");
  EXPECT_THAT(JsonText(RequestJson(request)), HasSubstr("rusak\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace tikar::cli
