// Which device works where, and what it does in which order: pure functions of the settings.
#ifndef TIKAR_CLIENTS_FIELDSIM_PLAN_H_
#define TIKAR_CLIENTS_FIELDSIM_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "clients/fieldsim/places.h"
#include "clients/fieldsim/settings.h"

namespace tikar::fieldsim {

enum class Deed { kCreate, kEditOwn, kEditShared };

struct DevicePlan {
  // Of the chosen districts.
  size_t district = 0;
  // Keeps the whole regency.
  bool coordinator = false;
  // Requests that it files first, for others to edit too. Part of its changes.
  uint32_t seeds = 0;
  // What follows, in order.
  std::vector<Deed> deeds;
  // How many of the deeds come before each visit to the server; they add up to all of them.
  std::vector<uint32_t> outings;
  int64_t clock_offset_ms = 0;
};

// So many of `found` that about ten devices share one, taken evenly over all regions.
std::vector<District> ChooseDistricts(std::vector<District> found, uint32_t devices);

// One plan for each device. Every device makes settings.changes changes: seeds and deeds together.
std::vector<DevicePlan> PlanFleet(const Settings& settings, size_t districts);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_PLAN_H_
