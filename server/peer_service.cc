#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/mirror_dialler.h"
#include "server/services.h"
#include "server/unary.h"
#include "sync/keys.h"
#include "sync/peers.h"
#include "sync/status_macros.h"
#include "tikar/v1/peer_service.grpc.pb.h"

namespace tikar::server {
namespace {

constexpr absl::string_view kCollection = "peers/";

std::string NameOf(const std::string& peer) { return absl::StrCat(kCollection, peer); }

v1::Peer ToProto(const sync::PeerRecord& record, v1::PeerSource source) {
  v1::Peer peer;
  peer.set_name(NameOf(record.name));
  peer.set_address(record.address);
  for (const std::string& region : record.regions) peer.add_regions(region);
  peer.set_source(source);
  return peer;
}

class PeerService final : public v1::PeerService::CallbackService {
 public:
  PeerService(Engine* engine, MirrorDialler* dialler) : engine_(engine), dialler_(*dialler) {}

  grpc::ServerUnaryReactor* CreatePeer(grpc::CallbackServerContext* context,
                                       const v1::CreatePeerRequest* request,
                                       v1::CreatePeerResponse* response) override {
    // Of the Command; the answer is filled when it is done.
    const auto record = std::make_shared<sync::PeerRecord>();
    return RunCommand(engine_, context,
                      {[=, this](const Published&) -> absl::StatusOr<CommandCall::Prepared> {
                         RETURN_IF_ERROR(Check(*request));
                         record->name = request->peer_id();
                         record->address = request->peer().address();
                         const std::set<std::string> regions(request->peer().regions().begin(),
                                                             request->peer().regions().end());
                         record->regions.assign(regions.begin(), regions.end());
                         return CommandCall::Prepared{[=](sync::Replica& replica, int64_t now_ms) {
                                                        return Store(replica, now_ms, record.get());
                                                      },
                                                      record->address.size()};
                       },
                       [=, this](const Published&) {
                         dialler_.Add(*record);
                         *response->mutable_peer() = ToProto(*record, v1::PEER_SOURCE_STORED);
                         return absl::OkStatus();
                       }});
  }

  grpc::ServerUnaryReactor* ListPeers(grpc::CallbackServerContext* context,
                                      const v1::ListPeersRequest* request,
                                      v1::ListPeersResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      constexpr char kListPeers[] = "ListPeers";
      ASSIGN_OR_RETURN(const sync::PageQuery page, PageOf(request->page_size(), kPageSizeDefault,
                                                          request->page_token(), kListPeers));
      const std::map<std::string, v1::Peer> peers = All();
      for (auto at = page.token.empty() ? peers.begin() : peers.upper_bound(page.token);
           at != peers.end(); ++at) {
        if (static_cast<size_t>(response->peers_size()) == page.size) {
          response->set_next_page_token(BindToken(std::prev(at)->first, kListPeers));
          break;
        }
        v1::Peer& peer = *response->add_peers() = at->second;
        const auto link = engine_->mirrors().Find(at->first);
        if (link == nullptr) continue;
        RETURN_IF_ERROR(link->Describe(published, engine_->now_ms(), peer.mutable_status()));
        peer.mutable_status()->clear_next_attempt_ms();
      }
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* DeletePeer(grpc::CallbackServerContext* context,
                                       const v1::DeletePeerRequest* request,
                                       v1::DeletePeerResponse*) override {
    const std::string name = absl::StartsWith(request->name(), kCollection)
                                 ? request->name().substr(kCollection.size())
                                 : "";
    return RunCommand(
        engine_, context,
        {[=, this](const Published& published) -> absl::StatusOr<CommandCall::Prepared> {
           if (!sync::IsNodeName(name)) return NoSuchThing(request->name());
           ASSIGN_OR_RETURN(const auto stored, sync::FindPeer(*published.reader, name));
           if (!stored.has_value()) return NotStored(name);
           return CommandCall::Prepared{
               [name](sync::Replica&, int64_t) -> absl::StatusOr<sync::Outcome> {
                 sync::Outcome outcome;
                 outcome.batch.Delete(sync::Family::kMeta, sync::keys::Peer(name));
                 return outcome;
               }};
         },
         [=, this](const Published&) {
           dialler_.Remove(name);
           return absl::OkStatus();
         }});
  }

 private:
  absl::Status Check(const v1::CreatePeerRequest& request) const {
    const std::string& own = dialler_.options().node;
    if (own.empty()) return MirrorsWithNobody();
    if (!sync::IsNodeName(request.peer_id())) {
      return Malformed("peer_id", "node_name",
                       "Nama node: 1 sampai 63 huruf kecil, angka dan tanda hubung di tengah.",
                       "a node's name is 1 to 63 lower-case letters, digits and hyphens within");
    }
    if (request.peer_id() == own) {
      return Malformed("peer_id", "own_name", "Itu nama server ini sendiri.",
                       "that is this server's own name");
    }
    if (!CheckPeerAddress(request.peer().address()).ok()) {
      return Malformed("peer.address", "address", "Berikan HOST:PORT, misalnya 10.12.4.1:50152.",
                       "give HOST:PORT, such as 10.12.4.1:50152");
    }
    if (dialler_.options().identity == nullptr && !IsLoopbackPeer(request.peer().address())) {
      return Malformed("peer.address", "no_tls",
                       "Tanpa identitas server ini hanya bercermin dengan node di mesin yang sama; "
                       "buat identitas dengan tikard init.",
                       "without an identity this server mirrors with nodes on the same machine "
                       "only; make one with tikard init");
    }
    if (static_cast<size_t>(request.peer().regions_size()) > sync::kMirrorPrefixesMax) {
      return Malformed("peer.regions", "too_many", "Terlalu banyak daerah.", "too many regions");
    }
    for (const std::string& region : request.peer().regions()) {
      if (!sync::IsMirrorPrefix(region)) {
        return Malformed("peer.regions", "region", "Berikan provinsi atau daerah: 15 atau 15.01.",
                         "give provinces or regions such as 15 or 15.01");
      }
      if (!IsMirrored(dialler_.options().regions, region)) {
        return Malformed("peer.regions", "not_mirrored",
                         absl::StrCat("Server ini sendiri tidak bercermin untuk ", region, "."),
                         absl::StrCat("this server does not mirror ", region, " itself"));
      }
    }
    return absl::OkStatus();
  }

  // On the sequencer thread, so that of two that race only one is new. `record` becomes the one
  // that is there.
  static absl::StatusOr<sync::Outcome> Store(sync::Replica& replica, int64_t now_ms,
                                             sync::PeerRecord* record) {
    ASSIGN_OR_RETURN(const auto before, sync::FindPeer(replica.reader(), record->name));
    if (before.has_value()) {
      if (before->address != record->address || before->regions != record->regions) {
        return PeerTaken(before->name, before->address);
      }
      *record = *before;
      return sync::Outcome();
    }
    ASSIGN_OR_RETURN(const std::vector<sync::PeerRecord> all, sync::ListPeers(replica.reader()));
    if (all.size() >= sync::kPeersMax) return Overloaded("peers", kRetryOverloadedMs);
    record->created_at_ms = now_ms;
    sync::Outcome outcome;
    outcome.batch.Put(sync::Family::kMeta, sync::keys::Peer(record->name),
                      sync::EncodePeer(*record));
    return outcome;
  }

  absl::Status NotStored(const std::string& name) const {
    if (dialler_.States().contains(name)) return PeerOfCommandLine(name);
    if (All().contains(name)) return PeerDialsUs(name);
    return NoSuchThing(NameOf(name));
  }

  // All peers, by name, without what only a connection tells.
  std::map<std::string, v1::Peer> All() const {
    std::map<std::string, v1::Peer> peers;
    for (const auto& [name, state] : dialler_.States()) {
      v1::Peer& peer = peers[name] = ToProto(
          state.peer, state.of_command_line ? v1::PEER_SOURCE_FLAG : v1::PEER_SOURCE_STORED);
      v1::PeerStatus& status = *peer.mutable_status();
      status.set_next_attempt_ms(state.next_attempt_ms);
      status.set_last_error(state.last_error);
      status.set_last_error_ms(state.last_error_ms);
    }
    // Those that this server dialled and that are not in the list any more were removed.
    const auto add = [&](const std::string& name, bool dialled_here) -> v1::Peer* {
      const auto at = peers.find(name);
      if (at != peers.end()) return &at->second;
      if (dialled_here) return nullptr;
      return &(peers[name] =
                   ToProto({.name = name, .address = {}, .regions = {}}, v1::PEER_SOURCE_INCOMING));
    };
    for (const auto& [name, past] : engine_->mirrors().pasts()) {
      v1::Peer* peer = add(name, past.dialled_here);
      if (peer == nullptr) continue;
      v1::PeerStatus& status = *peer->mutable_status();
      status.set_since_ms(past.ended_ms);
      if (!past.error.empty() && past.ended_ms >= status.last_error_ms()) {
        status.set_last_error(past.error);
        status.set_last_error_ms(past.ended_ms);
      }
    }
    for (const auto& link : engine_->mirrors().links()) {
      add(link->ends().peer, link->ends().dialled_here);
    }
    return peers;
  }

  Engine* const engine_;
  MirrorDialler& dialler_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePeerService(Engine* engine, MirrorDialler* dialler) {
  return std::make_unique<PeerService>(engine, dialler);
}

}  // namespace tikar::server
