// What Debian 12's abseil (20220623) lacks: early return on a bad Status, and CHECK. To be deleted
// when absl/log and absl's own macros are packaged; the names are theirs.
#ifndef TIKAR_SYNC_STATUS_MACROS_H_
#define TIKAR_SYNC_STATUS_MACROS_H_

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TIKAR_STATUS_CONCAT_INNER(a, b) a##b
#define TIKAR_STATUS_CONCAT(a, b) TIKAR_STATUS_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                         \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_IMPL(TIKAR_STATUS_CONCAT(status_or_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_IMPL(holder, target, expression) \
  auto holder = (expression);                             \
  if (!holder.ok()) return std::move(holder).status();    \
  target = *std::move(holder)

// For what must never be, in every build: a broken invariant stops the process before it spoils
// data.
#define CHECK(condition)                                                                 \
  do {                                                                                   \
    if (!(condition)) [[unlikely]] {                                                     \
      std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

#endif  // TIKAR_SYNC_STATUS_MACROS_H_
