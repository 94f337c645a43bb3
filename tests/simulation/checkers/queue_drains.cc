#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"

namespace tikar::simulation {
namespace {

// Promise (section 7, an upload queue that never retries after a partition; guarantee 12): when
// links are up again, every change gets its answer. None stays unsent, and each that was made is in
// the outbox with what became of it.
//
// Judged at the end: no phone in use has an unsent change; each that it made (and that a restore
// did not take back) is in its outbox; what counts as acknowledged, refused or held there has an
// answer that says so, of an acknowledged one from a place in a log.
//
// Excused: phones that are not used any more; what was made after the backup from which a phone was
// restored or cloned.
class QueueDrains : public Checker {
 public:
  std::string_view name() const override { return "QueueDrains"; }

  void OnChangeMade(const ChangeMade& made) override {
    made_[made.phone].emplace(made.change.id, sight().step());
  }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    if (changed.what != PhoneChange::kRestored && changed.what != PhoneChange::kCloned) return;
    const PhoneIndex source = changed.what == PhoneChange::kCloned ? changed.source : changed.phone;
    std::map<sync::ChangeId, uint64_t> kept = made_[source];
    std::erase_if(kept, [&](const auto& made) { return made.second > changed.backup_step; });
    made_[changed.phone] = std::move(kept);
  }

  void OnEnd(bool) override {
    for (PhoneIndex phone = 0; phone < sight().phone_count(); ++phone) {
      if (sight().PhoneIsUsed(phone) && !CheckPhone(phone)) return;
    }
  }

 private:
  static bool IsAnswered(const PhoneContents::OutboxRow& row) {
    switch (row.fate) {
      case client::ChangeFate::kAcknowledged:
        return row.answer.verdict() == v1::VERDICT_ACCEPTED && row.answer.seq() != 0 &&
               row.answer.change_id() == row.change.view();
      case client::ChangeFate::kQuarantined:
        return row.answer.verdict() == v1::VERDICT_QUARANTINED;
      case client::ChangeFate::kRefused:
        return row.answer.verdict() == v1::VERDICT_VOID;
      case client::ChangeFate::kParked:
        return !row.error.empty();
      case client::ChangeFate::kUnsent:
        return false;
    }
    return false;
  }

  bool CheckPhone(PhoneIndex phone) {
    std::set<sync::ChangeId> here;
    const PhoneContents contents = sight().ReadPhone(phone);
    for (const PhoneContents::OutboxRow& row : contents.outbox) {
      here.insert(row.change);
      if (row.fate == client::ChangeFate::kUnsent) {
        Fail(absl::StrCat(PhoneName(phone), " never got rid of change ", Name(row.change), " of ",
                          Name(row.request), "; its last error: ", contents.error));
        return false;
      }
      if (!IsAnswered(row)) {
        Fail(absl::StrCat(PhoneName(phone), " counts change ", Name(row.change),
                          " as answered, and its last answer is ", Name(row.answer.verdict())));
        return false;
      }
    }
    for (const auto& [change, step] : made_[phone]) {
      if (here.contains(change)) continue;
      Fail(absl::StrCat(PhoneName(phone), " made change ", Name(change), " at step ", step,
                        " and has it no more"));
      return false;
    }
    return true;
  }

  std::map<PhoneIndex, std::map<sync::ChangeId, uint64_t>> made_;  // at which step
};

}  // namespace

std::unique_ptr<Checker> MakeQueueDrains() { return std::make_unique<QueueDrains>(); }

}  // namespace tikar::simulation
