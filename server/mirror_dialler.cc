#include "server/mirror_dialler.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// How often is looked whether a peer that dialled this node is still connected, milliseconds.
constexpr int64_t kLookAgainMs = 1'000;

// Keepalive as a phone's: see server.cc. Both ends must agree.
constexpr int kPingMs = 120'000;
constexpr int kPingTimeoutMs = 60'000;

std::optional<MirrorCredentials> CredentialsOf(const MirrorOptions& options) {
  if (options.identity == nullptr) return std::nullopt;
  return std::make_optional<MirrorCredentials>(*options.identity);
}

}  // namespace

int64_t DialBackoffMs(int failures, int64_t asked_ms, uint64_t random) {
  int64_t most = kDialBackoffMsMin;
  for (int i = 1; i < failures && most < kDialBackoffMsMax; ++i) most *= 2;
  most = std::min(most, kDialBackoffMsMax);
  const int64_t wait = most - static_cast<int64_t>(random % static_cast<uint64_t>(most / 2 + 1));
  return std::clamp(asked_ms, wait, kDialBackoffMsMax);
}

MirrorDialler::MirrorDialler(Engine* engine, MirrorOptions options,
                             std::function<uint64_t()> random)
    : engine_(*engine),
      options_(std::move(options)),
      random_(std::move(random)),
      credentials_(CredentialsOf(options_)) {}

MirrorDialler::~MirrorDialler() { Stop(); }

absl::Status MirrorDialler::Start() {
  if (options_.node.empty()) return absl::OkStatus();
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  if (published == nullptr) return absl::UnavailableError("the store is being opened");
  ASSIGN_OR_RETURN(const std::vector<sync::PeerRecord> stored, sync::ListPeers(*published->reader));
  std::lock_guard lock(mutex_);
  for (const sync::PeerRecord& peer : stored) Put(peer, false);
  for (const sync::PeerRecord& peer : options_.peers) Put(peer, true);
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void MirrorDialler::Stop() {
  std::lock_guard stop_lock(stop_mutex_);
  std::vector<std::shared_ptr<MirrorSession>> sessions;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [name, peer] : peers_) {
      if (auto session = peer.session.lock(); session != nullptr) sessions.push_back(session);
    }
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& session : sessions) session->Stop();
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ == 0; });
}

void MirrorDialler::Put(const sync::PeerRecord& record, bool of_command_line) {
  Peer& peer = peers_[record.name];
  if (peer.state.of_command_line && !of_command_line) return;
  peer = Peer();
  peer.state.peer = record;
  peer.state.of_command_line = of_command_line;
  peer.state.next_attempt_ms = engine_.now_ms();
  peer.generation = ++generations_;
}

void MirrorDialler::Add(const sync::PeerRecord& record) {
  std::shared_ptr<MirrorSession> replaced;
  {
    std::lock_guard lock(mutex_);
    if (const auto at = peers_.find(record.name); at != peers_.end()) {
      replaced = at->second.session.lock();
    }
    Put(record, false);
    wake_.notify_all();
  }
  if (replaced != nullptr) replaced->Stop();
}

void MirrorDialler::Remove(const std::string& name) {
  std::shared_ptr<MirrorSession> session;
  {
    std::lock_guard lock(mutex_);
    const auto at = peers_.find(name);
    if (at == peers_.end() || at->second.state.of_command_line) return;
    session = at->second.session.lock();
    peers_.erase(at);
  }
  if (session != nullptr) session->Stop();
}

std::map<std::string, MirrorDialler::State, std::less<>> MirrorDialler::States() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, State, std::less<>> states;
  for (const auto& [name, peer] : peers_) {
    states[name] = peer.state;
    if (peer.dialling) states[name].next_attempt_ms = 0;
  }
  return states;
}

void MirrorDialler::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const int64_t now_ms = engine_.now_ms();
    int64_t next_ms = now_ms + kDialBackoffMsMax;
    std::vector<std::string> due;
    for (auto& [name, peer] : peers_) {
      if (peer.dialling) continue;
      // A clock that was set back must not hold anybody up.
      peer.state.next_attempt_ms = std::min(peer.state.next_attempt_ms, now_ms + kDialBackoffMsMax);
      if (peer.state.next_attempt_ms <= now_ms) {
        due.push_back(name);
      } else {
        next_ms = std::min(next_ms, peer.state.next_attempt_ms);
      }
    }
    for (const std::string& name : due) {
      Dial(lock, name);
      if (stopping_) return;
    }
    if (!due.empty()) continue;
    wake_.wait_for(lock, std::chrono::milliseconds(next_ms - now_ms));
  }
}

void MirrorDialler::Dial(std::unique_lock<std::mutex>& lock, const std::string& name) {
  const auto at = peers_.find(name);
  if (at == peers_.end()) return;
  if (engine_.mirrors().Find(name) != nullptr) {
    at->second.state.next_attempt_ms = engine_.now_ms() + kLookAgainMs;
    return;
  }
  const sync::PeerRecord record = at->second.state.peer;
  const uint64_t generation = at->second.generation;
  at->second.dialling = true;
  ++calls_;
  lock.unlock();
  const std::vector<std::string> regions = RegionsFor(record);
  if (regions.empty()) {
    OnEnded(name, generation,
            {.status = absl::FailedPreconditionError(
                 absl::StrCat("this node mirrors none of ", absl::StrJoin(record.regions, ", "),
                              ", which is all that is to be mirrored with ", name))});
    lock.lock();
    return;
  }
  std::shared_ptr<MirrorSession> session = StartMirrorCall(
      &engine_, ChannelTo(record),
      {.node = options_.node, .regions = regions, .dialled_here = true, .peer = name},
      [this, name, generation](const MirrorCallEnd& end) { OnEnded(name, generation, end); });
  if (session == nullptr) {
    OnEnded(name, generation,
            {.status = absl::ResourceExhaustedError("this server has no room for another stream")});
  }
  lock.lock();
  const auto still = peers_.find(name);
  if (still != peers_.end() && still->second.generation == generation) {
    still->second.session = session;
  }
  const bool unwanted =
      stopping_ || still == peers_.end() || still->second.generation != generation;
  if (!unwanted || session == nullptr) return;
  lock.unlock();
  session->Stop();
  lock.lock();
}

void MirrorDialler::OnEnded(const std::string& name, uint64_t generation,
                            const MirrorCallEnd& end) {
  const int64_t now_ms = engine_.now_ms();
  std::lock_guard lock(mutex_);
  const auto at = peers_.find(name);
  if (at != peers_.end() && at->second.generation == generation) {
    Peer& peer = at->second;
    peer.dialling = false;
    peer.failures = end.connected_ms >= kDialGoodMs ? 1 : peer.failures + 1;
    peer.state.next_attempt_ms = now_ms + DialBackoffMs(peer.failures, end.retry_ms, random_());
    // Of two that dial each other one connection is enough, and no mistake.
    const bool mistake = !end.status.ok() && !absl::IsAlreadyExists(end.status);
    if (mistake && !stopping_) {
      const std::string said(end.status.message());
      // What TLS refuses never was connected.
      const std::string why =
          credentials_.has_value() && end.connected_ms == 0 ? ExplainLink(name, said) : said;
      // Once, not at every attempt.
      if (why != peer.state.last_error || end.connected_ms > 0) {
        Log(Level::kWarning, "peer cannot be reached, trying on",
            {{"peer", name}, {"address", peer.state.peer.address}, {"reason", why}});
      }
      peer.state.last_error = why;
      peer.state.last_error_ms = now_ms;
    }
  }
  --calls_;
  wake_.notify_all();
}

std::vector<std::string> MirrorDialler::RegionsFor(const sync::PeerRecord& peer) const {
  if (peer.regions.empty()) return options_.regions;
  std::vector<std::string> regions;
  for (const std::string& region : peer.regions) {
    if (IsMirrored(options_.regions, region)) regions.push_back(region);
  }
  return regions;
}

std::shared_ptr<grpc::Channel> MirrorDialler::ChannelTo(const sync::PeerRecord& peer) const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMessageBytesMax));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Each attempt is a connection of its own: what waits between them is this class.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  if (!credentials_.has_value()) {
    return grpc::CreateCustomChannel(peer.address, grpc::InsecureChannelCredentials(), arguments);
  }
  MirrorCredentials::ExpectPeer(peer.name, arguments);
  return grpc::CreateCustomChannel(peer.address, credentials_->channel(), arguments);
}

}  // namespace tikar::server
