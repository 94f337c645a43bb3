// The narrow interface through which the core reads and writes: ordered bytes in a few families.
//
// What the bytes mean is fixed by keys.h (keys) and records.h (values); docs/formats.md describes
// both. Backends (storage/) only keep order, atomicity and durability, and all run one conformance
// suite.
#ifndef TIKAR_SYNC_STORE_H_
#define TIKAR_SYNC_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::sync {

// Numbers are stored (they name column families in the order of this list); never reuse one.
enum class Family : uint8_t {
  kLog = 0,          // region, origin, seq -> entry. Append-only.
  kHistory = 1,      // region, request id, change id -> header. Overwritten when a stamp joins.
  kRequests = 2,     // records, elements, refs, index rows
  kFeed = 3,         // region, bucket, position -> request id. Written once, removed once.
  kAttachments = 4,  // reserved for attachments
  kMeta = 5,         // node, regions, version vectors, definitions, offers, idempotency
};
inline constexpr int kFamilies = 6;

// Reads. Sees one consistent version for as long as it lives if it is a snapshot.
// Thread safety: const methods of a snapshot may be called from any thread.
class Reader {
 public:
  virtual ~Reader() = default;

  // nullopt when there is no such key (not an error). kDataLoss when the bytes on disk are damaged.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                         std::string_view key) const = 0;

  // As Get for each key, in the order of `keys`.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Family family, const std::vector<std::string>& keys) const = 0;

  // Calls `visit` for the keys in [begin, end) in ascending order until it returns false. An empty
  // `end` means the end of the family. The views are valid during the call only.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual absl::Status Scan(Family family, std::string_view begin, std::string_view end,
                            const Visitor& visit) const = 0;
  // The same in descending order, from the largest key below `end`.
  virtual absl::Status ScanReverse(Family family, std::string_view begin, std::string_view end,
                                   const Visitor& visit) const = 0;
};

// Writes that become visible and durable together or not at all. A plain value.
class WriteBatch {
 public:
  enum class Kind : uint8_t {
    kPut,
    kDelete,
    // For a key that was put exactly once since it was last removed.
    kSingleDelete,
  };
  struct Write {
    Kind kind;
    Family family;
    std::string key;
    std::string value;
  };

  void Put(Family family, std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    writes_.push_back({Kind::kPut, family, std::move(key), std::move(value)});
  }
  void Delete(Family family, std::string key) {
    bytes_ += key.size();
    writes_.push_back({Kind::kDelete, family, std::move(key), {}});
  }
  void SingleDelete(Family family, std::string key) {
    bytes_ += key.size();
    writes_.push_back({Kind::kSingleDelete, family, std::move(key), {}});
  }

  const std::vector<Write>& writes() const { return writes_; }
  bool empty() const { return writes_.empty(); }
  // Bytes of all keys and values.
  size_t bytes() const { return bytes_; }

 private:
  std::vector<Write> writes_;
  size_t bytes_ = 0;
};

// The smallest string that is larger than every string with this prefix; empty if there is none.
inline std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_STORE_H_
