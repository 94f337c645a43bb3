#include "clients/fieldsim/fleet.h"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/connection.h"
#include "clients/cli/settings.h"
#include "clients/fieldsim/device.h"
#include "clients/fieldsim/places.h"
#include "clients/fieldsim/plan.h"
#include "clients/fieldsim/server_reader.h"
#include "clients/fieldsim/workers.h"
#include "clients/fieldsim/writer.h"
#include "sync/status_macros.h"

namespace tikar::fieldsim {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A server with work of its own (joining changes, timers) may write between the last exchange and
// the check; then both are done again.
constexpr int kChecksMax = 3;

constexpr uint64_t kOrder = 0x6f72646572;  // "order": key of the dice that mix the outings

int64_t MsSince(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - start).count();
}

// Removed with all that is in it.
class TemporaryDirectory {
 public:
  static absl::StatusOr<TemporaryDirectory> Make() {
    std::error_code error;
    std::string path =
        (std::filesystem::temp_directory_path(error) / "tikar-fieldsim-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat("cannot make the directory ", path));
    }
    return TemporaryDirectory(std::move(path));
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // what cannot be removed is the system's to clean
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return absl::StrCat(path_, "/", name); }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Base 36: short, and allowed in an actor's name.
std::string RunName(int64_t now_ms) {
  std::string name;
  for (int64_t rest = now_ms; rest > 0; rest /= 36) {
    name.insert(name.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36]);
  }
  return name;
}

// Of the actors of one run.
std::string ActorPrefix(const std::string& run) { return absl::StrCat("fieldsim/", run, "/"); }

int64_t Percentile(const std::vector<int64_t>& sorted, int percent) {
  if (sorted.empty()) return 0;
  const size_t rank = (sorted.size() * static_cast<size_t>(percent) + 99) / 100;
  return sorted[std::max<size_t>(rank, 1) - 1];
}

class Fleet {
 public:
  Fleet(const Settings& settings, const FleetEvents& events)
      : settings_(settings),
        events_(events),
        workers_(
            settings.workers, [this] { Tick(); }, events.stop) {}

  absl::StatusOr<FleetReport> Run() {
    RETURN_IF_ERROR(Prepare());
    const SteadyClock::time_point start = SteadyClock::now();
    RETURN_IF_ERROR(File());
    RETURN_IF_ERROR(Work());
    RETURN_IF_ERROR(SyncAll("Last exchange"));
    report_.work_ms = MsSince(start);
    RETURN_IF_ERROR(Verify());
    report_.check_ms = MsSince(start) - report_.work_ms;
    return std::move(report_);
  }

 private:
  void Tick() {
    if (events_.progress) {
      events_.progress(part_,
                       total_ == 0 ? -1 : static_cast<double>(done_) / static_cast<double>(total_));
    }
  }
  void Begin(std::string_view part, uint64_t total) {
    part_ = part;
    total_ = total;
    done_ = 0;
    Tick();
  }

  absl::Status Prepare();
  absl::Status File();
  absl::Status Work();
  absl::Status SyncAll(std::string_view part);
  absl::Status Verify();
  absl::Status Do(size_t number, Deed deed);
  void Count(const std::vector<DeviceRecord>& records, const ServerRecord& server);

  const Settings& settings_;
  const FleetEvents& events_;
  std::string_view part_;
  uint64_t total_ = 0;
  std::atomic<uint64_t> done_ = 0;
  Workers workers_;

  std::vector<District> districts_;
  std::unique_ptr<Writer> writer_;
  DeviceWorld world_;
  std::unique_ptr<TemporaryDirectory> directory_;
  std::vector<DevicePlan> plans_;
  std::vector<std::unique_ptr<Device>> devices_;  // before directory_ goes
  // Requests that several devices edit, by district.
  std::vector<std::vector<sync::RequestKey>> shared_;
  FleetReport report_;
};

absl::Status Fleet::Prepare() {
  Begin("Catalogue", 0);
  cli::Settings cli_settings;
  cli_settings.server = settings_.server;
  cli::Connection connection(cli_settings);
  ASSIGN_OR_RETURN(std::vector<District> found, FindDistricts(connection, settings_.areas));
  districts_ = ChooseDistricts(std::move(found), settings_.devices);
  for (District& district : districts_) RETURN_IF_ERROR(LoadVillages(connection, &district));
  ASSIGN_OR_RETURN(Writer writer, MakeWriter(connection, settings_.services, districts_));
  writer_ = std::make_unique<Writer>(std::move(writer));

  report_.run = settings_.run.empty() ? RunName(client::SystemClock().NowMs()) : settings_.run;
  report_.light = settings_.light();
  report_.districts = districts_.size();
  world_ = {settings_.server, writer_.get(), settings_.seed, settings_.patience_seconds * 1000};
  if (!report_.light) {
    ASSIGN_OR_RETURN(TemporaryDirectory directory, TemporaryDirectory::Make());
    directory_ = std::make_unique<TemporaryDirectory>(std::move(directory));
  }
  plans_ = PlanFleet(settings_, districts_.size());
  for (size_t number = 0; number < plans_.size(); ++number) {
    const District& district = districts_[plans_[number].district];
    DeviceOptions options;
    options.number = number;
    options.actor = absl::StrFormat("%s%04d", ActorPrefix(report_.run), number + 1);
    options.scope = {plans_[number].coordinator ? district.region : district.code};
    options.district = &district;
    options.clock_offset_ms = plans_[number].clock_offset_ms;
    if (directory_) options.database_path = directory_->File(absl::StrCat(number + 1, ".sqlite"));
    devices_.push_back(std::make_unique<Device>(&world_, std::move(options)));
  }
  return absl::OkStatus();
}

absl::Status Fleet::SyncAll(std::string_view part) {
  Begin(part, devices_.size());
  return workers_.Each(devices_.size(), [&](size_t, size_t number) -> absl::Status {
    RETURN_IF_ERROR(devices_[number]->WakeUp());
    devices_[number]->Sync();
    devices_[number]->Sleep();
    ++done_;
    return absl::OkStatus();
  });
}

absl::Status Fleet::File() {
  std::vector<size_t> filing;
  for (size_t number = 0; number < plans_.size(); ++number) {
    if (plans_[number].seeds > 0) filing.push_back(number);
  }
  Begin("Shared requests", filing.size());
  RETURN_IF_ERROR(workers_.Each(filing.size(), [&](size_t, size_t i) -> absl::Status {
    Device& device = *devices_[filing[i]];
    RETURN_IF_ERROR(device.WakeUp());
    for (uint32_t seed = 0; seed < plans_[filing[i]].seeds; ++seed)
      RETURN_IF_ERROR(device.Create());
    device.Sync();
    device.Sleep();
    ++done_;
    return absl::OkStatus();
  }));
  shared_.resize(districts_.size());
  for (const size_t number : filing) {
    std::vector<sync::RequestKey>& shared = shared_[plans_[number].district];
    shared.insert(shared.end(), devices_[number]->own().begin(), devices_[number]->own().end());
  }
  return SyncAll("First exchange");
}

absl::Status Fleet::Do(size_t number, Deed deed) {
  Device& device = *devices_[number];
  switch (deed) {
    case Deed::kCreate:
      return device.Create();
    case Deed::kEditOwn:
      return device.EditOwn();
    case Deed::kEditShared: {
      const std::vector<sync::RequestKey>& shared = shared_[plans_[number].district];
      Dice dice{settings_.seed, number, device.made(), kOrder};
      const absl::Status status = device.EditShared(dice.Pick(shared));
      // Its first exchange failed; the checker will say so.
      return absl::IsNotFound(status) ? device.EditOwn() : status;
    }
  }
  return absl::InternalError("no such deed");
}

absl::Status Fleet::Work() {
  uint64_t total = 0;
  for (const DevicePlan& plan : plans_) total += plan.deeds.size();
  Begin("Changes", total);
  std::vector<size_t> done(plans_.size());
  for (size_t round = 0;; ++round) {
    std::vector<size_t> out;
    for (size_t number = 0; number < plans_.size(); ++number) {
      if (round < plans_[number].outings.size()) out.push_back(number);
    }
    if (out.empty()) return absl::OkStatus();
    Dice dice{settings_.seed, round, kOrder};
    dice.Shuffle(&out);
    RETURN_IF_ERROR(workers_.Each(out.size(), [&](size_t, size_t i) -> absl::Status {
      const size_t number = out[i];
      RETURN_IF_ERROR(devices_[number]->WakeUp());
      for (uint32_t j = 0; j < plans_[number].outings[round]; ++j) {
        RETURN_IF_ERROR(Do(number, plans_[number].deeds[done[number]++]));
        ++done_;
      }
      devices_[number]->Sync();
      devices_[number]->Sleep();
      return absl::OkStatus();
    }));
  }
}

absl::Status Fleet::Verify() {
  std::vector<DeviceRecord> records(devices_.size());
  std::set<std::string> scopes;
  std::set<sync::RequestKey> written;
  for (int check = 1;; ++check) {
    Begin("Reading phones", devices_.size());
    RETURN_IF_ERROR(workers_.Each(devices_.size(), [&](size_t, size_t number) -> absl::Status {
      RETURN_IF_ERROR(devices_[number]->WakeUp());
      ASSIGN_OR_RETURN(records[number], devices_[number]->Record());
      devices_[number]->Sleep();
      ++done_;
      return absl::OkStatus();
    }));
    for (const DeviceRecord& record : records) {
      scopes.insert(record.scope.begin(), record.scope.end());
      for (const MadeChange& change : record.made) written.insert(change.request);
    }
    Begin("Reading the server", 0);
    ASSIGN_OR_RETURN(const ServerRecord server, ReadServer(settings_.server, scopes, written,
                                                           ActorPrefix(report_.run), &workers_));
    report_.findings = Check(records, server);
    const bool may_mend =
        std::all_of(report_.findings.begin(), report_.findings.end(), [](const Finding& finding) {
          return finding.fault == Fault::kDiverged || finding.fault == Fault::kMissing ||
                 finding.fault == Fault::kSurplus;
        });
    if (report_.ok() || !may_mend || check == kChecksMax) {
      Count(records, server);
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(SyncAll("One more exchange"));
  }
}

void Fleet::Count(const std::vector<DeviceRecord>& records, const ServerRecord& server) {
  std::vector<int64_t> times;
  for (size_t number = 0; number < devices_.size(); ++number) {
    const Device& device = *devices_[number];
    times.insert(times.end(), device.sync_times_us().begin(), device.sync_times_us().end());
    report_.changes += records[number].made.size();
    report_.requests_created += device.own().size();
    report_.bytes_up += device.wire().bytes_up();
    report_.bytes_down += device.wire().bytes_down();
    for (const auto& [id, answers] : records[number].answers) {
      report_.acknowledged +=
          answers.verdict == v1::VERDICT_ACCEPTED || answers.verdict == v1::VERDICT_QUARANTINED;
      report_.quarantined += answers.verdict == v1::VERDICT_QUARANTINED;
    }
  }
  report_.conflicts = CountConflicts(server);
  std::sort(times.begin(), times.end());
  report_.exchanges = times.size();
  report_.sync_p50_us = Percentile(times, 50);
  report_.sync_p99_us = Percentile(times, 99);
  report_.sync_max_us = Percentile(times, 100);
}

}  // namespace

absl::StatusOr<FleetReport> RunFleet(const Settings& settings, const FleetEvents& events) {
  return Fleet(settings, events).Run();
}

}  // namespace tikar::fieldsim
