#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv.h"
#include "clients/cli/import_map.h"
#include "clients/cli/import_rows.h"
#include "seeds.h"
#include "sync/change.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {

std::string Everything() {
  v1::ChangeBody body = NewRequest("kantor-ani", 60);
  Set(&body, "nama", "Toko Ani");
  Set(&body, "uraian", "Toko bahan bangunan, buka setiap hari.");
  Set(&body, "jenis", "warung");
  Set(&body, "nik", "1501064708900001");
  Set(&body, "nib", "1234567890123");
  Set(&body, "telepon", "+628123456789");
  Set(&body, "nomor", "SK-7");
  const auto add = [&body](const char* path) {
    v1::SetField& set = *body.add_mutations()->mutable_set_field();
    set.set_path(path);
    return set.mutable_value();
  };
  add("pegawai")->set_integer(4);
  add("modal")->set_integer(25'000'000);
  add("luas")->set_decimal("12.5");
  add("halal")->set_flag(true);
  add("berdiri")->set_date_days(18'000);
  add("kunjungan")->set_time_ms(kMorningMs);
  v1::Choices& choices = *add("bahan")->mutable_choices();
  choices.add_items("batu");
  choices.add_items("kayu");
  v1::Place& place = *add("tempat")->mutable_place();
  place.set_latitude_e7(-20'645'000);
  place.set_longitude_e7(1'013'912'000);
  Comment(&body, "Dibuat di kantor.");
  return body.SerializeAsString();
}

std::vector<std::string> Sequel() {
  const std::vector<std::string>& records = Records();
  std::vector<std::string> sequel;
  v1::ChangeBody settle = EditOf(records[4], "kantor-ani", 70, {records[5], records[6]});
  v1::Settle& settled = *settle.add_mutations()->mutable_settle();
  settled.set_path("modal");
  std::vector<std::string> candidates = {IdOf(records[5]).bytes(), IdOf(records[6]).bytes()};
  std::sort(candidates.begin(), candidates.end());
  for (const std::string& id : candidates) settled.add_candidates(id);
  settled.mutable_value()->set_integer(6'000'000);
  sequel.push_back(settle.SerializeAsString());
  v1::ChangeBody comment = EditOf(records[4], "hp-siti", 71, {sequel[0]});
  Comment(&comment, "Sudah cocok.");
  v1::AddElement& instalment = *comment.add_mutations()->mutable_add_element();
  instalment.set_collection("angsuran");
  instalment.mutable_value()->set_integer(500'000);
  sequel.push_back(comment.SerializeAsString());
  v1::ChangeBody edit = EditOf(records[4], "hp-siti", 72, {sequel[1]});
  Set(&edit, sync::ElementPath("comments", IdOf(sequel[1]), 0), "Sudah cocok, kata Ani.");
  edit.add_mutations()->mutable_clear_field()->set_path("jenis");
  sequel.push_back(edit.SerializeAsString());
  v1::ChangeBody remove = EditOf(records[4], "kantor-ani", 73, {sequel[2]});
  remove.add_mutations()->mutable_remove_element()->set_path(
      sync::ElementPath("angsuran", IdOf(sequel[1]), 1));
  Set(&remove, "assignee", "hp-budi");
  Set(&remove, "area", "15.01.07");
  sequel.push_back(remove.SerializeAsString());
  v1::ChangeBody retract = EditOf(records[4], "kantor-ani", 74, {sequel[3]});
  retract.add_mutations()->mutable_retract()->set_reason("Tutup.");
  sequel.push_back(retract.SerializeAsString());
  v1::ChangeBody restore = EditOf(records[4], "kantor-ani", 75, {sequel[4]});
  restore.add_mutations()->mutable_restore();
  sequel.push_back(restore.SerializeAsString());
  return sequel;
}

namespace {

std::vector<std::string> RealChanges(const Seeds& seeds, const std::string& rows) {
  const auto map = cli::ParseImportMap(seeds.Source("tests/data/nyc311/nyc311.map.textproto"));
  CHECK(map.ok());
  const auto definition = sync::Definition::Parse(seeds.Service("pengaduan").SerializeAsString());
  CHECK(definition.ok());
  std::istringstream input(rows);
  cli::CsvReader reader(input);
  const auto header = reader.Next();
  CHECK(header.ok());
  auto converter = cli::RowConverter::Make(*map, *definition, (*header)->cells);
  CHECK(converter.ok());
  std::vector<std::string> bodies;
  while (true) {
    auto record = reader.Next();
    CHECK(record.ok());
    if (!*record) return bodies;
    for (const cli::ImportChange& change : converter->Convert(**std::move(record)).changes) {
      bodies.push_back(change.body);
    }
  }
}

void MakeChanges(Seeds* seeds) {
  constexpr uint8_t kAtHeads = 1, kOfSecond = 2, kEndsGroup = 8, kTwice = 16, kOwnSession = 32,
                    kDeadline = 64;
  seeds->Add("changes", "good_records", Framed(kEndsGroup, Records()));
  seeds->Add("changes", "good_everything", Framed(kTwice | kOwnSession, {Everything()}));
  seeds->Add("changes", "good_sequel", Framed(0, Sequel()));
  seeds->Add("changes", "good_sequel_at_heads", Framed(kAtHeads | kOfSecond, Sequel()));
  const std::string rows = RealRows(*seeds, 3);
  seeds->Add("changes", "good_real_rows", Framed(kEndsGroup, RealChanges(*seeds, rows)));
  // Refused, each for another reason.
  v1::ChangeBody wrong = EditOf(Records()[4], "hp-siti", 80, {Records()[4]});
  Move(&wrong, "diterima", "terbit");
  Set(&wrong, "pegawai", "tiga");
  seeds->Add("changes", "refused_step", Framed(0, {wrong.SerializeAsString()}));
  wrong = EditOf(Records()[4], "hp-siti", 81, {Records()[5], Records()[6]});
  wrong.add_mutations()->mutable_set_field()->set_path("modal");
  wrong.mutable_mutations(0)->mutable_set_field()->mutable_value()->set_integer(1);
  seeds->Add("changes", "refused_under_review", Framed(kDeadline, {wrong.SerializeAsString()}));
  v1::ChangeBody rebase = EditOf(Records()[0], "kantor-ani", 82, {Records()[3]});
  rebase.add_mutations()->mutable_rebase()->set_definition_hash(NextForm()->hash().bytes());
  rebase.mutable_mutations(0)->mutable_rebase()->set_version(2);
  seeds->Add("changes", "rebase", Framed(kDeadline, {rebase.SerializeAsString()}));
  v1::ChangeBody newer = EditOf(Records()[0], "hp-siti", 83, {Records()[3]});
  CHECK(newer.add_mutations()->ParseFromString("\xfa\x07\x01x"));
  seeds->Add("changes", "of_a_later_version", Framed(0, {newer.SerializeAsString()}));
}

void MakeEntries(Seeds* seeds) {
  constexpr uint8_t kRightHash = 1, kRightPlace = 2;
  Node node(7);
  std::vector<sync::Submission> submissions;
  for (const std::string& record : Records()) submissions.emplace_back().body = record;
  for (const std::string& change : Sequel()) submissions.emplace_back().body = change;
  submissions.emplace_back().body = Everything();
  v1::ChangeBody wrong = EditOf(Records()[4], "hp-siti", 80, {Records()[4]});
  Move(&wrong, "diterima", "terbit");
  submissions.emplace_back().body = wrong.SerializeAsString();
  node.Ingest(submissions);
  std::vector<std::string> backwards, log;
  for (const v1::Entry& entry : node.LogReversed()) {
    backwards.push_back(entry.SerializeAsString());
  }
  log.assign(backwards.rbegin(), backwards.rend());
  seeds->Add("entries", "good_log", Framed(0, log));
  seeds->Add("entries", "good_backwards", Framed(0, backwards));
  seeds->Add("entries", "good_other_places", Framed(kRightHash | kRightPlace, log));
  // A stub, and a change that two nodes stamped differently.
  v1::Entry stub;
  stub.set_region(kRegion);
  stub.set_origin(2);
  stub.set_seq(1);
  stub.mutable_stamp()->set_received_at_ms(kNowMs);
  stub.mutable_stamp()->set_verdict(v1::VERDICT_VOID);
  stub.mutable_stamp()->set_reason(v1::REFUSAL_REASON_ROLE);
  stub.set_change_hash(std::string(32, 'h'));
  stub.set_stub_request_id(KeyOf(Records()[4]).id.bytes());
  stub.add_stub_parents(IdOf(Records()[4]).bytes());
  v1::Entry twice;
  CHECK(twice.ParseFromString(log[5]));
  twice.set_origin(3);
  twice.clear_leaf_hash();
  twice.mutable_stamp()->set_received_at_ms(kMorningMs);
  twice.mutable_stamp()->set_clock_offset_ms(-600'000);
  seeds->Add("entries", "good_stub_and_second_stamp",
             Framed(kRightHash | kRightPlace,
                    {log[4], stub.SerializeAsString(), log[5], twice.SerializeAsString()}));
}

// Bytes that write long histories: what they mean is merge_fuzz.cc's; the seeds only give it
// length.
void MakeMerges(Seeds* seeds) {
  uint64_t state = 20'260'601;
  for (int seed = 0; seed < 16; ++seed) {
    std::string bytes;
    for (int i = 0; i < 40 + 20 * seed; ++i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      bytes.push_back(static_cast<char>(state >> 24));
    }
    seeds->Add("merge", absl::StrCat("good_history_", seed), bytes);
  }
}

}  // namespace

void MakeHistorySeeds(Seeds* seeds) {
  MakeChanges(seeds);
  MakeEntries(seeds);
  MakeMerges(seeds);
}

}  // namespace tikar::fuzz
