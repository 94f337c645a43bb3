#include "exchange.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/query.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

// A datagram that others overtake comes up to so much later.
constexpr int64_t kReorderedMsMax = 60'000;

}  // namespace

Exchange::Exchange(Stage* stage, const std::vector<std::string>* regions,
                   std::vector<std::unique_ptr<Node>>* nodes)
    : stage_(*stage), regions_(*regions), nodes_(*nodes) {}

void Exchange::Start() {
  if (nodes_.size() < 2) return;
  for (NodeIndex node = 0; node < nodes_.size(); ++node) Plan(node);
}

void Exchange::Plan(NodeIndex asker) {
  const int64_t interval_ms =
      stage_.healed ? stage_.random.Between(1'000, 3'000) : stage_.random.Between(3'000, 40'000);
  stage_.schedule.After(interval_ms, [this, asker] {
    Ask(asker);
    Plan(asker);
  });
}

void Exchange::Ask(NodeIndex asker) {
  const std::shared_ptr<const server::Published> published = nodes_[asker]->published();
  if (published == nullptr) return;
  NodeIndex peer = stage_.random.Below(nodes_.size() - 1);
  if (peer >= asker) ++peer;
  Question question{.asker = asker, .known = {}, .definitions = {}};
  for (const std::string& region : regions_) {
    const auto known = sync::LoadVersionVector(*published->reader, region);
    CHECK(known.ok());
    question.known[region] = *known;
  }
  for (const auto& [hash, definition] : published->definitions->all()) {
    question.definitions.insert(hash);
  }
  Transmit(asker, peer, [this, peer, question = std::move(question)] { Reply(peer, question); });
}

void Exchange::Reply(NodeIndex peer, const Question& question) {
  const std::shared_ptr<const server::Published> published = nodes_[peer]->published();
  if (published == nullptr) return;
  Answer answer;
  static constexpr size_t kPages[] = {512, 4 << 10, 1 << 20};
  const size_t bytes_max = kPages[stage_.random.Below(std::size(kPages))];
  for (const auto& [region, known] : question.known) {
    const auto entries = sync::EntriesAfter(*published->reader, region, known, bytes_max);
    CHECK(entries.ok());
    answer.entries.insert(answer.entries.end(), entries->begin(), entries->end());
  }
  for (const auto& [hash, definition] : published->definitions->all()) {
    if (question.definitions.contains(hash)) continue;
    if (stage_.options.definitions_late && stage_.network.Strikes(900)) continue;
    answer.definitions.push_back(definition->bytes());
  }
  if (answer.entries.empty() && answer.definitions.empty()) return;
  stage_.trace.Note("entries leave",
                    {peer, question.asker, answer.entries.size(), answer.definitions.size()});
  stage_.Tell(&Checker::OnEntriesSent, EntriesSent{peer, question.asker, answer.entries});
  Transmit(peer, question.asker,
           [this, asker = question.asker, answer = std::move(answer)] { Take(asker, answer); });
}

void Exchange::Take(NodeIndex asker, const Answer& answer) {
  Node& node = *nodes_[asker];
  if (!node.running()) return;
  server::Sequencer& sequencer = node.engine()->sequencer();
  for (const std::string& definition : answer.definitions) {
    // Refused when the disk is full: the next answer has it again.
    sequencer.AddDefinition(definition, [](server::TaskResult) {}).IgnoreError();
  }
  if (!answer.entries.empty()) {
    sequencer
        .Receive(answer.entries,
                 [this, asker, entries = answer.entries](server::TaskResult result) {
                   if (result.status.ok()) {
                     stage_.Tell(&Checker::OnEntriesTaken, EntriesTaken{asker, entries});
                   } else if (!absl::IsUnavailable(result.status)) {
                     stage_.FailWorld(absl::StrCat("node ", asker, " refuses entries of another: ",
                                                   result.status.ToString()));
                   }
                 })
        .IgnoreError();
  }
  node.Kick();
}

void Exchange::Transmit(NodeIndex from, NodeIndex to, std::function<void()> arrive) {
  Network& network = stage_.network;
  if (network.BlockedMs(NodeEnd(from), NodeEnd(to)) > 0) return;
  const int copies = network.Strikes(stage_.options.duplication) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (network.Strikes(stage_.options.loss)) continue;
    int64_t delay_ms = network.DelayMs();
    if (network.Strikes(stage_.options.reordering)) {
      delay_ms += stage_.random.Between(0, kReorderedMsMax);
    }
    stage_.schedule.After(delay_ms, arrive);
  }
}

bool Exchange::Converged() const {
  for (const std::string& region : regions_) {
    std::optional<sync::VersionVector> first;
    for (const std::unique_ptr<Node>& node : nodes_) {
      const std::shared_ptr<const server::Published> published = node->published();
      if (published == nullptr || !node->idle()) return false;
      const auto known = sync::LoadVersionVector(*published->reader, region);
      CHECK(known.ok());
      if (!first) first = *known;
      if (*known != *first) return false;
    }
  }
  return true;
}

}  // namespace tikar::simulation
