// StreamViews: for each phone's newest stream, what its node held when the hello was sent. What of
// that nothing has touched since is what a phone must know when it is told that it has everything.
//
// Thread safety: none.
#ifndef TIKAR_TESTS_SIMULATION_CHECKERS_STREAM_VIEWS_H_
#define TIKAR_TESTS_SIMULATION_CHECKERS_STREAM_VIEWS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checker.h"
#include "sync/store.h"
#include "sync/types.h"

namespace tikar::simulation {

struct StreamView {
  uint64_t stream = 0;
  NodeIndex node = 0;
  std::vector<std::string> scope;
  std::string actor;
  std::shared_ptr<const sync::Reader> at_hello;
  size_t restores = 0;  // of the node, before the hello
};

class StreamViews {
 public:
  void OnHelloSent(const HelloSent& hello, std::shared_ptr<const sync::Reader> durable);
  void OnNodeChanged(const NodeChanged& changed);

  // nullptr: it is not the phone's newest stream, or its node was restored since.
  const StreamView* Find(PhoneIndex phone, uint64_t stream) const;
  // Of each phone that ever spoke with a node, the node it spoke with last.
  const std::map<PhoneIndex, StreamView>& newest() const { return newest_; }

 private:
  std::map<PhoneIndex, StreamView> newest_;
  std::map<NodeIndex, size_t> restores_;
};

// The records that the node held at the hello and holds unchanged `now`, of these regions.
std::vector<std::pair<sync::RequestKey, std::string>> Untouched(
    const StreamView& view, const sync::Reader& now, const std::vector<std::string>& regions);

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_CHECKERS_STREAM_VIEWS_H_
