#include "faults.h"

#include <algorithm>
#include <set>
#include <utility>

#include "officers.h"

namespace tikar::simulation {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;

}  // namespace

std::vector<std::string> DrawScope(property::Random* random,
                                   const std::vector<std::string>& regions) {
  std::set<std::string> scope;
  if (random->Percent(20)) return regions;
  const std::string& region = random->Pick(regions);
  if (random->Percent(40)) return {region};
  for (uint64_t i = 0, count = 1 + random->Below(2); i < count; ++i) {
    scope.insert(Officers::Kecamatan(region, random->Below(Officers::kKecamatan)));
  }
  return {scope.begin(), scope.end()};
}

Faults::Faults(Stage* stage, const std::vector<std::string>* regions,
               std::vector<std::unique_ptr<Node>>* nodes,
               std::vector<std::unique_ptr<Phone>>* phones)
    : stage_(*stage), regions_(*regions), nodes_(*nodes), phones_(*phones) {}

void Faults::Later(int64_t delay_ms, std::function<void()> event) {
  stage_.schedule.After(delay_ms, [this, event = std::move(event)] {
    if (!stage_.healed) event();
  });
}

void Faults::Repeat(size_t count, const std::function<void()>& fault) {
  for (size_t i = 0; i < count; ++i) {
    Later(stage_.random.Between(stage_.options.safety_ms / 20, stage_.options.safety_ms), fault);
  }
}

Node& Faults::DrawNode() { return *nodes_[stage_.random.Below(nodes_.size())]; }
Phone& Faults::DrawPhone() { return *phones_[stage_.random.Below(phones_.size())]; }

void Faults::Plan() {
  const Options& options = stage_.options;
  property::Random& random = stage_.random;
  for (const std::unique_ptr<Node>& node : nodes_) {
    if (random.PerMille(options.clocks_wrong)) {
      node->clock().Jump(random.Between(-3'600'000, 3'600'000));
    }
    if (node->old()) {
      Node* old = node.get();
      Later(random.Between(options.safety_ms / 3, options.safety_ms), [this, old] {
        old->Stop();
        old->Upgrade();
        Later(stage_.random.Between(100, 10'000), [old] { old->Start(); });
      });
    }
  }
  for (const std::unique_ptr<Phone>& phone : phones_) {
    if (!random.PerMille(options.clocks_wrong)) continue;
    // A dead battery sets a clock back to its factory's date; fingers set it to anything.
    phone->clock().Jump(random.Percent(20) ? -20 * 365 * kDayMs
                                           : random.Between(-2 * kDayMs, 2 * kDayMs));
    phone->clock().Run(random.Between(900, 1100));
  }
  // Backups are made whether or not they are needed.
  if (options.node_restores > 0) {
    Repeat(3 * options.node_restores, [this] {
      Node& node = DrawNode();
      node_backups_.push_back({node.index(), stage_.schedule.step(), node.disk().durable()});
    });
  }
  if (options.phone_restores + options.phone_clones > 0) {
    Repeat(3 * (options.phone_restores + options.phone_clones), [this] {
      Phone& phone = DrawPhone();
      if (phone.app() == nullptr || !phone.disk().powered()) return;
      phone_backups_.push_back({phone.index(), stage_.schedule.step(), phone.disk().Read()});
    });
  }
  Repeat(options.node_crashes, [this] { CrashNode(); });
  Repeat(options.node_restores, [this] { RestoreNode(); });
  Repeat(options.node_disks_full, [this] { FillNode(); });
  Repeat(options.phone_kills, [this] { KillPhone(); });
  Repeat(options.phone_restores, [this] { RestorePhone(); });
  Repeat(options.phone_clones, [this] { ClonePhone(); });
  Repeat(options.phone_disks_full, [this] { FillPhone(); });
  Repeat(options.phones_lost, [this] { DrawPhone().Retire(); });
  Repeat(options.partitions, [this] { Partition(); });
  Repeat(options.scope_changes, [this] { ChangeScope(); });
  Repeat(options.clock_jumps, [this] { TurnClock(); });
}

void Faults::CrashNode() {
  Node& node = DrawNode();
  if (!node.running()) return;
  if (stage_.random.Percent(20)) {
    node.Stop();
  } else {
    node.Crash();
  }
  Later(stage_.random.Between(100, 60'000), [&node] { node.Start(); });
}

void Faults::RestoreNode() {
  if (node_backups_.empty()) return;
  const NodeBackup& backup = stage_.random.Pick(node_backups_);
  Node& node = *nodes_[backup.node];
  if (!node.running()) return;
  node.Crash();
  node.Restore(*backup.rows, backup.step);
  Later(stage_.random.Between(100, 60'000), [&node] { node.Start(); });
}

void Faults::FillNode() {
  Node& node = DrawNode();
  if (stage_.random.Percent(30)) {
    node.disk().FailAfter(1 + stage_.random.Below(5));
    return;
  }
  node.SetFull(true);
  Later(stage_.random.Between(1'000, 90'000), [&node] { node.SetFull(false); });
}

void Faults::KillPhone() {
  Phone& phone = DrawPhone();
  if (phone.app() == nullptr) return;
  if (stage_.random.Percent(60)) {
    phone.disk().CutPowerAfter(1 + stage_.random.Below(30));
  } else {
    phone.Kill(stage_.random.Percent(50));
  }
}

void Faults::RestorePhone() {
  if (phone_backups_.empty()) return;
  const PhoneBackup& backup = stage_.random.Pick(phone_backups_);
  if (!phones_[backup.phone]->used()) return;
  phones_[backup.phone]->Restore(backup.files, backup.step, std::nullopt);
}

void Faults::ClonePhone() {
  if (phone_backups_.empty()) return;
  const PhoneBackup& backup = stage_.random.Pick(phone_backups_);
  Phone& source = *phones_[backup.phone];
  PhoneSettings settings = source.settings();
  settings.roaming = stage_.random.Percent(50);
  settings.home = stage_.random.Below(nodes_.size());
  Phone& clone = *phones_.emplace_back(
      std::make_unique<Phone>(&stage_, &nodes_, phones_.size(), std::move(settings)));
  clone.Restore(backup.files, backup.step, source.index());
  clone.Start();
}

void Faults::FillPhone() {
  Phone& phone = DrawPhone();
  phone.SetFull(true);
  Later(stage_.random.Between(1'000, 120'000), [&phone] { phone.SetFull(false); });
}

void Faults::Partition() {
  const End a = NodeEnd(DrawNode().index());
  const End b =
      stage_.random.Percent(40) ? NodeEnd(DrawNode().index()) : PhoneEnd(DrawPhone().index());
  const int64_t until_ms =
      stage_.schedule.now_ms() + stage_.random.Between(1'000, stage_.options.partition_ms_max);
  stage_.trace.Note("partition", {a.index, b.index, static_cast<uint64_t>(b.kind)});
  const uint64_t ways = stage_.random.Below(3);
  if (ways != 0) stage_.network.Block(a, b, until_ms);
  if (ways != 1) stage_.network.Block(b, a, until_ms);
}

void Faults::ChangeScope() { DrawPhone().SetScope(DrawScope(&stage_.random, regions_)); }

void Faults::TurnClock() {
  const bool of_node = stage_.random.Percent(40);
  DeviceClock& clock = of_node ? DrawNode().clock() : DrawPhone().clock();
  switch (stage_.random.Below(4)) {
    case 0:
      clock.Run(0);
      break;
    case 1:
      clock.Run(stage_.random.Between(-2'000, -1));
      break;
    case 2:
      clock.Run(stage_.random.Between(500, 2'000));
      break;
    default:
      clock.Jump(of_node ? stage_.random.Between(-3'600'000, 3'600'000)
                         : stage_.random.Between(-3 * kDayMs, 3 * kDayMs));
  }
}

void Faults::Heal() {
  stage_.healed = true;
  stage_.network.Heal();
  for (const std::unique_ptr<Node>& node : nodes_) {
    node->SetFull(false);
    node->disk().FailAfter(0);
    node->clock().Run(1000);
    if (node->old()) {
      node->Stop();
      node->Upgrade();
    }
    node->Start();
  }
  for (const std::unique_ptr<Phone>& phone : phones_) {
    phone->Heal();
  }
}

}  // namespace tikar::simulation
