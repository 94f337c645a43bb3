// MirrorSession: the hellos, and what follows from them once.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/engine/mirror_session.h"
#include "sync/hlc.h"
#include "sync/peers.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// What is in a prefix of both, as few prefixes as possible.
std::vector<std::string> Both(const std::vector<std::string>& own,
                              const google::protobuf::RepeatedPtrField<std::string>& others) {
  const auto within = [](const std::string& inner, const std::string& outer) {
    return outer == "*" || (inner != "*" && sync::MirrorPrefixHolds(outer, inner));
  };
  std::set<std::string> both;
  for (const std::string& a : own) {
    for (const std::string& b : others) {
      if (within(a, b)) both.insert(a);
      if (within(b, a)) both.insert(b);
    }
  }
  std::vector<std::string> outermost;
  for (const std::string& one : both) {
    const bool covered = std::any_of(both.begin(), both.end(), [&](const std::string& other) {
      return other != one && within(one, other);
    });
    if (!covered) outermost.push_back(one);
  }
  return outermost;
}

// The prefixes of which to be told what is published: FanOut knows provinces and regions.
std::vector<std::string> WatchedOf(const std::vector<std::string>& prefixes) {
  if (std::find(prefixes.begin(), prefixes.end(), "*") == prefixes.end()) return prefixes;
  std::vector<std::string> provinces;
  for (char tens = '0'; tens <= '9'; ++tens) {
    for (char ones = '0'; ones <= '9'; ++ones) provinces.push_back({tens, ones});
  }
  return provinces;
}

}  // namespace

v1::MirrorHello MirrorSession::MakeHello(const Published& published) const {
  v1::MirrorHello hello;
  hello.set_protocol_version(kMirrorProtocolVersion);
  hello.set_node(options_.node);
  hello.set_instance(engine_.instance());
  hello.set_origin(sync::Raw(published.origin));
  for (const std::string& region : options_.regions) hello.add_regions(region);
  for (const auto& [hash, definition] : published.definitions->all()) {
    // Those beyond come once more: nothing is lost by that.
    if (static_cast<size_t>(hello.definition_hashes_size()) == kMirrorHelloDefinitionsMax) break;
    hello.add_definition_hashes(hash.bytes());
  }
  hello.set_time_ms(engine_.now_ms());
  hello.set_version(engine_.version());
  return hello;
}

absl::Status MirrorSession::CheckHello(const v1::MirrorHello& hello) const {
  if (hello.protocol_version() < kMirrorProtocolVersionMin) {
    return WrongPeer(absl::StrCat("the other node speaks version ", hello.protocol_version(),
                                  " of the protocol of mirrors, this one needs ",
                                  kMirrorProtocolVersionMin, ": upgrade it"));
  }
  if (!sync::IsNodeName(hello.node())) return MirrorMistake("its name is none of a node");
  if (hello.regions().empty() ||
      static_cast<size_t>(hello.regions_size()) > sync::kMirrorPrefixesMax ||
      !std::all_of(hello.regions().begin(), hello.regions().end(), sync::IsMirrorPrefix)) {
    return MirrorMistake("its regions are none");
  }
  if (static_cast<size_t>(hello.definition_hashes_size()) > kMirrorHelloDefinitionsMax) {
    return MirrorMistake("it names too many definitions");
  }
  if (hello.instance() == engine_.instance()) {
    return WrongPeer("this node reached itself: mend the peer's address");
  }
  if (hello.node() == options_.node) {
    return WrongPeer(
        absl::StrCat("both nodes are named ", hello.node(), ": each needs a name of its own"));
  }
  if (!options_.peer.empty() && hello.node() != options_.peer) {
    return WrongPeer(absl::StrCat("the node at this address is ", hello.node(), " and not ",
                                  options_.peer, ": mend the peer's name or address"));
  }
  return absl::OkStatus();
}

absl::Status MirrorSession::OnHello(const v1::MirrorHello& hello) {
  {
    Lock lock(mutex_);
    if (link_ != nullptr) return MirrorMistake("a second hello");
  }
  RETURN_IF_ERROR(CheckHello(hello));
  std::vector<std::string> prefixes = Both(options_.regions, hello.regions());
  if (prefixes.empty()) {
    return WrongPeer(absl::StrCat("the nodes have no region in common: this one mirrors ",
                                  absl::StrJoin(options_.regions, ", "), ", ", hello.node(),
                                  " mirrors ", absl::StrJoin(hello.regions(), ", ")));
  }
  std::set<sync::DefinitionHash> definitions;
  for (const std::string& bytes : hello.definition_hashes()) {
    const auto hash = sync::DefinitionHash::FromBytes(bytes);
    if (!hash.has_value()) return MirrorMistake("a definition's hash is not 32 bytes");
    definitions.insert(*hash);
  }
  const int64_t now_ms = engine_.now_ms();
  auto link = std::make_shared<MirrorLink>(MirrorLink::Ends{
      .peer = hello.node(),
      .peer_instance = hello.instance(),
      .own_instance = engine_.instance(),
      .dialled_here = options_.dialled_here,
      .prefixes = prefixes,
      .peer_version = hello.version().substr(0, kClientVersionBytesMax),
      .since_ms = now_ms,
      .clock_offset_ms = std::clamp<int64_t>(hello.time_ms(), 0, sync::kHlcMsMax) - now_ms});
  RETURN_IF_ERROR(engine_.mirrors().Claim(link, shared_from_this()));
  Log(Level::kInfo, "mirror connected",
      {{"peer", hello.node()},
       {"regions", absl::StrJoin(prefixes, ",")},
       {"version", link->ends().peer_version}});
  LeaveSharedOrigin(hello);
  {
    Lock lock(mutex_);
    link_ = link;
    outbox_ = std::make_unique<MirrorOutbox>(prefixes, std::move(definitions));
    dirty_.insert(prefixes.begin(), prefixes.end());
  }
  WatchAll(prefixes);
  return absl::OkStatus();
}

void MirrorSession::WatchAll(const std::vector<std::string>& prefixes) {
  std::vector<Watched> watches;
  for (std::string& prefix : WatchedOf(prefixes)) {
    auto subscription =
        engine_.fan_out().Subscribe({prefix}, [weak = weak_from_this(), watch = watches.size()] {
          if (const auto self = weak.lock()) self->OnWake(watch);
        });
    watches.push_back({std::move(prefix), std::move(subscription)});
  }
  Lock lock(mutex_);
  if (!finished_) {
    watches_ = std::move(watches);
    // What was looked at before they were there is looked at again.
    dirty_.insert(prefixes.begin(), prefixes.end());
    return;
  }
  // It ended meanwhile: nobody is left to end them.
  lock.unlock();
  for (const Watched& watched : watches) engine_.fan_out().Unsubscribe(watched.subscription);
}

// Both sides see it; the larger instance acts.
void MirrorSession::LeaveSharedOrigin(const v1::MirrorHello& hello) {
  const sync::Origin own = engine_.origin();
  if (own == sync::Origin::kNone || sync::Raw(own) != hello.origin()) return;
  const bool leaves = engine_.instance() > hello.instance();
  Log(Level::kWarning, "another live node writes in the same log: one is a copy of the other",
      {{"peer", hello.node()},
       {"origin", absl::StrCat(absl::Hex(hello.origin(), absl::kZeroPad16))},
       {"begins_a_new_one", leaves ? "this node" : hello.node()}});
  if (!leaves) return;
  engine_.sequencer()
      .Run([own](sync::Replica& replica, int64_t) { return replica.LeaveOrigin(own); }, 0,
           [peer = hello.node()](TaskResult result) {
             if (!result.status.ok()) return;  // The next connection tries again.
             Log(Level::kInfo, "began a new origin",
                 {{"reason", absl::StrCat("node ", peer, " writes in the one before")},
                  {"origin", absl::StrCat(absl::Hex(sync::Raw(result.published->origin),
                                                    absl::kZeroPad16))}});
           })
      .IgnoreError();
}

}  // namespace tikar::server
