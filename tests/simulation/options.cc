#include "options.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "random.h"

namespace tikar::simulation {

// Each kind of fault is absent from many runs: where everything breaks at once, little is done, and
// what one kind breaks another one hides.
Options DrawOptions(uint64_t seed) {
  // Apart from the run's own randomness, so that a new option changes no more than it must.
  property::Random random(seed ^ 0x6f7074696f6e73u);
  const auto chance = [&](uint64_t percent, uint64_t per_mille_max) -> uint64_t {
    return random.Percent(percent) ? 1 + random.Below(per_mille_max) : 0;
  };
  const auto times = [&](uint64_t percent, uint64_t most) -> size_t {
    return random.Percent(percent) ? 1 + random.Below(most) : 0;
  };
  Options options;
  options.seed = seed;
  options.nodes = 1 + random.Weighted({3, 4, 3});
  options.nodes_old = std::min<size_t>(times(15, 2), options.nodes);
  options.phones = 2 + random.Below(5);
  options.regions = 1 + random.Below(2);
  options.phones_newer = times(20, options.phones);
  options.newer_mutations = random.Percent(30);
  options.roaming = random.Percent(50) ? random.Below(1000) : 0;
  options.live = random.Percent(60) ? random.Below(1000) : 0;
  options.definitions_late = random.Percent(25);

  options.safety_ms = random.Between(3, 15) * 60'000;
  options.edits = 20 + random.Below(60);
  options.creates = 100 + random.Below(400);
  options.shared = random.Below(1000);
  options.office_calls = random.Percent(50) ? random.Below(200) : 0;
  options.retries = random.Below(800);
  options.poison = chance(10, 60);
  options.scope_changes = times(30, 4);

  static constexpr uint32_t kBatchBytes[] = {0, 1, 1'500, 5'000};
  options.batch_bytes = kBatchBytes[random.Below(std::size(kBatchBytes))];
  options.cut_per_message = chance(60, 120);
  options.cut_one_way = random.Below(1001);
  options.stall_per_message = chance(40, 30);
  options.delay_ms_min = random.Between(1, 50);
  options.delay_ms_max = options.delay_ms_min + random.Between(10, 3'000);
  options.loss = chance(60, 300);
  options.duplication = chance(50, 300);
  options.reordering = chance(50, 300);
  options.partitions = times(50, 6);
  options.partition_ms_max = random.Between(2, 300) * 1000;

  options.clocks_wrong = chance(40, 700);
  options.clock_jumps = times(40, 5);

  options.node_crashes = times(50, 5);
  options.node_restores = times(20, 2);
  options.node_disks_full = times(25, 3);
  options.phone_kills = times(40, 5);
  options.phone_restores = times(15, 2);
  options.phone_clones = times(15, 2);
  options.phone_disks_full = times(20, 3);
  options.phones_lost = times(10, 1);

  options.heal_ms_max = 40 * 60'000;
  options.steps_max = 400'000;
  return options;
}

std::string Describe(const Options& o) {
  std::string text;
  const auto line = [&](const char* name, auto value) {
    absl::StrAppend(&text, "  ", name, "=", value, "\n");
  };
  line("nodes", o.nodes);
  line("nodes_old", o.nodes_old);
  line("phones", o.phones);
  line("regions", o.regions);
  line("phones_newer", o.phones_newer);
  line("newer_mutations", static_cast<int>(o.newer_mutations));
  line("roaming", o.roaming);
  line("live", o.live);
  line("definitions_late", static_cast<int>(o.definitions_late));
  line("safety_ms", o.safety_ms);
  line("edits", o.edits);
  line("creates", o.creates);
  line("shared", o.shared);
  line("office_calls", o.office_calls);
  line("retries", o.retries);
  line("poison", o.poison);
  line("scope_changes", o.scope_changes);
  line("batch_bytes", o.batch_bytes);
  line("cut_per_message", o.cut_per_message);
  line("cut_one_way", o.cut_one_way);
  line("stall_per_message", o.stall_per_message);
  line("delay_ms_min", o.delay_ms_min);
  line("delay_ms_max", o.delay_ms_max);
  line("loss", o.loss);
  line("duplication", o.duplication);
  line("reordering", o.reordering);
  line("partitions", o.partitions);
  line("partition_ms_max", o.partition_ms_max);
  line("clocks_wrong", o.clocks_wrong);
  line("clock_jumps", o.clock_jumps);
  line("node_crashes", o.node_crashes);
  line("node_restores", o.node_restores);
  line("node_disks_full", o.node_disks_full);
  line("phone_kills", o.phone_kills);
  line("phone_restores", o.phone_restores);
  line("phone_clones", o.phone_clones);
  line("phone_disks_full", o.phone_disks_full);
  line("phones_lost", o.phones_lost);
  line("heal_ms_max", o.heal_ms_max);
  return text;
}

}  // namespace tikar::simulation
