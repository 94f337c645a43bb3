#include "world.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/hlc.h"
#include "sync/inbox_query.h"
#include "sync/keys.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/version_vector.h"
#include "target.h"
#include "tikar/v1/calendar.pb.h"

namespace tikar::fuzz {
namespace {

constexpr size_t kPullBytes = 1 << 20;

v1::ChangeBody Head(std::string_view actor, int minute) {
  v1::ChangeBody body;
  body.set_region(kRegion);
  body.set_actor(std::string(actor));
  body.set_role(actor.starts_with("kantor") ? "kepala" : "petugas");
  body.set_hlc(sync::PackHlc(kMorningMs + int64_t{60'000} * minute, 0));
  sync::CanonicalWriter nonce;
  nonce.Fixed64(static_cast<uint64_t>(minute) + 1);
  body.set_nonce(nonce.Take());
  return body;
}

std::vector<std::string> MakeRecords() {
  std::vector<std::string> records;
  const auto write = [&records](const v1::ChangeBody& body) {
    records.push_back(body.SerializeAsString());
    return records.back();
  };
  // Went all the way.
  v1::ChangeBody create = NewRequest("hp-siti", 0);
  Set(&create, "nama", "Warung Bu Siti");
  Set(&create, "jenis", "warung");
  Set(&create, "uraian", "Warung nasi di tepi jalan ke Kayu Aro.");
  v1::SetField& employees = *create.add_mutations()->mutable_set_field();
  employees.set_path("pegawai");
  employees.mutable_value()->set_integer(3);
  v1::SetField& place = *create.add_mutations()->mutable_set_field();
  place.set_path("tempat");
  place.mutable_value()->mutable_place()->set_latitude_e7(-20'645'000);
  place.mutable_value()->mutable_place()->set_longitude_e7(1'013'912'000);
  const std::string first = write(create);
  v1::ChangeBody examine = EditOf(first, "hp-budi", 5, {first});
  Move(&examine, "diterima", "diperiksa");
  Comment(&examine, "Sudah dilihat di tempat.");
  const std::string examined = write(examine);
  v1::ChangeBody approve = EditOf(first, "kantor-ani", 9, {examined});
  Move(&approve, "diperiksa", "disetujui");
  const std::string approved = write(approve);
  v1::ChangeBody issue = EditOf(first, "kantor-ani", 12, {approved});
  Set(&issue, "nomor", "SK-12");
  Move(&issue, "disetujui", "terbit");
  write(issue);
  // Two who did not know of each other disagree about the money.
  create = NewRequest("hp-budi", 20);
  Set(&create, "nama", "Bengkel Pak Budi");
  Set(&create, "jenis", "bengkel");
  const std::string second = write(create);
  for (const auto& [actor, minute, amount] :
       {std::tuple("hp-siti", 25, 5'000'000), std::tuple("hp-joko", 26, 6'000'000)}) {
    v1::ChangeBody edit = EditOf(second, actor, minute, {second});
    v1::SetField& money = *edit.add_mutations()->mutable_set_field();
    money.set_path("modal");
    money.mutable_value()->set_integer(amount);
    Set(&edit, "uraian", absl::StrCat("Bengkel sepeda, kata ", actor, "."));
    write(edit);
  }
  // Retracted while somebody wrote on.
  create = NewRequest("hp-joko", 40);
  Set(&create, "nama", "Kios pulsa");
  const std::string third = write(create);
  v1::ChangeBody retract = EditOf(third, "hp-joko", 42, {third});
  retract.add_mutations()->mutable_retract()->set_reason("Salah kirim.");
  write(retract);
  v1::ChangeBody comment = EditOf(third, "hp-siti", 43, {third});
  Comment(&comment, "Pemilik minta dilanjutkan.");
  write(comment);
  return records;
}

}  // namespace

v1::ChangeBody NewRequest(std::string_view actor, int minute) {
  v1::ChangeBody body = Head(actor, minute);
  v1::Create& create = *body.add_mutations()->mutable_create();
  create.set_definition_hash(Form()->hash().bytes());
  create.set_service(Form()->proto().service());
  create.set_version(Form()->proto().version());
  create.set_area(kArea);
  return body;
}

v1::ChangeBody EditOf(const std::string& create, std::string_view actor, int minute,
                      const std::vector<std::string>& parents) {
  v1::ChangeBody body = Head(actor, minute);
  body.set_request_id(KeyOf(create).id.bytes());
  std::set<std::string> ids;
  for (const std::string& parent : parents) ids.insert(IdOf(parent).bytes());
  for (const std::string& id : ids) body.add_parents(id);
  return body;
}

void Set(v1::ChangeBody* body, std::string_view path, std::string_view text) {
  v1::SetField& set = *body->add_mutations()->mutable_set_field();
  set.set_path(std::string(path));
  set.mutable_value()->set_text(std::string(text));
}

void Move(v1::ChangeBody* body, std::string_view from, std::string_view to) {
  v1::Transition& transition = *body->add_mutations()->mutable_transition();
  transition.set_from(std::string(from));
  transition.set_to(std::string(to));
}

void Comment(v1::ChangeBody* body, std::string_view text) {
  v1::AddElement& add = *body->add_mutations()->mutable_add_element();
  add.set_collection("comments");
  add.mutable_value()->set_text(std::string(text));
}

sync::RequestKey KeyOf(const std::string& create) {
  absl::StatusOr<sync::ParsedChange> change = sync::ParseChange(create);
  CHECK(change.ok());
  return {change->body.region(), change->request_id};
}

sync::ChangeId IdOf(const std::string& body) { return sync::ChangeIdOf(sync::Sha256(body)); }

const std::vector<std::string>& Records() {
  static const auto* const records = new std::vector<std::string>(MakeRecords());
  return *records;
}

const sync::WorkingCalendar& Calendar() {
  static const auto* const calendar = [] {
    v1::HolidayCalendar proto;
    proto.set_version(1);
    proto.set_source("SKB");
    v1::CalendarYear& year = *proto.add_years();
    year.set_year(2026);
    year.set_source("SKB");
    v1::Holiday& holiday = *proto.add_holidays();
    holiday.set_date("2026-06-01");
    holiday.mutable_name()->set_id("Hari Lahir Pancasila");
    holiday.mutable_name()->set_en("Pancasila Day");
    holiday.set_kind(v1::HOLIDAY_KIND_HOLIDAY);
    holiday.set_source("SKB");
    absl::StatusOr<sync::WorkingCalendar> made = sync::WorkingCalendar::Make(proto);
    CHECK(made.ok());
    return new sync::WorkingCalendar(*std::move(made));
  }();
  return *calendar;
}

const Node& Library() {
  static const Node* const library = [] {
    auto* const node = new Node(1);
    std::vector<sync::Submission> submissions;
    for (const std::string& record : Records()) submissions.emplace_back().body = record;
    // The same stories elsewhere, and an area that a request left.
    for (const char* const region : {"12.04", "32.73"}) {
      std::map<std::string, std::string> made;  // id of the first telling -> body here
      for (const std::string& record : Records()) {
        v1::ChangeBody body;
        CHECK(body.ParseFromString(record));
        body.set_region(region);
        if (sync::IsCreate(body)) {
          body.mutable_mutations(0)->mutable_create()->set_area(absl::StrCat(region, ".01"));
        } else {
          for (std::string& parent : *body.mutable_parents()) {
            parent = IdOf(made.at(parent)).bytes();
          }
          std::sort(body.mutable_parents()->begin(), body.mutable_parents()->end());
          for (const std::string& create : Records()) {
            if (body.request_id() != KeyOf(create).id.view()) continue;
            body.set_request_id(KeyOf(made.at(IdOf(create).bytes())).id.bytes());
            break;
          }
        }
        submissions.emplace_back().body = made[IdOf(record).bytes()] = body.SerializeAsString();
      }
    }
    v1::ChangeBody move = EditOf(Records()[0], "kantor-ani", 50, {Records()[3]});
    Set(&move, "area", "15.01.07");
    Set(&move, "assignee", "hp-budi");
    submissions.emplace_back().body = move.SerializeAsString();
    for (const sync::SubmissionResult& result : node->Ingest(submissions).results) {
      CHECK(result.verdict == v1::VERDICT_ACCEPTED);
    }
    return node;
  }();
  return *library;
}

Node::Node(uint64_t seed, bool knows_forms, bool is_home) : is_home_(is_home), random_(seed) {
  Restart();
  if (!knows_forms) return;
  AddDefinition(Form()->bytes());
  AddDefinition(NextForm()->bytes());
}

void Node::Restart() {
  sync::Replica::Options options;
  options.now_ms = now_ms;
  // Odd, so never zero; each another one.
  options.random = [this] { return random_ = (random_ * 0x9e3779b97f4a7c15u + 2) | 1; };
  options.is_home = [this](std::string_view) { return is_home_; };
  absl::StatusOr<sync::Replica::Opened> opened = sync::Replica::Open(store_.Latest(), options);
  PROMISE(opened.ok(), absl::StrCat("what was stored can be opened again: ",
                                    opened.ok() ? "" : opened.status().ToString()));
  Commit(opened->batch);
  replica_ = std::move(opened->replica);
}

void Node::Commit(const sync::WriteBatch& batch) {
  const absl::Status written = store_.Write(batch);
  PROMISE(written.ok(),
          absl::StrCat("a batch of the Replica can be written: ", written.ToString()));
  CHECK(store_.Sync().ok());
}

sync::Outcome Node::Ingest(const std::vector<sync::Submission>& submissions) {
  absl::StatusOr<sync::Outcome> outcome = replica_->Ingest(submissions, now_ms);
  PROMISE(outcome.ok(), absl::StrCat("a bad change never fails the group: ",
                                     outcome.ok() ? "" : outcome.status().ToString()));
  PROMISE(outcome->results.size() == submissions.size(), "each submission is answered");
  Commit(outcome->batch);
  return *std::move(outcome);
}

absl::StatusOr<sync::Outcome> Node::Receive(const std::vector<v1::Entry>& entries) {
  absl::StatusOr<sync::Outcome> outcome = replica_->Receive(entries, now_ms);
  if (outcome.ok()) {
    Commit(outcome->batch);
  } else {
    PROMISE(absl::IsInvalidArgument(outcome.status()),
            absl::StrCat("only a malformed entry is refused: ", outcome.status().ToString()));
  }
  return outcome;
}

sync::Outcome Node::AddDefinition(const std::string& bytes) {
  absl::StatusOr<sync::Outcome> outcome = replica_->AddDefinition(bytes, now_ms);
  PROMISE(outcome.ok(), absl::StrCat("a sound definition is taken: ",
                                     outcome.ok() ? "" : outcome.status().ToString()));
  Commit(outcome->batch);
  return *std::move(outcome);
}

void Node::RunTimers(int64_t at_ms) {
  constexpr size_t kLimit = 256;
  absl::StatusOr<sync::Outcome> outcome = replica_->RunTimers(at_ms, Calendar(), kLimit);
  PROMISE(outcome.ok(), "timers never fail");
  Commit(outcome->batch);
  absl::StatusOr<sync::Outcome> again = replica_->RunTimers(at_ms, Calendar(), kLimit);
  PROMISE(again.ok() && again->changes_new == 0, "a second run of the timers makes nothing twice");
  Commit(again->batch);
}

std::vector<std::string> Node::Regions() const {
  absl::StatusOr<std::vector<v1::RegionStatus>> statuses = sync::LoadRegionStatuses(reader());
  PROMISE(statuses.ok(), "what is stored of regions can be read");
  std::vector<std::string> regions;
  for (const v1::RegionStatus& status : *statuses) regions.push_back(status.region());
  return regions;
}

std::vector<v1::Entry> Node::LogReversed() const {
  std::vector<v1::Entry> log;
  CHECK(reader()
            .Scan(sync::Family::kLog, "", "",
                  [&](std::string_view key, std::string_view value) {
                    const absl::StatusOr<sync::EntryRecord> record = sync::DecodeEntry(value);
                    PROMISE(record.ok(), "an entry of the log can be read");
                    sync::CanonicalReader place(key.substr(sync::keys::kRegionSize));
                    v1::Entry& entry = log.emplace_back();
                    entry.set_region(std::string(key.substr(0, sync::keys::kRegionSize)));
                    entry.set_origin(place.Fixed64());
                    entry.set_seq(place.Fixed64());
                    *entry.mutable_stamp() = record->stamp.ToProto();
                    entry.set_change_hash(record->change_hash.bytes());
                    entry.set_body(record->body);
                    if (record->body.empty()) {
                      entry.set_stub_request_id(record->request_id.bytes());
                      for (const sync::ChangeId& parent : record->stub_parents) {
                        entry.add_stub_parents(parent.bytes());
                      }
                    }
                    return true;
                  })
            .ok());
  std::reverse(log.begin(), log.end());
  return log;
}

void Node::PullFrom(const Node& other) {
  for (const std::string& region : other.Regions()) {
    absl::StatusOr<sync::VersionVector> known = sync::LoadVersionVector(reader(), region);
    PROMISE(known.ok(), "a version vector can be read");
    while (true) {
      absl::StatusOr<std::vector<v1::Entry>> entries =
          sync::EntriesAfter(other.reader(), region, *known, kPullBytes);
      PROMISE(entries.ok(), "the log can be read");
      if (entries->empty()) break;
      const absl::StatusOr<sync::Outcome> received = Receive(*entries);
      PROMISE(received.ok(), absl::StrCat("no entry that one node holds is refused by another: ",
                                          received.ok() ? "" : received.status().ToString()));
      for (const v1::Entry& entry : *entries) {
        known->Advance(sync::Origin{entry.origin()}, entry.seq());
      }
    }
  }
}

std::vector<sync::RequestKey> Node::Requests() const {
  std::vector<sync::RequestKey> requests;
  for (const std::string& region : Regions()) {
    const std::string prefix = sync::keys::RecordPrefix(region);
    CHECK(reader()
              .Scan(sync::Family::kRequests, prefix, sync::PrefixEnd(prefix),
                    [&](std::string_view key, std::string_view) {
                      const auto id = sync::RequestId::FromBytes(key.substr(prefix.size()));
                      PROMISE(id.has_value(), "the key of a record ends with a request id");
                      requests.push_back({region, *id});
                      return true;
                    })
              .ok());
  }
  return requests;
}

std::string Node::StateBytes() const {
  std::string bytes;
  for (const sync::RequestKey& key : Requests()) {
    absl::StatusOr<std::optional<sync::StoredRequest>> request = sync::LoadRequest(reader(), key);
    PROMISE(request.ok() && request->has_value(), "a stored request can be read");
    absl::StrAppend(&bytes, "\n", key.region, "/", key.id.hex(), " ", (*request)->state_bytes);
    for (const auto& [path, element] : (*request)->elements) {
      absl::StrAppend(&bytes, " ", path, " ", sync::EncodeField(element));
    }
  }
  return bytes;
}

void Node::CheckWhatIsStored() const {
  const sync::ListView view{
      .definitions = &definitions(), .calendar = &Calendar(), .now_ms = now_ms};
  for (const sync::RequestKey& key : Requests()) {
    absl::StatusOr<std::optional<sync::StoredRequest>> request = sync::LoadRequest(reader(), key);
    PROMISE(request.ok() && request->has_value(), "a stored request can be read");
    const sync::StoredRequest& stored = **request;
    PROMISE(sync::EncodeState(stored.state) == stored.state_bytes, "a state's bytes are canonical");
    PROMISE(sync::DigestOf(stored.state_bytes, stored.local.element_sum) ==
                sync::DigestOf(stored.state, stored.elements),
            "the sum over the elements is theirs");
    v1::Request proto = sync::ToProto(stored);
    sync::State state;
    sync::Elements elements;
    const absl::Status read = sync::RequestFromProto(proto, &state, &elements);
    PROMISE(read.ok(), absl::StrCat("what a phone gets it can read: ", read.ToString()));
    PROMISE(state.heads == stored.state.heads &&
                state.fields.size() == stored.state.fields.size() &&
                elements.size() == stored.elements.size(),
            "what a phone reads has the heads, fields and elements that the server has");
    sync::State again;
    sync::Elements elements_again;
    PROMISE(sync::RequestFromProto(sync::RequestToProto(state, elements, {}, 0), &again,
                                   &elements_again)
                    .ok() &&
                again == state && elements_again == elements,
            "what a phone has read it can write and read again");
    PROMISE(sync::AddViews(reader(), stored.state, view, true, &proto).ok(), "views never fail");
    PROMISE(sync::LoadHistory(reader(), key, definitions()).ok(), "every request has a history");
  }
  sync::PageQuery page;
  PROMISE(sync::ListRequests(reader(), "", {}, page, view).ok(), "requests can be listed");
  PROMISE(sync::ListConflicts(reader(), "", "", "", page, definitions()).ok(),
          "conflicts can be listed");
  PROMISE(sync::ListInbox(reader(), {.now_ms = now_ms}, page, definitions(), Calendar()).ok(),
          "the inbox can be listed");
}

}  // namespace tikar::fuzz
