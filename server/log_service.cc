#include "server/log_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/resource_names.h"
#include "server/unary.h"
#include "sync/canonical.h"
#include "sync/change.h"
#include "sync/checkpoint.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/receipt.h"
#include "sync/records.h"
#include "sync/status_macros.h"
#include "tikar/v1/log_service.grpc.pb.h"

namespace tikar::server {
namespace {

constexpr size_t kHeadsPerPageDefault = 100;

std::string LogName(std::string_view region, sync::Origin origin) {
  return absl::StrCat("regions/", sync::AbslView(region), "/logs/",
                      absl::Hex(sync::Raw(origin), absl::kZeroPad16));
}
std::string LogName(const sync::LogHead& head) { return LogName(head.region, head.origin); }

// "regions/15.01/logs/0123456789abcdef"; `own` stands for "-".
absl::StatusOr<sync::LogId> ParseLogName(std::string_view field, std::string_view name,
                                         sync::Origin own) {
  constexpr std::string_view kRegions = "regions/", kLogs = "/logs/";
  const size_t before_origin = kRegions.size() + sync::keys::kRegionSize + kLogs.size();
  if (name.starts_with(kRegions) && name.size() > before_origin &&
      name.substr(before_origin - kLogs.size(), kLogs.size()) == kLogs) {
    const std::string region(name.substr(kRegions.size(), sync::keys::kRegionSize));
    const std::string_view origin = name.substr(before_origin);
    if (origin == "-" && sync::IsRegion(region)) return sync::LogId{region, own};
    const auto id = sync::ParseLogLine(absl::StrCat("tikar/", region, "/", sync::AbslView(origin)));
    if (id) return *id;
  }
  return Malformed(field, "log_name_format",
                   "Nama log harus seperti regions/15.01/logs/0123456789abcdef, atau "
                   "regions/15.01/logs/- untuk log node ini sendiri.",
                   "a log looks like regions/15.01/logs/0123456789abcdef, or regions/15.01/logs/- "
                   "for this node's own");
}

// The caller asks for more than is here.
absl::Status NotSoLarge(const absl::Status& status) {
  return ForOperator(status, "LOG_NOT_SO_LARGE", "Log di node ini belum sebesar itu.");
}

// Where the next page of a verification begins.
struct VerifyPlace {
  std::string region;
  sync::Origin origin = sync::Origin::kNone;
  uint64_t seq = 1;
};
std::string EncodePlace(const VerifyPlace& place) {
  return absl::BytesToHexString(sync::keys::Log(place.region, place.origin, place.seq));
}
std::optional<VerifyPlace> DecodePlace(const std::string& token) {
  const std::string bytes = absl::HexStringToBytes(token);
  if (bytes.size() != sync::keys::kRegionSize + 16) return std::nullopt;
  sync::CanonicalReader reader(std::string_view(bytes).substr(sync::keys::kRegionSize));
  VerifyPlace place{.region = bytes.substr(0, sync::keys::kRegionSize)};
  place.origin = sync::Origin{reader.Fixed64()};
  place.seq = reader.Fixed64();
  return place;
}

class LogService final : public v1::LogService::CallbackService {
 public:
  LogService(Engine* engine, std::shared_ptr<const Identity> identity)
      : engine_(engine), identity_(std::move(identity)) {}

  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      RETURN_IF_ERROR(CheckIdentity());
      ASSIGN_OR_RETURN(const sync::LogId id,
                       ParseLogName("name", request->name(), published.origin));
      ASSIGN_OR_RETURN(const sync::LogTree tree,
                       sync::LogTree::Load(*published.reader, id.region, id.origin));
      if (tree.size() == 0) return NoSuchThing(request->name());
      ASSIGN_OR_RETURN(*response->mutable_head(),
                       HeadOf(published, {id.region, id.origin, tree.size(), tree.root()}));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ListCheckpoints(grpc::CallbackServerContext* context,
                                            const v1::ListCheckpointsRequest* request,
                                            v1::ListCheckpointsResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", request->parent()));
      const std::string arguments = "checkpoints " + region;
      ASSIGN_OR_RETURN(
          const sync::PageQuery query,
          PageOf(request->page_size(), kHeadsPerPageDefault, request->page_token(), arguments));
      ASSIGN_OR_RETURN(const std::vector<sync::LogHead> heads,
                       sync::LoadLogHeads(*published.reader, region));
      if (identity_ != nullptr) {
        response->set_verifier_key(
            sync::FormatNamedKey({sync::NodeKeyName(identity_->name()), identity_->public_key()}));
      }
      // Names are in the order of the heads.
      auto next = std::find_if(heads.begin(), heads.end(), [&](const sync::LogHead& head) {
        return LogName(head) > query.token;
      });
      for (; next != heads.end(); ++next) {
        if (static_cast<size_t>(response->heads_size()) == query.size) {
          response->set_next_page_token(
              BindToken(response->heads(response->heads_size() - 1).name(), arguments));
          break;
        }
        ASSIGN_OR_RETURN(*response->add_heads(), HeadOf(published, *next));
      }
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ProveConsistency(grpc::CallbackServerContext* context,
                                             const v1::ProveConsistencyRequest* request,
                                             v1::ProveConsistencyResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      RETURN_IF_ERROR(CheckIdentity());
      ASSIGN_OR_RETURN(const sync::LogId id,
                       ParseLogName("name", request->name(), published.origin));
      ASSIGN_OR_RETURN(sync::LogTree tree,
                       sync::LogTree::Load(*published.reader, id.region, id.origin));
      if (tree.size() == 0) return NoSuchThing(request->name());
      const uint64_t size_to = request->size_to() == 0 ? tree.size() : request->size_to();
      const auto proof = tree.ConsistencyProof(request->size_from(), size_to);
      if (absl::IsOutOfRange(proof.status())) return NotSoLarge(proof.status());
      RETURN_IF_ERROR(proof.status());
      for (const sync::Hash& hash : *proof) response->add_proof(hash.bytes());
      ASSIGN_OR_RETURN(const sync::Hash root_from, tree.RootAt(request->size_from()));
      ASSIGN_OR_RETURN(const sync::Hash root_to, tree.RootAt(size_to));
      response->set_root_from(root_from.bytes());
      ASSIGN_OR_RETURN(*response->mutable_head(),
                       HeadOf(published, {id.region, id.origin, size_to, root_to}));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* VerifyLog(grpc::CallbackServerContext* context,
                                      const v1::VerifyLogRequest* request,
                                      v1::VerifyLogResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      // One at a time, whoever asks: it reads what nobody else needs.
      if (verifying_.exchange(true)) {
        return Overloaded("verifications of logs", engine_->jitter_ms(kRetryOverloadedMs));
      }
      const absl::Status status = VerifyPage(published, *request, response);
      verifying_ = false;
      return status;
    });
  }

  grpc::ServerUnaryReactor* ProveRequest(grpc::CallbackServerContext* context,
                                         const v1::ProveRequestRequest* request,
                                         v1::ProveRequestResponse* response) override {
    return RunRead(engine_, context, [=, this](const Published& published) -> absl::Status {
      RETURN_IF_ERROR(CheckIdentity());
      ASSIGN_OR_RETURN(const RequestNameParts parts, ParseRequestName(request->name()));
      ASSIGN_OR_RETURN(const sync::RequestKey key,
                       ResolveRequest(*published.reader, parts, request->name()));
      const std::string arguments =
          absl::StrCat("receipt ", key.region, key.id.hex(), request->with_bodies() ? " b" : "");
      ASSIGN_OR_RETURN(const std::string token, UnbindToken(request->page_token(), arguments));
      ASSIGN_OR_RETURN(const std::vector<sync::Origin> own, OwnOrigins(published));
      absl::StatusOr<sync::ReceiptPage> page = sync::MakeReceipt(
          *published.reader, key,
          {.with_bodies = request->with_bodies(), .token = absl::HexStringToBytes(token)},
          [&](const sync::Checkpoint& checkpoint) -> absl::StatusOr<std::string> {
            return Sign(checkpoint, own);
          });
      if (absl::IsNotFound(page.status())) return NoSuchThing(request->name());
      RETURN_IF_ERROR(page.status());
      *response->mutable_receipt() = std::move(page->receipt);
      response->set_entries_uncovered(page->uncovered);
      response->set_next_page_token(BindToken(absl::BytesToHexString(page->next_token), arguments));
      return absl::OkStatus();
    });
  }

  grpc::ServerUnaryReactor* ReadTile(grpc::CallbackServerContext* context,
                                     const v1::ReadTileRequest* request,
                                     v1::ReadTileResponse* response) override {
    return RunRead(engine_, context, [=](const Published& published) -> absl::Status {
      ASSIGN_OR_RETURN(const sync::LogId id,
                       ParseLogName("name", request->name(), published.origin));
      ASSIGN_OR_RETURN(sync::LogTree tree,
                       sync::LogTree::Load(*published.reader, id.region, id.origin));
      const int level = static_cast<int>(std::min<uint32_t>(request->level(), 64));
      const auto tile = tree.Tile(level, request->index());
      if (absl::IsNotFound(tile.status())) {
        return NoSuchThing(
            absl::StrCat(request->name(), "/tiles/", request->level(), "/", request->index()));
      }
      RETURN_IF_ERROR(tile.status());
      for (const sync::Hash& hash : *tile) response->mutable_hashes()->append(hash.view());
      return absl::OkStatus();
    });
  }

 private:
  absl::Status CheckIdentity() const {
    if (identity_ != nullptr) return absl::OkStatus();
    return ForOperator(
        absl::FailedPreconditionError(
            "this node has no key to sign with: make one with `tikard init`, then start it again"),
        "NO_NODE_KEY",
        "Node ini belum punya kunci untuk menandatangani: buat dengan `tikard init`, lalu "
        "nyalakan lagi.");
  }

  // Origins that this store writes, or wrote.
  static absl::StatusOr<std::vector<sync::Origin>> OwnOrigins(const Published& published) {
    std::vector<sync::Origin> own = {published.origin};
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     published.reader->Get(sync::Family::kMeta, sync::keys::kNode));
    if (!bytes) return own;
    ASSIGN_OR_RETURN(const sync::NodeRecord node, sync::DecodeNode(*bytes));
    own.insert(own.end(), node.past_origins.begin(), node.past_origins.end());
    return own;
  }

  // What this node says of a log: as the log itself, or as one who mirrors it. Either way it holds
  // every entry, and made the tree from them.
  std::string Sign(const sync::Checkpoint& checkpoint, const std::vector<sync::Origin>& own) const {
    const sync::SigningKey& key = identity_->signing_key();
    const auto id = sync::ParseLogLine(checkpoint.log);
    if (std::find(own.begin(), own.end(), id->origin) != own.end()) {
      return sync::FormatSignedNote(sync::SignCheckpoint(checkpoint, key));
    }
    sync::SignedNote note{.text = sync::CheckpointText(checkpoint), .signatures = {}};
    sync::CosignNote(sync::NodeKeyName(identity_->name()), key,
                     std::max<int64_t>(0, engine_->now_ms() / 1000), &note);
    return sync::FormatSignedNote(note);
  }

  absl::StatusOr<v1::LogHead> HeadOf(const Published& published, const sync::LogHead& head) const {
    ASSIGN_OR_RETURN(const std::vector<sync::Origin> own, OwnOrigins(published));
    v1::LogHead message;
    message.set_name(LogName(head));
    message.set_size(head.size);
    message.set_root(head.root.bytes());
    message.set_own(std::find(own.begin(), own.end(), head.origin) != own.end());
    if (identity_ == nullptr) return message;
    message.set_checkpoint(
        Sign({.log = sync::LogLine(head.region, head.origin), .size = head.size, .root = head.root},
             own));
    return message;
  }

  // The logs of a region, of all regions, or one.
  absl::StatusOr<std::vector<sync::LogHead>> LogsOf(const Published& published,
                                                    const std::string& parent) const {
    if (parent.find("/logs/") == std::string::npos) {
      ASSIGN_OR_RETURN(const std::string region, ParseParent("parent", parent));
      return sync::LoadLogHeads(*published.reader, region);
    }
    ASSIGN_OR_RETURN(const sync::LogId id, ParseLogName("parent", parent, published.origin));
    ASSIGN_OR_RETURN(std::vector<sync::LogHead> heads,
                     sync::LoadLogHeads(*published.reader, id.region));
    std::erase_if(heads, [&](const sync::LogHead& head) { return head.origin != id.origin; });
    if (heads.empty()) return NoSuchThing(parent);
    return heads;
  }

  absl::Status VerifyPage(const Published& published, const v1::VerifyLogRequest& request,
                          v1::VerifyLogResponse* response) {
    const std::string arguments = "verify " + request.parent();
    ASSIGN_OR_RETURN(const std::string token, UnbindToken(request.page_token(), arguments));
    ASSIGN_OR_RETURN(const std::vector<sync::LogHead> heads, LogsOf(published, request.parent()));
    auto log = heads.begin();
    uint64_t seq = 1;
    if (!token.empty()) {
      const std::optional<VerifyPlace> place = DecodePlace(token);
      if (!place) return NoSuchPage();
      log = std::find_if(heads.begin(), heads.end(), [&](const sync::LogHead& head) {
        return head.region == place->region && head.origin == place->origin;
      });
      if (log == heads.end()) return NoSuchPage();
      seq = place->seq;
    }
    for (const sync::LogHead& head : heads) {
      response->set_entries_total(response->entries_total() + head.size);
    }
    while (log != heads.end() && response->entries_verified() < kVerifiedEntriesPerPage) {
      const absl::StatusOr<sync::TreeCheckPage> page =
          sync::CheckTree(*published.reader, log->region, log->origin, seq,
                          kVerifiedEntriesPerPage - response->entries_verified());
      if (absl::IsInvalidArgument(page.status())) return NoSuchPage();
      RETURN_IF_ERROR(page.status());
      response->set_entries_verified(response->entries_verified() + page->entries);
      for (const sync::TreeFault& found : page->faults) {
        // An operator who does not look at the answer looks at the log.
        Log(Level::kError, "a log does not hold together",
            {{"log", LogName(*log)}, {"seq", absl::StrCat(found.seq)}, {"what", found.what}});
        v1::LogFault& fault = *response->add_faults();
        fault.set_log(LogName(*log));
        fault.set_seq(found.seq);
        fault.set_what(found.what);
      }
      seq = page->next_seq;
      if (seq == 0) {
        response->set_logs_verified(response->logs_verified() + 1);
        ++log;
        seq = 1;
      } else if (!page->faults.empty()) {
        break;
      }
    }
    if (log != heads.end()) {
      response->set_next_page_token(
          BindToken(EncodePlace({log->region, log->origin, seq}), arguments));
    }
    return absl::OkStatus();
  }

  static absl::Status NoSuchPage() {
    return Malformed("page_token", "page_token_mismatch",
                     "page_token bukan dari halaman pemeriksaan sebelumnya.",
                     "page_token is not from the page of a verification before");
  }

  Engine* const engine_;
  const std::shared_ptr<const Identity> identity_;
  std::atomic<bool> verifying_{false};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLogService(Engine* engine,
                                              std::shared_ptr<const Identity> identity) {
  return std::make_unique<LogService>(engine, std::move(identity));
}

}  // namespace tikar::server
