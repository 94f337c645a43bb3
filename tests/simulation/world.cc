#include "world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/records.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

// Kerinci and Nias.
const char* const kRegions[] = {"15.01", "12.04"};
// How often it is looked whether everybody has come together, and for how long a live stream that
// missed something would have had time to hear of it.
constexpr int64_t kLookMs = 2'000;
constexpr int64_t kQuietMs = 10'000;

}  // namespace

World::World(const Options& options, const Watch& watch)
    : stage_(options, watch.verbose),
      regions_(kRegions, kRegions + options.regions),
      exchange_(&stage_, &regions_, &nodes_),
      officers_(&stage_, &regions_, &nodes_, &phones_),
      faults_(&stage_, &regions_, &nodes_, &phones_) {
  for (std::unique_ptr<Checker>& checker : MakeCheckers()) {
    const bool judges =
        watch.checkers.empty() || watch.checkers.contains(std::string(checker->name()));
    if (judges) stage_.checkers.push_back(std::move(checker));
  }
  for (const std::unique_ptr<Checker>& checker : stage_.checkers) {
    checker->Attach(this, &stage_.findings);
  }
}

World::~World() {
  // What is told while everything is taken down is about nothing.
  stage_.checkers.clear();
}

bool World::over() const {
  return !stage_.findings.all().empty() || stage_.schedule.step() >= stage_.options.steps_max;
}

void World::SetUp() {
  const Options& options = stage_.options;
  property::Random& random = stage_.random;
  for (size_t i = 0; i < options.nodes; ++i) {
    const bool old = i >= options.nodes - options.nodes_old;
    const bool has_forms = i == 0 || !options.definitions_late;
    nodes_.push_back(std::make_unique<Node>(&stage_, i, old, has_forms));
  }
  for (size_t i = 0; i < options.phones; ++i) {
    PhoneSettings settings;
    // The second officer is a head, who settles; so is every fourth.
    settings.role = i % 4 == 1 ? kHead : kOfficer;
    settings.actor = absl::StrCat(settings.role, "-", i);
    settings.scope = DrawScope(&random, regions_);
    settings.home = random.Below(options.nodes);
    settings.roaming = random.PerMille(options.roaming);
    settings.live = random.PerMille(options.live);
    settings.newer_app = i < options.phones_newer;
    phones_.push_back(std::make_unique<Phone>(&stage_, &nodes_, i, std::move(settings)));
  }
  faults_.Plan();
  for (const std::unique_ptr<Node>& node : nodes_) {
    stage_.schedule.After(random.Between(0, 2'000), [&node] { node->Start(); });
  }
  for (size_t i = 0; i < options.phones; ++i) {
    stage_.schedule.After(random.Between(0, 5'000), [this, i] {
      phones_[i]->Open();
      phones_[i]->Start();
    });
  }
  exchange_.Start();
  for (size_t i = 0; i < options.edits; ++i) {
    stage_.schedule.After(random.Between(1'000, options.safety_ms), [this] {
      if (!stage_.healed) officers_.Act();
    });
  }
}

void World::RunUntil(int64_t time_ms) {
  const auto reached = std::make_shared<bool>(false);
  stage_.schedule.At(time_ms, [reached] { *reached = true; });
  while (!*reached && !over()) stage_.schedule.RunNext();
}

void World::Heal() {
  faults_.Heal();
  stage_.trace.Note("healed", {});
  for (const std::unique_ptr<Checker>& checker : stage_.checkers) checker->OnHealed();
}

bool World::Settled() const {
  if (!exchange_.Converged()) return false;
  int64_t last_write_ms = 0;
  for (const std::unique_ptr<Node>& node : nodes_) {
    last_write_ms = std::max(last_write_ms, node->last_write_ms());
    if (node->published()->definitions->all().size() != stage_.services.all().size()) return false;
  }
  for (const std::unique_ptr<Phone>& phone : phones_) {
    if (!phone->used()) continue;
    const std::optional<int64_t> since_ms = phone->SettledSince();
    if (phone->app() == nullptr || !since_ms) return false;
    if (phone->settings().live) {
      if (now_ms() - std::max(*since_ms, last_write_ms) < kQuietMs) return false;
    } else if (*since_ms <= last_write_ms) {
      return false;
    }
  }
  return true;
}

Result World::Run() {
  SetUp();
  RunUntil(kBeginMs + stage_.options.safety_ms);
  if (!over()) Heal();
  const int64_t deadline_ms = now_ms() + stage_.options.heal_ms_max;
  while (!over() && now_ms() < deadline_ms && !Settled()) RunUntil(now_ms() + kLookMs);
  if (stage_.findings.all().empty()) {
    const bool in_time = stage_.healed && Settled();
    stage_.trace.Note("end", {in_time});
    for (const std::unique_ptr<Checker>& checker : stage_.checkers) checker->OnEnd(in_time);
    if (!in_time && stage_.findings.all().empty()) {
      stage_.FailWorld(stage_.schedule.step() >= stage_.options.steps_max
                           ? absl::StrCat("no end after ", stage_.options.steps_max, " events")
                           : absl::StrCat("not together ", stage_.options.heal_ms_max / 1000,
                                          " simulated seconds after everything was healed"));
    }
  }
  return {stage_.findings.all(), stage_.trace.hash(), stage_.schedule.step(), now_ms() - kBeginMs};
}

sync::Origin World::NodeOrigin(NodeIndex node) const {
  const auto bytes = NodeDurable(node)->Get(sync::Family::kMeta, sync::keys::kNode);
  CHECK(bytes.ok());
  if (!bytes->has_value()) return sync::Origin::kNone;
  const absl::StatusOr<sync::NodeRecord> record = sync::DecodeNode(**bytes);
  CHECK(record.ok());
  return record->origin;
}

std::optional<client::RequestOnPhone> World::PhoneShows(PhoneIndex phone,
                                                        const sync::RequestKey& key) const {
  client::FieldApp* app = phones_[phone]->app();
  if (app == nullptr) return std::nullopt;
  absl::StatusOr<client::RequestOnPhone> shown = app->Get(key);
  if (!shown.ok()) return std::nullopt;
  return *std::move(shown);
}

}  // namespace tikar::simulation
