#include "sync/row_check.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/canonical.h"
#include "sync/change.h"
#include "sync/index_rows.h"
#include "sync/keys.h"
#include "sync/merkle_log.h"
#include "sync/peers.h"
#include "sync/query.h"
#include "sync/records.h"
#include "sync/ref.h"
#include "sync/state.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

constexpr size_t kIdSize = RequestId::kSize;
constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

// A key, taken apart from the left.
class KeyParts {
 public:
  explicit KeyParts(std::string_view key) : rest_(key) {}

  std::string_view Take(size_t size) {
    if (rest_.size() < size) whole_ = false;
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(part.size());
    return part;
  }
  // Up to the next 0x00, which is taken too.
  std::string_view TakeToZero() {
    const size_t zero = rest_.find('\0');
    if (zero == std::string_view::npos) {
      whole_ = false;
      return {};
    }
    const std::string_view part = Take(zero);
    Take(1);
    return part;
  }
  uint64_t Take64() {
    CanonicalReader reader(Take(8));
    return reader.Fixed64();
  }
  std::string_view rest() const { return rest_; }
  // No part was missing.
  bool whole() const { return whole_; }

 private:
  std::string_view rest_;
  bool whole_ = true;
};

std::optional<RequestKey> TakeRequest(std::string_view region, KeyParts* parts) {
  const std::optional<RequestId> id = RequestId::FromBytes(parts->Take(kIdSize));
  if (!id || !IsRegion(region)) return std::nullopt;
  return RequestKey{std::string(region), *id};
}

// Of which request a row of Family::kRequests is; nullopt: no such row can be.
std::optional<RequestKey> RequestOfRow(std::string_view key) {
  KeyParts parts(key);
  const std::string_view kind = parts.Take(1);
  if (kind.empty()) return std::nullopt;
  if (kind == "x") parts.Take(10);
  if (kind == "w") parts.Take(DefinitionHash::kSize);
  const std::string_view region = parts.Take(keys::kRegionSize);
  switch (kind.front()) {
    case 'r':
    case 'e':
    case 'x':
    case 'w':
    case 'n':
    case 'q':
      break;
    case 'o':
      parts.Take(1);
      break;
    case 'c':
    case 'v':
      parts.Take(8);
      break;
    case 'd':
    case 't':
      parts.Take(4 + 8);
      break;
    case 'g':
      parts.TakeToZero();
      parts.Take(1 + 4 + 4);
      break;
    case 'j':
      parts.Take(kIdSize);
      break;
    default:
      return std::nullopt;
  }
  std::optional<RequestKey> request = TakeRequest(region, &parts);
  return parts.whole() ? request : std::nullopt;
}

std::string LogName(std::string_view region, Origin origin, uint64_t seq) {
  return absl::StrCat("log of ", AbslView(region), ", origin ",
                      absl::Hex(Raw(origin), absl::kZeroPad16), ", entry ", seq);
}

// A row whose key says nothing a person could use.
std::string PlainName(absl::string_view family, std::string_view key) {
  constexpr size_t kShown = 48;
  std::string hex;
  for (const char byte : key.substr(0, kShown)) {
    absl::StrAppend(&hex, absl::Hex(static_cast<uint8_t>(byte), absl::kZeroPad2));
  }
  return absl::StrCat(family, ", key ", hex, key.size() > kShown ? "…" : "");
}

class RowChecker {
 public:
  RowChecker(const Reader& reader, const DefinitionSource& definitions)
      : reader_(reader), definitions_(definitions) {}

  // kDataLoss: the row is wrong, `*name` says which it is. Other errors are the store's.
  absl::Status Check(Family family, std::string_view key, std::string_view value,
                     std::string* name) {
    switch (family) {
      case Family::kLog:
        return CheckLog(key, value, name);
      case Family::kHistory:
        return CheckHistory(key, value, name);
      case Family::kRequests:
        return CheckRequests(key, value, name);
      case Family::kFeed:
        return CheckFeed(key, value, name);
      case Family::kAttachments:
        *name = PlainName("attachments", key);
        return Wrong("this version keeps nothing here");
      case Family::kMeta:
        return CheckMeta(key, value, name);
    }
    return absl::InternalError("no such family");
  }

  // Rows of other families that were read for rows that stand for many.
  size_t cost() const { return cost_; }

 private:
  absl::Status CheckLog(std::string_view key, std::string_view value, std::string* name);
  absl::Status CheckHistory(std::string_view key, std::string_view value, std::string* name);
  absl::Status CheckRequests(std::string_view key, std::string_view value, std::string* name);
  absl::Status CheckRecord(const RequestKey& request, std::string_view value);
  absl::Status CheckFold(const StoredRequest& stored);
  absl::Status CheckRowsOf(const StoredRequest& stored);
  absl::Status CheckBelongs(const RequestKey& request, std::string_view key,
                            std::string_view value);
  absl::Status CheckFeed(std::string_view key, std::string_view value, std::string* name);
  absl::Status CheckMeta(std::string_view key, std::string_view value, std::string* name);

  absl::StatusOr<EntryRecord> Entry(const std::string& region, const LogPosition& position) {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     reader_.Get(Family::kLog, keys::Log(region, position.origin, position.seq)));
    if (!bytes) {
      return Wrong(absl::StrCat(LogName(region, position.origin, position.seq), " is missing"));
    }
    return DecodeEntry(*bytes);
  }
  absl::StatusOr<uint64_t> PositionOf(std::string_view region, Origin origin) {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     reader_.Get(Family::kMeta, keys::Position(region, origin)));
    if (!bytes) return 0;
    return DecodePosition(region, origin, *bytes);
  }
  // The request's record without its elements. kDataLoss: it has none.
  absl::StatusOr<StoredRequest> Record(const RequestKey& request) {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     reader_.Get(Family::kRequests, keys::Record(request)));
    if (!bytes) return Wrong("there is no record of the request");
    return DecodeRequest(request, *bytes);
  }
  // The definition by which the request's rows were made; null: by none.
  std::shared_ptr<const Definition> DefinitionOf(const State& state) const {
    return state.availability == v1::AVAILABILITY_READY ? definitions_.Find(state.definition)
                                                        : nullptr;
  }
  // READY, by a definition that this build cannot read: what follows from it cannot be told.
  bool IsBeyondReading(const State& state) const {
    return state.availability == v1::AVAILABILITY_READY && DefinitionOf(state) == nullptr;
  }

  const Reader& reader_;
  const DefinitionSource& definitions_;
  // Of the row before.
  std::string last_log_key_;
  size_t cost_ = 0;
};

absl::Status RowChecker::CheckLog(std::string_view key, std::string_view value, std::string* name) {
  KeyParts parts(key);
  const std::string region(parts.Take(keys::kRegionSize));
  const Origin origin{parts.Take64()};
  const uint64_t seq = parts.Take64();
  *name = LogName(region, origin, seq);
  if (!parts.whole() || !parts.rest().empty() || !IsRegion(region)) {
    *name = PlainName("log", key);
    return Wrong("its key is none of the log");
  }
  // What came before the entry that is waited for may be missing; below the position nothing may.
  const std::string before = keys::Log(region, origin, seq - 1);
  if (seq > 1 && last_log_key_ != before) {
    ASSIGN_OR_RETURN(const uint64_t position, PositionOf(region, origin));
    if (seq <= position) RETURN_IF_ERROR(Entry(region, {origin, seq - 1}).status());
  }
  last_log_key_ = std::string(key);

  ASSIGN_OR_RETURN(const EntryRecord entry, DecodeEntry(value));
  if (!entry.body.empty()) {
    if (Sha256(entry.body) != entry.change_hash) return Wrong("the body is not what its hash says");
    const absl::StatusOr<ParsedChange> change = ParseChange(entry.body);
    if (!change.ok()) return Wrong(absl::StrCat("the body: ", change.status().message()));
    if (change->request_id != entry.request_id) return Wrong("the body is of another request");
  }
  const ChangeId id = ChangeIdOf(entry.change_hash);
  const RequestKey request{region, entry.request_id};
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   reader_.Get(Family::kHistory, keys::History(request, id)));
  if (!bytes) {
    return Wrong(
        absl::StrCat("change ", id.hex(), " is not in the history of ", RequestName(request)));
  }
  ASSIGN_OR_RETURN(const Header header, DecodeHeader(*bytes));
  const LogPosition position{origin, seq};
  if (std::find(header.positions.begin(), header.positions.end(), position) ==
      header.positions.end()) {
    return Wrong(absl::StrCat("the history of ", RequestName(request), " does not name it"));
  }
  return absl::OkStatus();
}

absl::Status RowChecker::CheckHistory(std::string_view key, std::string_view value,
                                      std::string* name) {
  KeyParts parts(key);
  const std::string_view region = parts.Take(keys::kRegionSize);
  const std::optional<RequestKey> request = TakeRequest(region, &parts);
  const std::optional<ChangeId> id = ChangeId::FromBytes(parts.rest());
  if (!request || !id) {
    *name = PlainName("history", key);
    return Wrong("its key is none of the histories");
  }
  *name = absl::StrCat("history of ", RequestName(*request), ", change ", id->hex());
  ASSIGN_OR_RETURN(const Header header, DecodeHeader(value));
  RETURN_IF_ERROR(Record(*request).status());
  if (header.positions.empty()) return Wrong("it names no entry of the log");
  std::optional<Stamp> joined;
  bool has_body = false;
  for (const LogPosition& position : header.positions) {
    ASSIGN_OR_RETURN(const EntryRecord entry, Entry(request->region, position));
    if (ChangeIdOf(entry.change_hash) != *id || entry.request_id != request->id) {
      return Wrong(absl::StrCat(LogName(request->region, position.origin, position.seq),
                                " is another change"));
    }
    joined = joined ? Join(*joined, entry.stamp) : entry.stamp;
    has_body |= !entry.body.empty();
  }
  if (header.stamp != *joined) return Wrong("its stamp is not the join of its entries'");
  if (header.has_body != has_body) return Wrong("it is wrong about whether its body is here");
  return absl::OkStatus();
}

absl::Status RowChecker::CheckRequests(std::string_view key, std::string_view value,
                                       std::string* name) {
  const std::optional<RequestKey> request = RequestOfRow(key);
  if (!request) {
    *name = PlainName("requests", key);
    return Wrong("its key is none of the requests");
  }
  *name = RequestName(*request);
  if (key.front() == 'r') return CheckRecord(*request, value);
  absl::StrAppend(name, ", row ", std::string(1, key.front()));
  return CheckBelongs(*request, key, value);
}

absl::Status RowChecker::CheckRecord(const RequestKey& request, std::string_view value) {
  ASSIGN_OR_RETURN(StoredRequest stored, DecodeRequest(request, value));
  RETURN_IF_ERROR(LoadElements(reader_, &stored));
  RETURN_IF_ERROR(CheckFold(stored));
  return CheckRowsOf(stored);
}

absl::Status RowChecker::CheckFold(const StoredRequest& stored) {
  const RequestKey& request = stored.state.key;
  ElementSum elements;
  const std::string prefix = keys::ElementPrefix(request);
  RETURN_IF_ERROR(reader_.Scan(Family::kRequests, prefix, PrefixEnd(prefix),
                               [&](std::string_view key, std::string_view row) {
                                 elements.Add(key.substr(prefix.size()), row);
                                 return true;
                               }));
  if (elements != stored.local.element_sum)
    return Wrong("its elements do not add up to its digest");
  ASSIGN_OR_RETURN(const std::optional<StoredRequest> folded,
                   LoadRequestAsOf(reader_, request, kForEver, definitions_));
  if (!folded) return Wrong("it has a state and no history");
  const bool ready = stored.state.availability == v1::AVAILABILITY_READY;
  if (ready) {
    ASSIGN_OR_RETURN(const std::optional<std::string> definition,
                     reader_.Get(Family::kMeta, keys::Definition(stored.state.definition)));
    if (!definition) return Wrong("the definition that it pins is missing");
  }
  // That a definition cannot be read by this version is told at each start.
  if (IsBeyondReading(stored.state)) return absl::OkStatus();
  // What waits is folded when its turn comes; it may be ready by now.
  if (!ready && folded->state.availability != stored.state.availability) return absl::OkStatus();
  if (folded->state_bytes != stored.state_bytes) {
    return Wrong(absl::StrCat(
        "its state has the digest ", DigestOf(stored.state_bytes, stored.local.element_sum).hex(),
        ", its history folds to ", DigestOf(folded->state_bytes, folded->local.element_sum).hex()));
  }
  if (folded->local.element_sum != stored.local.element_sum) {
    return Wrong("its elements are not those that its history folds to");
  }
  return absl::OkStatus();
}

absl::Status RowChecker::CheckRowsOf(const StoredRequest& stored) {
  const RequestKey& request = stored.state.key;
  ASSIGN_OR_RETURN(const std::optional<std::string> ref,
                   reader_.Get(Family::kRequests, keys::Ref(MakeRef(request.id), request)));
  if (!ref) return Wrong("it cannot be found by its number");
  if (!IsBeyondReading(stored.state)) {
    for (const auto& [key, value] : IndexRowsOf(stored.state, DefinitionOf(stored.state).get())) {
      ASSIGN_OR_RETURN(const std::optional<std::string> row, reader_.Get(Family::kRequests, key));
      if (row != value) {
        return Wrong(absl::StrCat("its row ", key.substr(0, 1), " is missing or differs"));
      }
    }
  }
  for (const FeedRow& row : stored.local.feed_rows) {
    ASSIGN_OR_RETURN(
        const std::optional<std::string> found,
        reader_.Get(Family::kFeed, keys::Feed(request.region, row.bucket, row.position)));
    if (found != (row.left ? "L" : "R") + request.id.bytes()) {
      return Wrong(absl::StrCat("its place ", row.position, " in the feed of ", row.bucket,
                                " is missing or somebody else's"));
    }
  }
  return absl::OkStatus();
}

absl::Status RowChecker::CheckBelongs(const RequestKey& request, std::string_view key,
                                      std::string_view value) {
  ASSIGN_OR_RETURN(const StoredRequest stored, Record(request));
  switch (key.front()) {
    case 'e': {
      ASSIGN_OR_RETURN(const FieldState element, DecodeField(value));
      if (element.path != key.substr(keys::ElementPrefix(request).size())) {
        return Wrong("the element is another one's");
      }
      return absl::OkStatus();
    }
    case 'x':
      if (key != keys::Ref(MakeRef(request.id), request)) return Wrong("the number is another's");
      return absl::OkStatus();
    case 'n':
      if (stored.state.availability != v1::AVAILABILITY_NEEDS_NEWER_SERVER) {
        return Wrong("it does not wait for a newer server");
      }
      return DecodeCapability(value).status();
    case 'v':
      return DecodeRefused(value).status();
    default:
      break;
  }
  if (IsBeyondReading(stored.state)) return absl::OkStatus();
  const IndexRows rows = IndexRowsOf(stored.state, DefinitionOf(stored.state).get());
  const auto row = rows.find(std::string(key));
  if (row == rows.end() || row->second != value) return Wrong("the request has no such row");
  return absl::OkStatus();
}

absl::Status RowChecker::CheckFeed(std::string_view key, std::string_view value,
                                   std::string* name) {
  KeyParts parts(key);
  const std::string_view region = parts.Take(keys::kRegionSize);
  const std::string_view bucket = parts.TakeToZero();
  const uint64_t position = parts.Take64();
  KeyParts row(value);
  const std::string_view kind = row.Take(1);
  const std::optional<RequestKey> request = TakeRequest(region, &row);
  if (!parts.whole() || !parts.rest().empty() || !request || !row.rest().empty() ||
      (kind != "R" && kind != "L")) {
    *name = PlainName("feed", key);
    return Wrong("it is no row of the feed");
  }
  *name = absl::StrCat("feed of ", AbslView(bucket), " in ", AbslView(region), ", position ",
                       position, ", ", RequestName(*request));
  ASSIGN_OR_RETURN(const StoredRequest stored, Record(*request));
  const FeedRow wanted{.bucket = std::string(bucket), .position = position, .left = kind == "L"};
  const std::vector<FeedRow>& owned = stored.local.feed_rows;
  if (std::find(owned.begin(), owned.end(), wanted) == owned.end()) {
    return Wrong("the request knows nothing of it");
  }
  return absl::OkStatus();
}

absl::Status RowChecker::CheckMeta(std::string_view key, std::string_view value,
                                   std::string* name) {
  const auto begins = [&](std::string_view prefix) { return key.starts_with(prefix); };
  constexpr std::string_view kIdempotentPrefix = "idempotent/";
  *name = PlainName("meta", key);
  if (key == keys::kNode) {
    *name = "meta, the node";
    return DecodeNode(value).status();
  }
  if (key == keys::kCapability) return DecodeCapability(value).status();
  if (begins(keys::kRegionPrefix)) {
    *name = absl::StrCat("meta, region ", AbslView(key.substr(keys::kRegionPrefix.size())));
    return DecodeRegion(value).status();
  }
  if (begins(keys::kPositionPrefix)) {
    const std::string region(key.substr(keys::kPositionPrefix.size(), keys::kRegionSize));
    *name = absl::StrCat("meta, position in a log of ", region);
    ASSIGN_OR_RETURN(const Origin origin, OriginOfPosition(region, key));
    ASSIGN_OR_RETURN(const uint64_t seq, DecodePosition(region, origin, value));
    return Entry(region, {origin, seq}).status();
  }
  if (begins(keys::kTreePrefix) || begins(keys::kTilePrefix)) {
    static_assert(keys::kTreePrefix.size() == keys::kTilePrefix.size());
    KeyParts parts(key.substr(keys::kTreePrefix.size()));
    const std::string region(parts.Take(keys::kRegionSize));
    const Origin origin{parts.Take64()};
    if (parts.whole() && IsRegion(region)) {
      *name = absl::StrCat("meta, Merkle tree of log ", LogTreeName(region, origin));
      if (begins(keys::kTreePrefix) && parts.rest().empty()) {
        cost_ += kTileWidth;
        return CheckTreeRow(reader_, region, origin);
      }
      const std::string_view level = parts.Take(1);
      const uint64_t index = parts.Take64();
      if (begins(keys::kTilePrefix) && parts.whole() && parts.rest().empty()) {
        cost_ += kTileWidth;
        return CheckTileRow(reader_, region, origin, static_cast<uint8_t>(level.front()), index,
                            value);
      }
    }
    return Wrong("its key is none of a Merkle tree");
  }
  if (begins(keys::kDefinitionPrefix)) {
    *name = PlainName("meta, definition", key.substr(keys::kDefinitionPrefix.size()));
    if (Sha256(value).view() != key.substr(keys::kDefinitionPrefix.size())) {
      return Wrong("its bytes are not what its hash says");
    }
    return absl::OkStatus();
  }
  if (begins(keys::kOfferPrefix)) {
    const std::string_view rest = key.substr(keys::kOfferPrefix.size());
    if (rest.size() <= keys::kRegionSize) return Wrong("its key is none of an offer");
    return DecodeOffer(rest.substr(0, keys::kRegionSize), rest.substr(keys::kRegionSize), value)
        .status();
  }
  if (begins(keys::kPeerPrefix)) {
    return DecodePeer(key.substr(keys::kPeerPrefix.size()), value).status();
  }
  if (begins(kIdempotentPrefix)) return DecodeIdempotency(value).status();
  // What else there is names nothing that is kept elsewhere.
  return absl::OkStatus();
}

std::string PlaceOf(Family family, std::string_view key) {
  return std::string(1, static_cast<char>(family)) + std::string(key);
}

absl::string_view NameOf(Family family) {
  constexpr absl::string_view kNames[] = {"log",  "history",     "requests",
                                          "feed", "attachments", "meta"};
  static_assert(std::size(kNames) == kFamilies);
  return kNames[static_cast<size_t>(family)];
}

}  // namespace

absl::StatusOr<RowCheckPage> CheckRows(const Reader& reader, const DefinitionSource& definitions,
                                       std::string_view from, size_t rows_max) {
  int first = 0;
  std::string begin;
  if (!from.empty()) {
    first = static_cast<uint8_t>(from.front());
    begin = std::string(from.substr(1));
    if (first >= kFamilies) return absl::InvalidArgumentError("no place from which to check on");
  }
  RowCheckPage page;
  RowChecker checker(reader, definitions);
  for (int number = first; number < kFamilies; ++number, begin.clear()) {
    const Family family = static_cast<Family>(number);
    absl::Status stopped;
    bool full = false;
    std::string reached = begin;
    const absl::Status scanned =
        reader.Scan(family, begin, "", [&](std::string_view key, std::string_view value) {
          if (page.rows + checker.cost() >= rows_max ||
              page.faults.size() >= kRowFaultsPerPageMax) {
            page.next = PlaceOf(family, key);
            full = true;
            return false;
          }
          ++page.rows;
          reached = std::string(key);
          std::string name;
          const absl::Status status = checker.Check(family, key, value, &name);
          if (absl::IsDataLoss(status)) {
            page.faults.push_back({std::move(name), std::string(status.message())});
          } else if (!status.ok()) {
            stopped = status;
          }
          return status.ok() || absl::IsDataLoss(status);
        });
    RETURN_IF_ERROR(stopped);
    if (absl::IsDataLoss(scanned)) {
      page.faults.push_back({absl::StrCat(PlainName(NameOf(family), reached), " and what follows"),
                             std::string(scanned.message())});
    } else if (!scanned.ok()) {
      return scanned;
    }
    if (full) return page;
  }
  return page;
}

}  // namespace tikar::sync
