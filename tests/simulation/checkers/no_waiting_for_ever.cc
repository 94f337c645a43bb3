#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "clients/cpp/limits.h"

namespace tikar::simulation {
namespace {

// Promise (section 3, Definitions; sync/README.md, "What waits"; guarantee 12): whoever waits,
// waits for something, and goes on when it comes. A request that came before its Create, its
// definition or a newer build is folded once that is here. A phone that failed tries again within
// the longest pause, and does not rest while it has something to send. When faults are over,
// everything comes together in time.
//
// Judged: at the end, for each request that is not READY on a node, its log is read again: an
// accepted Create, the definition in the node's catalogue, nothing in it of a later version than
// the node's build means that it waits for nothing. Each pause of a phone is within the longest
// one, or within what the server asked for. At the end the world had come to rest in time.
//
// Excused: what holds mutations that no build knows, and what an older build still does not know.
class NoWaitingForEver : public Checker {
 public:
  std::string_view name() const override { return "NoWaitingForEver"; }

  void OnChangeMade(const ChangeMade& made) override {
    if (made.change.newer_kind) beyond_.insert({made.change.body.region(), made.change.request_id});
  }

  void OnStreamEnded(const StreamEnded& ended) override {
    // A tenth on top of what the server asked for, so that not all come back at once.
    const int64_t asked = std::min(ended.retry_delay_ms.value_or(0), client::kRetryDelayMsMax);
    const int64_t longest = std::max(client::kBackoffLongestMs, asked + asked / 10 + 1);
    if (ended.wait_ms < 0 || ended.wait_ms > longest) {
      Fail(absl::StrCat(PhoneName(ended.phone), " means to wait ", ended.wait_ms,
                        " ms after a stream, and at most ", longest, " ms were called for"));
    }
  }

  void OnEnd(bool in_time) override {
    for (NodeIndex node = 0; node < sight().node_count(); ++node) {
      const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(node);
      for (const std::string& region : sight().regions()) {
        for (const auto& [key, record] : RecordsOf(*disk, region)) {
          const sync::State& state = states_.Of(key, record).state;
          if (state.availability == v1::AVAILABILITY_READY || beyond_.contains(key)) continue;
          if (!CheckWaits(node, *disk, key, state)) return;
        }
      }
    }
    if (!in_time) {
      Fail(absl::StrCat("the world has not come to rest within ", sight().options().heal_ms_max,
                        " ms after the last fault", Restless()));
    }
  }

 private:
  bool CheckWaits(NodeIndex node, const sync::Reader& disk, const sync::RequestKey& key,
                  const sync::State& state) {
    if (state.availability == v1::AVAILABILITY_NEEDS_NEWER_SERVER) {
      if (sight().NodeIsOld(node)) return true;
      Fail(absl::StrCat(NodeName(node), " knows all that is in ", Name(key),
                        " and lets it wait for a newer build"));
      return false;
    }
    // The first Create that counts, if any, and whether this node has what it pins.
    for (const auto& [change, header] : HeadersOf(disk, key)) {
      if (!header.is_create || header.stamp.verdict != v1::VERDICT_ACCEPTED) continue;
      for (const sync::LogPosition& position : header.positions) {
        const auto entry = FindEntry(disk, key.region, position);
        v1::ChangeBody body;
        if (!entry || entry->body.empty() || !body.ParseFromString(entry->body)) continue;
        const auto hash =
            sync::DefinitionHash::FromBytes(body.mutations(0).create().definition_hash());
        if (!hash || !StoresDefinition(disk, *hash)) return true;
        Fail(absl::StrCat(NodeName(node), " has the Create of ", Name(key),
                          " and its definition, and lets it wait"));
        return false;
      }
    }
    return true;
  }

  // Who still has something to do.
  std::string Restless() {
    std::string who;
    for (PhoneIndex phone = 0; phone < sight().phone_count(); ++phone) {
      if (!sight().PhoneIsUsed(phone)) continue;
      const PhoneContents contents = sight().ReadPhone(phone);
      const auto unsent =
          std::count_if(contents.outbox.begin(), contents.outbox.end(),
                        [](const auto& row) { return row.fate == client::ChangeFate::kUnsent; });
      if (unsent == 0 && contents.caught_up) continue;
      absl::StrAppend(&who, "; ", PhoneName(phone), " has ", unsent, " unsent and is ",
                      contents.caught_up ? "" : "not ", "caught up: ", contents.error);
    }
    return who;
  }

  std::set<sync::RequestKey> beyond_;  // hold what no build of the run knows
  StateCache states_;
};

}  // namespace

std::unique_ptr<Checker> MakeNoWaitingForEver() { return std::make_unique<NoWaitingForEver>(); }

}  // namespace tikar::simulation
