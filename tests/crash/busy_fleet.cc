#include "busy_fleet.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/connection.h"
#include "clients/cli/settings.h"
#include "clients/fieldsim/places.h"
#include "clients/fieldsim/server_reader.h"
#include "clients/fieldsim/workers.h"
#include "sync/status_macros.h"

namespace tikar::crash {
namespace {

using fieldsim::Dice;

// Kerinci and Nias: two regions, so that a crash meets two logs.
const std::vector<std::string> kAreas = {"15.01", "12.04"};
constexpr size_t kPhonesPerDistrict = 6;
// Of the requests of a kecamatan the newest so many are edited by everybody: histories grow to some
// tens of changes and no further.
constexpr size_t kBoardMax = 8;
constexpr int64_t kChangesPerOutingMax = 6;
constexpr uint64_t kSharedPercent = 50;
constexpr uint64_t kCreatePercent = 30;
// A server that lives for half a second is found by a phone that looks often.
constexpr client::BackoffLimits kBackoff = {20, 300};
// For one visit with all its new attempts: dozens of servers die in that time.
constexpr int64_t kPatienceMs = 120'000;

constexpr uint64_t kOutings = 0x6f7574;  // "out": key of the dice

}  // namespace

void BusyFleet::Board::Add(const sync::RequestKey& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  requests_.push_back(request);
  if (requests_.size() > kBoardMax) requests_.erase(requests_.begin());
}

std::optional<sync::RequestKey> BusyFleet::Board::Pick(Dice* dice) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (requests_.empty()) return std::nullopt;
  return dice->Pick(requests_);
}

BusyFleet::BusyFleet(const FleetOptions& options) : options_(options) {}

BusyFleet::~BusyFleet() {
  // Whoever wants to know calls it.
  Finish().IgnoreError();
}

absl::StatusOr<std::unique_ptr<BusyFleet>> BusyFleet::Make(const FleetOptions& options) {
  std::unique_ptr<BusyFleet> fleet(new BusyFleet(options));
  cli::Settings settings;
  settings.server = options.server;
  cli::Connection connection(settings);
  ASSIGN_OR_RETURN(std::vector<fieldsim::District> found,
                   fieldsim::FindDistricts(connection, kAreas));
  const size_t wanted = std::max<size_t>(1, options.phones / kPhonesPerDistrict);
  const size_t step = std::max<size_t>(1, found.size() / wanted);
  for (size_t i = 0; i < found.size() && fleet->districts_.size() < wanted; i += step) {
    fleet->districts_.push_back(std::move(found[i]));
  }
  for (fieldsim::District& district : fleet->districts_) {
    RETURN_IF_ERROR(fieldsim::LoadVillages(connection, &district));
    fleet->boards_.push_back(std::make_unique<Board>());
  }
  ASSIGN_OR_RETURN(fieldsim::Writer writer,
                   fieldsim::MakeWriter(connection, {"pengaduan"}, fleet->districts_));
  fleet->writer_ = std::make_unique<fieldsim::Writer>(std::move(writer));
  fleet->world_ = {options.server, fleet->writer_.get(), options.seed, kPatienceMs, kBackoff};
  fleet->actors_ = "fieldsim/crash/";
  for (size_t number = 0; number < options.phones; ++number) {
    const fieldsim::District& district = fleet->districts_[number % fleet->districts_.size()];
    fieldsim::DeviceOptions device;
    device.number = number;
    device.actor = absl::StrFormat("%s%04d", fleet->actors_, number + 1);
    device.scope = {district.code};
    device.district = &district;
    if (number % 2 == 0) {
      device.database_path = absl::StrCat(options.folder, "/phone-", number + 1, ".sqlite");
    }
    fleet->devices_.push_back(
        std::make_unique<fieldsim::Device>(&fleet->world_, std::move(device)));
  }
  return fleet;
}

template <typename Work>
absl::Status BusyFleet::Each(const Work& work) {
  fieldsim::Workers workers(options_.threads, nullptr, nullptr);
  return workers.Each(devices_.size(), [&](size_t, size_t number) { return work(number); });
}

absl::Status BusyFleet::VisitAll() {
  return Each([this](size_t number) { return Visit(number); });
}

absl::Status BusyFleet::Visit(size_t number) {
  fieldsim::Device& device = *devices_[number];
  RETURN_IF_ERROR(device.WakeUp());
  device.Sync();
  const absl::Status synced = device.last_sync();
  device.Sleep();
  if (synced.ok()) return synced;
  return absl::Status(synced.code(),
                      absl::StrCat("phone ", number + 1, ": ", std::string(synced.message())));
}

void BusyFleet::Begin() {
  for (size_t worker = 0; worker < options_.threads; ++worker) {
    threads_.emplace_back([this, worker] {
      absl::Status status;
      for (uint64_t outing = 0; !stop_ && status.ok(); ++outing) {
        // Each phone belongs to one thread.
        for (size_t number = worker; number < devices_.size() && !stop_ && status.ok();
             number += options_.threads) {
          status = GoOut(number, outing);
        }
      }
      const std::lock_guard<std::mutex> lock(mutex_);
      first_error_.Update(status);
    });
  }
}

absl::Status BusyFleet::Finish() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  return first_error_;
}

absl::Status BusyFleet::GoOut(size_t number, uint64_t outing) {
  Dice dice{options_.seed, number, outing, kOutings};
  RETURN_IF_ERROR(devices_[number]->WakeUp());
  for (int64_t left = dice.Between(1, kChangesPerOutingMax); left > 0; --left) {
    RETURN_IF_ERROR(Write(number, &dice));
    ++made_;
  }
  return Visit(number);
}

absl::Status BusyFleet::Write(size_t number, Dice* dice) {
  fieldsim::Device& device = *devices_[number];
  Board& board = *boards_[number % districts_.size()];
  if (dice->Percent(kSharedPercent)) {
    if (const std::optional<sync::RequestKey> request = board.Pick(dice)) {
      const absl::Status status = device.EditShared(*request);
      // This phone has not heard of it yet.
      if (!absl::IsNotFound(status)) return status;
    }
  }
  if (!dice->Percent(kCreatePercent)) return device.EditOwn();
  RETURN_IF_ERROR(device.Create());
  board.Add(device.own().back());
  return absl::OkStatus();
}

absl::StatusOr<Balance> BusyFleet::Compare() {
  std::vector<fieldsim::DeviceRecord> records(devices_.size());
  RETURN_IF_ERROR(Each([&](size_t number) -> absl::Status {
    RETURN_IF_ERROR(devices_[number]->WakeUp());
    ASSIGN_OR_RETURN(records[number], devices_[number]->Record());
    devices_[number]->Sleep();
    return absl::OkStatus();
  }));
  std::set<std::string> scopes;
  std::set<sync::RequestKey> written;
  Balance balance;
  for (size_t number = 0; number < records.size(); ++number) {
    const fieldsim::DeviceRecord& record = records[number];
    scopes.insert(record.scope.begin(), record.scope.end());
    for (const fieldsim::MadeChange& change : record.made) written.insert(change.request);
    balance.made += record.made.size();
    balance.requests += devices_[number]->own().size();
    balance.visits += devices_[number]->sync_times_us().size();
    for (const auto& [id, answers] : record.answers) {
      balance.acknowledged +=
          answers.verdict == v1::VERDICT_ACCEPTED || answers.verdict == v1::VERDICT_QUARANTINED;
    }
  }
  fieldsim::Workers workers(options_.threads, nullptr, nullptr);
  ASSIGN_OR_RETURN(const fieldsim::ServerRecord server,
                   fieldsim::ReadServer(options_.server, scopes, written, actors_, &workers));
  balance.conflicts = fieldsim::CountConflicts(server);
  balance.findings = fieldsim::Check(records, server);
  return balance;
}

uint64_t BusyFleet::bytes_down() const {
  uint64_t bytes = 0;
  for (const auto& device : devices_) bytes += device->wire().bytes_down();
  return bytes;
}

}  // namespace tikar::crash
