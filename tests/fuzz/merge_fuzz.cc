// The merge: a history written by the fuzzer's bytes, delivered in two orders to the production
// Replica, compared after every step with the slow reference of tests/property.
//
// The properties draw histories from a seed and meet what their generator thinks of. Here each byte
// is one decision, so that coverage can lead to a rare path of the merge byte by byte.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "byte_source.h"
#include "history_definitions.h"
#include "history_generator.h"
#include "random.h"
#include "reference.h"
#include "scenario.h"
#include "sync/change.h"
#include "sync/hlc.h"
#include "sync/status_macros.h"
#include "target.h"
#include "tikar/v1/change.pb.h"

namespace tikar::fuzz {
namespace {

// The reference compares all pairs of changes, and pasts within pasts.
constexpr size_t kChangesMax = 14;
constexpr size_t kParentsLook = 8;
constexpr int64_t kBeginMs = 1'760'000'000'000;
constexpr int64_t kMinuteMs = 60'000;

struct Written {
  std::string id;
  std::vector<std::string> elements = {};
};

const std::vector<std::string> kActors = {"hp-0", "hp-1", "hp-2", "kantor", "timer"};
const std::vector<std::string> kStates = {
    "diterima", "diverifikasi", "ditangani", "disetujui", "ditolak",
    "selesai",  "dibatalkan",   "terdaftar", "tidak-ada", ""};
const std::vector<std::string> kTexts = {"",
                                         "Jembatan putus",
                                         "Jembatan putus di Siulak.",
                                         "Jembatan rusak berat di Siulak.",
                                         "putus",
                                         "Jembatan  di\u00a0Siulak",
                                         "Jalan dan jembatan putus.",
                                         "桥梁 断了 ภาษาไทย"};
const std::vector<std::string> kChoices = {"jalan", "jembatan", "lampu", "banjir"};

enum class Holds { kText, kInteger, kDecimal, kDate, kTime, kChoices, kPlace };
struct Path {
  const char* path;
  Holds holds;
};
// A field of each policy, what stands beside the form, and a path that nobody knows.
constexpr Path kPaths[] = {
    {"judul", Holds::kText},        {"deskripsi", Holds::kText},   {"catatan", Holds::kText},
    {"prioritas", Holds::kInteger}, {"nilai", Holds::kDecimal},    {"tenggat", Holds::kDate},
    {"kunjungan", Holds::kTime},    {"kategori", Holds::kChoices}, {"bantuan", Holds::kInteger},
    {"pemohon", Holds::kText},      {"lokasi", Holds::kPlace},     {"assignee", Holds::kText},
    {"area", Holds::kText},         {"status", Holds::kText},      {"@retracted", Holds::kText},
    {"masa-depan", Holds::kText}};

void SetValue(ByteSource& source, Holds holds, v1::Value* value) {
  const size_t pick = source.Byte();
  // Any field may hold any kind: what a form says is for the first node to judge.
  switch (pick >= 240 ? static_cast<Holds>(pick % 7) : holds) {
    case Holds::kText:
      value->set_text(kTexts[pick % kTexts.size()]);
      break;
    case Holds::kInteger:
      value->set_integer(static_cast<int64_t>(pick % 5) - 2);
      break;
    case Holds::kDecimal:
      value->set_decimal(pick % 7 == 6 ? "1e5" : absl::StrCat(pick % 4, ".", pick % 3, "0"));
      break;
    case Holds::kDate:
      value->set_date_days(static_cast<int32_t>(pick % 4) + 20'000);
      break;
    case Holds::kTime:
      value->set_time_ms(kBeginMs + static_cast<int64_t>(pick % 4));
      break;
    case Holds::kChoices:
      for (size_t bit = 0; bit < kChoices.size(); ++bit) {
        if (pick >> bit & 1) value->mutable_choices()->add_items(kChoices[bit]);
      }
      if (pick % 16 == 0) value->mutable_choices();
      break;
    case Holds::kPlace:
      value->mutable_place()->set_latitude_e7(static_cast<int32_t>(pick % 3) * 1'000'000'000);
      break;
  }
}

class Writer {
 public:
  explicit Writer(std::string_view bytes) : source_(bytes) {}

  property::History Write() {
    WriteCreate();
    while (!source_.empty() && written_.size() < kChangesMax) WriteChange();
    return std::move(history_);
  }

 private:
  v1::ChangeBody Head(size_t actor) {
    now_ms_ += kMinuteMs * static_cast<int64_t>(source_.Below(8));
    // Minutes, hours or a year off; to the minute, so that clocks meet.
    static constexpr int64_t kAhead[] = {0, 0, 0, 4, 6, -6, 120, -120, 525'600};
    v1::ChangeBody body;
    body.set_region(property::kRegion);
    body.set_actor(kActors[actor]);
    body.set_role("petugas");
    const int64_t at_ms = now_ms_ + kMinuteMs * kAhead[source_.Below(std::size(kAhead))];
    body.set_hlc(sync::PackHlc(at_ms, 0));
    body.set_nonce(absl::StrCat("nonce", 100 + written_.size()));
    return body;
  }

  void WriteCreate() {
    v1::ChangeBody body = Head(0);
    v1::Create& create = *body.add_mutations()->mutable_create();
    create.set_definition_hash(reference::Sha256(property::AllDefinitions().bytes[0]));
    create.set_service("pengaduan");
    create.set_version(1);
    create.set_area("15.01.06");
    AddMutations(&body);
    const std::string bytes = body.SerializeAsString();
    const auto id = sync::RequestIdOf(body, std::string_view(bytes));
    CHECK(id.has_value());
    history_.request_id = id->bytes();
    Log(body, bytes);
  }

  void WriteChange() {
    v1::ChangeBody body = Head(source_.Below(kActors.size()));
    body.set_request_id(history_.request_id);
    // Bit i: the change that stands i + 1 before; none: the last one.
    const uint8_t mask = source_.Byte();
    std::set<std::string> parents;
    for (size_t i = 0; i < std::min(written_.size(), kParentsLook); ++i) {
      if (mask >> i & 1) parents.insert(written_[written_.size() - 1 - i].id);
    }
    if (parents.empty()) parents.insert(written_.back().id);
    for (const std::string& parent : parents) body.add_parents(parent);
    AddMutations(&body);
    Log(body, body.SerializeAsString());
  }

  void AddMutations(v1::ChangeBody* body) {
    const size_t count = source_.Below(4);
    for (size_t i = 0; i < count; ++i) {
      const bool is_first = body->mutations().empty();
      AddMutation(is_first, *body->add_mutations());
    }
  }

  void AddMutation(bool is_first, v1::Mutation& mutation) {
    const Path& path = kPaths[source_.Below(std::size(kPaths))];
    switch (source_.Below(14)) {
      case 0:
      case 1:
      case 2:
        mutation.mutable_set_field()->set_path(path.path);
        SetValue(source_, path.holds, mutation.mutable_set_field()->mutable_value());
        break;
      case 3:
        mutation.mutable_clear_field()->set_path(path.path);
        break;
      case 4:
      case 5:
        mutation.mutable_transition()->set_from(source_.Pick(kStates));
        mutation.mutable_transition()->set_to(source_.Pick(kStates));
        break;
      case 6:
        mutation.mutable_add_element()->set_collection(source_.Flag() ? "comments" : "tags");
        SetValue(source_, Holds::kText, mutation.mutable_add_element()->mutable_value());
        break;
      case 7:
        mutation.mutable_remove_element()->set_path(Element());
        break;
      case 8:
        mutation.mutable_set_field()->set_path(Element());
        SetValue(source_, Holds::kText, mutation.mutable_set_field()->mutable_value());
        break;
      case 9:
        mutation.mutable_retract()->set_reason("keliru");
        break;
      case 10:
        mutation.mutable_restore();
        break;
      case 11:
      case 12:
        WriteSettle(path, mutation.mutable_settle());
        break;
      default:
        WriteOdd(is_first, mutation);
    }
  }

  void WriteSettle(const Path& path, v1::Settle* settle) {
    settle->set_path(path.path);
    const uint8_t mask = source_.Byte();
    std::set<std::string> named;
    for (size_t i = 0; i < std::min(written_.size(), kParentsLook); ++i) {
      if (mask >> i & 1) named.insert(written_[written_.size() - 1 - i].id);
    }
    for (const std::string& id : named) settle->add_candidates(id);
    if (settle->path() == "status") {
      settle->mutable_value()->set_text(source_.Pick(kStates));
    } else if (settle->path() == "@retracted") {
      settle->mutable_value()->set_flag(source_.Flag());
    } else if (source_.Flag()) {
      SetValue(source_, path.holds, settle->mutable_value());
    }
  }

  // What only another version, or a fault, would send.
  void WriteOdd(bool is_first, v1::Mutation& mutation) {
    const std::vector<std::string>& definitions = property::AllDefinitions().bytes;
    switch (source_.Below(6)) {
      case 0:  // a mutation of a later version
        CHECK(mutation.ParseFromString("\xfa\x07\x01x"));
        break;
      case 1: {  // a value of a later version
        mutation.mutable_set_field()->set_path("judul");
        CHECK(mutation.mutable_set_field()->mutable_value()->ParseFromString("\xfa\x07\x01x"));
        break;
      }
      case 2:  // neither known nor unknown
        break;
      case 3:  // in the first place it would make another request of this
        if (!is_first) mutation.mutable_create()->set_area("15.01.07");
        break;
      case 4:
        mutation.mutable_rebase()->set_definition_hash("short");
        break;
      default:
        mutation.mutable_rebase()->set_definition_hash(
            reference::Sha256(definitions[source_.Below(definitions.size())]));
    }
  }

  std::string Element() {
    const Written& of = written_.empty() ? Written() : source_.Pick(written_);
    if (of.elements.empty()) return "comments/00000000000000000000000000000000.0";
    return source_.Pick(of.elements);
  }

  // One to three nodes took it.
  void Log(const v1::ChangeBody& body, const std::string& bytes) {
    Written written{.id = reference::Sha256(bytes).substr(0, sync::ChangeId::kSize)};
    const sync::ChangeId id = *sync::ChangeId::FromBytes(written.id);
    for (int i = 0; i < body.mutations_size(); ++i) {
      if (!body.mutations(i).has_add_element()) continue;
      written.elements.push_back(sync::ElementPath(body.mutations(i).add_element().collection(), id,
                                                   static_cast<uint32_t>(i)));
    }
    const uint8_t how = source_.Byte();
    const int nodes = how < 192 ? 1 : how < 240 ? 2 : 3;
    for (int node = 0; node < nodes; ++node) {
      reference::Observation observation;
      const uint8_t stamp = source_.Byte();
      observation.stamp.set_received_at_ms(now_ms_ + kMinuteMs * (stamp % 4));
      static constexpr int64_t kOffsets[] = {0, 0, 5, -5, 6, -6, 120, -525'600};
      observation.stamp.set_clock_offset_ms(kMinuteMs * kOffsets[(stamp >> 2) % 8]);
      observation.stamp.set_verdict(stamp >= 248   ? v1::VERDICT_QUARANTINED
                                    : stamp >= 232 ? v1::VERDICT_VOID
                                                   : v1::VERDICT_ACCEPTED);
      if (observation.stamp.verdict() != v1::VERDICT_ACCEPTED) {
        observation.stamp.set_reason(v1::REFUSAL_REASON_ROLE);
      }
      // A refused change may leave a stub, whose word about its parents may be wrong.
      if (observation.stamp.verdict() == v1::VERDICT_VOID && (stamp & 1) != 0) {
        observation.stub_id = written.id;
        observation.stub_request_id = history_.request_id;
        observation.stub_parents.assign(body.parents().begin(), body.parents().end());
        if ((stamp & 2) != 0 && !written_.empty()) {
          observation.stub_parents.push_back(source_.Pick(written_).id);
        }
      } else {
        observation.body = bytes;
      }
      history_.observations.push_back(std::move(observation));
    }
    written_.push_back(std::move(written));
  }

  ByteSource source_;
  property::History history_;
  std::vector<Written> written_;
  int64_t now_ms_ = kBeginMs;
};

// Arrivals cut into groups of up to `size_max`.
property::Groups Cut(const std::vector<property::Arrival>& arrivals, size_t size_max,
                     property::Random& random) {
  property::Groups groups;
  size_t left = 0;
  for (const property::Arrival& arrival : arrivals) {
    if (left == 0) {
      groups.emplace_back();
      left = 1 + random.Below(size_max);
    }
    groups.back().push_back(arrival);
    --left;
  }
  return groups;
}

}  // namespace

FUZZ_TARGET(merge, "histories of one request, against the slow reference") {
  const property::History history = Writer(bytes).Write();
  // The orders follow from the bytes too, so that a finding replays.
  const std::string hash = reference::Sha256(bytes);
  uint64_t seed = 0;
  for (size_t i = 0; i < 8; ++i) seed = seed << 8 | static_cast<uint8_t>(hash[i]);
  property::Random random(seed);
  const auto another = static_cast<property::Order>(1 + random.Below(property::kOrders - 1));
  std::string first;
  for (const property::Order order : {property::Order::kAsWritten, another}) {
    // One by one, or as a mirror gets them after a night.
    const size_t group_max = order == property::Order::kAsWritten ? 1 : 6;
    const property::Groups groups =
        Cut(property::Deliver(history, order, random), group_max, random);
    const property::Result result =
        property::Run(history, groups, {1 + random.Below(groups.size())});
    if (!result.failure.empty()) {
      const property::Groups small = property::Shrink(history, groups);
      Broken(__FILE__, __LINE__, "property::Run(history, groups).failure.empty()",
             absl::StrCat("the merge is what sync/README.md says\n", result.failure,
                          property::Describe(history, small)));
    }
    if (first.empty()) first = result.bytes;
    PROMISE(result.bytes == first, "the order of arrival does not matter");
  }
  return true;
}

}  // namespace tikar::fuzz
