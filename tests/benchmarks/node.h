// A node to measure: the real engine over the real store, in this process.
#ifndef TIKAR_TESTS_BENCHMARKS_NODE_H_
#define TIKAR_TESTS_BENCHMARKS_NODE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/engine/engine.h"
#include "server/server.h"
#include "workload.h"
#include "write_tape.h"

namespace tikar::benchmarks {

// As tikard sets it up, with a store at `path`; what the store writes goes on `tape` too, unless
// null.
server::EngineOptions EngineOptionsFor(const std::string& path, WriteTape* tape);

// A server on a free port of loopback that serves `definition`.
server::ServerOptions ServerOptionsFor(const std::string& path, const std::string& definition);

// Hands a definition to the node and waits until it is durable.
absl::Status Publish(server::Sequencer& sequencer, const std::string& definition);

// The submissions of [begin, end).
std::vector<sync::Submission> Submissions(absl::Span<const PhoneChange> changes);

// Has the node take all changes, `group` at a time, each group on its own: the next one is handed
// over when the one before is durable and answered. Internal: one was not accepted.
absl::Status IngestInGroups(server::Sequencer& sequencer, absl::Span<const PhoneChange> changes,
                            size_t group);

// Internal, with the first reason, unless all were accepted.
absl::Status CheckAccepted(absl::Span<const sync::SubmissionResult> results);

}  // namespace tikar::benchmarks

#endif  // TIKAR_TESTS_BENCHMARKS_NODE_H_
