// FanOut: tells live streams that something in their scope was published.
//
// A stream that read up to a publication arms its Subscription with that publication's number. The
// first later one that touches its scope calls it, once; it reads, and arms again. So a stream that
// is slow has one outstanding call however much happens meanwhile, and costs a commit nothing.
#ifndef TIKAR_SERVER_ENGINE_FAN_OUT_H_
#define TIKAR_SERVER_ENGINE_FAN_OUT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace tikar::server {

class Subscription;

// Thread safety: all methods from any thread.
class FanOut {
 public:
  // `scope`: area-code prefixes; all within a province "15" or a region "15.01" count as the whole
  // of it, so a call may turn out to be about nothing the stream wants. `wake` runs without a lock
  // held.
  std::shared_ptr<Subscription> Subscribe(const std::vector<std::string>& scope,
                                          std::function<void()> wake);
  // No call begins after this returns; one that runs may still be running.
  void Unsubscribe(const std::shared_ptr<Subscription>& subscription);

  // The next publication after `number_seen` that touches the scope calls `wake` once; at once if
  // there was one already.
  void Arm(const std::shared_ptr<Subscription>& subscription, uint64_t number_seen);

  // Publication `number` touched these regions. Numbers ascend.
  void Notify(uint64_t number, const std::vector<std::string>& regions);
  // As if it had touched every region.
  void NotifyAll(uint64_t number);

  size_t subscriptions() const;

 private:
  // In the order in which they came, so that the same history wakes them in the same order.
  struct Earlier {
    bool operator()(const std::shared_ptr<Subscription>& a,
                    const std::shared_ptr<Subscription>& b) const;
  };
  using Members = std::set<std::shared_ptr<Subscription>, Earlier>;

  mutable std::mutex mutex_;
  // By province or region.
  std::unordered_map<std::string, Members> by_area_ ABSL_GUARDED_BY(mutex_);
  // Largest publication that touched the area; absent: none did.
  std::unordered_map<std::string, uint64_t> touched_ ABSL_GUARDED_BY(mutex_);
  uint64_t all_touched_ ABSL_GUARDED_BY(mutex_) = 0;
  Members all_ ABSL_GUARDED_BY(mutex_);
  uint64_t subscribed_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Belongs to the FanOut; its fields are guarded by that one's mutex.
class Subscription {
 private:
  friend class FanOut;
  uint64_t serial_ = 0;  // Never changed once it is a member.
  std::vector<std::string> areas_;
  std::function<void()> wake_;
  bool armed_ = false;
  uint64_t seen_ = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_FAN_OUT_H_
