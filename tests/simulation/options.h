// Options: everything that one seed decides before a run begins.
#ifndef TIKAR_TESTS_SIMULATION_OPTIONS_H_
#define TIKAR_TESTS_SIMULATION_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace tikar::simulation {

// Chances are per mille unless a name says otherwise; times are simulated milliseconds.
struct Options {
  uint64_t seed = 0;

  // --- who is there
  size_t nodes = 1;
  // Nodes, from the last one down, that begin with an older build: they know fewer kinds of
  // mutations, until they are upgraded.
  size_t nodes_old = 0;
  size_t phones = 2;
  size_t regions = 1;
  // Phones whose app is of a later version: what they write holds unknown fields.
  size_t phones_newer = 0;
  // Kinds of mutations of a later version are written, too. (Their requests wait on every node.)
  bool newer_mutations = false;
  // Phones that go from node to node, and those that stay with one.
  uint64_t roaming = 0;
  // Phones that keep a live stream open; the others come for short visits.
  uint64_t live = 0;
  // A node learns the definitions only by and by, from others.
  bool definitions_late = false;

  // --- what is done
  int64_t safety_ms = 0;
  size_t edits = 40;            // that the officers try in all
  uint64_t creates = 300;       // of the edits, those that file a new request
  uint64_t shared = 500;        // of the others, those on a request that somebody else made
  uint64_t office_calls = 100;  // of the edits, those made by unary calls with a key
  uint64_t retries = 500;       // of these calls, those that are repeated
  uint64_t poison = 0;          // of the edits, those that every node's gateway chokes on
  size_t scope_changes = 0;

  // --- the links between phones and nodes
  // Of one batch, which the phones ask for; 0: what the SDK asks for.
  uint32_t batch_bytes = 0;
  uint64_t cut_per_message = 0;    // the stream breaks with a message under way
  uint64_t cut_one_way = 500;      // of the cuts: what is under way to the node still arrives
  uint64_t stall_per_message = 0;  // the message and all after it never arrive, nobody is told
  int64_t delay_ms_min = 5;
  int64_t delay_ms_max = 300;
  // --- the links between nodes
  uint64_t loss = 0;
  uint64_t duplication = 0;
  uint64_t reordering = 0;
  // --- partitions: how many, of any two ends; one way or both
  size_t partitions = 0;
  int64_t partition_ms_max = 0;

  // --- clocks
  uint64_t clocks_wrong = 0;  // devices whose clock lies
  size_t clock_jumps = 0;     // during the run: jumps, standing still, running back

  // --- disks
  size_t node_crashes = 0;
  size_t node_restores = 0;
  size_t node_disks_full = 0;
  size_t phone_kills = 0;
  size_t phone_restores = 0;
  size_t phone_clones = 0;
  size_t phone_disks_full = 0;
  // Phones that fall into the river: what no node has of them is gone.
  size_t phones_lost = 0;

  // --- healing
  int64_t heal_ms_max = 0;

  // Events after which a run that does not end is called stuck.
  uint64_t steps_max = 0;
};

// The same for the same seed, everywhere.
Options DrawOptions(uint64_t seed);

// One option a line, for a failure's report.
std::string Describe(const Options& options);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_OPTIONS_H_
