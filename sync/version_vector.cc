#include "sync/version_vector.h"

#include <algorithm>

#include "absl/status/status.h"
#include "sync/status_macros.h"

namespace tikar::sync {
namespace {

// The first position that is not before `origin`; for const and mutable vectors alike.
template <typename Positions>
auto LowerBound(Positions& positions, Origin origin) {
  return std::lower_bound(
      positions.begin(), positions.end(), origin,
      [](const VersionVector::Position& position, Origin o) { return position.origin < o; });
}

}  // namespace

absl::StatusOr<VersionVector> VersionVector::FromProto(const v1::VersionVector& proto) {
  VersionVector result;
  result.positions_.reserve(static_cast<size_t>(proto.positions_size()));
  Origin previous = Origin::kNone;
  for (const v1::OriginPosition& position : proto.positions()) {
    const Origin origin{position.origin()};
    // Also refuses kNone, which no origin is below.
    if (origin <= previous) {
      return absl::InvalidArgumentError("version vector: origins not ascending from above zero");
    }
    if (position.seq() == 0) return absl::InvalidArgumentError("version vector: sequence zero");
    result.positions_.push_back({origin, position.seq()});
    previous = origin;
  }
  return result;
}

v1::VersionVector VersionVector::ToProto() const {
  v1::VersionVector proto;
  for (const Position& position : positions_) {
    v1::OriginPosition* const added = proto.add_positions();
    added->set_origin(Raw(position.origin));
    added->set_seq(position.seq);
  }
  return proto;
}

uint64_t VersionVector::Get(Origin origin) const {
  const auto found = LowerBound(positions_, origin);
  return found != positions_.end() && found->origin == origin ? found->seq : 0;
}

void VersionVector::Advance(Origin origin, uint64_t seq) {
  CHECK(origin != Origin::kNone);
  if (seq == 0) return;
  const auto found = LowerBound(positions_, origin);
  if (found != positions_.end() && found->origin == origin) {
    found->seq = std::max(found->seq, seq);
  } else {
    positions_.insert(found, {origin, seq});
  }
}

void VersionVector::Join(const VersionVector& other) {
  std::vector<Position> joined;
  joined.reserve(positions_.size() + other.positions_.size());
  auto a = positions_.begin();
  auto b = other.positions_.begin();
  while (a != positions_.end() && b != other.positions_.end()) {
    if (a->origin == b->origin) {
      joined.push_back({a->origin, std::max(a->seq, b->seq)});
      ++a, ++b;
    } else {
      joined.push_back(a->origin < b->origin ? *a++ : *b++);
    }
  }
  joined.insert(joined.end(), a, positions_.end());
  joined.insert(joined.end(), b, other.positions_.end());
  positions_ = std::move(joined);
}

CausalOrder Compare(const VersionVector& a, const VersionVector& b) {
  if (a == b) return CausalOrder::kEqual;
  VersionVector joined = a;
  joined.Join(b);
  if (joined == b) return CausalOrder::kBefore;
  if (joined == a) return CausalOrder::kAfter;
  return CausalOrder::kConcurrent;
}

}  // namespace tikar::sync
