#include "checkers/stream_views.h"

#include "checkers/evidence.h"

namespace tikar::simulation {

void StreamViews::OnHelloSent(const HelloSent& hello, std::shared_ptr<const sync::Reader> durable) {
  newest_[hello.phone] = {hello.stream,
                          hello.node,
                          {hello.hello.scope().begin(), hello.hello.scope().end()},
                          hello.hello.actor(),
                          std::move(durable),
                          restores_[hello.node]};
}

void StreamViews::OnNodeChanged(const NodeChanged& changed) {
  if (changed.what == NodeChange::kRestored) ++restores_[changed.node];
}

const StreamView* StreamViews::Find(PhoneIndex phone, uint64_t stream) const {
  const auto at = newest_.find(phone);
  if (at == newest_.end() || at->second.stream != stream) return nullptr;
  const auto restores = restores_.find(at->second.node);
  const size_t now = restores == restores_.end() ? 0 : restores->second;
  return now == at->second.restores ? &at->second : nullptr;
}

std::vector<std::pair<sync::RequestKey, std::string>> Untouched(
    const StreamView& view, const sync::Reader& now, const std::vector<std::string>& regions) {
  std::vector<std::pair<sync::RequestKey, std::string>> untouched;
  for (const std::string& region : regions) {
    const auto records_now = RecordsOf(now, region);
    for (auto& [key, record] : RecordsOf(*view.at_hello, region)) {
      const auto at = records_now.find(key);
      if (at != records_now.end() && at->second == record) untouched.emplace_back(key, record);
    }
  }
  return untouched;
}

}  // namespace tikar::simulation
