// A service of Kabupaten Kerinci and the people who write to it: what the tests of the merge share.
#ifndef TIKAR_TESTS_UNIT_SYNC_KERINCI_H_
#define TIKAR_TESTS_UNIT_SYNC_KERINCI_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sync/canonical.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/hlc.h"
#include "sync/types.h"
#include "sync/value.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::sync {

inline constexpr char kKerinci[] = "15.01";
inline constexpr char kNias[] = "12.04";
inline constexpr char kGunungKerinci[] = "15.01.06";
inline constexpr char kSungaibetungHilir[] = "15.01.06.2010";
inline constexpr char kSungaibatuGantih[] = "15.01.06.2011";
inline constexpr char kBatangMerangin[] = "15.01.07";
inline constexpr char kTamiai[] = "15.01.07.2007";

// 2026-06-01T00:00:00Z: when the tests begin.
inline constexpr int64_t kMorningMs = 1'780'272'000'000;

// One field for each policy, and a workflow in which money leaves the house.
inline constexpr char kComplaintText[] = R"(
  service: "pengaduan"
  version: 1
  publisher: "32.73"
  title { id: "Pengaduan" en: "Complaint" }
  merge_version: 1
  title_field: "judul"
  fields { key: "judul" type: FIELD_TYPE_TEXT policy: POLICY_LATEST
           label { id: "Judul" en: "Title" } }
  fields { key: "deskripsi" type: FIELD_TYPE_LONG_TEXT policy: POLICY_TEXT
           label { id: "Deskripsi" en: "Description" } }
  fields { key: "prioritas" type: FIELD_TYPE_INTEGER policy: POLICY_HIGHEST
           label { id: "Prioritas" en: "Priority" } }
  fields { key: "tenggat" type: FIELD_TYPE_DATE policy: POLICY_LOWEST
           label { id: "Tenggat" en: "Deadline" } }
  fields { key: "bahan" type: FIELD_TYPE_CHOICES policy: POLICY_UNION
           label { id: "Bahan" en: "Material" }
           choices { key: "batu" label { id: "Batu" en: "Stone" } }
           choices { key: "besi" label { id: "Besi" en: "Iron" } }
           choices { key: "kayu" label { id: "Kayu" en: "Wood" } } }
  fields { key: "biaya" type: FIELD_TYPE_MONEY policy: POLICY_REVIEW
           label { id: "Biaya" en: "Cost" } }
  workflow {
    states { key: "diterima" label { id: "Diterima" en: "Received" } }
    states { key: "diperiksa" label { id: "Diperiksa" en: "Examined" } }
    states { key: "disetujui" decision: true label { id: "Disetujui" en: "Approved" } }
    states { key: "ditolak" decision: true label { id: "Ditolak" en: "Rejected" } }
    states { key: "dibayar" terminal: true label { id: "Dibayar" en: "Paid" } }
    edges { from: "diterima" to: "diperiksa" roles: "petugas"
            label { id: "Periksa" en: "Examine" } }
    edges { from: "diterima" to: "disetujui" roles: "petugas"
            label { id: "Setujui" en: "Approve" } }
    edges { from: "diterima" to: "ditolak" roles: "petugas" label { id: "Tolak" en: "Reject" } }
    edges { from: "disetujui" to: "dibayar" roles: "kepala" irreversible: true
            label { id: "Bayar" en: "Pay" } }
  }
  roles { key: "petugas" creates: true retracts: true assigns: true
          label { id: "Petugas" en: "Officer" } }
  roles { key: "kepala" retracts: true assigns: true label { id: "Kepala" en: "Head" } }
  settler_roles: "kepala"
  collections { key: "comments" length_max: 500 elements_max: 500
                label { id: "Komentar" en: "Comments" } }
)";

inline std::shared_ptr<const Definition> ParseDefinition(const v1::Definition& proto) {
  absl::StatusOr<std::shared_ptr<const Definition>> definition =
      Definition::Parse(proto.SerializeAsString());
  EXPECT_TRUE(definition.ok()) << definition.status();
  return definition.ok() ? *definition : nullptr;
}

inline v1::Definition ComplaintProto() {
  v1::Definition proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kComplaintText, &proto));
  return proto;
}

inline std::shared_ptr<const Definition> Complaint() {
  static const std::shared_ptr<const Definition> definition = ParseDefinition(ComplaintProto());
  return definition;
}

// The same service a year later; another name, since the bytes differ.
inline std::shared_ptr<const Definition> NewerComplaint() {
  static const std::shared_ptr<const Definition> definition = [] {
    v1::Definition proto = ComplaintProto();
    proto.set_version(2);
    return ParseDefinition(proto);
  }();
  return definition;
}

// Definitions that a test lays out by hand.
class KnownDefinitions : public DefinitionSource {
 public:
  KnownDefinitions() = default;
  explicit KnownDefinitions(std::vector<std::shared_ptr<const Definition>> known) {
    for (std::shared_ptr<const Definition>& definition : known) {
      known_[definition->hash()] = std::move(definition);
    }
  }
  std::shared_ptr<const Definition> Find(const DefinitionHash& hash) const override {
    const auto at = known_.find(hash);
    return at != known_.end() ? at->second : nullptr;
  }

 private:
  std::map<DefinitionHash, std::shared_ptr<const Definition>> known_;
};

// A change as it was written.
struct Written {
  std::string body;
  ChangeId id;
  RequestKey key;

  ParsedChange Parse() const {
    absl::StatusOr<ParsedChange> change = ParseChange(body);
    EXPECT_TRUE(change.ok()) << change.status();
    return *std::move(change);
  }
};

inline Written Finished(std::string bytes) {
  absl::StatusOr<ParsedChange> change = ParseChange(std::move(bytes));
  EXPECT_TRUE(change.ok()) << change.status();
  return {
      .body = change->bytes, .id = change->id, .key = {change->body.region(), change->request_id}};
}

inline std::vector<ChangeId> Ids(std::initializer_list<Written> changes) {
  std::vector<ChangeId> ids;
  for (const Written& change : changes) ids.push_back(change.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// A change that is being written.
class Draft {
 public:
  explicit Draft(v1::ChangeBody body) : body_(std::move(body)) {}

  Draft& Set(std::string_view path, const Value& value) {
    v1::SetField& set = *body_.add_mutations()->mutable_set_field();
    set.set_path(std::string(path));
    *set.mutable_value() = value.ToProto();
    return *this;
  }
  Draft& Set(std::string_view path, std::string_view text) { return Set(path, Value::Text(text)); }
  Draft& Clear(std::string_view path) {
    body_.add_mutations()->mutable_clear_field()->set_path(std::string(path));
    return *this;
  }
  Draft& Go(std::string_view from, std::string_view to) {
    v1::Transition& transition = *body_.add_mutations()->mutable_transition();
    transition.set_from(std::string(from));
    transition.set_to(std::string(to));
    return *this;
  }
  Draft& Comment(std::string_view text) {
    v1::AddElement& add = *body_.add_mutations()->mutable_add_element();
    add.set_collection("comments");
    *add.mutable_value() = Value::Text(text).ToProto();
    return *this;
  }
  Draft& Remove(std::string_view element) {
    body_.add_mutations()->mutable_remove_element()->set_path(std::string(element));
    return *this;
  }
  Draft& Retract() {
    body_.add_mutations()->mutable_retract();
    return *this;
  }
  Draft& Restore() {
    body_.add_mutations()->mutable_restore();
    return *this;
  }
  Draft& Settle(std::string_view path, std::vector<ChangeId> candidates,
                const std::optional<Value>& value) {
    v1::Settle& settle = *body_.add_mutations()->mutable_settle();
    settle.set_path(std::string(path));
    std::sort(candidates.begin(), candidates.end());
    for (const ChangeId& id : candidates) settle.add_candidates(id.bytes());
    if (value) *settle.mutable_value() = value->ToProto();
    return *this;
  }
  Draft& Rebase(const Definition& definition) {
    v1::Rebase& rebase = *body_.add_mutations()->mutable_rebase();
    rebase.set_definition_hash(definition.hash().bytes());
    rebase.set_version(definition.proto().version());
    return *this;
  }
  // What a newer app knows and this build does not.
  Draft& AddNewerKind() {
    EXPECT_TRUE(body_.add_mutations()->ParseFromString("\xfa\x07\x01x"));  // field 127
    return *this;
  }
  // The same of a value.
  Draft& SetNewerValue(std::string_view path) {
    v1::SetField& set = *body_.add_mutations()->mutable_set_field();
    set.set_path(std::string(path));
    EXPECT_TRUE(set.mutable_value()->ParseFromString("\xfa\x07\x01x"));
    return *this;
  }
  v1::ChangeBody& body() { return body_; }
  Written Finish() const { return Finished(body_.SerializeAsString()); }
  operator Written() const { return Finish(); }  // NOLINT: a draft is finished where it is sent

 private:
  v1::ChangeBody body_;
};

// Somebody with a device. Its clock moves on by a minute with every change.
class Officer {
 public:
  explicit Officer(std::string actor, std::string role = "petugas", int64_t clock_ms = kMorningMs)
      : actor_(std::move(actor)), role_(std::move(role)), clock_ms_(clock_ms) {}

  // A new request under `definition` in `area`; the region is that of the area.
  Draft Create(std::string_view area = kSungaibetungHilir,
               const Definition& definition = *Complaint()) {
    v1::ChangeBody body = Head(area.substr(0, 5));
    v1::Create& create = *body.add_mutations()->mutable_create();
    create.set_definition_hash(definition.hash().bytes());
    create.set_service(definition.proto().service());
    create.set_version(definition.proto().version());
    create.set_area(std::string(area));
    return Draft(std::move(body));
  }
  // An edit of a request whose heads were seen to be `parents`.
  Draft Edit(const RequestKey& key, std::vector<ChangeId> parents) {
    v1::ChangeBody body = Head(key.region);
    body.set_request_id(key.id.bytes());
    std::sort(parents.begin(), parents.end());
    for (const ChangeId& parent : parents) body.add_parents(parent.bytes());
    return Draft(std::move(body));
  }
  // An edit by somebody who saw just this one change.
  Draft After(const Written& change) { return Edit(change.key, {change.id}); }

  Officer& AtMinute(int64_t minute) {
    clock_ms_ = kMorningMs + minute * 60'000;
    return *this;
  }
  const std::string& actor() const { return actor_; }

 private:
  v1::ChangeBody Head(std::string_view region) {
    clock_ms_ += 60'000;
    v1::ChangeBody body;
    body.set_region(std::string(region));
    body.set_actor(actor_);
    body.set_role(role_);
    body.set_hlc(PackHlc(clock_ms_, 0));
    CanonicalWriter nonce;  // as good as random: no two changes of one actor have the same
    nonce.Fixed64(++written_);
    body.set_nonce(nonce.Take());
    return body;
  }

  const std::string actor_;
  const std::string role_;
  int64_t clock_ms_;
  uint64_t written_ = 0;
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_KERINCI_H_
