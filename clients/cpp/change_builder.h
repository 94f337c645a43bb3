// Making a change: from what somebody wants to write to the bytes that everybody keeps.
//
// For the SDK, the importer and the load generator alike. The bytes are serialized once, here;
// nobody encodes them again, since a change's id is their hash.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_CLIENTS_CPP_CHANGE_BUILDER_H_
#define TIKAR_CLIENTS_CPP_CHANGE_BUILDER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cpp/environment.h"
#include "sync/change.h"
#include "sync/limits.h"
#include "sync/types.h"
#include "tikar/v1/change.pb.h"

namespace tikar::client {

using Nonce = std::array<uint8_t, sync::kNonceBytes>;

Nonce RandomNonce(Random& random);
// The same nonce for the same source, "nyc311/57654321": a second import of a row makes the same
// change. (The hlc must then come from the row, too.)
Nonce NonceOfSource(std::string_view source);

struct ChangeDraft {
  std::string region;
  // nullopt: the first mutation is a Create, and the id follows from the body.
  std::optional<sync::RequestId> request_id;
  std::string actor;
  std::string role;
  uint64_t hlc = 0;
  // The heads that the author saw; any order.
  std::vector<sync::ChangeId> parents;
  Nonce nonce{};
  std::vector<v1::Mutation> mutations;
};

// Brings values into their canonical form (NFC, sorted choices) and serializes. What is wrong with
// the change is for sync/validation.h to say; here InvalidArgument means that no request id or
// region can be made of it at all.
absl::StatusOr<sync::ParsedChange> BuildChange(const ChangeDraft& draft);

// "15.01" of an area code "15.01.06.2010"; empty when it has no two segments.
std::string RegionOfArea(std::string_view area);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_CHANGE_BUILDER_H_
