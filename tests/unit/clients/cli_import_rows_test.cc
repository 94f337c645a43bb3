#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "cli_import_sample.h"
#include "clients/cli/import_rows.h"
#include "clients/cli/times.h"
#include "sync/change.h"
#include "sync/hlc.h"

namespace tikar::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<ImportRow> ConvertAll(const std::string& csv) {
  std::istringstream stream(csv);
  CsvReader reader(stream);
  auto header = reader.Next();
  EXPECT_TRUE(header.ok() && header->has_value());
  RowConverter converter = NycConverter((*header)->cells);
  std::vector<ImportRow> rows;
  while (true) {
    auto record = reader.Next();
    EXPECT_TRUE(record.ok()) << record.status();
    if (!record.ok() || !record->has_value()) break;
    rows.push_back(converter.Convert(**std::move(record)));
  }
  return rows;
}

// A file of one row that has what the map asks for; `cells` replaces or adds columns.
ImportRow ConvertRow(const std::map<std::string, std::string>& cells) {
  std::istringstream stream(NycCsv());
  CsvReader reader(stream);
  const std::vector<std::string> header = (**reader.Next()).cells;
  CsvRecord record = **reader.Next();
  for (size_t i = 0; i < header.size(); ++i) {
    if (const auto found = cells.find(header[i]); found != cells.end()) {
      record.cells[i] = found->second;
    }
  }
  RowConverter converter = NycConverter(header);
  return converter.Convert(std::move(record));
}

std::vector<sync::ParsedChange> Parsed(const ImportRow& row) {
  std::vector<sync::ParsedChange> changes;
  for (const ImportChange& change : row.changes) {
    auto parsed = sync::ParseChange(change.body);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->id, change.id);
    changes.push_back(*std::move(parsed));
  }
  return changes;
}

TEST(RealRowsTest, AllFiveHundredAreTaken) {
  const auto rows = ConvertAll(NycCsv());
  ASSERT_THAT(rows, SizeIs(500));
  std::set<std::string> ids;
  int closed_early = 0, updated_early = 0;
  for (const ImportRow& row : rows) {
    EXPECT_THAT(row.problems, IsEmpty())
        << "line " << row.line << ": " << (row.problems.empty() ? "" : row.problems[0].message_en);
    EXPECT_FALSE(row.changes.empty());
    for (const ImportChange& change : row.changes)
      EXPECT_TRUE(ids.insert(change.id.bytes()).second);
    for (const Bilingual& warning : row.warnings) {
      closed_early += warning.en.starts_with("\"Closed Date\" lies ");
      updated_early += warning.en.starts_with("\"Resolution Action Updated Date\" lies ");
    }
  }
  // Counted in the file by other means: of the rows whose walk looks at these columns, six were
  // closed and three were answered before they were created.
  EXPECT_EQ(closed_early, 6);
  EXPECT_EQ(updated_early, 3);
}

// The import is idempotent because of nothing but this.
TEST(RealRowsTest, ConvertingAgainMakesTheSameBytes) {
  const auto first = ConvertAll(NycCsv()), second = ConvertAll(NycCsv());
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].changes.size(), second[i].changes.size());
    for (size_t k = 0; k < first[i].changes.size(); ++k) {
      ASSERT_EQ(first[i].changes[k].body, second[i].changes[k].body);
    }
  }
}

TEST(RealRowsTest, ChangesAreAChainOfOneRequestAndTimesNeverRunBack) {
  for (const ImportRow& row : ConvertAll(NycCsv())) {
    const auto changes = Parsed(row);
    for (size_t i = 0; i < changes.size(); ++i) {
      EXPECT_EQ(changes[i].request_id, changes[0].request_id);
      if (i == 0) {
        EXPECT_TRUE(sync::IsCreate(changes[i].body));
        EXPECT_THAT(changes[i].parents, IsEmpty());
      } else {
        EXPECT_THAT(changes[i].parents, ElementsAre(changes[i - 1].id));
        EXPECT_GT(changes[i].body.hlc(), changes[i - 1].body.hlc());
      }
    }
  }
}

// Line 2 of the file, by hand: created 03/23/2019 09:54:16 PM, closed 10:39:21 PM, New York summer
// time.
TEST(RealRowsTest, TheFirstRowSaysWhatTheFileSays) {
  const ImportRow row = ConvertAll(NycCsv()).front();
  EXPECT_EQ(row.key, "42031857");
  const auto changes = Parsed(row);
  ASSERT_THAT(changes, SizeIs(5));
  EXPECT_EQ(IsoTime(sync::HlcMs(changes[0].body.hlc())), "2019-03-24T01:54:16.000Z");
  EXPECT_EQ(IsoTime(sync::HlcMs(changes[4].body.hlc())), "2019-03-24T02:39:21.000Z");
  EXPECT_EQ(changes[0].body.mutations(0).create().area(), "15.01.06");
  const auto text = [&](std::string_view path) {
    for (const v1::Mutation& mutation : changes[0].body.mutations()) {
      if (mutation.set_field().path() == path) return mutation.set_field().value().text();
    }
    return std::string();
  };
  EXPECT_EQ(text("judul"), "Noise - Commercial: Loud Music/Party");
  EXPECT_EQ(text("kategori"), "kebisingan");
  EXPECT_EQ(text("alamat"), "110 KENT AVENUE, BROOKLYN, 11249");
  EXPECT_EQ(text("kanal"), "telepon");
  std::vector<std::string> states;
  for (size_t i = 1; i < changes.size(); ++i) {
    states.push_back(changes[i].body.mutations(0).transition().to());
  }
  EXPECT_THAT(states, ElementsAre("diverifikasi", "ditangani", "dijawab", "selesai"));
  EXPECT_EQ(changes[3].body.mutations(1).set_field().path(), "jawaban");
  EXPECT_EQ(
      changes[3].body.mutations(1).set_field().value().text(),
      "The Police Department responded to the complaint and took action to fix the condition.");
}

TEST(RowConverterTest, NoncesDifferBySourceKeyAndStep) {
  const auto changes = Parsed(ConvertRow({}));
  std::set<std::string> nonces;
  for (const auto& change : changes) {
    EXPECT_THAT(change.body.nonce(), SizeIs(8));
    nonces.insert(change.body.nonce());
  }
  EXPECT_EQ(nonces.size(), changes.size());
  EXPECT_NE(Parsed(ConvertRow({{"Unique Key", "1"}}))[0].body.nonce(), changes[0].body.nonce());
}

TEST(RowConverterTest, AClosingBeforeTheCreationIsMovedAndTold) {
  const ImportRow row = ConvertRow({{"Closed Date", "03/22/2019 09:54:16 PM"}});
  EXPECT_THAT(row.problems, IsEmpty());
  EXPECT_THAT(row.warnings,
              ElementsAre(Field(&Bilingual::en, HasSubstr("\"Closed Date\" lies 24 h before"))));
  const auto changes = Parsed(row);
  EXPECT_EQ(sync::HlcMs(changes.back().body.hlc()), sync::HlcMs(changes.front().body.hlc()));
}

TEST(RowConverterTest, NamesEverythingThatIsWrongInARow) {
  const ImportRow row =
      ConvertRow({{"Created Date", "23/03/2019"}, {"Borough", "HOBOKEN"}, {"Latitude", "north"}});
  EXPECT_THAT(row.changes, IsEmpty());
  std::set<std::string> codes;
  for (const sync::Violation& problem : row.problems) {
    codes.insert(problem.code);
    EXPECT_FALSE(problem.message_id.empty());
    EXPECT_FALSE(problem.message_en.empty());
  }
  EXPECT_THAT(codes, ElementsAre("date", "not_in_table", "place"));
}

TEST(RowConverterTest, AStatusWithoutAWalkIsRefused) {
  const ImportRow row = ConvertRow({{"Status", "Lost"}});
  EXPECT_THAT(row.changes, IsEmpty());
  ASSERT_THAT(row.problems, SizeIs(1));
  EXPECT_EQ(row.problems[0].code, "no_walk");
}

// Checked by the definition, as a server would: judul is required.
TEST(RowConverterTest, WhatTheDefinitionForbidsIsRefusedBeforeItIsSent) {
  const ImportRow row = ConvertRow({{"Complaint Type", ""}, {"Descriptor", ""}});
  EXPECT_THAT(row.changes, IsEmpty());
  ASSERT_FALSE(row.problems.empty());
  EXPECT_EQ(row.problems[0].field, "judul");
}

TEST(RowConverterTest, LongTextsAreCutToTheFieldAndTold) {
  const ImportRow row = ConvertRow({{"Descriptor", std::string(300, 'x') + "é"}});
  EXPECT_THAT(row.problems, IsEmpty());
  EXPECT_THAT(row.warnings,
              ElementsAre(AllOf(Field(&Bilingual::en, HasSubstr("judul: cut from")),
                                Field(&Bilingual::id, HasSubstr("judul: dipotong dari")))));
}

TEST(RowConverterTest, RefusesBrokenRows) {
  std::istringstream stream(NycCsv());
  CsvReader reader(stream);
  const std::vector<std::string> header = (**reader.Next()).cells;
  const CsvRecord good = **reader.Next();
  RowConverter converter = NycConverter(header);
  const auto code = [&](CsvRecord record) {
    const ImportRow row = converter.Convert(std::move(record));
    return row.problems.empty() ? std::string() : row.problems[0].code;
  };
  CsvRecord record = good;
  record.cells.pop_back();
  EXPECT_EQ(code(record), "csv_columns");
  record = good;
  record.problem = "text after a closing quote at line 2";
  EXPECT_EQ(code(record), "csv_quoting");
  record = good;
  record.cells[5] = "caf\xE9";
  EXPECT_EQ(code(record), "encoding");
  record = good;
  record.cells[0] = " ";
  EXPECT_EQ(code(record), "key_missing");
  EXPECT_EQ(code(good), "");
  EXPECT_EQ(code(good), "key_twice");
}

TEST(ImportMapTest, SaysWhereTheTextIsWrong) {
  const auto map = ParseImportMap("source: \"x\"\nactr: \"y\"\n");
  ASSERT_FALSE(map.ok());
  EXPECT_THAT(std::string(map.status().message()), HasSubstr("line 2"));
}

TEST(ImportMapTest, AFileThatIsNoMapIsSaidToBeNoneInAFewLines) {
  const auto map = ParseImportMap(NycCsv());
  ASSERT_FALSE(map.ok());
  const std::string message(map.status().message());
  EXPECT_THAT(message, HasSubstr("this is no map"));
  EXPECT_LE(std::count(message.begin(), message.end(), '\n'), 5);
}

TEST(ImportMapTest, NamesAllThatIsMissing) {
  const auto map = ParseImportMap("source: \"NYC 311\"");
  ASSERT_FALSE(map.ok());
  for (const char* part : {"source", "actor", "role", "service", "definition_version", "region",
                           "key_column", "area", "date_format", "time_zone", "created_column"}) {
    EXPECT_THAT(std::string(map.status().message()), HasSubstr(part));
  }
}

TEST(ImportMapTest, NamesColumnsFieldsAndStepsThatDoNotExist) {
  importmap::v1::ImportMap map = NycMap();
  map.set_created_column("Opened");
  map.mutable_fields(0)->set_field("title");
  map.mutable_walks(0)->mutable_steps(0)->set_to("selesai");
  map.set_role("boss");
  std::istringstream stream(NycCsv());
  CsvReader reader(stream);
  const auto converter = RowConverter::Make(map, Pengaduan(), (**reader.Next()).cells);
  ASSERT_FALSE(converter.ok());
  const std::string message(converter.status().message());
  EXPECT_THAT(message, HasSubstr("no column \"Opened\""));
  EXPECT_THAT(message, HasSubstr("no field \"title\""));
  EXPECT_THAT(message, HasSubstr("no step from \"diterima\" to \"selesai\""));
  EXPECT_THAT(message, HasSubstr("no role \"boss\""));
  // What the file does have: it may be another one than the map was written for.
  EXPECT_THAT(message, HasSubstr("this file's columns: Unique Key, Created Date"));
}

TEST(ImportMapTest, RefusesAnUnknownZone) {
  importmap::v1::ImportMap map = NycMap();
  map.set_time_zone("America/Gotham");
  EXPECT_FALSE(RowConverter::Make(map, Pengaduan(), {"Unique Key"}).ok());
}

}  // namespace
}  // namespace tikar::cli
