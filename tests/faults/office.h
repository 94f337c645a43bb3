// An engine over a store on a given disk, and an officer who writes until all is acknowledged.
#ifndef TIKAR_TESTS_FAULTS_OFFICE_H_
#define TIKAR_TESTS_FAULTS_OFFICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/env.h"
#include "server/engine/engine.h"
#include "server/engine/published.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::faults {

// The officer's day: complaints in Gunung Kerinci, and comments on them, in groups as a phone
// would send them. The same for the same number of groups.
struct Work {
  std::string definition;
  struct Change {
    sync::ChangeId id;
    sync::RequestKey request;
    std::string body;
  };
  std::vector<std::vector<Change>> groups;
};
Work MakeWork(size_t groups);

// An engine with small buffers, so that a short day reaches flushes and compactions.
class Office {
 public:
  // Files of the store go through `env`; the real ones when null. `probe`: whether the disk may
  // be tried again after a failure.
  static absl::StatusOr<std::unique_ptr<Office>> Open(const std::string& directory,
                                                      rocksdb::Env* env,
                                                      std::function<absl::Status()> probe);
  // OK: every change of it was acknowledged. Unavailable: it was not, and may be there or not.
  absl::Status AddDefinition(const std::string& bytes);
  absl::Status Send(const std::vector<Work::Change>& group);
  // Whether a reader finds the change. Unavailable: the store is being opened anew.
  absl::StatusOr<bool> Shows(const Work::Change& change);
  // Why it takes no changes; empty: it takes them.
  std::string refusing_writes();
  // A version that readers see; null while the store is being opened.
  std::shared_ptr<const server::Published> published();
  absl::Status Close();

 private:
  Office() = default;
  std::unique_ptr<server::Engine> engine_;
};

// What readers are told of each request, for comparing: its digest and the changes in its history.
using Shown = std::map<sync::RequestKey, std::string>;
// Of the requests of `work`, as far as they can be read; `unreadable` gets the reasons of those
// that cannot. A request that is not there is shown as nothing.
absl::StatusOr<Shown> ShownBy(const sync::Reader& reader, const Work& work,
                              std::vector<absl::Status>* unreadable);

// What is wrong with a closed data directory, on the real file system: a change of `acknowledged`
// that is not there, a fault that a check of the whole store finds. Empty: nothing. An error: it
// does not open.
absl::StatusOr<std::vector<std::string>> FaultsIn(const std::string& directory,
                                                  const std::vector<Work::Change>& acknowledged);

}  // namespace tikar::faults

#endif  // TIKAR_TESTS_FAULTS_OFFICE_H_
