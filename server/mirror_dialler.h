// MirrorDialler: keeps this node connected with the peers that it is to dial.
//
// One connection for each peer, dialled again when it ends, after a wait that doubles from
// kDialBackoffMsMin to kDialBackoffMsMax and is spread by half, so that the districts of a province
// whose cable was mended do not all come back at once. A peer that is connected because it dialled
// this node is left alone.
#ifndef TIKAR_SERVER_MIRROR_DIALLER_H_
#define TIKAR_SERVER_MIRROR_DIALLER_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/engine/engine.h"
#include "server/engine/mirror_session.h"
#include "server/mirror_call.h"
#include "server/mirror_credentials.h"
#include "server/mirror_options.h"

namespace tikar::server {

// The first wait is short because most connections break for a moment; the last so long that a
// hundred districts without a cable cost a hub three attempts a second, and short enough that
// nobody waits for the mirror after a cable is mended.
inline constexpr int64_t kDialBackoffMsMin = 500;
inline constexpr int64_t kDialBackoffMsMax = 30'000;
// A connection that lasted so long was a good one: the next wait is short again.
inline constexpr int64_t kDialGoodMs = 10'000;

// The wait after so many failures in a row (from 1): half to all of it, `random` decides; at least
// what the peer asked for, at most kDialBackoffMsMax.
int64_t DialBackoffMs(int failures, int64_t asked_ms, uint64_t random);

// Thread safety: all methods from any thread.
class MirrorDialler {
 public:
  // `engine` outlives it. `random`: 64 bits per call.
  MirrorDialler(Engine* engine, MirrorOptions options, std::function<uint64_t()> random);
  ~MirrorDialler();  // Stop()

  // Dials the peers of the options and of the store from now on.
  absl::Status Start();
  // Ends its connections and waits until they are gone. Dials no more.
  void Stop();

  // Takes or replaces a stored peer, or lets go of it. Not of those of the command line.
  void Add(const sync::PeerRecord& peer);
  void Remove(const std::string& name);

  struct State {
    sync::PeerRecord peer;
    bool of_command_line = false;
    int64_t next_attempt_ms = 0;  // 0: it is being dialled, or connected
    std::string last_error;
    int64_t last_error_ms = 0;
  };
  // By name.
  std::map<std::string, State, std::less<>> States() const;

  const MirrorOptions& options() const { return options_; }

 private:
  struct Peer {
    State state;
    // Changes with what is dialled, so that the end of a call for an earlier address is known.
    uint64_t generation = 0;
    int failures = 0;
    std::weak_ptr<MirrorSession> session;
    bool dialling = false;
  };

  void Run();
  // Of one peer; the lock is given back while the call begins.
  void Dial(std::unique_lock<std::mutex>& lock, const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnEnded(const std::string& name, uint64_t generation, const MirrorCallEnd& end);
  // What is mirrored with it.
  std::vector<std::string> RegionsFor(const sync::PeerRecord& peer) const;
  std::shared_ptr<grpc::Channel> ChannelTo(const sync::PeerRecord& peer) const;
  void Put(const sync::PeerRecord& peer, bool of_command_line)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Engine& engine_;
  const MirrorOptions options_;
  const std::function<uint64_t()> random_;
  const std::optional<MirrorCredentials> credentials_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Peer, std::less<>> peers_ ABSL_GUARDED_BY(mutex_);
  uint64_t generations_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::mutex stop_mutex_;  // taken before the other: one Stop at a time
  std::thread thread_;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_MIRROR_DIALLER_H_
