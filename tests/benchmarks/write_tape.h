// What a store was told to write, in the order and the groups in which it was told: so that raw
// RocksDB can be told the very same.
#ifndef TIKAR_TESTS_BENCHMARKS_WRITE_TAPE_H_
#define TIKAR_TESTS_BENCHMARKS_WRITE_TAPE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "storage/store.h"
#include "sync/store.h"

namespace tikar::benchmarks {

// Thread safety: any thread while it is recorded; reading it back only after.
//
// Recording stands in the way of what is measured, so it is one append to a buffer that was taken
// before.
class WriteTape {
 public:
  // Room for so many bytes, touched here and not while the clock runs.
  explicit WriteTape(size_t bytes_expected);

  void Append(const sync::WriteBatch& batch);
  // Everything appended up to now is made durable by one fsync.
  void AppendSync();
  // What comes now is measured; what came before only set the store up.
  void BeginMeasured();

  struct Totals {
    uint64_t batches = 0;
    uint64_t writes = 0;
    uint64_t bytes = 0;  // of keys and values
    uint64_t syncs = 0;
  };
  // Of the measured part.
  Totals totals() const;

  // Calls these for what was recorded before the measured part, or in it.
  struct Player {
    std::function<void(sync::WriteBatch::Kind kind, sync::Family family, std::string_view key,
                       std::string_view value)>
        write;
    std::function<void()> end_of_batch;
    std::function<void()> sync;
  };
  void Play(bool measured, const Player& player) const;

 private:
  mutable std::mutex mutex_;
  std::string bytes_ ABSL_GUARDED_BY(mutex_);
  size_t measured_from_ ABSL_GUARDED_BY(mutex_) = 0;
  bool to_sync_ ABSL_GUARDED_BY(mutex_) = false;
  Totals totals_ ABSL_GUARDED_BY(mutex_);
};

// The Store that `store` is, heard by `tape`, which outlives it.
std::unique_ptr<storage::Store> Recorded(std::unique_ptr<storage::Store> store, WriteTape* tape);

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_WRITE_TAPE_H_
