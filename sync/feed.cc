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

// Prefixes of a scope as one region sees them: sorted, the region itself instead of what lies above
// it.
std::vector<std::string> PrefixesWithin(const std::vector<std::string>& scope,
                                        std::string_view region, std::string_view actor) {
  std::set<std::string> prefixes;
  for (const std::string& prefix : scope) {
    if (AreaWithin(region, prefix)) prefixes.insert(std::string(region));
    if (AreaWithin(prefix, region)) prefixes.insert(prefix);
  }
  if (!prefixes.empty() && !actor.empty()) prefixes.insert(absl::StrCat("@", AbslView(actor)));
  return {prefixes.begin(), prefixes.end()};
}

class FeedReader {
 public:
  FeedReader(const Reader& reader, const FeedQuery& query) : reader_(reader), query_(query) {}

  absl::StatusOr<FeedPage> Run() {
    RETURN_IF_ERROR(CheckScope());
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

  absl::Status CheckScope() const {
    if (query_.scope.empty() || query_.scope.size() > kScopePrefixesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("scope needs 1 to ", kScopePrefixesMax, " area-code prefixes"));
    }
    for (const std::string& prefix : query_.scope) {
      if (!IsAreaPrefix(prefix)) {
        return absl::InvalidArgumentError(
            absl::StrCat("scope: \"", prefix,
                         "\" is no area code; write it like 15, 15.01, 15.01.06 or "
                         "15.01.06.2010"));
      }
    }
    return absl::OkStatus();
  }

  bool full() const {
    return page_.requests.size() >= query_.requests_max || bytes_ >= query_.bytes_max ||
           looked_ >= kRowsPerPageMax;
  }

  absl::Status ReadRegion(const v1::RegionStatus& region, RegionCursor* cursor) {
    cursor->filled = StillWanted(cursor->filled);
    if (!cursor->filling.empty()) {
      cursor->filling = StillWanted(cursor->filling);
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
      if (done) Finish(cursor);
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
        RETURN_IF_ERROR(WalkEntries(cursor->region, unchecked.origin, unchecked.checked, end,
                                    [&](uint64_t seq, const RequestKey& key) -> absl::Status {
                                      unchecked.checked = seq;
                                      return SendNamed(key);
                                    }));
        if (unchecked.checked == before && !full()) unchecked.checked = end;
      }
    }
    std::erase_if(cursor->unchecked, [](const RegionCursor::Unchecked& unchecked) {
      return unchecked.checked >= unchecked.end;
    });
    all_checked_ = true;
    return absl::OkStatus();
  }

  // Of prefixes that the phone has, what the scope still wants: those within a wanted one, and
  // wanted ones within one of them. The rest is forgotten: should it come back, it is filled again.
  std::vector<std::string> StillWanted(const std::vector<std::string>& prefixes) const {
    std::set<std::string> kept;
    for (const std::string& have : prefixes) {
      for (const std::string& want : prefixes_) {
        if (PrefixWithin(have, want)) kept.insert(have);
        if (PrefixWithin(want, have)) kept.insert(want);
      }
    }
    std::vector<std::string> wanted(kept.begin(), kept.end());
    // One that lies within another says nothing more, unless it is asked for by name.
    std::erase_if(wanted, [&](const std::string& prefix) {
      return !Wanted(prefix) &&
             std::any_of(kept.begin(), kept.end(), [&](const std::string& other) {
               return other != prefix && PrefixWithin(prefix, other);
             });
    });
    return wanted;
  }

  static bool PrefixWithin(std::string_view inner, std::string_view outer) {
    // Names of actors have dots too, and nothing within them.
    if (inner.starts_with('@') || outer.starts_with('@')) return inner == outer;
    return AreaWithin(inner, outer);
  }

  bool Wanted(const std::string& prefix) const {
    return std::binary_search(prefixes_.begin(), prefixes_.end(), prefix);
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

  static void Finish(RegionCursor* cursor) {
    if (cursor->pass != Pass::kFill) {
      cursor->from = cursor->to;
      cursor->known = cursor->known_at_to;
    }
    std::vector<std::string> filled;
    std::set_union(cursor->filled.begin(), cursor->filled.end(), cursor->filling.begin(),
                   cursor->filling.end(), std::back_inserter(filled));
    cursor->filled = std::move(filled);
    cursor->EndPass();
  }

  // Goes on with a pass over the feed. True: the pass is complete.
  absl::StatusOr<bool> ReadRows(RegionCursor* cursor) {
    const std::vector<std::string>& covers =
        cursor->filling.empty() ? cursor->filled : cursor->filling;
    // Positions up to `from` are with the phone, but not of what is being filled.
    const uint64_t after = cursor->filling.empty() ? cursor->from : 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::optional<std::string> bucket, NextBucket(*cursor, covers));
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
  absl::StatusOr<std::optional<std::string>> NextBucket(const RegionCursor& cursor,
                                                        const std::vector<std::string>& covers) {
    if (!cursor.bucket.empty() && cursor.position != UINT64_MAX && Covers(covers, cursor.bucket)) {
      return cursor.bucket;
    }
    std::string begin = cursor.bucket.empty()
                            ? cursor.region
                            : PrefixEnd(keys::FeedPrefix(cursor.region, cursor.bucket));
    while (true) {
      std::optional<std::string> bucket;
      RETURN_IF_ERROR(reader_.Scan(Family::kFeed, begin, PrefixEnd(cursor.region),
                                   [&](std::string_view key, std::string_view) {
                                     const size_t end = key.find('\0', keys::kRegionSize);
                                     bucket = std::string(
                                         key.substr(keys::kRegionSize, end - keys::kRegionSize));
                                     return false;
                                   }));
      if (!bucket || Covers(covers, *bucket)) return bucket;
      begin = PrefixEnd(keys::FeedPrefix(cursor.region, *bucket));
    }
  }

  // Whether a bucket can hold something within one of the prefixes.
  static bool Covers(const std::vector<std::string>& prefixes, std::string_view bucket) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
      return prefix == bucket || (bucket.front() != '@' && prefix.front() != '@' &&
                                  (AreaWithin(bucket, prefix) || AreaWithin(prefix, bucket)));
    });
  }

  // True: no row of the bucket is left within the pass.
  absl::StatusOr<bool> ReadBucket(const std::vector<std::string>& covers, RegionCursor* cursor) {
    struct Row {
      uint64_t position;
      bool left;
      RequestId id;
    };
    while (!full()) {
      std::vector<Row> rows;
      absl::Status status;
      const std::string prefix = keys::FeedPrefix(cursor->region, cursor->bucket);
      RETURN_IF_ERROR(reader_.Scan(
          Family::kFeed, keys::Feed(cursor->region, cursor->bucket, cursor->position + 1),
          keys::Feed(cursor->region, cursor->bucket, cursor->to + 1),
          [&](std::string_view key, std::string_view value) {
            CanonicalReader position(key.substr(prefix.size()));
            const std::optional<RequestId> id =
                value.empty() ? std::nullopt : RequestId::FromBytes(value.substr(1));
            if (!id) {
              status = absl::DataLossError(
                  absl::StrCat("the feed of region ", cursor->region, " is damaged"));
              return false;
            }
            rows.push_back({position.Fixed64(), value.front() == 'L', *id});
            return rows.size() < kRowsPerLook;
          }));
      RETURN_IF_ERROR(status);
      for (const Row& row : rows) {
        if (full()) return false;
        ++looked_;
        RETURN_IF_ERROR(Send({cursor->region, row.id}, row.left, covers, *cursor));
        cursor->position = row.position;
        ++cursor->sent;
      }
      if (rows.size() < kRowsPerLook) return true;
    }
    return false;
  }

  absl::Status Send(const RequestKey& key, bool left, const std::vector<std::string>& covers,
                    const RegionCursor& cursor) {
    const bool first_time = !cursor.filling.empty();
    // What a prefix is filled with has not been there to leave, unless an earlier pass began to.
    const bool held_nothing =
        first_time && (!cursor.filled.empty() || cursor.known == cursor.known_at_to);
    if (left && held_nothing) return absl::OkStatus();
    // What a prefix is filled with may be there already, by a smaller one.
    const auto with_the_phone = [&](const State& state) {
      return first_time && WithinAny(state.area(), cursor.filled);
    };
    ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader_, key));
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

  static bool WithinAny(std::string_view area, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return AreaWithin(area, prefix); });
  }

  bool InScope(const State& state) const {
    return WithinAny(state.area(), prefixes_) ||
           (!query_.actor.empty() && state.assignee() == std::string_view(query_.actor));
  }

  // Goes on with walking the logs from where the phone's knowledge ends. True: done. Entries beyond
  // a gap, or behind one whose definition is missing, are in states and feed already: they are
  // walked too.
  absl::StatusOr<bool> Roam(RegionCursor* cursor) {
    page_.roamed = true;
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
        RETURN_IF_ERROR(WalkEntries(cursor->region, *origin, walked, UINT64_MAX - 1,
                                    [&](uint64_t seq, const RequestKey& key) -> absl::Status {
                                      cursor->walked.Advance(*origin, seq);
                                      return SendNamed(key);
                                    }));
      } while (cursor->walked.Get(*origin) != walked);
      begin = PrefixEnd(keys::LogPrefix(cursor->region, *origin));
    }
  }

  // Calls `visit` for the entries of a log after `after` and up to `end`, until the page is full or
  // a look has seen enough.
  absl::Status WalkEntries(const std::string& region, Origin origin, uint64_t after, uint64_t end,
                           const std::function<absl::Status(uint64_t, const RequestKey&)>& visit) {
    std::vector<std::pair<uint64_t, RequestId>> entries;
    absl::Status status;
    const std::string prefix = keys::LogPrefix(region, origin);
    RETURN_IF_ERROR(reader_.Scan(
        Family::kLog, keys::Log(region, origin, after + 1), keys::Log(region, origin, end + 1),
        [&](std::string_view key, std::string_view value) {
          absl::StatusOr<EntryRecord> entry = DecodeEntry(value);
          if (!entry.ok()) {
            status = entry.status();
            return false;
          }
          entries.emplace_back(CanonicalReader(key.substr(prefix.size())).Fixed64(),
                               entry->request_id);
          return entries.size() < kRowsPerLook;
        }));
    RETURN_IF_ERROR(status);
    for (const auto& [seq, id] : entries) {
      if (full()) return absl::OkStatus();
      ++looked_;
      RETURN_IF_ERROR(visit(seq, {region, id}));
    }
    return absl::OkStatus();
  }

  // Sends or removes a request that an entry names, once a page.
  absl::Status SendNamed(const RequestKey& key) {
    if (!named_.insert(key).second) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::optional<StoredRequest> request, LoadRequest(reader_, key));
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
  std::set<RequestKey> sent_, removed_, named_;
  bool all_checked_ = true;      // of the region being read
  uint64_t left_forgotten_ = 0;  // in its feed
  size_t bytes_ = 0;
  size_t looked_ = 0;
};

}  // namespace

absl::StatusOr<FeedPage> ReadFeed(const Reader& reader, const FeedQuery& query) {
  return FeedReader(reader, query).Run();
}

bool IsAreaPrefix(std::string_view text) {
  // NN, NN.NN, NN.NN.NN, NN.NN.NN.NNNN
  if (text.size() != 2 && text.size() != 5 && text.size() != 8 && text.size() != 13) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dot = i == 2 || i == 5 || i == 8;
    if (dot ? text[i] != '.' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

bool AreaWithin(std::string_view area, std::string_view prefix) {
  return area.starts_with(prefix) && (area.size() == prefix.size() || area[prefix.size()] == '.');
}

std::string BucketOfArea(std::string_view area) {
  constexpr size_t kKecamatanSize = 8;
  return std::string(area.substr(0, kKecamatanSize));
}

}  // namespace tikar::sync
