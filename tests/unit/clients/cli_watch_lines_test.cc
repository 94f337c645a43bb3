#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "cli_sample.h"
#include "clients/cli/display.h"
#include "clients/cli/watch_lines.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kMorningMs = 1'767'225'605'000;  // 2026-01-01T07:00:05+07:00

// A complaint that ani filed, and whose status and priority budi wrote last.
v1::WatchRequestsResponse Verified() {
  v1::WatchRequestsResponse response;
  *response.mutable_request() = Parse<v1::Request>(R"(
    name: "regions/15.01/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"
    ref: "7ZK4QX9M2HP" availability: AVAILABILITY_READY service: "pengaduan" definition_version: 1
    area: "15.01.06" status: "diverifikasi" change_count: 2 heads: "\002\002"
    fields { path: "judul" value { text: "Jembatan putus" } rule: RULE_ONLY
             candidates { change_id: "\001\001" actor: "hp-ani" } }
    fields { path: "prioritas" value { integer: 3 } rule: RULE_ONLY
             candidates { change_id: "\002\002" actor: "budi" } }
    fields { path: "status" value { text: "diverifikasi" } rule: RULE_ONLY
             candidates { change_id: "\002\002" actor: "budi" } }
    elements { path: "comments/0202.1" value { text: "Sudah dicek" }
               candidates { change_id: "\002\002" actor: "budi" } }
  )");
  response.set_time_ms(kMorningMs);
  return response;
}

std::string LineOf(const v1::WatchRequestsResponse& response, const TextStyle& style,
                   std::optional<uint32_t> before = std::nullopt) {
  return WatchLine(response, NewsOf(response.request(), before), CatalogView("pengaduan"),
                   "Gunung Kerinci", style);
}

TextStyle OnTerminal(size_t width) {
  return {{.interactive = true, .color = false, .width = width}, Language::kEnglish};
}

class WatchLinesTest : public ::testing::Test {
 protected:
  WatchLinesTest() {
    setenv("TZ", "Asia/Jakarta", 1);
    tzset();
  }
};

TEST_F(WatchLinesTest, TheNewsAreWhatTheHeadsWrote) {
  const RequestNews news = NewsOf(Verified().request(), 1);
  EXPECT_FALSE(news.is_new);
  EXPECT_THAT(news.paths, ElementsAre("comments/0202.1", "prioritas", "status"));
  EXPECT_THAT(news.actors, ElementsAre("budi"));
  EXPECT_EQ(news.earlier_changes, 0u);
}

TEST_F(WatchLinesTest, WhatTwoPeopleWroteAtOnceIsAllNews) {
  v1::WatchRequestsResponse response = Verified();
  response.mutable_request()->add_heads("\001\001");
  const RequestNews news = NewsOf(response.request(), std::nullopt);
  EXPECT_THAT(news.paths, ElementsAre("comments/0202.1", "judul", "prioritas", "status"));
  EXPECT_THAT(news.actors, ElementsAre("budi", "hp-ani"));
}

TEST_F(WatchLinesTest, ChangesThatCameTooFastAreCounted) {
  v1::WatchRequestsResponse response = Verified();
  response.mutable_request()->set_change_count(7);
  EXPECT_EQ(NewsOf(response.request(), 3).earlier_changes, 3u);
  EXPECT_EQ(NewsOf(response.request(), std::nullopt).earlier_changes, 0u) << "nobody knows";
  // Fewer than were printed: the server was restored from a backup.
  EXPECT_EQ(NewsOf(response.request(), 9).earlier_changes, 0u);
  EXPECT_THAT(LineOf(response, {}, 3), HasSubstr("+3 earlier changes"));
}

TEST_F(WatchLinesTest, ALineForAFileIsWholeAndHasTheDay) {
  const std::string line = LineOf(Verified(), {});
  EXPECT_THAT(line, HasSubstr("2026-01-01 07:00:05  7ZK4Q-X9M2H-P  pengaduan "));
  EXPECT_THAT(line, HasSubstr("Gunung Kerinci"));
  EXPECT_THAT(line, HasSubstr("Sudah dicek; "));
  EXPECT_THAT(line, HasSubstr("Status: Verified (budi)\n"));
}

TEST_F(WatchLinesTest, ANewRequestIsToldByItsTitle) {
  v1::WatchRequestsResponse response = Verified();
  response.mutable_request()->set_change_count(1);
  EXPECT_THAT(LineOf(response, {}), HasSubstr("  new: Jembatan putus (budi)\n"));
  const TextStyle indonesian{{}, Language::kIndonesian};
  EXPECT_THAT(LineOf(response, indonesian), HasSubstr("  baru: Jembatan putus (budi)\n"));
}

TEST_F(WatchLinesTest, ARefusedChangeSaysThatNothingIsDifferent) {
  v1::WatchRequestsResponse response = Verified();
  *response.mutable_request()->mutable_heads(0) = "\003\003";
  EXPECT_THAT(NewsOf(response.request(), 1).paths, IsEmpty());
  EXPECT_THAT(LineOf(response, {}), HasSubstr("nothing in it changed\n"));
}

TEST_F(WatchLinesTest, LinesFitTheTerminalUnderTheirHead) {
  for (const size_t width : {80u, 84u, 100u, 110u, 200u}) {
    const TextStyle style = OnTerminal(width);
    const std::string line = LineOf(Verified(), style);
    EXPECT_LE(WidestLine(line), width);
    EXPECT_LE(WidestLine(WatchHead(style)), width);
    EXPECT_THAT(line, HasSubstr("07:00:05  7ZK4Q-X9M2H-P"));
    EXPECT_THAT(line, Not(HasSubstr("2026")));
    const size_t status = WatchHead(style).find("STATUS");
    EXPECT_EQ(line.substr(status, 8), "Verified") << width << ": " << line;
  }
  EXPECT_THAT(LineOf(Verified(), OnTerminal(80)), Not(HasSubstr("pengaduan")));
  EXPECT_THAT(LineOf(Verified(), OnTerminal(100)), HasSubstr("pengaduan"));
  EXPECT_THAT(LineOf(Verified(), OnTerminal(110)), HasSubstr("Gunung Kerinci"));
}

TEST_F(WatchLinesTest, JsonIsOneLineOfWhatPeopleWrote) {
  v1::WatchRequestsResponse response = Verified();
  response.mutable_request()->mutable_fields(0)->mutable_value()->set_text("Dua\nbaris \xff");
  const std::string line = WatchJsonLine(response, NewsOf(response.request(), 1));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const Json json = Json::parse(line);
  EXPECT_EQ(json["time"], "2026-01-01T00:00:05.000Z");
  EXPECT_EQ(json["new"], false);
  EXPECT_EQ(json["changed"], Json::parse(R"(["comments/0202.1", "prioritas", "status"])"));
  EXPECT_EQ(json["actors"], Json::parse(R"(["budi"])"));
  EXPECT_EQ(json["earlier_changes"], 0);
  EXPECT_EQ(json["request"]["fields"]["judul"]["value"], "Dua\nbaris \xEF\xBF\xBD");
}

TEST_F(WatchLinesTest, WhatPeopleWroteCannotDriveTheTerminal) {
  v1::WatchRequestsResponse response = Verified();
  response.mutable_request()->set_change_count(1);
  response.mutable_request()->mutable_fields(0)->mutable_value()->set_text("\x1b[2Jgone\r\n");
  for (const std::string& line : {LineOf(response, {}), LineOf(response, OnTerminal(120))}) {
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_EQ(line.find_first_of("\r\n"), line.size() - 1);
  }
}

}  // namespace
}  // namespace tikar::cli
