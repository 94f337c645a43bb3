#include "server/engine/mirror_table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "sync/keys.h"
#include "sync/peers.h"
#include "sync/records.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// Logs whose next entry is looked at for the age of what lags; the age of more is not worth the
// reads.
constexpr size_t kLogsLookedAtMax = 256;

uint64_t Seconds(int64_t ms) { return ms <= 0 ? 0 : static_cast<uint64_t>(ms) / 1'000; }

// What `ahead` has and `behind` has not.
struct Lag {
  uint64_t entries = 0;
  int64_t oldest_ms = 0;  // 0: not known
};

// `reader`: where the entries are, for their age; null: they are not here.
absl::StatusOr<Lag> LagOf(const RegionVectors& ahead, const RegionVectors& behind,
                          const sync::Reader* reader) {
  Lag lag;
  size_t looked_at = 0;
  for (const auto& [region, vector] : ahead) {
    const auto other = behind.find(region);
    for (const auto& [origin, seq] : vector.positions()) {
      const uint64_t known = other == behind.end() ? 0 : other->second.Get(origin);
      if (known >= seq) continue;
      lag.entries += seq - known;
      if (reader == nullptr || ++looked_at > kLogsLookedAtMax) continue;
      ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                       reader->Get(sync::Family::kLog, sync::keys::Log(region, origin, known + 1)));
      if (!bytes) continue;
      ASSIGN_OR_RETURN(const sync::EntryRecord entry, sync::DecodeEntry(*bytes));
      const int64_t at_ms = entry.stamp.received_at_ms;
      if (lag.oldest_ms == 0 || at_ms < lag.oldest_ms) lag.oldest_ms = at_ms;
    }
  }
  return lag;
}

void Fill(const Lag& lag, const MirrorMeter& meter, int64_t now_ms, v1::MirrorProgress* progress) {
  progress->set_lag_entries(lag.entries);
  progress->set_entries(meter.entries());
  progress->set_bytes(meter.bytes());
  const uint64_t rate = meter.EntriesPerSecond(now_ms);
  progress->set_entries_per_second(rate);
  progress->set_bytes_per_second(meter.BytesPerSecond(now_ms));
  if (lag.entries > 0 && rate > 0) progress->set_seconds_left((lag.entries + rate - 1) / rate);
}

}  // namespace

void MirrorMeter::Add(int64_t now_ms, uint64_t entries, uint64_t bytes) {
  entries_ += entries;
  bytes_ += bytes;
  const int64_t number = std::max<int64_t>(now_ms, 0) / 1'000;
  Second& second = seconds_[static_cast<size_t>(number % kSeconds)];
  if (second.number != number) second = {.number = number, .entries = 0, .bytes = 0};
  second.entries += entries;
  second.bytes += bytes;
}

uint64_t MirrorMeter::PerSecond(int64_t now_ms, uint64_t Second::*what) const {
  const int64_t now = now_ms / 1'000;
  uint64_t sum = 0;
  int64_t first = now;
  for (const Second& second : seconds_) {
    if (second.number < 0 || second.number > now || now - second.number >= kSeconds) continue;
    sum += second.*what;
    first = std::min(first, second.number);
  }
  // What began a moment ago is not measured against the whole time.
  return sum / static_cast<uint64_t>(now - first + 1);
}

bool MirrorLink::Covers(std::string_view region) const {
  return std::any_of(ends_.prefixes.begin(), ends_.prefixes.end(), [&](const std::string& prefix) {
    return sync::MirrorPrefixHolds(prefix, region);
  });
}

sync::VersionVector MirrorLink::DurableAt(std::string_view region) const {
  std::lock_guard lock(mutex_);
  const auto found = durable_.find(region);
  return found == durable_.end() ? sync::VersionVector() : found->second;
}

RegionVectors MirrorLink::Durable() const {
  std::lock_guard lock(mutex_);
  return durable_;
}

void MirrorLink::Told(std::string_view region, const sync::VersionVector& vector) {
  std::lock_guard lock(mutex_);
  durable_[std::string(region)].Join(vector);
}

void MirrorLink::Sent(int64_t now_ms, uint64_t entries, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  sent_.Add(now_ms, entries, bytes);
}

void MirrorLink::Got(int64_t now_ms, uint64_t entries, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  got_.Add(now_ms, entries, bytes);
}

void MirrorLink::Refused(uint64_t entries, std::string_view why, int64_t now_ms) {
  std::lock_guard lock(mutex_);
  refused_ += entries;
  refused_why_ = std::string(why);
  refused_ms_ = now_ms;
}

void MirrorLink::SetBehind(bool behind, int64_t now_ms) {
  std::lock_guard lock(mutex_);
  if (!behind) {
    behind_since_ms_ = 0;
  } else if (behind_since_ms_ == 0) {
    behind_since_ms_ = now_ms;
  }
}

absl::Status MirrorLink::Describe(const Published& published, int64_t now_ms,
                                  v1::PeerStatus* status) const {
  RegionVectors here;
  for (const std::string& prefix : ends_.prefixes) {
    ASSIGN_OR_RETURN(RegionVectors more, LoadVectorsWithin(*published.reader, prefix));
    here.merge(more);
  }
  const RegionVectors there = Durable();
  ASSIGN_OR_RETURN(const Lag outgoing, LagOf(here, there, published.reader.get()));
  ASSIGN_OR_RETURN(const Lag incoming, LagOf(there, here, nullptr));
  status->set_connected(true);
  status->set_since_ms(ends_.since_ms);
  status->set_version(ends_.peer_version);
  status->set_instance(ends_.peer_instance);
  status->set_clock_offset_ms(ends_.clock_offset_ms);
  RegionVectors both = here;
  both.insert(there.begin(), there.end());
  status->set_regions(static_cast<uint32_t>(both.size()));

  std::lock_guard lock(mutex_);
  Fill(outgoing, sent_, now_ms, status->mutable_outgoing());
  if (outgoing.oldest_ms != 0) {
    status->mutable_outgoing()->set_lag_seconds(Seconds(now_ms - outgoing.oldest_ms));
  }
  Fill(incoming, got_, now_ms, status->mutable_incoming());
  if (incoming.entries > 0 && behind_since_ms_ != 0) {
    status->mutable_incoming()->set_lag_seconds(Seconds(now_ms - behind_since_ms_));
  }
  status->set_entries_refused(refused_);
  if (refused_ > 0) {
    status->set_last_error(refused_why_);
    status->set_last_error_ms(refused_ms_);
  }
  return absl::OkStatus();
}

absl::Status MirrorTable::Claim(const std::shared_ptr<MirrorLink>& link,
                                const std::shared_ptr<LiveStream>& session) {
  std::shared_ptr<LiveStream> replaced;
  {
    std::lock_guard lock(mutex_);
    const MirrorLink::Ends& ends = link->ends();
    if (const auto at = rows_.find(ends.peer); at != rows_.end()) {
      const MirrorLink::Ends& present = at->second.link->ends();
      const bool crossed =
          present.peer_instance == ends.peer_instance && present.dialled_here != ends.dialled_here;
      if (crossed && present.dialled_here == (ends.own_instance < ends.peer_instance)) {
        return PeerConnected(ends.peer);
      }
      replaced = at->second.session;
    } else if (rows_.size() >= kMirrorsMax) {
      return Overloaded("mirrors", kRetryOverloadedMs);
    }
    rows_.insert_or_assign(ends.peer, Row{link, session});
    pasts_.erase(ends.peer);
  }
  if (replaced != nullptr) replaced->Stop();
  NoteChange();
  return absl::OkStatus();
}

void MirrorTable::Release(const std::shared_ptr<MirrorLink>& link, const absl::Status& status,
                          int64_t now_ms) {
  {
    std::lock_guard lock(mutex_);
    const auto at = rows_.find(link->ends().peer);
    if (at == rows_.end() || at->second.link != link) return;
    rows_.erase(at);
    if (pasts_.size() >= kMirrorPastsMax) {
      pasts_.erase(std::min_element(pasts_.begin(), pasts_.end(), [](const auto& a, const auto& b) {
        return a.second.ended_ms < b.second.ended_ms;
      }));
    }
    pasts_[link->ends().peer] = {.ended_ms = now_ms,
                                 .error = std::string(status.message()),
                                 .dialled_here = link->ends().dialled_here};
  }
  NoteChange();
}

void MirrorTable::Disconnect(std::string_view peer) {
  std::shared_ptr<LiveStream> session;
  {
    std::lock_guard lock(mutex_);
    const auto at = rows_.find(peer);
    if (at == rows_.end()) return;
    session = at->second.session;
  }
  session->Stop();
}

std::shared_ptr<const MirrorLink> MirrorTable::Find(std::string_view peer) const {
  std::lock_guard lock(mutex_);
  const auto at = rows_.find(peer);
  return at == rows_.end() ? nullptr : at->second.link;
}

std::vector<std::shared_ptr<const MirrorLink>> MirrorTable::links() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const MirrorLink>> links;
  for (const auto& [name, row] : rows_) links.push_back(row.link);
  return links;
}

std::map<std::string, MirrorTable::Past> MirrorTable::pasts() const {
  std::lock_guard lock(mutex_);
  return pasts_;
}

absl::StatusOr<RegionVectors> LoadVectorsWithin(const sync::Reader& reader,
                                                std::string_view prefix) {
  using sync::keys::kPositionPrefix;
  using sync::keys::kRegionSize;
  const std::string begin = sync::keys::PositionPrefix(prefix == "*" ? "" : prefix);
  RegionVectors vectors;
  absl::Status status;
  RETURN_IF_ERROR(reader.Scan(
      sync::Family::kMeta, begin, sync::PrefixEnd(begin),
      [&](std::string_view key, std::string_view value) {
        const std::string region(key.substr(kPositionPrefix.size(), kRegionSize));
        const absl::StatusOr<sync::Origin> origin = sync::OriginOfPosition(region, key);
        const absl::StatusOr<uint64_t> seq =
            origin.ok() ? sync::DecodePosition(region, *origin, value) : origin.status();
        status = seq.status();
        if (status.ok()) vectors[region].Advance(*origin, *seq);
        return status.ok();
      }));
  RETURN_IF_ERROR(status);
  return vectors;
}

}  // namespace tikar::server
