#include "sync/feed.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/feed_cursor.h"
#include "sync/feed_rows.h"
#include "sync/feed_scope.h"
#include "sync/feed_withheld.h"
#include "sync/keys.h"
#include "sync/limits.h"
#include "sync/query.h"
#include "sync/records.h"
#include "sync/status_macros.h"
#include "sync/version_vector.h"

namespace tikar::sync {
namespace {

// Rows or entries that one look at the store takes, so that a page that finds nothing new stays
// short.
constexpr size_t kRowsPerLook = 512;
constexpr size_t kRowsPerPageMax = 20'000;
// Requests that cannot be read that a page tells of: the first ones tell enough.
constexpr size_t kUnreadablePerPageMax = 16;

class FeedReader {
 public:
  FeedReader(const Reader& reader, const FeedQuery& query) : reader_(reader), query_(query) {}

  absl::StatusOr<FeedPage> Run() {
    RETURN_IF_ERROR(CheckScope(query_.scope));
    ASSIGN_OR_RETURN(std::vector<RegionCursor> before, DecodeCursor(query_.cursor));
    ASSIGN_OR_RETURN(const std::vector<v1::RegionStatus> regions, LoadRegionStatuses(reader_));
    // Regions that are not here (a cursor of another server) stay as they are.
    std::vector<RegionCursor> after;
    for (RegionCursor& cursor : before) {
      const bool here = std::any_of(
          regions.begin(), regions.end(),
          [&](const v1::RegionStatus& region) { return region.region() == cursor.region; });
      if (!here && !PrefixesWithin(query_.scope, cursor.region, query_.actor).empty()) {
        after.push_back(cursor);
      }
    }
    page_.caught_up = true;
    for (const v1::RegionStatus& region : regions) {
      prefixes_ = PrefixesWithin(query_.scope, region.region(), query_.actor);
      if (prefixes_.empty()) continue;
      RegionCursor cursor;
      cursor.region = region.region();
      for (const RegionCursor& known : before) {
        if (known.region == region.region()) cursor = known;
      }
      RETURN_IF_ERROR(ReadRegion(region, &cursor));
      const bool filled = std::includes(cursor.filled.begin(), cursor.filled.end(),
                                        prefixes_.begin(), prefixes_.end());
      if (cursor.pass != Pass::kNone || cursor.from < region.feed_position() || !filled ||
          !all_checked_) {
        page_.caught_up = false;
        const uint64_t span =
            region.feed_position() - std::min(cursor.from, region.feed_position());
        const uint64_t rows = std::min(span, region.requests());
        page_.remaining += rows > cursor.sent ? rows - cursor.sent : 1;
      }
      v1::FeedIdentity& feed = page_.feeds.emplace_back();
      feed.set_region(region.region());
      feed.set_feed_id(region.feed_id());
      after.push_back(std::move(cursor));
    }
    std::sort(after.begin(), after.end(),
              [](const RegionCursor& a, const RegionCursor& b) { return a.region < b.region; });
    page_.cursor = EncodeCursor(after);
    page_.definitions.assign(definitions_.begin(), definitions_.end());
    return std::move(page_);
  }

 private:
  using Pass = RegionCursor::Pass;

  bool full() const {
    return page_.requests.size() >= query_.requests_max || bytes_ >= query_.bytes_max ||
           looked_ >= kRowsPerPageMax;
  }

  absl::Status ReadRegion(const v1::RegionStatus& region, RegionCursor* cursor) {
    cursor->filled = StillWanted(cursor->filled, prefixes_);
    if (!cursor->filling.empty()) {
      cursor->filling = StillWanted(cursor->filling, prefixes_);
      if (cursor->filling.empty()) cursor->EndPass();
    }
    ASSIGN_OR_RETURN(const VersionVector held, LoadVersionVector(reader_, region.region()));
    ASSIGN_OR_RETURN(left_forgotten_, LeftForgotten(reader_, region.region()));
    const FeedId feed{region.feed_id()};
    const bool started = !cursor->filled.empty();
    const bool lost = cursor->feed != feed || cursor->from > region.feed_position() ||
                      cursor->to > region.feed_position();
    if (started && lost) {
      CheckLater(Beyond(cursor->seen, held), held, cursor);
      cursor->EndPass();
      RETURN_IF_ERROR(Begin(region, Pass::kRoam, cursor));
      cursor->walked = cursor->known;
      cursor->known = Common(cursor->known, held);
    } else if (!started && cursor->feed == FeedId::kNone) {
      cursor->known = held;
    } else if (!started && (lost || (cursor->pass != Pass::kNone && cursor->filling.empty()) ||
                            cursor->pass == Pass::kFill)) {
      // Everything is sent anew. What an unfinished pass has sent may have left the scope since.
      cursor->known = Common(cursor->known, held);
      cursor->seen.Join(held);
      CheckLater(cursor->seen, cursor->known, cursor);
      cursor->EndPass();
    } else if (started && cursor->pass == Pass::kFeed && cursor->from < left_forgotten_) {
      // What it has not read yet may lack LEFT rows: BeginNext walks the logs instead.
      cursor->EndPass();
    }
    if (!started || lost) cursor->from = 0;
    cursor->feed = feed;
    RETURN_IF_ERROR(Check(held, cursor));
    while (all_checked_ && !full()) {
      if (cursor->pass == Pass::kNone) {
        ASSIGN_OR_RETURN(const bool begun, BeginNext(region, cursor));
        if (!begun) break;
      }
      ASSIGN_OR_RETURN(const bool done,
                       cursor->pass == Pass::kRoam ? Roam(cursor) : ReadRows(cursor));
      if (done) RETURN_IF_ERROR(Finish(region, cursor));
    }
    cursor->seen.Join(held);
    return absl::OkStatus();
  }

  // Remembers to check the entries after `checked` up to `end`, besides those that are remembered
  // already.
  static void CheckLater(const VersionVector& end, const VersionVector& checked,
                         RegionCursor* cursor) {
    for (const VersionVector::Position& position : end.positions()) {
      RegionCursor::Unchecked fresh{position.origin, checked.Get(position.origin), position.seq};
      std::erase_if(cursor->unchecked, [&](const RegionCursor::Unchecked& old) {
        if (old.origin != fresh.origin) return false;
        fresh.checked = std::min(fresh.checked, old.checked);
        fresh.end = std::max(fresh.end, old.end);
        return true;
      });
      if (fresh.checked < fresh.end) cursor->unchecked.push_back(fresh);
    }
  }

  // Sends or removes what the unchecked entries name, as far as they are here by now. Sets
  // all_checked_. What is in scope is sent too: a smaller scope may come before the pass would, and
  // the phone must know that it drops it.
  absl::Status Check(const VersionVector& held, RegionCursor* cursor) {
    all_checked_ = false;
    for (RegionCursor::Unchecked& unchecked : cursor->unchecked) {
      const uint64_t end = std::min(unchecked.end, held.Get(unchecked.origin));
      while (unchecked.checked < end) {
        if (full()) return absl::OkStatus();
        const uint64_t before = unchecked.checked;
        RETURN_IF_ERROR(WalkEntries(unchecked.origin, unchecked.checked, end, cursor,
                                    [&](uint64_t seq) { unchecked.checked = seq; }));
        if (unchecked.checked == before && !full()) unchecked.checked = end;
      }
    }
    std::erase_if(cursor->unchecked, [](const RegionCursor::Unchecked& unchecked) {
      return unchecked.checked >= unchecked.end;
    });
    all_checked_ = true;
    return absl::OkStatus();
  }

  absl::Status Begin(const v1::RegionStatus& region, Pass pass, RegionCursor* cursor) {
    cursor->pass = pass;
    cursor->to = region.feed_position();
    ASSIGN_OR_RETURN(cursor->known_at_to, LoadVersionVector(reader_, region.region()));
    return absl::OkStatus();
  }

  // False: nothing to do in this version of the store.
  absl::StatusOr<bool> BeginNext(const v1::RegionStatus& region, RegionCursor* cursor) {
    std::vector<std::string> fresh;
    std::set_difference(prefixes_.begin(), prefixes_.end(), cursor->filled.begin(),
                        cursor->filled.end(), std::back_inserter(fresh));
    if (cursor->filled.empty()) {
      RETURN_IF_ERROR(Begin(region, Pass::kFeed, cursor));
      cursor->filling = prefixes_;
    } else if (cursor->from < left_forgotten_) {
      RETURN_IF_ERROR(Begin(region, Pass::kRoam, cursor));
      cursor->walked = cursor->known;
    } else if (!fresh.empty()) {
      // Up to where the others are; what was touched since comes to all with the next pass.
      RETURN_IF_ERROR(Begin(region, Pass::kFill, cursor));
      cursor->to = cursor->from;
      cursor->filling = std::move(fresh);
    } else if (cursor->from < region.feed_position()) {
      RETURN_IF_ERROR(Begin(region, Pass::kFeed, cursor));
    } else {
      return false;
    }
    return true;
  }

  // What is filled leaves the vector of the cursor as it is, and adds exceptions to it.
  absl::Status Finish(const v1::RegionStatus& region, RegionCursor* cursor) {
    const bool fills = cursor->pass == Pass::kFill;
    std::optional<std::vector<RequestId>> touched = std::vector<RequestId>();
    if (cursor->to < region.feed_position()) {
      ASSIGN_OR_RETURN(touched,
                       TouchedSince(reader_, cursor->region, CoversOf(*cursor), cursor->to));
    }
    if (cursor->pass == Pass::kRoam) cursor->damaged.clear();  // They were walked, too.
    AddRanges(cursor->damaged_in_pass, &cursor->damaged);
    if (touched) {
      ASSIGN_OR_RETURN(std::vector<EntryRange> withheld,
                       FirstEntries(reader_, cursor->region, *touched, cursor->claimed()));
      if (fills) {
        AddRanges(cursor->withheld, &withheld);
      } else {
        ASSIGN_OR_RETURN(const std::vector<EntryRange> waiting,
                         WithheldEntries(reader_, cursor->region, cursor->known_at_to));
        AddRanges(waiting, &withheld);
        cursor->known = cursor->known_at_to;
      }
      cursor->withheld = CoveringRanges(std::move(withheld), kWithheldRangesMax);
    } else if (fills || cursor->filled.empty()) {
      cursor->known = VersionVector();
      cursor->withheld.clear();
      cursor->damaged.clear();
    }
    // Else too much was touched to name it, and the claims stay as they are: they are still true.
    if (!fills) cursor->from = cursor->to;
    std::vector<std::string> filled;
    std::set_union(cursor->filled.begin(), cursor->filled.end(), cursor->filling.begin(),
                   cursor->filling.end(), std::back_inserter(filled));
    cursor->filled = std::move(filled);
    cursor->EndPass();
    return absl::OkStatus();
  }

  // The prefixes whose buckets the pass covers.
  static const std::vector<std::string>& CoversOf(const RegionCursor& cursor) {
    return cursor.filling.empty() ? cursor.filled : cursor.filling;
  }

  // Goes on with a pass over the feed. True: the pass is complete.
  absl::StatusOr<bool> ReadRows(RegionCursor* cursor) {
    const std::vector<std::string>& covers = CoversOf(*cursor);
    // Positions up to `from` are with the phone, but not of what is being filled.
    const uint64_t after = cursor->filling.empty() ? cursor->from : 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::optional<std::string> bucket, BucketOf(*cursor, covers));
      if (!bucket) return true;
      if (*bucket != cursor->bucket) {
        cursor->bucket = *bucket;
        cursor->position = after;
      }
      ASSIGN_OR_RETURN(const bool exhausted, ReadBucket(covers, cursor));
      if (!exhausted) return false;
      // Done with this bucket: its successor is the next one.
      cursor->position = UINT64_MAX;
    }
  }

  // The bucket to read now: the cursor's own while it is not exhausted, else the next that the pass
  // covers.
  absl::StatusOr<std::optional<std::string>> BucketOf(const RegionCursor& cursor,
                                                      const std::vector<std::string>& covers) {
    if (!cursor.bucket.empty() && cursor.position != UINT64_MAX && Covers(covers, cursor.bucket)) {
      return cursor.bucket;
    }
    return NextBucket(reader_, cursor.region, cursor.bucket, covers);
  }

  // True: no row of the bucket is left within the pass.
  absl::StatusOr<bool> ReadBucket(const std::vector<std::string>& covers, RegionCursor* cursor) {
    while (!full()) {
      ASSIGN_OR_RETURN(const std::vector<BucketRow> rows,
                       RowsOfBucket(reader_, cursor->region, cursor->bucket, cursor->position,
                                    cursor->to, kRowsPerLook));
      for (const BucketRow& row : rows) {
        if (full()) return false;
        ++looked_;
        if (row.request) {
          RETURN_IF_ERROR(Send({cursor->region, *row.request}, row.left, covers, cursor));
        } else {
          // It may be any request's.
          Tell({}, absl::StrCat("a row of the feed of region ", cursor->region, " is damaged"));
          NameDamaged(AllEntries(cursor->claimed()), cursor);
        }
        cursor->position = row.position;
        ++cursor->sent;
      }
      if (rows.size() < kRowsPerLook) return true;
    }
    return false;
  }

  absl::Status Send(const RequestKey& key, bool left, const std::vector<std::string>& covers,
                    RegionCursor* at) {
    const RegionCursor& cursor = *at;
    const bool first_time = !cursor.filling.empty();
    // What a prefix is filled with has not been there to leave, unless an earlier pass began to.
    const bool held_nothing =
        first_time && (!cursor.filled.empty() || cursor.known == cursor.known_at_to);
    if (left && held_nothing) return absl::OkStatus();
    // What a prefix is filled with may be there already, by a smaller one.
    const auto with_the_phone = [&](const State& state) {
      return first_time && WithinAny(state.area(), cursor.filled);
    };
    absl::StatusOr<std::optional<StoredRequest>> loaded = LoadRequest(reader_, key);
    if (!loaded.ok()) return PassOver(key, loaded.status(), at);
    const std::optional<StoredRequest> request = *std::move(loaded);
    const bool ready = request && request->state.availability == v1::AVAILABILITY_READY;
    if (!ready || !InScope(request->state)) {
      if (!held_nothing) Remove(key);
      return absl::OkStatus();
    }
    if (left) {
      // It moved within the scope, and its live row may come with a later pass. The phone must know
      // where it is before that: should the scope get smaller meanwhile, it drops by itself what is
      // outside.
      Add(*request);
      return absl::OkStatus();
    }
    if (with_the_phone(request->state)) return absl::OkStatus();
    // In its own kecamatan's bucket and in the actor's: the kecamatan's sends it.
    if (cursor.bucket.front() == '@' && Covers(covers, BucketOfArea(request->state.area())) &&
        WithinAny(request->state.area(), covers)) {
      return absl::OkStatus();
    }
    // A village's prefix reads its kecamatan's bucket.
    if (first_time && cursor.bucket.front() != '@' && !WithinAny(request->state.area(), covers)) {
      return absl::OkStatus();
    }
    Add(*request);
    return absl::OkStatus();
  }

  // Goes on without a request that cannot be read: the phone keeps what it has of it.
  absl::Status PassOver(const RequestKey& key, const absl::Status& error, RegionCursor* cursor) {
    if (!absl::IsDataLoss(error)) return error;
    if (!passed_over_.insert(key).second) return absl::OkStatus();
    Tell(key, std::string(error.message()));
    ASSIGN_OR_RETURN(const std::vector<EntryRange> entries,
                     FirstEntries(reader_, key.region, {key.id}, cursor->claimed()));
    NameDamaged(entries, cursor);
    return absl::OkStatus();
  }

  void Tell(const RequestKey& key, std::string reason) {
    if (page_.unreadable.size() < kUnreadablePerPageMax) {
      page_.unreadable.push_back({key, std::move(reason)});
    }
  }

  static void NameDamaged(const std::vector<EntryRange>& entries, RegionCursor* cursor) {
    AddRanges(entries, cursor->pass == Pass::kNone ? &cursor->damaged : &cursor->damaged_in_pass);
  }

  void Remove(const RequestKey& key) {
    if (!removed_.insert(key).second) return;
    v1::Removal& removal = page_.removals.emplace_back();
    removal.set_region(key.region);
    removal.set_request_id(key.id.bytes());
    removal.set_reason(v1::REMOVAL_REASON_LEFT_SCOPE);
    bytes_ += 32;
  }

  void Add(const StoredRequest& request) {
    if (!sent_.insert(request.state.key).second) return;
    v1::Request& proto = page_.requests.emplace_back(ToProto(request));
    bytes_ += proto.ByteSizeLong();
    definitions_.insert(request.state.definition);
  }

  bool InScope(const State& state) const {
    return WithinAny(state.area(), prefixes_) ||
           (!query_.actor.empty() && state.assignee() == std::string_view(query_.actor));
  }

  // Goes on with walking the logs: what was withheld from the phone, then from where its knowledge
  // ends. True: done. Entries beyond a gap, or behind one whose definition is missing, are in
  // states and feed already: they are walked too.
  absl::StatusOr<bool> Roam(RegionCursor* cursor) {
    page_.roamed = true;
    ASSIGN_OR_RETURN(const bool made_up, WalkWithheld(cursor));
    if (!made_up) return false;
    std::string begin = cursor->region;
    while (true) {
      std::optional<Origin> origin;
      RETURN_IF_ERROR(reader_.Scan(Family::kLog, begin, PrefixEnd(cursor->region),
                                   [&](std::string_view key, std::string_view) {
                                     CanonicalReader rest(key.substr(keys::kRegionSize));
                                     origin = Origin{rest.Fixed64()};
                                     return false;
                                   }));
      if (!origin) return true;
      uint64_t walked = 0;
      do {
        if (full()) return false;
        walked = cursor->walked.Get(*origin);
        RETURN_IF_ERROR(WalkEntries(*origin, walked, UINT64_MAX - 1, cursor,
                                    [&](uint64_t seq) { cursor->walked.Advance(*origin, seq); }));
      } while (cursor->walked.Get(*origin) != walked);
      begin = PrefixEnd(keys::LogPrefix(cursor->region, *origin));
    }
  }

  // Goes through the withheld entries, of which as many as the cursor's position says are done.
  // They stay withheld until the pass is complete: this node may be unable to show them either, and
  // the phone may go on to another one before. False: the page is full.
  absl::StatusOr<bool> WalkWithheld(RegionCursor* cursor) {
    uint64_t before = 0;  // entries of the ranges that were gone through
    std::vector<EntryRange> ranges = cursor->withheld;
    ranges.insert(ranges.end(), cursor->damaged.begin(), cursor->damaged.end());
    for (const EntryRange& range : ranges) {
      const uint64_t size = range.end - range.after;
      while (cursor->position < before + size) {
        if (full()) return false;
        // Also for a range of which nothing is here: a phone may have made up any number of them.
        ++looked_;
        const uint64_t done = cursor->position - before;
        bool met = false;
        RETURN_IF_ERROR(
            WalkEntries(range.origin, range.after + done, range.end, cursor, [&](uint64_t seq) {
              met = true;
              cursor->position = before + (seq - range.after);
            }));
        if (!met && !full()) cursor->position = before + size;
      }
      before += size;
    }
    return true;
  }

  // Sends or removes what the entries of a log after `after` and up to `end` name, until the page
  // is full or a look has seen enough. Calls `passed` for each before that.
  absl::Status WalkEntries(Origin origin, uint64_t after, uint64_t end, RegionCursor* cursor,
                           const std::function<void(uint64_t seq)>& passed) {
    ASSIGN_OR_RETURN(const std::vector<EntryName> entries,
                     EntriesOfLog(reader_, cursor->region, origin, after, end, kRowsPerLook));
    for (const auto& [seq, id] : entries) {
      if (full()) return absl::OkStatus();
      ++looked_;
      passed(seq);
      if (id.ok()) {
        RETURN_IF_ERROR(SendNamed({cursor->region, *id}, cursor));
      } else {
        Tell({}, std::string(id.status().message()));
        NameDamaged({{origin, seq - 1, seq}}, cursor);
      }
    }
    return absl::OkStatus();
  }

  // Sends or removes a request that an entry names, once a page.
  absl::Status SendNamed(const RequestKey& key, RegionCursor* cursor) {
    if (!named_.insert(key).second) return absl::OkStatus();
    const absl::StatusOr<std::optional<StoredRequest>> loaded = LoadRequest(reader_, key);
    if (!loaded.ok()) return PassOver(key, loaded.status(), cursor);
    const std::optional<StoredRequest>& request = *loaded;
    if (!request || request->state.availability != v1::AVAILABILITY_READY ||
        !InScope(request->state)) {
      Remove(key);
    } else {
      Add(*request);
    }
    return absl::OkStatus();
  }

  const Reader& reader_;
  const FeedQuery& query_;
  FeedPage page_;
  std::vector<std::string> prefixes_;  // of the region being read
  std::set<DefinitionHash> definitions_;
  std::set<RequestKey> sent_, removed_, named_, passed_over_;
  bool all_checked_ = true;      // of the region being read
  uint64_t left_forgotten_ = 0;  // in its feed
  size_t bytes_ = 0;
  size_t looked_ = 0;
};

}  // namespace

absl::StatusOr<FeedPage> ReadFeed(const Reader& reader, const FeedQuery& query) {
  return FeedReader(reader, query).Run();
}

}  // namespace tikar::sync
