#include "clients/fieldsim/checker.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "sync/feed.h"
#include "sync/ref.h"

namespace tikar::fieldsim {
namespace {

std::string NameOf(const sync::RequestKey& key) {
  return absl::StrCat("request ", sync::FormatRef(sync::MakeRef(key.id)), " of ", key.region);
}

std::string NameOf(const MadeChange& change) {
  return absl::StrCat("change ", change.id.hex(), " of ", NameOf(change.request));
}

bool Within(const std::string& area, const std::vector<std::string>& scope) {
  return std::any_of(scope.begin(), scope.end(),
                     [&](const std::string& prefix) { return sync::AreaWithin(area, prefix); });
}

class Checker {
 public:
  Checker(const std::vector<DeviceRecord>& devices, const ServerRecord& server)
      : devices_(devices), server_(server) {
    for (const auto& [key, changes] : server_.histories) {
      for (const ServerChange& change : changes) ++times_on_server_[change.id];
    }
  }

  std::vector<Finding> Run() {
    for (const DeviceRecord& device : devices_) {
      CheckExchange(device);
      for (const MadeChange& change : device.made) CheckChange(device, change);
      CheckStates(device);
    }
    CheckHistories();
    return std::move(findings_);
  }

 private:
  void Add(Fault fault, const std::string& actor, std::string text) {
    findings_.push_back({fault, actor, std::move(text)});
  }

  void CheckExchange(const DeviceRecord& device) {
    if (!device.last_sync.ok()) {
      Add(Fault::kNotSynced, device.actor,
          absl::StrCat("its last exchange failed: ", device.last_sync.ToString()));
    } else if (!device.synced && device.unsent == 0 && device.needs_attention == 0) {
      Add(Fault::kNotSynced, device.actor, "the server never said that this was all");
    }
  }

  void CheckChange(const DeviceRecord& device, const MadeChange& change) {
    const auto answers = device.answers.find(change.id);
    if (answers == device.answers.end()) {
      Add(Fault::kUnsent, device.actor, absl::StrCat(NameOf(change), " was never answered"));
      return;
    }
    if (answers->second.verdict == v1::VERDICT_VOID) {
      Add(Fault::kRefused, device.actor,
          absl::StrCat(NameOf(change), " was refused: ", answers->second.refusal));
      return;
    }
    std::map<std::pair<std::string, uint64_t>, int> logs;
    for (const LogPlace& place : answers->second.places) {
      if (++logs[{place.region, place.origin}] == 2) {
        Add(Fault::kDuplicated, device.actor,
            absl::StrCat(NameOf(change), " has two places in one log"));
      }
    }
    const auto history = server_.histories.find(change.request);
    int times = 0;
    if (history != server_.histories.end()) {
      for (const ServerChange& held : history->second) {
        times += held.id == change.id && held.verdict == answers->second.verdict &&
                 held.actor == device.actor;
      }
    }
    if (times == 0) {
      Add(Fault::kLost, device.actor,
          absl::StrCat(NameOf(change), " was acknowledged and is not on the server"));
    }
    if (times_on_server_[change.id] > 1) {
      Add(Fault::kDuplicated, device.actor,
          absl::StrCat(NameOf(change), " is on the server twice"));
    }
  }

  void CheckStates(const DeviceRecord& device) {
    for (const auto& [key, request] : server_.requests) {
      if (!Within(request.area, device.scope)) continue;
      const auto held = device.held.find(key);
      if (held == device.held.end()) {
        Add(Fault::kMissing, device.actor, absl::StrCat(NameOf(key), " is not on the phone"));
      } else if (held->second.digest.empty()) {
        Add(Fault::kDiverged, device.actor,
            absl::StrCat(NameOf(key), " still waits for the server's state"));
      } else if (held->second.digest != request.digest) {
        Add(Fault::kDiverged, device.actor,
            absl::StrCat(NameOf(key), " shows another state than the server's"));
      }
    }
    for (const auto& [key, held] : device.held) {
      const auto request = server_.requests.find(key);
      if (request == server_.requests.end() || !Within(request->second.area, device.scope)) {
        Add(Fault::kSurplus, device.actor,
            absl::StrCat(NameOf(key), " is on the phone and not in its scope"));
      }
    }
  }

  void CheckHistories() {
    std::map<std::string, std::set<sync::ChangeId>> made;
    for (const DeviceRecord& device : devices_) {
      std::set<sync::ChangeId>& ids = made[device.actor];
      for (const MadeChange& change : device.made) ids.insert(change.id);
    }
    for (const auto& [key, changes] : server_.histories) {
      for (const ServerChange& change : changes) {
        const auto device = made.find(change.actor);
        if (device == made.end() || device->second.contains(change.id)) continue;
        Add(Fault::kInvented, change.actor,
            absl::StrCat(NameOf({change.id, key}), " is on the server and was never made"));
      }
    }
  }

  const std::vector<DeviceRecord>& devices_;
  const ServerRecord& server_;
  std::map<sync::ChangeId, int> times_on_server_;
  std::vector<Finding> findings_;
};

// Changes of one history that another one stands beside.
uint64_t CountConcurrent(const std::vector<ServerChange>& changes) {
  std::map<sync::ChangeId, size_t> index;
  for (size_t i = 0; i < changes.size(); ++i) index.emplace(changes[i].id, i);
  // before[i][j]: j is in the past of i. Parents come first in a history.
  std::vector<std::vector<bool>> before(changes.size(), std::vector<bool>(changes.size()));
  std::vector<bool> concurrent(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    for (const sync::ChangeId& parent : changes[i].parents) {
      const auto found = index.find(parent);
      if (found == index.end() || found->second >= i) continue;
      before[i][found->second] = true;
      for (size_t j = 0; j < i; ++j) {
        if (before[found->second][j]) before[i][j] = true;
      }
    }
    for (size_t j = 0; j < i; ++j) {
      if (!before[i][j]) concurrent[i] = concurrent[j] = true;
    }
  }
  return static_cast<uint64_t>(std::count(concurrent.begin(), concurrent.end(), true));
}

}  // namespace

std::string_view FaultName(Fault fault) {
  switch (fault) {
    case Fault::kNotSynced:
      return "not_synced";
    case Fault::kUnsent:
      return "unsent";
    case Fault::kRefused:
      return "refused";
    case Fault::kLost:
      return "lost";
    case Fault::kDuplicated:
      return "duplicated";
    case Fault::kInvented:
      return "invented";
    case Fault::kMissing:
      return "missing";
    case Fault::kSurplus:
      return "surplus";
    case Fault::kDiverged:
      break;
  }
  return "diverged";
}

std::vector<Finding> Check(const std::vector<DeviceRecord>& devices, const ServerRecord& server) {
  return Checker(devices, server).Run();
}

Conflicts CountConflicts(const ServerRecord& server) {
  Conflicts conflicts;
  for (const auto& [key, changes] : server.histories) {
    conflicts.concurrent_changes += CountConcurrent(changes);
    const auto request = server.requests.find(key);
    if (request == server.requests.end()) continue;
    conflicts.decided += request->second.decided;
    conflicts.under_review += request->second.under_review;
  }
  return conflicts;
}

}  // namespace tikar::fieldsim
