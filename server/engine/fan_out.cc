#include "server/engine/fan_out.h"

#include <algorithm>
#include <utility>

namespace tikar::server {
namespace {

// "15.01" of "15.01.06.2010"; a province as it is.
std::string RegionOf(const std::string& prefix) {
  constexpr size_t kRegionLength = 5;
  return prefix.substr(0, kRegionLength);
}

std::string ProvinceOf(const std::string& region) { return region.substr(0, 2); }

}  // namespace

bool FanOut::Earlier::operator()(const std::shared_ptr<Subscription>& a,
                                 const std::shared_ptr<Subscription>& b) const {
  return a->serial_ < b->serial_;
}

std::shared_ptr<Subscription> FanOut::Subscribe(const std::vector<std::string>& scope,
                                                std::function<void()> wake) {
  auto subscription = std::make_shared<Subscription>();
  for (const std::string& prefix : scope) subscription->areas_.push_back(RegionOf(prefix));
  std::sort(subscription->areas_.begin(), subscription->areas_.end());
  subscription->areas_.erase(std::unique(subscription->areas_.begin(), subscription->areas_.end()),
                             subscription->areas_.end());
  subscription->wake_ = std::move(wake);
  std::lock_guard lock(mutex_);
  subscription->serial_ = ++subscribed_;
  for (const std::string& area : subscription->areas_) by_area_[area].insert(subscription);
  all_.insert(subscription);
  return subscription;
}

void FanOut::Unsubscribe(const std::shared_ptr<Subscription>& subscription) {
  std::function<void()> wake;  // What it holds goes without the lock.
  std::lock_guard lock(mutex_);
  wake = std::move(subscription->wake_);
  subscription->wake_ = nullptr;
  subscription->armed_ = false;
  for (const std::string& area : subscription->areas_) {
    const auto members = by_area_.find(area);
    if (members == by_area_.end()) continue;
    members->second.erase(subscription);
    if (members->second.empty()) by_area_.erase(members);
  }
  all_.erase(subscription);
}

void FanOut::Arm(const std::shared_ptr<Subscription>& subscription, uint64_t number_seen) {
  std::function<void()> wake;
  {
    std::lock_guard lock(mutex_);
    if (!subscription->wake_) return;
    uint64_t touched = all_touched_;
    for (const std::string& area : subscription->areas_) {
      const auto found = touched_.find(area);
      if (found != touched_.end()) touched = std::max(touched, found->second);
    }
    if (touched <= number_seen) {
      subscription->armed_ = true;
      subscription->seen_ = number_seen;
      return;
    }
    subscription->armed_ = false;
    wake = subscription->wake_;
  }
  wake();
}

void FanOut::Notify(uint64_t number, const std::vector<std::string>& regions) {
  std::vector<std::function<void()>> wakes;
  {
    std::lock_guard lock(mutex_);
    for (const std::string& region : regions) {
      for (const std::string& area : {region, ProvinceOf(region)}) {
        touched_[area] = std::max(touched_[area], number);
        const auto members = by_area_.find(area);
        if (members == by_area_.end()) continue;
        for (const auto& subscription : members->second) {
          if (!subscription->armed_ || subscription->seen_ >= number) continue;
          subscription->armed_ = false;
          wakes.push_back(subscription->wake_);
        }
      }
    }
  }
  for (const auto& wake : wakes) wake();
}

void FanOut::NotifyAll(uint64_t number) {
  std::vector<std::function<void()>> wakes;
  {
    std::lock_guard lock(mutex_);
    all_touched_ = std::max(all_touched_, number);
    for (const auto& subscription : all_) {
      if (!subscription->armed_ || subscription->seen_ >= number) continue;
      subscription->armed_ = false;
      wakes.push_back(subscription->wake_);
    }
  }
  for (const auto& wake : wakes) wake();
}

size_t FanOut::subscriptions() const {
  std::lock_guard lock(mutex_);
  return all_.size();
}

}  // namespace tikar::server
