#include "checkers/phone_holdings.h"

#include <string_view>
#include <utility>

#include "checkers/evidence.h"
#include "sync/status_macros.h"

namespace tikar::simulation {
namespace {

std::string TextOf(const v1::Request& request, std::string_view path) {
  for (const v1::FieldState& field : request.fields()) {
    if (field.path() == path) return field.value().text();
  }
  return "";
}

PhoneHoldings::Word WordOf(const v1::Request& request, std::optional<NodeIndex> node,
                           uint64_t pass) {
  return {.held = true,
          .node = node,
          .digest = request.state_digest(),
          .area = request.area(),
          .assignee = TextOf(request, "assignee"),
          .heads = {request.heads().begin(), request.heads().end()},
          .pass = pass};
}

}  // namespace

sync::RequestKey KeyOfRequestName(const std::string& name) {
  constexpr std::string_view kRegions = "regions/", kRequests = "/requests/";
  const size_t end = name.find(kRequests);
  CHECK(name.starts_with(kRegions) && end != std::string::npos);
  const auto id = sync::RequestId::FromHex(std::string_view(name).substr(end + kRequests.size()));
  CHECK(id.has_value());
  return {name.substr(kRegions.size(), end - kRegions.size()), *id};
}

const PhoneHoldings::Word* PhoneHoldings::Find(PhoneIndex phone,
                                               const sync::RequestKey& key) const {
  const auto found = phones_.find(phone);
  if (found == phones_.end()) return nullptr;
  const auto at = found->second.words.find(key);
  return at == found->second.words.end() ? nullptr : &at->second;
}

void PhoneHoldings::OnHelloSent(const HelloSent& hello) {
  phones_[hello.phone].begins_pass = hello.hello.cursor().empty();
}

void PhoneHoldings::OnNodeChanged(const NodeChanged& changed, const Sight& sight) {
  if (changed.what != NodeChange::kRestored) return;
  restores_.push_back({changed.node, changed.backup_step, sight.step()});
}

bool PhoneHoldings::KeptFromElsewhere(const Word& word, NodeIndex node, const sync::State& here) {
  return here.availability != v1::AVAILABILITY_READY && word.node && *word.node != node;
}

bool PhoneHoldings::FromLostLog(const Word& word) const {
  for (const Restore& restore : restores_) {
    // Of a phone's own backup it is not known who had said what is in it.
    if (!word.node) return true;
    if (*word.node == restore.node && word.step > restore.backup_step &&
        word.step <= restore.restore_step) {
      return true;
    }
  }
  return false;
}

void PhoneHoldings::OnBatchStored(const BatchStored& stored, const Sight& sight) {
  Phone& phone = phones_[stored.phone];
  if (std::exchange(phone.begins_pass, false)) ++phone.pass;
  for (const v1::Request& request : stored.batch.requests()) {
    Word& word = phone.words[KeyOfRequestName(request.name())];
    word = WordOf(request, stored.node, phone.pass);
    word.step = sight.step();
  }
  for (const v1::Removal& removal : stored.batch.removals()) {
    const auto id = sync::RequestId::FromBytes(removal.request_id());
    CHECK(id.has_value());
    Word& word = phone.words[{removal.region(), *id}];
    word = Word();
    word.node = stored.node;
    word.pass = phone.pass;
    word.step = sight.step();
  }
  if (!stored.batch.caught_up()) return;
  for (auto& [key, word] : phone.words) {
    if (word.pass < phone.pass) word.held = false;
  }
}

void PhoneHoldings::OnPhoneChanged(const PhoneChanged& changed, const Sight& sight) {
  Phone& phone = phones_[changed.phone];
  switch (changed.what) {
    case PhoneChange::kOpened:
      phone = Phone();
      break;
    case PhoneChange::kKilled:
    case PhoneChange::kRestored:
    case PhoneChange::kCloned:
      Read(sight.ReadPhone(changed.phone), &phone);
      // The app opens what is there with the scope of today.
      LetGo(changed.scope, sight.PhoneActor(changed.phone), &phone);
      break;
    case PhoneChange::kScopeChanged:
      LetGo(changed.scope, sight.PhoneActor(changed.phone), &phone);
      break;
    case PhoneChange::kDiskFull:
    case PhoneChange::kDiskFreed:
      break;
  }
}

void PhoneHoldings::Read(const PhoneContents& contents, Phone* phone) {
  std::map<sync::RequestKey, Word> words;
  for (const auto& [key, held] : contents.requests) {
    Word word = WordOf(held.request, std::nullopt, phone->pass);
    const auto before = phone->words.find(key);
    if (before != phone->words.end() && before->second.held &&
        before->second.digest == word.digest) {
      word.node = before->second.node;
      word.pass = before->second.pass;
      word.step = before->second.step;
    }
    words[key] = std::move(word);
  }
  for (const auto& [key, reason] : contents.departures) {
    const auto before = phone->words.find(key);
    if (before != phone->words.end() && !before->second.held) {
      words[key] = before->second;
    } else {
      words[key].pass = phone->pass;
    }
  }
  phone->words = std::move(words);
}

void PhoneHoldings::LetGo(const std::vector<std::string>& scope, const std::string& actor,
                          Phone* phone) {
  for (auto& [key, word] : phone->words) {
    const bool belongs = BelongsOnPhone(scope, actor, key, word.area, word.assignee);
    word.held = word.held && belongs;
  }
}

}  // namespace tikar::simulation
