// A day at the office's terminal, against a real tikard: what the catalogue says, what to do next,
// where one works, and what is said when a line or a file is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli_sample.h"
#include "cli_tikard.h"

namespace tikar::cli {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMap[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/nyc311.map.textproto";
constexpr char kCsv[] = TIKAR_SOURCE_DIR "/tests/data/nyc311/requests-500.csv";

class OfficeTest : public TikardTest {
 protected:
  OfficeTest() {
    for (const char* name : {"TIKAR_SERVER", "TIKAR_CONTEXT", "TIKAR_LANG", "COLUMNS"}) {
      unsetenv(name);
    }
    setenv("XDG_CONFIG_HOME", File("config").c_str(), 1);
  }

  std::string Complaint(const std::string& title, const std::string& area) {
    return Json({"requests", "create", "--service", "pengaduan", "--area", area, "--set",
                 "judul=" + title, "--set", "kategori=jalan_jembatan", "--set",
                 "alamat=Siulak"})["ref"];
  }

  // What a person does who copies a line that was shown to them. Quotes hold no spaces here.
  Output Paste(std::string command) {
    const std::string program = "tikar ";
    EXPECT_EQ(command.rfind(program, 0), 0u) << command;
    std::erase(command, '"');
    return Tikar(absl::StrSplit(command.substr(program.size()), ' '));
  }
};

// The line of `text` that holds `words`, from them on.
std::string From(const std::string& text, const std::string& words) {
  const size_t begin = text.find(words);
  EXPECT_NE(begin, std::string::npos) << text;
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST_F(OfficeTest, AServiceIsShownWholeAndAnUnknownOneWithThoseThereAre) {
  const Output shown = Tikar({"services", "show", "gampil"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, ContainsRegex("modal +.*rupiah +a person decides"));
  EXPECT_THAT(shown.out, ContainsRegex("disetujui +dicairkan +.*cannot be undone"));
  EXPECT_THAT(shown.out, HasSubstr("Kota Bandung (32.73)"));
  const json service = Json({"services", "show", "gampil", "--version", "1"});
  EXPECT_EQ(service["service"], "gampil");
  EXPECT_EQ(service["definition_hash"].get<std::string>().size(), 64u);
  EXPECT_GT(service["edges"].size(), 5u);

  const Output unknown = Tikar({"services", "show", "imb-2"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, ContainsRegex("It has: .*gampil.*pengaduan"));
  const Output old = Tikar({"services", "show", "gampil", "--version", "99"});
  EXPECT_EQ(old.exit_code, 3);
  EXPECT_THAT(old.err, HasSubstr("gampil v99"));
  EXPECT_THAT(old.err, HasSubstr("gampil v1"));
}

TEST_F(OfficeTest, AnAreaIsShownWithWhatLiesBelowIt) {
  const Output shown = Tikar({"areas", "show", "15.01"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, HasSubstr("15.01  Kabupaten Kerinci, regency or city\n"));
  EXPECT_THAT(shown.out, HasSubstr("15.01.06  Gunung Kerinci"));
  const json area = Json({"areas", "show", "15.01.06"});
  EXPECT_EQ(area["level"], "district");
  EXPECT_GT(area["below"].size(), 3u);
  EXPECT_EQ(area["more"], false);
  const Output few = Tikar({"areas", "show", "15.01", "--limit", "2"});
  EXPECT_THAT(few.out, HasSubstr("there are more"));
  const Output unknown = Tikar({"areas", "show", "99.99"});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("tikar areas search NAME"));
}

TEST_F(OfficeTest, ARequestShowsItsNextStepsAndTheCommandsWork) {
  const std::string ref = Complaint("Jembatan putus", "15.01.06");
  const Output shown = Tikar({"requests", "show", ref});
  EXPECT_THAT(shown.out, HasSubstr("Next steps\n"));
  EXPECT_THAT(shown.out, ContainsRegex("Verify → Verified: .*Field officer"));
  EXPECT_THAT(shown.out, HasSubstr(", 1 change\n"));
  EXPECT_EQ(Paste(From(shown.out, "tikar requests edit")).exit_code, 0);
  EXPECT_EQ(Json({"requests", "show", ref})["status"], "diverifikasi");

  const json steps = Json({"requests", "show", ref, "--role", "penyelia"})["next_steps"];
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[1]["to"], "ditolak");
  EXPECT_EQ(steps[1]["reason_required"], true);
  EXPECT_EQ(Paste(steps[1]["command"]).exit_code, 0);
  EXPECT_THAT(Tikar({"requests", "show", ref}).out, HasSubstr("At its end: no step follows."));
}

TEST_F(OfficeTest, AReviewIsSettledWithTheLineThatShowPrintsAndOnlyIfNobodyWroteSince) {
  const std::string ref = CheckedLicence();
  const std::string etag = Json({"requests", "show", ref})["etag"];
  Json({"requests", "edit", ref, "--status", "disetujui", "--role", "petugas", "--etag=" + etag});
  Json({"requests", "edit", ref, "--status", "ditolak", "--from", "diverifikasi", "--reason",
        "Ganda", "--role", "petugas", "--etag=" + etag});
  const std::string before = From(Tikar({"requests", "show", ref}).out, "tikar conflicts resolve");
  EXPECT_THAT(before, HasSubstr(" --etag="));
  // Steps that cannot be undone wait as long.
  const std::string taken = Json({"requests", "show", ref})["status"];
  if (taken == "disetujui") {
    EXPECT_THAT(Tikar({"requests", "show", ref}).out,
                HasSubstr("held until the status is settled"));
  }
  Json({"requests", "edit", ref, "--comment", "Ditelepon"});
  const Output late = Paste(before);
  EXPECT_EQ(late.exit_code, 1);
  EXPECT_THAT(late.err, HasSubstr("nothing was settled"));
  EXPECT_EQ(Paste(From(Tikar({"requests", "show", ref}).out, "tikar conflicts resolve")).exit_code,
            0);

  const Output history = Tikar({"requests", "history", ref});
  EXPECT_THAT(history.out, HasSubstr("├─╮\n"));
  EXPECT_THAT(history.out, HasSubstr("├─╯\n"));
  EXPECT_THAT(history.out, HasSubstr("← settled otherwise (#"));
}

TEST_F(OfficeTest, RequestsAreFoundByEveryFilter) {
  const std::string bridge = Complaint("Jembatan putus", "Gunung Kerinci");
  const std::string road = Complaint("Jalan longsor", "15.01.02");
  CheckedLicence();
  Json({"requests", "edit", bridge, "--status", "diverifikasi", "--assign", "devices/siti"});
  const auto found = [&](std::vector<std::string> filter) {
    filter.insert(filter.begin(), {"requests", "list"});
    std::vector<std::string> refs;
    const json listed = Json(filter);
    for (const json& request : listed["requests"]) refs.push_back(request["ref"]);
    return refs;
  };
  EXPECT_EQ(found({}).size(), 3u);
  EXPECT_EQ(found({"--area", "Gunung Kerinci"}).size(), 2u);
  EXPECT_EQ(found({"--area", "kerinci"}).size(), 3u);
  EXPECT_THAT(found({"--area", "15.01.02"}), ElementsAre(road));
  EXPECT_THAT(found({"--area", "gunung kerinci", "--service", "pengaduan"}), ElementsAre(bridge));
  EXPECT_THAT(found({"--assignee", "devices/siti"}), ElementsAre(bridge));
  EXPECT_THAT(found({"--text", "LONGSOR"}), ElementsAre(road));
  EXPECT_THAT(found({"--service", "pengaduan", "--status", "diverifikasi"}), ElementsAre(bridge));
  EXPECT_EQ(found({"--assignee", "devices/budi"}).size(), 0u);

  const Output many = Tikar({"requests", "list", "--area", "Sungai"});
  EXPECT_EQ(many.exit_code, 2);
  EXPECT_THAT(many.err, HasSubstr("name its code:\n"));
  const Output none = Tikar({"conflicts", "list", "--area", "Atlantis"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("no area is called \"Atlantis\""));
  // An empty list would look like an answer.
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"requests", "list", "--area", "15.99"},
                                             {"export", "--format", "csv", "--area", "15.01.99"},
                                             {"inbox", "--region", "15.99"},
                                             {"report", "sla", "--region", "15.99"}}) {
    const Output nowhere = Tikar(command);
    EXPECT_EQ(nowhere.exit_code, 2) << command.front();
    EXPECT_EQ(nowhere.out, "") << command.front();
    EXPECT_THAT(nowhere.err, HasSubstr("tikar areas search NAME")) << command.front();
  }
  const Output backwards = Tikar({"report", "sla", "--from", "2026-02-01", "--to", "2026-01-31"});
  EXPECT_EQ(backwards.exit_code, 2);
  EXPECT_THAT(backwards.err, HasSubstr("--to must not lie before --from"));
}

TEST_F(OfficeTest, TablesFitTheColumnsThatThereAre) {
  Complaint("Jembatan gantung di atas sungai yang deras putus setelah hujan", "15.01.06");
  setenv("COLUMNS", "60", 1);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"requests", "list"}, {"status"}, {"services", "list"}, {"areas", "show", "15.01"}}) {
    const Output output = Tikar(command);
    EXPECT_EQ(output.exit_code, 0);
    for (const absl::string_view line : absl::StrSplit(output.out, '\n')) {
      if (line.find("Data ") == 0) continue;  // a path is never cut
      EXPECT_LE(DisplayWidth({line.data(), line.size()}), 60u) << line;
    }
  }
  EXPECT_THAT(Tikar({"requests", "list"}).out, HasSubstr("…"));
  unsetenv("COLUMNS");
  EXPECT_THAT(Tikar({"requests", "list"}).out, HasSubstr("putus setelah hujan"));
}

TEST_F(OfficeTest, AFileThatCannotBeImportedIsSaidToBeWhatItIs) {
  const auto import = [&](const std::string& map, const std::string& csv) {
    const Output output = Tikar({"requests", "import", "--map", map, csv});
    EXPECT_EQ(output.exit_code, 2) << output.err;
    EXPECT_EQ(output.out, "");
    return output.err;
  };
  const auto file = [&](const std::string& name, const std::string& content) {
    std::ofstream(File(name), std::ios::binary) << content;
    return File(name);
  };
  EXPECT_THAT(import(kMap, file("sheet.xlsx", std::string("PK\3\4\0\0", 6))),
              HasSubstr("holds no UTF-8 text. From a spreadsheet, save it as \"CSV UTF-8\""));
  EXPECT_THAT(import(kMap, file("semicolons.csv", "Unique Key;Created Date\n1;2\n")),
              HasSubstr("parted by semicolons"));
  EXPECT_THAT(import(kMap, file("tabs.csv", "Unique Key\tCreated Date\n1\t2\n")),
              HasSubstr("parted by tabs"));
  EXPECT_THAT(import(kMap, file("letter.txt", "Dengan hormat\nkami\n")),
              HasSubstr("no list of column names"));
  EXPECT_THAT(import(kMap, file("empty.csv", "")), HasSubstr("is empty"));
  const std::string other = import(kMap, file("other.csv", "nama,alamat\nAni,Siulak\n"));
  EXPECT_THAT(other, HasSubstr("key_column: the file has no column \"Unique Key\""));
  EXPECT_THAT(other, HasSubstr("this file's columns: nama, alamat"));
  EXPECT_THAT(other, HasSubstr(File("other.csv")));
  EXPECT_THAT(import(kCsv, kMap), HasSubstr("this is no map"));
  EXPECT_THAT(import(File(""), kCsv), HasSubstr("this is a folder"));
  EXPECT_THAT(import(kMap, File("nowhere.csv")), HasSubstr("there is no file"));
  EXPECT_EQ(Json({"status"})["regions"].size(), 0u);
}

TEST_F(OfficeTest, EveryExitCodeComesWhenTheManualSaysSo) {
  EXPECT_EQ(Tikar({"status"}).exit_code, 0);
  EXPECT_EQ(Tikar({"requests", "create", "--service", "pengaduan", "--area", "15.01.06"}).exit_code,
            1);
  EXPECT_EQ(Tikar({"requests", "list", "--service", "tidak-ada"}).exit_code, 2);
  EXPECT_EQ(Tikar({"requests", "show", "0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"}).exit_code, 3);
  Stop();
  const Output away = Run({"--server", server(), "--timeout", "0.5", "status"});
  EXPECT_EQ(away.exit_code, 4);
  EXPECT_EQ(away.err, "Failed: no server answers at " + server() +
                          ". Start tikard there (ci/serve), or name another address with "
                          "--server.\n");
}

TEST_F(OfficeTest, AContextNamesTheServerAndWhoOneIsThere) {
  EXPECT_EQ(Run({"context", "add", "kerinci", "--server", server(), "--actor", "admin/ani",
                 "--role", "penyelia"})
                .exit_code,
            0);
  // The first is in use at once, and needs no --server from then on.
  const Output status = Run({"status", "--timeout", "60"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr(server() + " (kerinci)"));
  const Output made = Run({"requests", "create", "--service", "pengaduan", "--area", "15.01.06",
                           "--set", "judul=Jembatan", "--set", "kategori=jalan_jembatan", "--set",
                           "alamat=Siulak", "--timeout", "60", "--output", "json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const json written = made.parsed()["fields"]["judul"]["candidates"][0];
  EXPECT_EQ(written["actor"], "admin/ani");
  EXPECT_EQ(written["role"], "penyelia");

  EXPECT_EQ(Run({"context", "add", "nowhere", "--server", "127.0.0.1:1"}).exit_code, 0);
  EXPECT_EQ(Run({"status", "--timeout", "60"}).exit_code, 0);
  EXPECT_EQ(Run({"status", "--context", "nowhere", "--timeout", "0.5"}).exit_code, 4);
  setenv("TIKAR_CONTEXT", "nowhere", 1);
  EXPECT_EQ(Run({"status", "--timeout", "0.5"}).exit_code, 4);
  EXPECT_EQ(Run({"status", "--context", "kerinci", "--timeout", "60"}).exit_code, 0);
  // An address that was named goes there as nobody in particular.
  setenv("TIKAR_SERVER", server().c_str(), 1);
  const Output addressed = Run({"status", "--timeout", "60"});
  EXPECT_EQ(addressed.exit_code, 0);
  EXPECT_THAT(addressed.out, Not(HasSubstr("(")));
  unsetenv("TIKAR_SERVER");
  unsetenv("TIKAR_CONTEXT");
  EXPECT_EQ(Run({"context", "use", "nowhere"}).exit_code, 0);
  EXPECT_EQ(Run({"status", "--timeout", "0.5"}).exit_code, 4);
}

// An officer who reads Indonesian reads nothing else, whatever happens.
TEST_F(OfficeTest, EverythingIsIndonesianWhereThatWasAskedFor) {
  const std::string ref = CheckedLicence();
  const std::string etag = Json({"requests", "show", ref})["etag"];
  Json({"requests", "edit", ref, "--status", "disetujui", "--role", "petugas", "--etag=" + etag});
  Json({"requests", "edit", ref, "--status", "ditolak", "--from", "diverifikasi", "--reason",
        "Ganda", "--role", "petugas", "--etag=" + etag});
  const std::vector<std::vector<std::string>> commands = {
      {"status"},
      {"services", "list"},
      {"services", "show", "gampil"},
      {"services", "show", "imb-2"},
      {"areas", "show", "15.01.06"},
      {"areas", "show", "99.99"},
      {"areas", "search", "zzzz"},
      {"requests", "list"},
      {"requests", "list", "--area", "Atlantis"},
      {"requests", "list", "--area", "Sungai"},
      {"requests", "list", "--service", "gampil", "--status", "biru"},
      {"requests", "show", ref},
      {"requests", "show", "7ZK4Q-X9M2H-C"},
      {"requests", "history", ref},
      {"requests", "edit", ref},
      {"requests", "edit", ref, "--set", "warna=biru"},
      {"requests", "edit", ref, "--set", "modal=banyak"},
      {"requests", "list", "--limit", "0"},
      {"requests", "list", "--output", "xml"},
      {"requests", "paint"},
      {"requests"},
      {"requests", "show"},
      {"requests", "list", "--colour"},
      {"requests", "list", "--limit", "5", "--all"},
      {"requests", "edit", ref, "--from", "diterima"},
      {"conflicts", "list"},
      {"conflicts", "show", ref},
      {"conflicts", "resolve", ref},
      {"conflicts", "resolve", ref, "--take", "9"},
      {"requests", "import", "--map", kMap, kMap},
      {"requests", "list", "--help"},
      {"--help"}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.begin(), {"--lang", "id"});
    const Output output = Tikar(command);
    const std::string text = output.out + output.err;
    for (const char* english :
         {" the ",   " not ",    " no ",     " and ",    " with ",       " is ",
          " it ",    "Failed",   "See:",     "Usage",    "Options",      "Commands",
          "Show ",   " changes", " change",  "required", "under review", " role",
          " needs ", "requires", "excludes", "created",  "since"}) {
      EXPECT_THAT(text, Not(HasSubstr(english))) << ::testing::PrintToString(command);
    }
  }
}

TEST_F(OfficeTest, AnEmptyServerSaysThatNothingWasWrittenYet) {
  const Output status = Tikar({"status"});
  EXPECT_THAT(status.out, ContainsRegex("Committed +0 changes since start\n"));
  EXPECT_THAT(status.out, Not(HasSubstr("group")));
  EXPECT_THAT(status.out, HasSubstr("No requests yet."));
}

}  // namespace
}  // namespace tikar::cli
