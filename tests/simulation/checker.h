// Checker: one promise of the contract, judged while a simulated world runs.
//
// The world tells every checker what happens, as it happens and in order, and lets it look at what
// the disks of the nodes and the files of the phones hold. A checker judges by that alone, never by
// what the code under test says of itself (a count, a status, a log line).
//
//   class Once : public Checker {
//    public:
//     std::string_view name() const override { return "Once"; }
//     void OnEntryDurable(const EntryDurable& entry) override {
//       if (!seen_.insert(entry.record.change_hash).second) Fail("logged twice: …");
//     }
//   };
//
// How things go. A run has a *safety* phase, in which everything may break that the seed has drawn,
// and a *healing* phase, in which nothing breaks any more and everybody has `Options::heal_ms_max`
// of simulated time to come together. OnHealed is told between the two, OnEnd after both. A promise
// that holds always is judged at each observation; one about what comes in the end, at OnEnd.
//
// Who is who. Nodes and phones are counted from 0 for the whole run. A node keeps its number when
// it crashes, is upgraded or is restored. A phone keeps its number when its app is killed or it is
// restored from a backup; a clone (two phones that go on from one backup) is a phone with a number
// of its own and the same actor.
//
// Thread safety: none; one world and its checkers belong to one thread.
#ifndef TIKAR_TESTS_SIMULATION_CHECKER_H_
#define TIKAR_TESTS_SIMULATION_CHECKER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "clients/cpp/local_view.h"
#include "clients/cpp/outbox.h"
#include "clients/cpp/sync_session.h"
#include "options.h"
#include "sync/change.h"
#include "sync/query.h"
#include "sync/records.h"
#include "sync/store.h"
#include "sync/types.h"
#include "sync/version_vector.h"
#include "tikar/v1/entry.pb.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::simulation {

using NodeIndex = size_t;
using PhoneIndex = size_t;

// --- What happens. References are good during the call only.

// A change is on a phone's disk: the officer was told that it is queued.
struct ChangeMade {
  PhoneIndex phone;
  const sync::ParsedChange& change;
  // Its author's app knows more than this build: the body holds unknown fields, or a mutation whose
  // kind is of a later version.
  bool by_newer_app;
  // The gateways choke on it: no stream that carries it goes on.
  bool poison = false;
};

// An officer wanted to write and was refused at once, by the phone's own validation or because the
// request is not on the phone. Nothing was made.
struct EditRefused {
  PhoneIndex phone;
  const absl::Status& status;  // OK: the validation refused
};

// A call of the office (unary, idempotent by `key`) was answered by a node, durably as it says. A
// retry of the same call carries the same key, perhaps to a node that crashed meanwhile.
struct OfficeAnswered {
  NodeIndex node;
  const std::string& key;
  bool made_earlier;
  sync::RequestKey request;
  sync::ChangeId change;
  v1::Verdict verdict;
};

// A stream begins: the phone sent this hello. `stream` is unique in the run.
struct HelloSent {
  PhoneIndex phone;
  NodeIndex node;
  uint64_t stream;
  client::SyncMode mode;
  const v1::Hello& hello;
};

// Arrived at the node's session. (What was sent may be lost with its stream.)
struct PushArrived {
  NodeIndex node;
  PhoneIndex phone;
  uint64_t stream;
  const v1::Push& push;
};

// Bytes leave a node. A welcome, the result of a push or a batch; whether it arrives is another
// matter.
struct ResponseSent {
  NodeIndex node;
  PhoneIndex phone;
  uint64_t stream;
  const v1::SyncResponse& response;
};

// Entries (and the definitions that they pin) leave a node for another one.
struct EntriesSent {
  NodeIndex from;
  NodeIndex to;
  absl::Span<const v1::Entry> entries;
};

// Entries were taken in and are durable. (Duplicates included.)
struct EntriesTaken {
  NodeIndex node;
  absl::Span<const v1::Entry> entries;
};

// The phone has stored a push result, durably. One call for each change of it.
struct ResultStored {
  PhoneIndex phone;
  NodeIndex node;
  uint64_t stream;
  const v1::ChangeResult& result;
};

// The phone has stored a batch with its cursor, durably.
struct BatchStored {
  PhoneIndex phone;
  NodeIndex node;
  uint64_t stream;
  const v1::Batch& batch;
  const std::string& cursor_before;
  const std::string& cursor_after;
};

// A stream is over for the phone. `status` as the phone saw it.
struct StreamEnded {
  PhoneIndex phone;
  NodeIndex node;
  uint64_t stream;
  const absl::Status& status;
  client::SyncSession::Next next;
  int64_t wait_ms;
  // The server's RetryInfo.
  std::optional<int64_t> retry_delay_ms;
};

// A row of a node's log. All of a batch are told before its states, and both before the batch is
// visible. Written: visible to the writer, a crash may take it back. Durable: an
// fsync that began after the write went well.
struct EntryWritten {
  NodeIndex node;
  const std::string& region;
  sync::LogPosition position;
  const sync::EntryRecord& record;
};
struct EntryDurable {
  NodeIndex node;
  const std::string& region;
  sync::LogPosition position;
  const sync::EntryRecord& record;
};

// A request's record was written anew (its elements are not in it). `before` is null when there was
// none, or when it could not be read.
struct StateWritten {
  NodeIndex node;
  const sync::RequestKey& key;
  const sync::State* before;
  const sync::State& after;
};

enum class NodeChange {
  kStarted,    // a process over whatever the disk holds
  kStopped,    // in order
  kCrashed,    // every write since the last fsync is gone
  kRestored,   // the disk is a copy of what it was at `backup_step`; a new origin must begin
  kUpgraded,   // starts with more capabilities than before
  kDiskFull,   // writes or fsyncs fail from now on
  kDiskFreed,  // they succeed again
};
struct NodeChanged {
  NodeIndex node;
  NodeChange what;
  uint64_t backup_step = 0;
};

enum class PhoneChange {
  kOpened,        // first time
  kKilled,        // and opened again; what was committed is there, perhaps after losing the rest
  kRestored,      // its files are what they were at `backup_step`
  kCloned,        // it is a copy of phone `source` as that was at `backup_step`
  kScopeChanged,  // now `scope`
  kDiskFull,      // commits fail from now on
  kDiskFreed,
};
struct PhoneChanged {
  PhoneIndex phone;
  PhoneChange what;
  PhoneIndex source = 0;
  uint64_t backup_step = 0;
  std::vector<std::string> scope = {};
};

// --- What can be looked at

// What a phone's files hold, read by plain SQL and not by the SDK.
struct PhoneContents {
  struct OutboxRow {
    int64_t position = 0;
    sync::ChangeId change;
    sync::RequestKey request;
    std::string body;
    client::ChangeFate fate = client::ChangeFate::kUnsent;
    v1::ChangeResult answer;  // the last one
    std::string error;
  };
  struct Held {
    v1::Request request;
    sync::FeedId feed = sync::FeedId::kNone;
  };
  std::string actor;
  std::vector<std::string> scope;
  uint64_t hlc_last = 0;
  std::string cursor;
  uint64_t streams = 0;  // begun by this file
  bool caught_up = false;
  int error_code = 0;
  std::string error;
  int failures = 0;
  std::vector<OutboxRow> outbox;
  std::map<sync::RequestKey, Held> requests;
  std::map<sync::RequestKey, v1::RemovalReason> departures;
};

// The world as a checker may see it.
class Sight {
 public:
  virtual ~Sight() = default;
  virtual const Options& options() const = 0;
  // True time of the simulation, milliseconds since the epoch; no device's clock.
  virtual int64_t now_ms() const = 0;
  // Events done so far: names a moment of the run exactly.
  virtual uint64_t step() const = 0;
  virtual bool healed() const = 0;

  virtual size_t node_count() const = 0;
  virtual bool NodeRuns(NodeIndex node) const = 0;
  virtual int64_t NodeClockMs(NodeIndex node) const = 0;
  // What would be there after a power cut now. A frozen version.
  virtual std::shared_ptr<const sync::Reader> NodeDurable(NodeIndex node) const = 0;
  // What the writer sees now. A frozen version.
  virtual std::shared_ptr<const sync::Reader> NodeWritten(NodeIndex node) const = 0;
  // In whose log it writes, as its disk says durably; kNone before the first start.
  virtual sync::Origin NodeOrigin(NodeIndex node) const = 0;
  // Knows fewer kinds of mutations than this build.
  virtual bool NodeIsOld(NodeIndex node) const = 0;

  virtual size_t phone_count() const = 0;
  virtual int64_t PhoneClockMs(PhoneIndex phone) const = 0;
  virtual std::string PhoneActor(PhoneIndex phone) const = 0;
  // A phone that is never used again (its owner got another one) keeps what it has.
  virtual bool PhoneIsUsed(PhoneIndex phone) const = 0;
  // What the officer sees of a request; nullopt: it is not on the phone, or the app is not open.
  virtual std::optional<client::RequestOnPhone> PhoneShows(PhoneIndex phone,
                                                           const sync::RequestKey& key) const = 0;
  // Reads the whole file: dear; for OnHealed and OnEnd.
  virtual PhoneContents ReadPhone(PhoneIndex phone) const = 0;

  // A node held an entry of this request durably and was then restored from a backup without it.
  // What phones had seen of it, nobody tells them to forget: the cursor must not send the world
  // again (guarantee 4), and the repair of drift that finds such a request (guarantee 11) is not
  // built. Whoever judges what phones hold passes over these.
  virtual bool LostByRestore(const sync::RequestKey& key) const = 0;

  // The regions of the run.
  virtual const std::vector<std::string>& regions() const = 0;
  // The definition of each service of the run.
  virtual const sync::DefinitionSource& definitions() const = 0;
};

// Collects what checkers find. The run ends with the first finding.
class Findings {
 public:
  struct Finding {
    std::string checker;
    std::string message;
    uint64_t step = 0;
    int64_t time_ms = 0;
  };
  void Add(Finding finding) { findings_.push_back(std::move(finding)); }
  const std::vector<Finding>& all() const { return findings_; }

 private:
  std::vector<Finding> findings_;
};

class Checker {
 public:
  virtual ~Checker() = default;
  // Of the promise: "NoAcknowledgedChangeLost".
  virtual std::string_view name() const = 0;

  // Called once, before anything else. Both outlive the checker.
  void Attach(const Sight* sight, Findings* findings) {
    sight_ = sight;
    findings_ = findings;
  }

  virtual void OnChangeMade(const ChangeMade&) {}
  virtual void OnEditRefused(const EditRefused&) {}
  virtual void OnOfficeAnswered(const OfficeAnswered&) {}
  virtual void OnHelloSent(const HelloSent&) {}
  virtual void OnPushArrived(const PushArrived&) {}
  virtual void OnResponseSent(const ResponseSent&) {}
  virtual void OnEntriesSent(const EntriesSent&) {}
  virtual void OnEntriesTaken(const EntriesTaken&) {}
  virtual void OnResultStored(const ResultStored&) {}
  virtual void OnBatchStored(const BatchStored&) {}
  virtual void OnStreamEnded(const StreamEnded&) {}
  virtual void OnEntryWritten(const EntryWritten&) {}
  virtual void OnEntryDurable(const EntryDurable&) {}
  virtual void OnStateWritten(const StateWritten&) {}
  virtual void OnNodeChanged(const NodeChanged&) {}
  virtual void OnPhoneChanged(const PhoneChanged&) {}
  // Faults are off, links are up, everybody runs.
  virtual void OnHealed() {}
  // Nobody had anything left to do, or the time to come together was over (`in_time` false).
  virtual void OnEnd(bool in_time) { (void)in_time; }

 protected:
  const Sight& sight() const { return *sight_; }
  // The promise is broken. Say who, what, and where it was expected.
  void Fail(std::string message) {
    findings_->Add({std::string(name()), std::move(message), sight_->step(), sight_->now_ms()});
  }

 private:
  const Sight* sight_ = nullptr;
  Findings* findings_ = nullptr;
};

// One of each, in checkers/.
std::vector<std::unique_ptr<Checker>> MakeCheckers();

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_CHECKER_H_
