#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (section 3, "one bad change never stops those behind it"; section 7, one bad record
// blocks a phone's sync for ever): a change on which every server chokes is found, parked with all
// its data and shown to its officer; all others get their answers, also those that were sent
// together with it.
//
// Judged at the end, where something in the run was poison: each such change that is still in an
// outbox is parked, with its bytes and with how the streams ended. No other change is ever parked,
// and none is unsent.
//
// Excused: a run without poison is not judged but for innocents that were parked.
class PoisonDoesNotBlock : public Checker {
 public:
  std::string_view name() const override { return "PoisonDoesNotBlock"; }

  void OnChangeMade(const ChangeMade& made) override {
    if (made.poison) poison_[made.change.id] = made.change.bytes;
  }

  void OnEnd(bool) override {
    for (PhoneIndex phone = 0; phone < sight().phone_count(); ++phone) {
      if (!sight().PhoneIsUsed(phone)) continue;
      for (const PhoneContents::OutboxRow& row : sight().ReadPhone(phone).outbox) {
        if (!CheckRow(phone, row)) return;
      }
    }
  }

 private:
  bool CheckRow(PhoneIndex phone, const PhoneContents::OutboxRow& row) {
    const auto poison = poison_.find(row.change);
    if (poison == poison_.end()) {
      const bool blocked = !poison_.empty() && row.fate == client::ChangeFate::kUnsent;
      if (row.fate != client::ChangeFate::kParked && !blocked) return true;
      Fail(absl::StrCat(PhoneName(phone), blocked ? " never sent change " : " parked change ",
                        Name(row.change), ", which nothing is wrong with: ", row.error));
      return false;
    }
    if (row.fate != client::ChangeFate::kParked) {
      Fail(absl::StrCat(PhoneName(phone), " never found out that change ", Name(row.change),
                        " ends its streams"));
      return false;
    }
    if (row.body != poison->second || row.error.empty()) {
      Fail(absl::StrCat(PhoneName(phone), " parked change ", Name(row.change),
                        " without its data or without a reason"));
      return false;
    }
    return true;
  }

  std::map<sync::ChangeId, std::string> poison_;  // and its bytes
};

}  // namespace

std::unique_ptr<Checker> MakePoisonDoesNotBlock() { return std::make_unique<PoisonDoesNotBlock>(); }

}  // namespace tikar::simulation
