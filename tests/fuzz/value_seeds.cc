#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/keys.h"
#include "sync/records.h"
#include "sync/ref.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "sync/version_vector.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

void MakeTypedValues(Seeds* seeds) {
  const struct {
    const char* field;
    const char* text;
  } typed[] = {{"nama", "Warung Bu Siti"},
               {"uraian", "Warung nasi.\nBuka pagi."},
               {"pegawai", "-1.200"},
               {"modal", "Rp 1.500.000,00"},
               {"luas", "-12,5"},
               {"halal", "tidak"},
               {"berdiri", "2026-01-31"},
               {"kunjungan", "2026-01-31T10:00:00+07:00"},
               {"tempat", "-2.0645, 101.3912"},
               {"jenis", "Bengkel"},
               {"bahan", "batu, Besi,kayu"},
               {"nik", "1501064708900001"},
               {"nib", "1234567890123"},
               {"telepon", "+628123456789"},
               {"nomor", "SK-12"}};
  const auto& fields = FormProto().fields();
  for (int i = 0; i < fields.size(); ++i) {
    for (const auto& [field, text] : typed) {
      if (fields[i].key() != field) continue;
      seeds->Add("typed_values", absl::StrCat("good_", field),
                 static_cast<char>(i) + std::string(text));
    }
  }
  const sync::RequestKey key = KeyOf(Records()[0]);
  const std::string others[] = {sync::FormatRef(sync::MakeRef(key.id)),
                                sync::RequestName(key),
                                key.id.hex(),
                                "15.01.06",
                                "03/23/2019 09:54:16 PM",
                                "2026-01-31 10:00"};
  for (size_t i = 0; i < std::size(others); ++i) {
    seeds->Add("typed_values", absl::StrCat("other_", i), static_cast<char>(15) + others[i]);
  }
}

void MakeValues(Seeds* seeds) {
  v1::ChangeBody body;
  CHECK(body.ParseFromString(Everything()));
  std::vector<Frame> messages, canonical;
  for (const v1::Mutation& mutation : body.mutations()) {
    if (!mutation.has_set_field()) continue;
    const v1::Value& proto = mutation.set_field().value();
    const auto value = sync::Value::FromProto(proto);
    CHECK(value.ok());
    messages.push_back({0, proto.SerializeAsString()});
    canonical.push_back({1, std::string(value->canonical())});
  }
  constexpr size_t kFramesMax = 8;
  const auto last = [](const std::vector<Frame>& frames) {
    return WriteFrames({frames.end() - kFramesMax, frames.end()});
  };
  seeds->Add("values", "good_messages", last(messages));
  seeds->Add("values", "good_canonical", last(canonical));
  sync::VersionVector a, b;
  a.Advance(sync::Origin{1}, 5);
  a.Advance(sync::Origin{9}, 1);
  b.Advance(sync::Origin{1}, 3);
  b.Advance(sync::Origin{4}, 8);
  seeds->Add("values", "good_vectors",
             Framed(2, {a.ToProto().SerializeAsString(), b.ToProto().SerializeAsString()}));
  seeds->Add("values", "good_texts",
             Framed(3, {"Jembatan di Siulak putus.", "Jembatan gantung di Siulak putus.",
                        "Jembatan di Siulak Deras putus sejak Senin."}));
  seeds->Add("values", "good_scripts",
             Framed(3, {"桥梁断了", "e\xcc\x81t\xc3\xa9 ภาษาไทย",
                        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb ـب"}));
}

void MakeRecords(Seeds* seeds) {
  const sync::Reader& reader = Library().reader();
  const auto add_all = [&](sync::Family family, const std::string& prefix, char kind,
                           const char* name, size_t count_max) {
    size_t count = 0;
    CHECK(reader
              .Scan(family, prefix, sync::PrefixEnd(prefix),
                    [&](std::string_view, std::string_view value) {
                      seeds->Add("records", absl::StrCat("good_", name, "_", count),
                                 kind + std::string(value));
                      return ++count < count_max;
                    })
              .ok());
    CHECK(count > 0);
  };
  add_all(sync::Family::kLog, kRegion, 'e', "entry", 3);
  add_all(sync::Family::kHistory, kRegion, 'h', "header", 3);
  add_all(sync::Family::kMeta, std::string(sync::keys::kNode), 'n', "node", 1);
  add_all(sync::Family::kMeta, std::string(sync::keys::kRegionPrefix), 'g', "region", 2);
  add_all(sync::Family::kMeta, std::string(sync::keys::kCapability), 'c', "capability", 1);
  add_all(sync::Family::kMeta, std::string(sync::keys::kTreePrefix), 't', "tree", 1);
  const sync::RequestKey key = KeyOf(Records()[0]);
  add_all(sync::Family::kRequests, sync::keys::Record(key), 'r', "record", 1);
  add_all(sync::Family::kRequests, sync::keys::ElementPrefix(key), 'f', "element", 1);
  const auto record = reader.Get(sync::Family::kRequests, sync::keys::Record(key));
  CHECK(record.ok() && record->has_value());
  const auto parts = sync::DecodeRecord(**record);
  CHECK(parts.ok());
  seeds->Add("records", "good_state", "s" + std::string(parts->state_bytes));
  seeds->Add("records", "good_refused",
             "v" + sync::EncodeRefused({.reason = v1::REFUSAL_REASON_ROLE, .actor = "hp-siti"}));
  seeds->Add("records", "good_idempotency",
             "i" + sync::EncodeIdempotency({.request = key,
                                            .change = IdOf(Records()[0]),
                                            .verdict = v1::VERDICT_ACCEPTED,
                                            .time_ms = kNowMs}));
}

}  // namespace

void MakeValueSeeds(Seeds* seeds) {
  MakeTypedValues(seeds);
  MakeValues(seeds);
  MakeRecords(seeds);
}

}  // namespace tikar::fuzz
