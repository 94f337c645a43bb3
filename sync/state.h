// The state of a request: what f(map) of README.md yields, its canonical bytes, and its API form.
//
// Thread safety: plain values.
#ifndef TIKAR_SYNC_STATE_H_
#define TIKAR_SYNC_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sync/change.h"
#include "sync/types.h"
#include "sync/value.h"
#include "tikar/v1/request.pb.h"

namespace tikar::sync {

// One write that no other write supersedes.
struct Candidate {
  ChangeId change;
  uint32_t mutation_index = 0;
  WriteKind kind = WriteKind::kSet;
  std::optional<Value> value;
  std::string actor;
  std::string role;
  uint64_t effective_time = 0;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// A path and how it came to its value.
struct FieldState {
  std::string path;
  std::optional<Value> value = std::nullopt;
  v1::Rule rule = v1::RULE_ONLY;
  bool under_review = false;
  std::vector<Candidate> candidates = {};  // sorted by change; at most one per change

  friend bool operator==(const FieldState&, const FieldState&) = default;
};

// A state of the workflow and when it was last entered: what service levels count from.
struct EnteredState {
  std::string state;
  uint64_t effective_time = 0;  // hlc; the largest of the writes of this state

  friend bool operator==(const EnteredState&, const EnteredState&) = default;
};

// Elements are rows of their own, so that a comment does not rewrite the rest.
using Elements = std::map<std::string, FieldState, std::less<>>;

struct State {
  RequestKey key;
  v1::Availability availability = v1::AVAILABILITY_NEEDS_CREATE;
  std::string service;
  DefinitionHash definition;  // the effective one; zero while there is no Create
  uint32_t definition_version = 0;
  uint64_t create_time = 0;  // hlc
  uint64_t update_time = 0;  // hlc
  uint32_t change_count = 0;
  std::vector<ChangeId> heads;        // sorted
  std::vector<FieldState> fields;     // sorted by path; no elements
  std::vector<EnteredState> entered;  // sorted by state

  const FieldState* Find(std::string_view path) const;
  FieldState& FindOrAdd(std::string_view path);
  // Text value of a path, or empty.
  std::string_view Text(std::string_view path) const;
  std::string_view area() const { return Text("area"); }
  std::string_view status() const { return Text("status"); }
  std::string_view assignee() const { return Text("assignee"); }
  bool retracted() const;
  bool UnderReview(std::string_view path) const;
  // When the request last entered a state, as an hlc; nullopt: never, or its status is of no
  // state any more.
  std::optional<uint64_t> EnteredAt(std::string_view state) const;
  // Takes note of a write of this state.
  void Enter(std::string_view state, uint64_t effective_time);

  friend bool operator==(const State&, const State&) = default;
};

// Canonical bytes: version byte first, then every member in the order of the struct.
// docs/formats.md.
std::string EncodeState(const State& state);
absl::StatusOr<State> DecodeState(const RequestKey& key, std::string_view bytes);
std::string EncodeField(const FieldState& field);
absl::StatusOr<FieldState> DecodeField(std::string_view bytes);

// Sum over elements, so that one row can be replaced without reading the others: the first 16 bytes
// of the SHA-256 of (path, row) as a big-endian number, modulo 2^128.
struct ElementSum {
  unsigned __int128 sum = 0;
  void Add(std::string_view path, std::string_view row);
  void Subtract(std::string_view path, std::string_view row);
  std::string bytes() const;  // 16, big-endian
  static ElementSum FromBytes(std::string_view bytes);
  friend bool operator==(const ElementSum&, const ElementSum&) = default;
};

StateDigest DigestOf(std::string_view state_bytes, const ElementSum& elements);
StateDigest DigestOf(const State& state, const Elements& elements);

// The state as the API shows it. `feed_position` is this node's; 0 when unknown.
v1::Request RequestToProto(const State& state, const Elements& elements, const StateDigest& digest,
                           uint64_t feed_position);
v1::FieldState FieldToProto(const FieldState& field);
// What a phone got, back as a state. InvalidArgument when it is malformed.
absl::Status RequestFromProto(const v1::Request& proto, State* state, Elements* elements);

// "regions/15.01/requests/<32 hex>".
std::string RequestName(const RequestKey& key);
// The heads in one opaque string (base64url), and back. nullopt: not an etag.
std::string EtagOf(const std::vector<ChangeId>& heads);
std::optional<std::vector<ChangeId>> HeadsOfEtag(std::string_view etag);

}  // namespace tikar::sync

#endif  // TIKAR_SYNC_STATE_H_
