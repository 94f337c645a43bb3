// A small world for the targets: one form that uses everything a definition can say, people who
// write, and a node that is the production Replica over the store in memory.
//
// Everything here is the same at every start, so that seeds may name its requests and changes.
#ifndef TIKAR_TESTS_FUZZ_WORLD_H_
#define TIKAR_TESTS_FUZZ_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/memory_store.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/query.h"
#include "sync/replica.h"
#include "sync/types.h"
#include "sync/working_days.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/definition.pb.h"
#include "tikar/v1/entry.pb.h"

namespace tikar::fuzz {

inline constexpr char kRegion[] = "15.01";
inline constexpr char kArea[] = "15.01.06.2010";
// 2026-06-01T00:00:00Z.
inline constexpr int64_t kMorningMs = 1'780'272'000'000;
inline constexpr int64_t kNowMs = kMorningMs + int64_t{24} * 60 * 60 * 1000;

// Fields of every type and policy, a workflow with conditions, a deadline that moves requests on.
const v1::Definition& FormProto();
std::shared_ptr<const sync::Definition> Form();
// The same a year later: what a Rebase moves to.
std::shared_ptr<const sync::Definition> NextForm();
// Of a message that was read from `text`, which is sound.
v1::Definition DefinitionOf(const char* text);

// A change that somebody writes: minute `minute` after the morning. Add mutations, then serialize.
v1::ChangeBody NewRequest(std::string_view actor, int minute);
v1::ChangeBody EditOf(const std::string& create, std::string_view actor, int minute,
                      const std::vector<std::string>& parents);
void Set(v1::ChangeBody* body, std::string_view path, std::string_view text);
void Move(v1::ChangeBody* body, std::string_view from, std::string_view to);
void Comment(v1::ChangeBody* body, std::string_view text);
sync::RequestKey KeyOf(const std::string& create);
sync::ChangeId IdOf(const std::string& body);

// The bodies of a history of three requests: one that went through, one with an open review, one
// that was retracted while somebody wrote on. In the order in which they were written.
const std::vector<std::string>& Records();

// A node that holds the records in three regions, for targets that only read. Made once.
class Node;
const Node& Library();

// One server. Each batch is written and synced before the next call, as the engine does it. Every
// call that must succeed whatever came from outside is promised to.
class Node {
 public:
  // Knows the forms and is the home of all regions unless told otherwise. `seed`: of its origin.
  explicit Node(uint64_t seed, bool knows_forms = true, bool is_home = true);

  // Stops without a word, and starts again over what is in the store.
  void Restart();
  sync::Outcome Ingest(const std::vector<sync::Submission>& submissions);
  absl::StatusOr<sync::Outcome> Receive(const std::vector<v1::Entry>& entries);
  sync::Outcome AddDefinition(const std::string& bytes);
  void RunTimers(int64_t now_ms);
  // All that `other` has and this one lacks of every region.
  void PullFrom(const Node& other);

  std::vector<std::string> Regions() const;
  // All of its log, also what waits for a definition and is not handed on yet; last one first.
  std::vector<v1::Entry> LogReversed() const;

  // All bytes that must be the same on every node with the same changes, by request.
  std::string StateBytes() const;
  // What is stored holds together: canonical, with the sums that are kept beside it, shown without
  // an error by every query.
  void CheckWhatIsStored() const;

  const sync::Reader& reader() const { return store_.Latest(); }
  sync::Replica& replica() { return *replica_; }
  const sync::DefinitionSource& definitions() const { return *replica_->definitions(); }
  std::vector<sync::RequestKey> Requests() const;

  int64_t now_ms = kNowMs;

 private:
  void Commit(const sync::WriteBatch& batch);

  const bool is_home_;
  uint64_t random_;
  storage::MemoryStore store_;
  std::unique_ptr<sync::Replica> replica_;
};

// A calendar of 2026 with one holiday.
const sync::WorkingCalendar& Calendar();

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_WORLD_H_
