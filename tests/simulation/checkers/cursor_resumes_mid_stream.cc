#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkers/checkers.h"
#include "checkers/evidence.h"
#include "checkers/phone_holdings.h"
#include "sync/feed_cursor.h"

namespace tikar::simulation {
namespace {

// Promise (guarantee 4, second half; "checkpoints that restart from zero on flaky links"): each
// batch's cursor resumes after it, also in the middle of a pass and in another stream. The world is
// never sent again.
//
// Judged in two ways. When a stream begins, the phone sends the very cursor that it stored last.
// And a request that a phone has stored is not sent to it again in the same state, by the same node
// and feed.
//
// Excused, the first: a change of scope or of the server that made the phone drop its cursor; a
// restored or cloned phone sends what its backup holds. The second: a phone that began anew with an
// empty cursor, or changed its scope, since it stored the request; streams that the phone has given
// up; passes that walk the logs because the phone came from another node (they may name a request
// once a batch); a region whose first pass the phone broke off at another node: nothing of it is
// filled, so no vector says what the phone has, and the pass begins anew (seed 107589: the phone
// began at node 2, went to node 0, came back, and had come to its end nowhere); a request that
// moved within the scope or changed hands, which has more than one place in the feed.
class CursorResumesMidStream : public Checker {
 public:
  std::string_view name() const override { return "CursorResumesMidStream"; }

  void OnHelloSent(const HelloSent& hello) override {
    Phone& phone = phones_[hello.phone];
    const std::string& sent = hello.hello.cursor();
    if (sent != phone.cursor && !(sent.empty() && phone.may_drop)) {
      Fail(absl::StrCat(PhoneName(hello.phone), " began stream ", hello.stream, " with ",
                        sent.empty() ? "no cursor" : "another cursor",
                        " than the one it stored last"));
      return;
    }
    if (sent.empty()) phone.stored.clear();
    phone.cursor = sent;
    phone.server_cursor = sent;
    phone.stream = hello.stream;
    phone.cursors_sent.clear();
    // A node that refuses a hello twice may refuse the cursor, the one thing in it that it made
    // itself.
    phone.may_drop = false;
  }

  void OnResponseSent(const ResponseSent& sent) override {
    if (!sent.response.has_batch()) return;
    Phone& phone = phones_[sent.phone];
    if (phone.stream != sent.stream) return;  // of a stream that the phone has given up
    const v1::Batch& batch = sent.response.batch();
    const std::string before = std::exchange(phone.server_cursor, batch.cursor());
    phone.cursors_sent.insert(batch.cursor());
    const std::shared_ptr<const sync::Reader> disk = sight().NodeDurable(sent.node);
    for (const v1::Request& request : batch.requests()) {
      const sync::RequestKey key = KeyOfRequestName(request.name());
      const auto stored = phone.stored.find(key);
      if (stored == phone.stored.end()) continue;
      if (stored->second != TouchOf(sent.node, batch, key.region, request)) continue;
      const uint64_t feed = FeedOf(batch, key.region);
      if (Walks(before, key.region, feed) || Walks(batch.cursor(), key.region, feed)) continue;
      if (BeginsAnew(phone.cursor, key.region, feed)) continue;
      if (Places(*disk, key) > 1) continue;
      Fail(absl::StrCat(NodeName(sent.node), " sent ", Name(key), " to ", PhoneName(sent.phone),
                        " again, which had stored it, and nothing had touched it"));
      return;
    }
  }

  void OnBatchStored(const BatchStored& stored) override {
    Phone& phone = phones_[stored.phone];
    ForgetWhatBeganAnew(stored.cursor_after, &phone);
    phone.cursor = stored.cursor_after;
    for (const v1::Request& request : stored.batch.requests()) {
      const sync::RequestKey key = KeyOfRequestName(request.name());
      // What was touched after the pass began comes again with the next one; what a walk of the
      // logs brought may come once more where it stands in the feed.
      const uint64_t feed = FeedOf(stored.batch, key.region);
      if (request.feed_position() > EndOfPass(stored.cursor_after, key.region) ||
          Walks(stored.cursor_before, key.region, feed)) {
        phone.stored.erase(key);
      } else {
        phone.stored[key] = TouchOf(stored.node, stored.batch, key.region, request);
      }
    }
    for (const v1::Removal& removal : stored.batch.removals()) {
      if (const auto id = sync::RequestId::FromBytes(removal.request_id())) {
        phone.stored.erase({removal.region(), *id});
      }
    }
  }

  void OnStreamEnded(const StreamEnded& ended) override {
    // Nobody but the cursor's own node can say what is wrong with it.
    if (absl::IsInvalidArgument(ended.status)) phones_[ended.phone].may_drop = true;
  }

  void OnPhoneChanged(const PhoneChanged& changed) override {
    Phone& phone = phones_[changed.phone];
    switch (changed.what) {
      case PhoneChange::kRestored:
      case PhoneChange::kCloned:
        phone.stored.clear();
        phone.cursor = sight().ReadPhone(changed.phone).cursor;
        phone.may_drop = true;  // it is opened with a scope that may be newer than its backup
        break;
      case PhoneChange::kScopeChanged:
        phone.stored.clear();
        phone.may_drop = true;
        break;
      case PhoneChange::kKilled: {
        // It may have died between its commit and its word.
        const PhoneContents contents = sight().ReadPhone(changed.phone);
        const std::string& cursor = contents.cursor;
        // Opening it with another scope than its file says changes the scope.
        phone.may_drop = phone.may_drop || contents.scope != changed.scope;
        if (cursor == phone.cursor) break;
        if (!phone.cursors_sent.contains(cursor) && !(cursor.empty() && phone.may_drop)) {
          Fail(absl::StrCat(PhoneName(changed.phone),
                            " was killed and has not the cursor that it had stored"));
        }
        ForgetWhatBeganAnew(cursor, &phone);
        phone.cursor = cursor;
        break;
      }
      case PhoneChange::kOpened:
      case PhoneChange::kDiskFull:
      case PhoneChange::kDiskFreed:
        break;
    }
  }

 private:
  struct Phone {
    std::string cursor;                  // stored last
    std::string server_cursor;           // of the newest stream, sent or sent back last
    std::set<std::string> cursors_sent;  // to it, in the newest stream
    uint64_t stream = 0;
    bool may_drop = false;
    // By request: node, feed and where in it the request was touched last.
    std::map<sync::RequestKey, std::string> stored;
  };

  static uint64_t FeedOf(const v1::Batch& batch, const std::string& region) {
    for (const v1::FeedIdentity& identity : batch.feeds()) {
      if (identity.region() == region) return identity.feed_id();
    }
    return 0;
  }

  static std::string TouchOf(NodeIndex node, const v1::Batch& batch, const std::string& region,
                             const v1::Request& request) {
    return absl::StrCat(node, "/", FeedOf(batch, region), "/", request.feed_position());
  }

  // Whether the node goes through logs for this cursor in this region, besides or instead of its
  // feed.
  static bool Walks(const std::string& bytes, const std::string& region, uint64_t feed) {
    const auto cursors = sync::DecodeCursor(bytes);
    if (!cursors.ok()) return true;
    for (const sync::RegionCursor& cursor : *cursors) {
      if (cursor.region != region) continue;
      return sync::Raw(cursor.feed) != feed || cursor.pass == sync::RegionCursor::Pass::kRoam ||
             !cursor.unchecked.empty();
    }
    return false;
  }

  // Whether this cursor is of a first pass over the region that another feed began and did not end.
  static bool BeginsAnew(const std::string& bytes, const std::string& region, uint64_t feed) {
    const auto cursors = sync::DecodeCursor(bytes);
    if (!cursors.ok()) return false;
    for (const sync::RegionCursor& cursor : *cursors) {
      if (cursor.region != region) continue;
      return sync::Raw(cursor.feed) != feed && cursor.feed != sync::FeedId::kNone &&
             cursor.filled.empty();
    }
    return false;
  }

  // Of regions where the step from the phone's cursor to this one began anew.
  static void ForgetWhatBeganAnew(const std::string& after, Phone* phone) {
    const auto cursors = sync::DecodeCursor(after);
    if (!cursors.ok()) return;
    for (const sync::RegionCursor& cursor : *cursors) {
      if (!BeginsAnew(phone->cursor, cursor.region, sync::Raw(cursor.feed))) continue;
      std::erase_if(phone->stored,
                    [&](const auto& touch) { return touch.first.region == cursor.region; });
    }
  }

  // The last position that the pass under way covers, or that the last one covered.
  static uint64_t EndOfPass(const std::string& bytes, const std::string& region) {
    const auto cursors = sync::DecodeCursor(bytes);
    if (!cursors.ok()) return 0;
    for (const sync::RegionCursor& cursor : *cursors) {
      if (cursor.region != region) continue;
      return cursor.pass == sync::RegionCursor::Pass::kNone ? cursor.from : cursor.to;
    }
    return 0;
  }

  static size_t Places(const sync::Reader& disk, const sync::RequestKey& key) {
    const auto records = RecordsOf(disk, key.region);
    const auto at = records.find(key);
    if (at == records.end()) return 0;
    const auto parts = sync::DecodeRecord(at->second);
    return parts.ok() ? parts->local.feed_rows.size() : 0;
  }

  std::map<PhoneIndex, Phone> phones_;
};

}  // namespace

std::unique_ptr<Checker> MakeCursorResumesMidStream() {
  return std::make_unique<CursorResumesMidStream>();
}

}  // namespace tikar::simulation
