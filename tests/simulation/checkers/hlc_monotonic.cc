#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "sync/hlc.h"
#include "sync/limits.h"

namespace tikar::simulation {
namespace {

// Promise (section 3, Time; section 7, phones with wrong clocks): an author's times never repeat
// and never run back, however the device's clock jumps, stands still or runs back, and over kills.
// They are never ahead of the device's own clock by more than five minutes, whatever others wrote.
// A node's stamps never run back either: later in its log is not earlier received.
//
// Judged: the hlc of each change that a phone makes is larger than that of the one before. It is
// not beyond the largest time that the phone's clock ever showed by more than the tolerance and
// what counting up adds. received_at in an origin's log of one region does not fall from one
// sequence to the next.
//
// Excused: a phone that was restored or cloned goes on from its backup. (Change ids differ by their
// nonces.)
class HlcMonotonic : public Checker {
 public:
  std::string_view name() const override { return "HlcMonotonic"; }

  void OnChangeMade(const ChangeMade& made) override {
    Phone& phone = phones_[made.phone];
    Observe(made.phone);
    const uint64_t hlc = made.change.body.hlc();
    const uint64_t last = phone.made.empty() ? 0 : phone.made.back().second;
    if (hlc <= last) {
      Fail(absl::StrCat(PhoneName(made.phone), " gave change ", Name(made.change.id), " the time ",
                        Show(hlc), ", after it had given ", Show(last)));
      return;
    }
    const uint64_t latest = sync::PackHlc(phone.clock_ms_max + sync::kHlcAheadMsMax, UINT16_MAX);
    // Readings count up from the last one where the clock is behind it.
    if (hlc > std::max(latest, last + 1) + kCountedUp) {
      Fail(absl::StrCat(PhoneName(made.phone), " gave change ", Name(made.change.id), " the time ",
                        Show(hlc), "; its clock never showed more than ", phone.clock_ms_max));
      return;
    }
    phone.made.emplace_back(sight().step(), hlc);
  }

  void OnBatchStored(const BatchStored& stored) override { Observe(stored.phone); }
  void OnHelloSent(const HelloSent& hello) override { Observe(hello.phone); }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    if (changed.what == PhoneChange::kRestored || changed.what == PhoneChange::kCloned) {
      const PhoneIndex source =
          changed.what == PhoneChange::kCloned ? changed.source : changed.phone;
      Phone kept = phones_[source];
      std::erase_if(kept.made, [&](const auto& made) { return made.first > changed.backup_step; });
      phones_[changed.phone] = std::move(kept);
    }
    Observe(changed.phone);
  }

  void OnEntryDurable(const EntryDurable& entry) override {
    if (entry.position.origin != sight().NodeOrigin(entry.node)) return;
    const int64_t received_at_ms = entry.record.stamp.received_at_ms;
    auto& [seq, last] = received_[{entry.region, entry.position.origin}];
    if (entry.position.seq <= seq) return;
    if (received_at_ms < last) {
      Fail(absl::StrCat(NodeName(entry.node), " stamped ", entry.region, " ", Name(entry.position),
                        " as received at ", received_at_ms, ", and number ", seq, " at ", last));
      return;
    }
    seq = entry.position.seq;
    last = received_at_ms;
  }

 private:
  struct Phone {
    std::vector<std::pair<uint64_t, uint64_t>> made;  // step and hlc
    int64_t clock_ms_max = 0;
  };

  // What is counted beyond the last reading before the clock is looked at here again.
  static constexpr uint64_t kCountedUp = 1 << 10;

  static std::string Show(uint64_t hlc) {
    return absl::StrCat(sync::HlcMs(hlc), ".", sync::HlcCounter(hlc));
  }

  void Observe(PhoneIndex phone) {
    int64_t& latest = phones_[phone].clock_ms_max;
    latest = std::max(latest, sight().PhoneClockMs(phone));
  }

  std::map<PhoneIndex, Phone> phones_;
  std::map<std::pair<std::string, sync::Origin>, std::pair<uint64_t, int64_t>> received_;
};

}  // namespace

std::unique_ptr<Checker> MakeHlcMonotonic() { return std::make_unique<HlcMonotonic>(); }

}  // namespace tikar::simulation
