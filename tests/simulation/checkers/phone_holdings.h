// PhoneHoldings: what each phone must hold by now, from what it stored.
//
// A checker needs this at every batch, and reading a phone's file is dear. So it is worked out from
// the batches alone, by what the protocol promises: a request replaces what was held, a removal
// takes it away, a pass that began with an empty cursor and came to its end leaves just what it
// brought, and a smaller scope lets go of what is outside. After a kill or a restore the file is
// read, which may hold more than was told (the phone died between its commit and its word) or less
// (a backup).
//
// Thread safety: none.
#ifndef TIKAR_TESTS_SIMULATION_CHECKERS_PHONE_HOLDINGS_H_
#define TIKAR_TESTS_SIMULATION_CHECKERS_PHONE_HOLDINGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checker.h"
#include "sync/state.h"
#include "sync/types.h"

namespace tikar::simulation {

class PhoneHoldings {
 public:
  // The last word that a phone got about a request.
  struct Word {
    bool held = false;              // else it was removed
    std::optional<NodeIndex> node;  // who said it; nullopt: it was read from the file
    std::string digest;
    std::string area;
    std::string assignee;
    std::vector<std::string> heads;
    uint64_t pass = 0;
    uint64_t step = 0;  // when it was stored
  };

  void OnHelloSent(const HelloSent& hello);
  void OnBatchStored(const BatchStored& stored, const Sight& sight);
  void OnPhoneChanged(const PhoneChanged& changed, const Sight& sight);
  void OnNodeChanged(const NodeChanged& changed, const Sight& sight);

  // nullptr: the phone never heard of it.
  const Word* Find(PhoneIndex phone, const sync::RequestKey& key) const;
  // Whether a word came from a log that is gone: a node said it and was restored later to before
  // that. Known gap of what ships (seeds 66, 101, 285): nobody tells the phone that what it was
  // told is no more, if no other node and no phone brings the lost entries back.
  bool FromLostLog(const Word& word) const;
  // Whether the phone has the request by another node than `node`, which cannot show it (state
  // there `here`). A node tells that a request left when it ceases to show it; what it never could
  // show (its definition came after a change of a newer app, seed 4072620591) it tells nothing of,
  // and the phone keeps what it has until the node can.
  static bool KeptFromElsewhere(const Word& word, NodeIndex node, const sync::State& here);

 private:
  // What a node said in the steps (backup, restore] is said no more.
  struct Restore {
    NodeIndex node;
    uint64_t backup_step;
    uint64_t restore_step;
  };
  struct Phone {
    std::map<sync::RequestKey, Word> words;
    uint64_t pass = 0;
    // The newest stream began with an empty cursor, and nothing of it is stored yet.
    bool begins_pass = false;
  };
  static void Read(const PhoneContents& contents, Phone* phone);
  static void LetGo(const std::vector<std::string>& scope, const std::string& actor, Phone* phone);

  std::map<PhoneIndex, Phone> phones_;
  std::vector<Restore> restores_;
};

// The key in "regions/15.01/requests/<32 hex>".
sync::RequestKey KeyOfRequestName(const std::string& name);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_CHECKERS_PHONE_HOLDINGS_H_
