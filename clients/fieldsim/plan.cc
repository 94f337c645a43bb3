#include "clients/fieldsim/plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "clients/fieldsim/randomness.h"

namespace tikar::fieldsim {
namespace {

constexpr uint32_t kDevicesPerDistrict = 10;
constexpr uint32_t kDevicesPerCoordinator = 50;
// A request that many want to edit is edited about so often.
constexpr uint32_t kEditsPerShared = 12;
// Of what a device does alone, so much creates requests.
constexpr uint64_t kCreatePercent = 40;
constexpr uint32_t kOutingMax = 10;
constexpr int64_t kMinuteMs = 60'000;

// Keys of the plan's dice, where those of changes have the number of the change.
constexpr uint64_t kPlan = 0x706c616e;  // "plan"

int64_t ClockOffset(const Settings& settings, Dice* dice) {
  constexpr uint64_t kParts = 1'000'000;
  const bool wrong = dice->Below(kParts) < static_cast<uint64_t>(settings.wrong_clocks * kParts);
  // Rolled in any case, so that more wrong clocks leave all else as it is.
  const int64_t minutes =
      dice->Percent(50) ? dice->Between(10, 24 * 60) : dice->Between(1, 400) * 24 * 60;
  const int64_t sign = dice->Percent(50) ? 1 : -1;
  return wrong ? sign * minutes * kMinuteMs : 0;
}

void PlanDeeds(const Settings& settings, Dice* dice, DevicePlan* plan) {
  const uint32_t shared = std::min(
      settings.changes - plan->seeds,
      static_cast<uint32_t>(std::lround(settings.shared * static_cast<double>(settings.changes))));
  plan->deeds.assign(shared, Deed::kEditShared);
  while (plan->deeds.size() + plan->seeds < settings.changes) {
    plan->deeds.push_back(dice->Percent(kCreatePercent) ? Deed::kCreate : Deed::kEditOwn);
  }
  dice->Shuffle(&plan->deeds);
}

void PlanOutings(const Settings& settings, Dice* dice, DevicePlan* plan) {
  uint32_t left = static_cast<uint32_t>(plan->deeds.size());
  while (left > 0) {
    uint32_t length = left;
    if (settings.offline == Offline::kNone) length = 1;
    if (settings.offline == Offline::kMixed) {
      length = std::min(left, static_cast<uint32_t>(dice->Between(1, kOutingMax)));
    }
    plan->outings.push_back(length);
    left -= length;
  }
}

// As many shared requests in each district as its devices' edits need, filed by its own devices in
// turn.
void PlanSeeds(const Settings& settings, size_t districts, std::vector<DevicePlan>* plans) {
  const double edits_of_device = std::round(settings.shared * settings.changes);
  if (edits_of_device == 0) return;
  const uint32_t seeds_max = settings.changes;
  for (size_t district = 0; district < districts; ++district) {
    std::vector<DevicePlan*> here;
    for (DevicePlan& plan : *plans) {
      if (plan.district == district) here.push_back(&plan);
    }
    if (here.empty()) continue;
    const double edits = edits_of_device * static_cast<double>(here.size());
    auto seeds = static_cast<uint32_t>(std::ceil(edits / kEditsPerShared));
    for (size_t i = 0; seeds > 0; ++i, --seeds) {
      DevicePlan& plan = *here[i % here.size()];
      if (plan.seeds == seeds_max) break;
      ++plan.seeds;
    }
  }
}

}  // namespace

std::vector<District> ChooseDistricts(std::vector<District> found, uint32_t devices) {
  const size_t wanted = std::clamp<size_t>(
      (devices + kDevicesPerDistrict - 1) / kDevicesPerDistrict, 1, found.size());
  std::map<std::string, std::vector<District>> regions;
  for (District& district : found) regions[district.region].push_back(std::move(district));
  std::vector<District> chosen;
  for (size_t row = 0; chosen.size() < wanted; ++row) {
    for (auto& [region, districts] : regions) {
      if (row < districts.size() && chosen.size() < wanted) {
        chosen.push_back(std::move(districts[row]));
      }
    }
  }
  return chosen;
}

std::vector<DevicePlan> PlanFleet(const Settings& settings, size_t districts) {
  std::vector<DevicePlan> plans(settings.devices);
  for (size_t number = 0; number < plans.size(); ++number) {
    plans[number].district = number % districts;
    plans[number].coordinator = number % kDevicesPerCoordinator == kDevicesPerCoordinator - 1;
  }
  PlanSeeds(settings, districts, &plans);
  for (size_t number = 0; number < plans.size(); ++number) {
    Dice dice{settings.seed, number, kPlan};
    plans[number].clock_offset_ms = ClockOffset(settings, &dice);
    PlanDeeds(settings, &dice, &plans[number]);
    PlanOutings(settings, &dice, &plans[number]);
  }
  return plans;
}

}  // namespace tikar::fieldsim
