// MirrorTable: the nodes that this one is connected with, and what each of them holds on its disk.
//
//   for (const auto& link : engine.mirrors().links()) {
//     if (link->DurableAt("15.01").Get(origin) >= seq) …   // it is on that node's disk, too
//   }
//
// A MirrorLink is one connection (mirror_session.h) as others may see it. What it says of the peer
// is what that told on this connection and nothing older: a peer that was restored tells less than
// before, and a second tick must not stand on what it once had.
#ifndef TIKAR_SERVER_ENGINE_MIRROR_TABLE_H_
#define TIKAR_SERVER_ENGINE_MIRROR_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/engine/live_stream.h"
#include "server/engine/published.h"
#include "sync/version_vector.h"
#include "tikar/v1/peer_service.pb.h"

namespace tikar::server {

// By region.
using RegionVectors = std::map<std::string, sync::VersionVector, std::less<>>;

// What moved in one direction. Not safe for threads.
class MirrorMeter {
 public:
  void Add(int64_t now_ms, uint64_t entries, uint64_t bytes);
  uint64_t entries() const { return entries_; }
  uint64_t bytes() const { return bytes_; }
  // In the last kSeconds, per second.
  uint64_t EntriesPerSecond(int64_t now_ms) const { return PerSecond(now_ms, &Second::entries); }
  uint64_t BytesPerSecond(int64_t now_ms) const { return PerSecond(now_ms, &Second::bytes); }

 private:
  static constexpr int64_t kSeconds = 10;
  struct Second {
    int64_t number = -1;  // since the epoch
    uint64_t entries = 0;
    uint64_t bytes = 0;
  };
  uint64_t PerSecond(int64_t now_ms, uint64_t Second::*what) const;

  std::array<Second, kSeconds> seconds_;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
};

// Thread safety: all methods from any thread.
class MirrorLink {
 public:
  // What the hellos said.
  struct Ends {
    std::string peer;
    uint64_t peer_instance = 0;
    uint64_t own_instance = 0;
    bool dialled_here = false;
    // What both mirror: prefixes, none within another.
    std::vector<std::string> prefixes;
    std::string peer_version;
    int64_t since_ms = 0;
    int64_t clock_offset_ms = 0;
  };
  explicit MirrorLink(Ends ends) : ends_(std::move(ends)) {}

  const Ends& ends() const { return ends_; }
  // Whether both mirror the region.
  bool Covers(std::string_view region) const;

  // What is on the peer's disk, as it told on this connection.
  sync::VersionVector DurableAt(std::string_view region) const;
  RegionVectors Durable() const;

  // For the session.
  void Told(std::string_view region, const sync::VersionVector& vector);
  void Sent(int64_t now_ms, uint64_t entries, uint64_t bytes);
  void Got(int64_t now_ms, uint64_t entries, uint64_t bytes);
  void Refused(uint64_t entries, std::string_view why, int64_t now_ms);
  // Whether the peer holds what is not on this disk.
  void SetBehind(bool behind, int64_t now_ms);

  // All but the source and what the dialler knows. Reads the store: on a thread for reads.
  absl::Status Describe(const Published& published, int64_t now_ms, v1::PeerStatus* status) const;

 private:
  const Ends ends_;
  mutable std::mutex mutex_;
  RegionVectors durable_ ABSL_GUARDED_BY(mutex_);
  MirrorMeter sent_ ABSL_GUARDED_BY(mutex_);
  MirrorMeter got_ ABSL_GUARDED_BY(mutex_);
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string refused_why_ ABSL_GUARDED_BY(mutex_);
  int64_t refused_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t behind_since_ms_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: it is not
};

// Thread safety: all methods from any thread.
class MirrorTable {
 public:
  // How the last connection with a peer that is not connected ended.
  struct Past {
    int64_t ended_ms = 0;
    std::string error;  // empty: as it should
    bool dialled_here = false;
  };

  // Takes the place of the connection with this peer, if there is one: that one is stopped. But two
  // nodes that dial each other would replace each other's connections for ever; of two connections
  // between the same two processes in opposite directions both sides keep the one that the smaller
  // instance dialled. AlreadyExists: it is the present one that stays.
  // ResourceExhausted: there are kMirrorsMax.
  absl::Status Claim(const std::shared_ptr<MirrorLink>& link,
                     const std::shared_ptr<LiveStream>& session);
  // The connection ended with `status`. No effect if another one took its place.
  void Release(const std::shared_ptr<MirrorLink>& link, const absl::Status& status, int64_t now_ms);
  // Stops the connection with this peer, if there is one.
  void Disconnect(std::string_view peer);

  // nullptr: it is not connected.
  std::shared_ptr<const MirrorLink> Find(std::string_view peer) const;
  // By name.
  std::vector<std::shared_ptr<const MirrorLink>> links() const;
  // Of peers that were connected since the process began and are not now; the newest
  // kMirrorPastsMax.
  std::map<std::string, Past> pasts() const;

  // Called when a peer told something, or was connected, or no more: without a lock held, from any
  // thread. Set once, before anything is claimed.
  void OnChange(std::function<void()> call) { on_change_ = std::move(call); }
  void NoteChange() const {
    if (on_change_) on_change_();
  }

 private:
  struct Row {
    std::shared_ptr<MirrorLink> link;
    std::shared_ptr<LiveStream> session;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Row, std::less<>> rows_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Past> pasts_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_change_;
};

// The vectors of all regions within `prefix` ("*", "15" or "15.01"), with one walk over them.
absl::StatusOr<RegionVectors> LoadVectorsWithin(const sync::Reader& reader,
                                                std::string_view prefix);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_MIRROR_TABLE_H_
