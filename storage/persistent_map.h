// An ordered map from bytes to bytes whose copies cost a pointer: the MemoryStore's tables.
//
// The problem: a snapshot after every batch, tens of thousands of small stores in a property test,
// and a crash that takes back everything since the last sync. Copying a std::map makes each of
// these as expensive as the whole store; keeping versions per key makes readers lock.
//
// The algorithm: a treap (Seidel and Aragon, "Randomized Search Trees", 1996) with path copying.
// Nodes that more than one map can reach are never changed; a write copies the path from the root
// to the key where it is shared, and changes nodes in place where it is not. So a copy is O(1), a
// write O(log n), and old copies stay as they were. A node's priority is a hash of its key, which
// makes the shape a function of the set of keys alone.
//
// Thread safety: a map is a plain value, for one thread at a time. Different maps may be used by
// different threads even where they share nodes.
#ifndef TIKAR_STORAGE_PERSISTENT_MAP_H_
#define TIKAR_STORAGE_PERSISTENT_MAP_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tikar::storage {

class PersistentMap {
 public:
  struct Entry {
    std::string key;
    std::string value;
    // How often the key was put since it was last absent.
    uint32_t puts = 1;
  };
  // Returns false to stop.
  using Visitor = std::function<bool(const Entry&)>;

  // Null when there is no such key. Valid until this map is changed or gone.
  const Entry* Find(std::string_view key) const {
    const Node* node = root_.get();
    while (node != nullptr) {
      const int order = key.compare(node->entry->key);
      if (order == 0) return node->entry.get();
      node = order < 0 ? node->left.get() : node->right.get();
    }
    return nullptr;
  }

  void Put(std::string_view key, std::string value) {
    const Entry* old = Find(key);
    const uint32_t puts = old == nullptr ? 1 : old->puts + 1;
    Insert(root_, std::make_shared<const Entry>(Entry{std::string(key), std::move(value), puts}),
           Priority(key));
  }

  // Not an error when there is no such key.
  void Erase(std::string_view key) {
    if (Find(key) != nullptr) Remove(root_, key);
  }

  // Calls `visit` for the entries in [begin, end), ascending or descending; empty `end` has no
  // bound. The map must not be changed meanwhile (a copy of it may).
  void Scan(std::string_view begin, std::string_view end, const Visitor& visit) const {
    Walk(root_.get(), begin, end, /*reverse=*/false, visit);
  }
  void ScanReverse(std::string_view begin, std::string_view end, const Visitor& visit) const {
    Walk(root_.get(), begin, end, /*reverse=*/true, visit);
  }

 private:
  struct Node;

  // Counts references in the node. std::shared_ptr will not do: its use_count() may be read without
  // synchronising with the thread that gave up the last other reference.
  class Link {
   public:
    Link() = default;
    explicit Link(Node* fresh) : node_(fresh) {}
    Link(const Link& other) : node_(other.node_) {
      if (node_ != nullptr) node_->references.fetch_add(1, std::memory_order_relaxed);
    }
    Link(Link&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Link& operator=(Link other) noexcept {
      std::swap(node_, other.node_);
      return *this;
    }
    ~Link() {
      if (node_ != nullptr && node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete node_;
      }
    }
    Node* get() const { return node_; }
    Node* operator->() const { return node_; }
    explicit operator bool() const { return node_ != nullptr; }

    // Afterwards the node is reachable through this link alone. The acquire pairs with the release
    // of whoever dropped the last other reference, so that its reads are over before we write.
    void MakeOwn() {
      if (node_->references.load(std::memory_order_acquire) == 1) return;
      *this = Link(new Node(node_->entry, node_->priority, node_->left, node_->right));
    }

   private:
    Node* node_ = nullptr;
  };

  struct Node {
    Node(std::shared_ptr<const Entry> entry, uint64_t priority, Link left, Link right)
        : entry(std::move(entry)),
          priority(priority),
          left(std::move(left)),
          right(std::move(right)) {}

    std::atomic<uint32_t> references{1};
    std::shared_ptr<const Entry> entry;
    uint64_t priority;
    Link left, right;
  };

  static uint64_t Priority(std::string_view key) {
    // The finaliser of splitmix64: std::hash alone need not spread its bits.
    uint64_t mixed = std::hash<std::string_view>()(key) + 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  static void Insert(Link& link, std::shared_ptr<const Entry> entry, uint64_t priority) {
    if (!link) {
      link = Link(new Node(std::move(entry), priority, {}, {}));
      return;
    }
    link.MakeOwn();
    const int order = entry->key.compare(link->entry->key);
    if (order == 0) {
      link->entry = std::move(entry);
    } else if (order < 0) {
      Insert(link->left, std::move(entry), priority);
      if (link->left->priority > link->priority) RotateRight(link);
    } else {
      Insert(link->right, std::move(entry), priority);
      if (link->right->priority > link->priority) RotateLeft(link);
    }
  }

  // Both ends of a rotation were just made own by Insert.
  static void RotateRight(Link& link) {
    Link top = std::move(link->left);
    link->left = std::move(top->right);
    top->right = std::move(link);
    link = std::move(top);
  }
  static void RotateLeft(Link& link) {
    Link top = std::move(link->right);
    link->right = std::move(top->left);
    top->left = std::move(link);
    link = std::move(top);
  }

  // The key is there.
  static void Remove(Link& link, std::string_view key) {
    const int order = key.compare(link->entry->key);
    if (order == 0) {
      link = Join(link->left, link->right);
      return;
    }
    link.MakeOwn();
    Remove(order < 0 ? link->left : link->right, key);
  }

  // All keys of `low` are smaller than those of `high`.
  static Link Join(Link low, Link high) {
    if (!low) return high;
    if (!high) return low;
    if (low->priority > high->priority) {
      low.MakeOwn();
      low->right = Join(std::move(low->right), std::move(high));
      return low;
    }
    high.MakeOwn();
    high->left = Join(std::move(low), std::move(high->left));
    return high;
  }

  // False when the visitor stopped the walk.
  static bool Walk(const Node* node, std::string_view begin, std::string_view end, bool reverse,
                   const Visitor& visit) {
    if (node == nullptr) return true;
    const std::string_view key = node->entry->key;
    const bool low = key < begin, high = !end.empty() && key >= end;
    const Node* first = node->left.get();
    const Node* second = node->right.get();
    bool skip_first = low, skip_second = high;
    if (reverse) {
      std::swap(first, second);
      std::swap(skip_first, skip_second);
    }
    if (!skip_first && !Walk(first, begin, end, reverse, visit)) return false;
    if (!low && !high && !visit(*node->entry)) return false;
    return skip_second || Walk(second, begin, end, reverse, visit);
  }

  Link root_;
};

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_PERSISTENT_MAP_H_
