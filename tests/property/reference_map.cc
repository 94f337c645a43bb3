#include "reference_map.h"

#include <openssl/sha.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tikar::reference {
namespace {

constexpr int64_t kOffsetToleratedMs = 5 * 60 * 1000;

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string ChangeIdOf(const Observation& observation) {
  if (observation.body.empty()) return observation.stub_id;
  return Sha256(observation.body).substr(0, 16);
}

v1::Stamp Join(const v1::Stamp& a, const v1::Stamp& b) {
  const auto triple = [](const v1::Stamp& stamp) {
    return std::make_tuple(stamp.received_at_ms(), stamp.clock_offset_ms(), stamp.signature_id());
  };
  v1::Stamp joined = triple(a) <= triple(b) ? a : b;
  joined.set_verdict(std::max(a.verdict(), b.verdict()));
  if (a.verdict() == b.verdict()) {
    joined.set_reason(std::min(a.reason(), b.reason()));
  } else {
    joined.set_reason(a.verdict() > b.verdict() ? a.reason() : b.reason());
  }
  return joined;
}

KnownMap JoinAll(const std::vector<Observation>& observations) {
  KnownMap known;
  for (const Observation& observation : observations) {
    const auto [it, is_new] = known.try_emplace(ChangeIdOf(observation));
    Known& change = it->second;
    change.stamp = is_new ? observation.stamp : Join(change.stamp, observation.stamp);
    v1::ChangeBody body;
    if (!observation.body.empty() && body.ParseFromString(observation.body)) {
      change.parents.assign(body.parents().begin(), body.parents().end());
      change.body = std::move(body);
    } else if (!change.body) {
      for (const std::string& parent : observation.stub_parents) {
        if (std::find(change.parents.begin(), change.parents.end(), parent) ==
            change.parents.end()) {
          change.parents.push_back(parent);
        }
      }
    }
  }
  return known;
}

uint64_t EffectiveTime(uint64_t hlc, const v1::Stamp& stamp) {
  const uint64_t counter = hlc & 0xffff;
  constexpr __int128 kMsMax = (__int128{1} << 48) - 1;
  __int128 ms = hlc >> 16;
  const __int128 offset = stamp.clock_offset_ms();
  if (offset > kOffsetToleratedMs || offset < -kOffsetToleratedMs) ms += offset;
  const uint64_t corrected =
      static_cast<uint64_t>(std::clamp<__int128>(ms, 0, kMsMax)) << 16 | counter;
  const __int128 received = std::clamp<__int128>(stamp.received_at_ms(), 0, kMsMax);
  return std::min(corrected, static_cast<uint64_t>(received) << 16 | 0xffff);
}

}  // namespace tikar::reference
