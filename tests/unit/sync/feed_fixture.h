// Phones of the tests, and the nodes that they visit.
#ifndef TIKAR_TESTS_UNIT_SYNC_FEED_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SYNC_FEED_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kerinci_node.h"
#include "sync/feed.h"

namespace tikar::sync {

inline RequestKey KeyOf(const v1::Request& request) {
  State state;
  Elements elements;
  EXPECT_TRUE(RequestFromProto(request, &state, &elements).ok());
  return state.key;
}

// A phone as the protocol wants it: stores what a page brings together with its cursor; drops by
// itself what a smaller scope no longer covers; and when it has to start over, drops at the end
// what did not come again.
class Phone {
 public:
  explicit Phone(std::vector<std::string> scope, std::string actor = "")
      : scope_(std::move(scope)), actor_(std::move(actor)) {}

  FeedPage Read(const Node& node, size_t requests_max = 500, size_t bytes_max = 256 << 10) {
    FeedQuery query;
    query.scope = scope_;
    query.actor = actor_;
    query.cursor = cursor_;
    query.requests_max = requests_max;
    query.bytes_max = bytes_max;
    absl::StatusOr<FeedPage> page = ReadFeed(node.reader(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    for (const v1::Request& request : page->requests) {
      requests_[KeyOf(request)] = request;
      from_before_.erase(KeyOf(request));
      ++received_;
    }
    for (const v1::Removal& removal : page->removals) {
      requests_.erase({removal.region(), *RequestId::FromBytes(removal.request_id())});
    }
    cursor_ = page->cursor;
    cursor_scope_ = scope_;
    if (page->caught_up) {
      for (const RequestKey& key : from_before_) requests_.erase(key);
      from_before_.clear();
    }
    return *std::move(page);
  }

  // Pages until there is nothing more. Returns how many requests came.
  size_t Pass(const Node& node, size_t requests_max = 500) {
    const size_t before = received_;
    for (int pages = 0; pages < 10'000; ++pages) {
      if (Read(node, requests_max).caught_up) return received_ - before;
    }
    ADD_FAILURE() << "the pass never ends";
    return 0;
  }

  void SetScope(std::vector<std::string> scope) {
    // The cursor speaks of what an earlier change of the scope has dropped.
    if (cursor_scope_ != scope_) StartOver();
    scope_ = std::move(scope);
    std::erase_if(requests_, [&](const auto& entry) { return !Wants(entry.second); });
  }
  void StartOver() {
    cursor_.clear();
    for (const auto& [key, request] : requests_) from_before_.insert(key);
  }
  bool Wants(const v1::Request& request) const {
    const bool here = std::any_of(scope_.begin(), scope_.end(), [&](const std::string& prefix) {
      return AreaWithin(request.area(), prefix);
    });
    return here || (!actor_.empty() && AssigneeOf(request) == actor_);
  }

  bool Has(const Written& change) const { return requests_.contains(change.key); }
  std::string TitleOf(const Written& change) const {
    for (const v1::FieldState& field : requests_.at(change.key).fields()) {
      if (field.path() == "judul") return field.value().text();
    }
    return "";
  }
  // How what it holds differs from what is in its scope on the node; empty when it does not.
  std::vector<std::string> DifferencesFrom(const Node& node) const {
    std::vector<std::string> differences;
    std::set<RequestKey> in_scope;
    for (const auto& [row, bytes] : node.Rows(Family::kRequests, "r")) {
      const RequestKey key{row.substr(1, 5), *RequestId::FromBytes(row.substr(6))};
      const v1::Request request = ToProto(node.Request(key));
      if (request.availability() != v1::AVAILABILITY_READY || !Wants(request)) continue;
      in_scope.insert(key);
      const auto held = requests_.find(key);
      if (held == requests_.end()) {
        differences.push_back("lacks " + request.name());
      } else if (held->second.state_digest() != request.state_digest()) {
        differences.push_back("has an old state of " + request.name());
      }
    }
    for (const auto& [key, request] : requests_) {
      if (!in_scope.contains(key)) differences.push_back("still has " + request.name());
    }
    return differences;
  }
  size_t count() const { return requests_.size(); }
  const std::string& cursor() const { return cursor_; }
  void set_cursor(std::string cursor) { cursor_ = std::move(cursor); }

 private:
  static std::string AssigneeOf(const v1::Request& request) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.path() == "assignee") return field.value().text();
    }
    return "";
  }

  std::vector<std::string> scope_;
  const std::string actor_;
  std::string cursor_;
  std::vector<std::string> cursor_scope_;  // with which the cursor was made
  std::map<RequestKey, v1::Request> requests_;
  std::set<RequestKey> from_before_;  // not seen again since it started over
  size_t received_ = 0;
};

class FeedTest : public testing::Test {
 protected:
  Written File(std::string_view area) {
    return node_.Take(siti_.Create(area).Set("judul", "ke-" + std::to_string(++filed_)));
  }
  Written Edit(const Written& created) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key))
                          .Set("judul", "lagi-" + std::to_string(++filed_)));
  }
  Written Move(const Written& created, std::string_view area) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key)).Set("area", area));
  }
  Written Assign(const Written& created, std::string_view actor) {
    return node_.Take(siti_.Edit(created.key, node_.Heads(created.key)).Set("assignee", actor));
  }
  static std::vector<RequestKey> KeysOf(const FeedPage& page) {
    std::vector<RequestKey> keys;
    for (const v1::Request& request : page.requests) keys.push_back(KeyOf(request));
    return keys;
  }
  static std::vector<RequestKey> RemovedBy(const FeedPage& page) {
    std::vector<RequestKey> keys;
    for (const v1::Removal& removal : page.removals) {
      keys.push_back({removal.region(), *RequestId::FromBytes(removal.request_id())});
    }
    return keys;
  }

  Officer siti_{"hp-siti"};
  Node node_{1};
  int filed_ = 0;
};

class RoamingTest : public FeedTest {
 protected:
  void Exchange() {
    for (const char* region : {kKerinci, kNias}) {
      hub_.PullFrom(node_, region);
      node_.PullFrom(hub_, region);
    }
  }
  Node hub_{2};
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_FEED_FIXTURE_H_
