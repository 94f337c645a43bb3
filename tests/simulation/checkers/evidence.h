// What the disks say, row by row: the logs, headers and records of a node, as every checker reads
// them. Nothing here asks the code under test what it thinks; only the formats of docs/formats.md
// are shared with it (sync/keys.h, sync/records.h).
//
// Thread safety: free functions of a frozen version; StateCache: none. A row that cannot be read
// stops the process: a simulated disk does not damage rows.
#ifndef TIKAR_TESTS_SIMULATION_CHECKERS_EVIDENCE_H_
#define TIKAR_TESTS_SIMULATION_CHECKERS_EVIDENCE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checker.h"
#include "sync/history.h"
#include "sync/records.h"
#include "sync/state.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::simulation {

struct LoggedEntry {
  sync::LogPosition position;
  sync::EntryRecord record;
};

// Every entry of a region, in order of origin and sequence.
std::vector<LoggedEntry> EntriesOf(const sync::Reader& reader, const std::string& region);
std::optional<sync::EntryRecord> FindEntry(const sync::Reader& reader, const std::string& region,
                                           const sync::LogPosition& position);

std::optional<sync::Header> FindHeader(const sync::Reader& reader, const sync::RequestKey& key,
                                       const sync::ChangeId& change);
// Every change of a request that is here.
std::map<sync::ChangeId, sync::Header> HeadersOf(const sync::Reader& reader,
                                                 const sync::RequestKey& key);

bool StoresDefinition(const sync::Reader& reader, const sync::DefinitionHash& definition);
std::optional<sync::RegionRecord> FindRegion(const sync::Reader& reader, const std::string& region);
// The records of a region's requests, as they are stored.
std::map<sync::RequestKey, std::string> RecordsOf(const sync::Reader& reader,
                                                  const std::string& region);

// Whether the change is here with its body: a header, and an entry in the log that it points to
// whose bytes are the change's.
bool HoldsChange(const sync::Reader& reader, const sync::RequestKey& key,
                 const sync::ChangeId& change);

// Whether one of these heads is a change that is not here: whoever holds them knows better.
bool LacksHead(const sync::Reader& reader, const sync::RequestKey& key,
               const std::vector<std::string>& heads);

// What a record says, decoded once for the same bytes.
class StateCache {
 public:
  struct Known {
    sync::State state;
    sync::StateDigest digest;
    bool lacks_parents = false;
  };
  const Known& Of(const sync::RequestKey& key, const std::string& record);

 private:
  // By the record's bytes, which do not hold the key: two requests never share a head.
  std::unordered_map<std::string, Known> known_;
};

// Whether a request with this area and assignee belongs on a phone, by the rule of the feed: within
// a prefix of its scope, or assigned to its actor in a region that the scope touches.
bool BelongsOnPhone(const std::vector<std::string>& scope, std::string_view actor,
                    const sync::RequestKey& key, std::string_view area, std::string_view assignee);
// The same as a node's state says it; what is not READY never does.
bool BelongsOnPhone(const std::vector<std::string>& scope, std::string_view actor,
                    const sync::State& state);

// For a report: short, and enough to find it again.
std::string Name(const sync::RequestKey& key);
std::string Name(const sync::ChangeId& change);
std::string Name(const sync::LogPosition& position);
std::string NodeName(NodeIndex node);
std::string PhoneName(PhoneIndex phone);
std::string Name(v1::Verdict verdict);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_CHECKERS_EVIDENCE_H_
