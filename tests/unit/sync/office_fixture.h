// An office with clocks, timers and an eye for duplicates: the complaint service of kerinci.h with
// service levels, a place and a rule for what may be filed twice.
#ifndef TIKAR_TESTS_UNIT_SYNC_OFFICE_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SYNC_OFFICE_FIXTURE_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "kerinci_node.h"
#include "sync/working_days.h"

namespace tikar::sync {

inline constexpr char kOfficeText[] = R"(
  fields { key: "lokasi" type: FIELD_TYPE_PLACE policy: POLICY_LATEST
           label { id: "Lokasi" en: "Place" } }
  fields { key: "jenis" type: FIELD_TYPE_CHOICE policy: POLICY_LATEST
           label { id: "Jenis" en: "Kind" }
           choices { key: "jalan" label { id: "Jalan" en: "Road" } }
           choices { key: "jembatan" label { id: "Jembatan" en: "Bridge" } } }
  workflow {
    states { key: "selesai" terminal: true label { id: "Selesai" en: "Done" } }
    edges { from: "diperiksa" to: "selesai" roles: "petugas"
            label { id: "Selesaikan" en: "Finish" } }
  }
  service_levels { key: "verifikasi" label { id: "Verifikasi" en: "Verification" }
                   from_state: "diterima" until_states: "diperiksa" until_states: "ditolak"
                   working_days: 3 }
  service_levels { key: "tutup" label { id: "Penutupan" en: "Closing" }
                   from_state: "diperiksa" until_states: "selesai"
                   working_days: 10 automatic_state: "selesai" }
  duplicates { place_field: "lokasi" distance_metres: 100 days: 7 equal_fields: "jenis" }
)";

inline std::shared_ptr<const Definition> MakeOffice(std::string_view more = "") {
  v1::Definition proto = ComplaintProto();
  google::protobuf::TextFormat::Parser parser;
  EXPECT_TRUE(parser.MergeFromString(kOfficeText, &proto));
  EXPECT_TRUE(parser.MergeFromString(std::string(more), &proto));
  return ParseDefinition(proto);
}

inline std::shared_ptr<const Definition> Office() {
  static const std::shared_ptr<const Definition> definition = MakeOffice();
  return definition;
}

inline Value PlaceAt(int32_t latitude_e7, int32_t longitude_e7) {
  v1::Value proto;
  proto.mutable_place()->set_latitude_e7(latitude_e7);
  proto.mutable_place()->set_longitude_e7(longitude_e7);
  return *Value::FromProto(proto);
}

inline constexpr int64_t kHourMs = 60 * 60 * 1000;
// The midnight in Kerinci that ends the third and the tenth working day after that of kMorningMs,
// Monday, 1 June 2026: Thursday the 4th and Monday the 15th.
inline constexpr int64_t kThreeDaysDueMs = kMorningMs + 3 * 24 * kHourMs + 17 * kHourMs;
inline constexpr int64_t kTenDaysDueMs = kMorningMs + 14 * 24 * kHourMs + 17 * kHourMs;

class OfficeTest : public testing::Test {
 protected:
  OfficeTest() { node_.AddDefinition(*Office()); }

  // Filed on kMorningMs, the next one a minute later.
  Draft File() { return siti_.Create(kSungaibetungHilir, *Office()); }
  Written Examined() {
    created_ = node_.Take(File());
    return node_.Take(siti_.After(created_).Go("diterima", "diperiksa"));
  }
  Outcome RunTimers(Node& node, int64_t now_ms, size_t limit = 100) {
    node.now_ms = now_ms;
    return node.Commit(node.replica().RunTimers(now_ms, calendar_, limit));
  }
  const DefinitionSource& Definitions() { return *node_.replica().definitions(); }

  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Node node_{1};
  WorkingCalendar calendar_;
  Written created_;
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_OFFICE_FIXTURE_H_
