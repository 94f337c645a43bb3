#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "checkers/phone_holdings.h"
#include "sync/feed_cursor.h"
#include "sync/query.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 1): nothing derived from an entry (acknowledgement, feed row, state, cursor,
// replication) leaves the node before its fsync.
//
// Judged at the moment in which bytes leave, against what would be there after a power cut in that
// moment: each result's log entry and verdict; each head of each state; the identity of each feed,
// and in the cursor no place of that feed and no entry of this node's own log beyond what is
// durable; the origin in a welcome; each entry that goes to another node.
//
// Excused: nothing.
class NothingLeavesBeforeFsync : public Checker {
 public:
  std::string_view name() const override { return "NothingLeavesBeforeFsync"; }

  void OnResponseSent(const ResponseSent& sent) override {
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(sent.node);
    switch (sent.response.kind_case()) {
      case v1::SyncResponse::kWelcome:
        // 0 names none: the store is being opened again.
        if (sent.response.welcome().origin() != 0 &&
            sync::Origin{sent.response.welcome().origin()} != sight().NodeOrigin(sent.node)) {
          Fail(absl::StrCat(NodeName(sent.node),
                            " told of an origin that is not on its disk: a power cut would begin "
                            "another one"));
        }
        break;
      case v1::SyncResponse::kPushResult:
        for (const v1::ChangeResult& result : sent.response.push_result().results()) {
          CheckResult(sent.node, *disk, result);
        }
        break;
      case v1::SyncResponse::kBatch:
        CheckBatch(sent.node, *disk, sent.response.batch());
        break;
      case v1::SyncResponse::KIND_NOT_SET:
        break;
    }
  }

  void OnOfficeAnswered(const OfficeAnswered& answered) override {
    if (answered.verdict != v1::VERDICT_ACCEPTED) return;
    const auto header =
        FindHeader(*sight().NodeDurable(answered.node), answered.request, answered.change);
    if (!header) {
      Fail(absl::StrCat(NodeName(answered.node), " answered a call with change ",
                        Name(answered.change), ", which is not on its disk"));
    }
  }

  void OnEntriesSent(const EntriesSent& sent) override {
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(sent.from);
    for (const v1::Entry& entry : sent.entries) {
      const sync::LogPosition position{sync::Origin{entry.origin()}, entry.seq()};
      const auto record = FindEntry(*disk, entry.region(), position);
      if (!record || record->change_hash.view() != entry.change_hash()) {
        Fail(absl::StrCat(NodeName(sent.from), " sent entry ", entry.region(), " ", Name(position),
                          " to ", NodeName(sent.to), ", which is not on its disk"));
        return;
      }
    }
  }

 private:
  void CheckResult(NodeIndex node, const sync::Reader& disk, const v1::ChangeResult& result) {
    const auto change = sync::ChangeId::FromBytes(result.change_id());
    if (!change) return;
    if (result.seq() != 0) {
      const sync::LogPosition position{sync::Origin{result.origin()}, result.seq()};
      const auto record = FindEntry(disk, result.region(), position);
      if (!record || sync::ChangeIdOf(record->change_hash) != *change) {
        Fail(absl::StrCat(NodeName(node), " told that change ", Name(*change), " is at ",
                          Name(position), ", which is not on its disk"));
        return;
      }
    }
    if (result.verdict() != v1::VERDICT_ACCEPTED) return;
    const auto request = sync::RequestId::FromBytes(result.request_id());
    const auto header =
        request ? FindHeader(disk, {result.region(), *request}, *change) : std::nullopt;
    if (!header || header->stamp.verdict != v1::VERDICT_ACCEPTED) {
      Fail(absl::StrCat(NodeName(node), " acknowledged change ", Name(*change),
                        ", and its disk does not say that it took it"));
    }
  }

  void CheckBatch(NodeIndex node, const sync::Reader& disk, const v1::Batch& batch) {
    for (const v1::Request& request : batch.requests()) {
      const sync::RequestKey key = KeyOfRequestName(request.name());
      for (const std::string& head : request.heads()) {
        const auto id = sync::ChangeId::FromBytes(head);
        if (id && FindHeader(disk, key, *id)) continue;
        Fail(absl::StrCat(NodeName(node), " sent a state of ", Name(key),
                          " with a change that is not on its disk"));
        return;
      }
    }
    for (const v1::FeedIdentity& feed : batch.feeds()) {
      const auto region = FindRegion(disk, feed.region());
      if (!region || sync::Raw(region->feed_id) != feed.feed_id()) {
        Fail(absl::StrCat(NodeName(node), " named a feed of ", feed.region(),
                          " that is not the one on its disk"));
        return;
      }
    }
    CheckCursor(node, disk, batch.cursor());
  }

  void CheckCursor(NodeIndex node, const sync::Reader& disk, const std::string& bytes) {
    const auto cursors = sync::DecodeCursor(bytes);
    if (!cursors.ok()) {
      Fail(absl::StrCat(NodeName(node), " sent a cursor that is none"));
      return;
    }
    const sync::Origin own = sight().NodeOrigin(node);
    for (const sync::RegionCursor& cursor : *cursors) {
      const auto region = FindRegion(disk, cursor.region);
      // Of another node's feed.
      if (!region || region->feed_id != cursor.feed) continue;
      const auto held = sync::LoadVersionVector(disk, cursor.region);
      if (!held.ok()) continue;
      const bool ahead = cursor.from > region->feed_position || cursor.to > region->feed_position ||
                         cursor.known.Get(own) > held->Get(own) ||
                         cursor.known_at_to.Get(own) > held->Get(own);
      if (ahead) {
        Fail(absl::StrCat(NodeName(node), " sent a cursor of ", cursor.region,
                          " that is ahead of its disk"));
        return;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> MakeNothingLeavesBeforeFsync() {
  return std::make_unique<NothingLeavesBeforeFsync>();
}

}  // namespace tikar::simulation
