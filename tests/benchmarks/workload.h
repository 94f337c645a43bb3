// A day in Kerinci, as changes: officers file complaints, comment, move them along and correct
// their words, and the office now and then writes beside them without having seen their last edit.
#ifndef TIKAR_TESTS_BENCHMARKS_WORKLOAD_H_
#define TIKAR_TESTS_BENCHMARKS_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tikar::benchmarks {

// Where all of it happens.
inline constexpr char kRegion[] = "15.01";

// The engine's clock in all benchmarks: runs at the wall clock's pace, from a fixed day on, so that
// the bytes of a run do not depend on when it is made.
int64_t NowMs();

// One change, ready to be sent.
struct PhoneChange {
  std::string actor;
  std::string body;
};

struct WorkloadOptions {
  uint64_t seed = 1;
  size_t phones = 64;
  // It ends when there are so many requests or so many changes; zero: no such end.
  size_t requests = 0;
  size_t changes = 0;
  // One in so many edits meets a concurrent one of the office; zero: none.
  size_t edits_per_office_edit = 20;
};

// The service that the requests are made under, catalog/services/pengaduan.textproto.
absl::StatusOr<std::string> ComplaintDefinition();

// In an order in which the changes may arrive: parents first. Of every five changes about two are
// Creates.
absl::StatusOr<std::vector<PhoneChange>> MakeWorkload(const std::string& definition,
                                                      const WorkloadOptions& options);

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_WORKLOAD_H_
