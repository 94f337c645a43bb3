#include "history_generator.h"

#include <algorithm>
#include <set>
#include <utility>

#include "history_definitions.h"
#include "history_draft.h"
#include "history_logs.h"
#include "history_mutations.h"
#include "history_values.h"
#include "sync/change.h"

namespace tikar::property {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : draft_{.random = Random(seed ^ 0x74696b6172u)} {
    history_.seed = seed;
  }

  History Make() {
    ChooseActors();
    changes_ = ChooseLength();
    draft_.theme = ChooseTheme();
    WriteCreate();
    if (random_.Percent(20)) AgreeInPassing();
    const bool ends_by_timers = random_.Percent(9);
    const int by_hand = ends_by_timers ? changes_ - 2 : changes_;
    while (static_cast<int>(draft_.made.size()) < by_hand) {
      if (draft_.theme.is_coarse) {
        if (random_.Percent(30)) draft_.now_ms += kHourMs;
      } else {
        draft_.now_ms +=
            random_.Percent(30) ? random_.Between(0, 5) : random_.Between(1'000, kDayMs / 2);
      }
      if (random_.Percent(draft_.theme.timer_percent)) {
        WriteByTimer();
        continue;
      }
      const size_t actor = random_.Below(static_cast<uint64_t>(history_.actors));
      Look(actor);
      WriteChange(actor);
    }
    if (ends_by_timers) EndByTimers();
    LieInStubs(draft_, history_.observations);
    history_.changes = changes_;
    return std::move(history_);
  }

 private:
  void ChooseActors() {
    draft_.actors.resize(static_cast<size_t>(random_.Between(3, 8)));
    for (size_t i = 0; i < draft_.actors.size(); ++i) {
      Actor& actor = draft_.actors[i];
      actor.name = "hp-" + std::to_string(i);
      switch (random_.Weighted({50, 15, 15, 12, 8})) {
        case 0:
          actor.ahead_ms = random_.Between(-2 * kMinuteMs, 2 * kMinuteMs);
          break;
        case 1:
          actor.ahead_ms = 0;
          break;
        case 2:
          actor.ahead_ms = random_.Between(-3 * kHourMs, 3 * kHourMs);
          break;
        case 3:
          actor.ahead_ms = 365 * kDayMs;
          break;
        default:
          actor.ahead_ms = -400 * kDayMs;
      }
    }
    history_.actors = static_cast<int>(draft_.actors.size());
    // The home nodes. A deadline is past when they write.
    Actor& timer = draft_.actors.emplace_back();
    timer.name = "timer";
    timer.ahead_ms = -random_.Between(0, kDayMs);
  }

  int ChooseLength() {
    switch (random_.Weighted({55, 33, 12})) {
      case 0:
        return static_cast<int>(random_.Between(5, 14));
      case 1:
        return static_cast<int>(random_.Between(15, 36));
      default:
        return static_cast<int>(random_.Between(37, 80));
    }
  }

  // By Action: set, clear, move, add, edit and remove element, retract, restore, settle, rebase,
  // join, odd.
  std::vector<uint64_t> ChooseWeights() {
    switch (random_.Weighted({33, 35, 10, 11, 6, 5})) {
      case 0: {
        std::vector<uint64_t> weights = {40, 12, 16, 8, 6, 6, 5, 4, 16, 3, 5, 3};
        for (uint64_t& weight : weights) weight = weight * random_.Pick<uint64_t>({2, 6, 18}) / 2;
        return weights;
      }
      case 1:  // one field
        return {40, 18, 2, 1, 0, 0, 1, 0, 36, 1, 4, 3};
      case 2:  // the status
        return {4, 1, 50, 1, 0, 0, 2, 1, 42, 1, 5, 3};
      case 3:  // comments
        return {3, 1, 2, 20, 30, 40, 1, 1, 2, 1, 4, 2};
      case 4:  // withdrawn, or not
        return {10, 2, 3, 2, 1, 1, 25, 20, 30, 0, 4, 2};
      default:  // moved to another definition, and back
        return {30, 8, 14, 2, 2, 2, 2, 2, 20, 20, 4, 2};
    }
  }

  // May change the length and the clocks.
  Theme ChooseTheme() {
    Theme theme;
    theme.weights = ChooseWeights();
    // Many writes of one time, which only their ids rank.
    theme.is_coarse = random_.Percent(15);
    for (Actor& actor : draft_.actors) {
      if (theme.is_coarse) actor.ahead_ms = 0;
    }
    // Few paths, so that writes meet.
    for (int64_t i = random_.Pick<int64_t>({1, 1, 1, 2, 3}); i > 0; --i) {
      theme.hot.push_back(random_.Pick(random_.Pick(FieldsByPolicy())));
    }
    if (random_.Percent(10)) theme.hot.push_back("area");
    theme.wrong_kind_percent = random_.Percent(46) ? 40 : 1;
    theme.has_few_values = random_.Percent(40);
    theme.has_newer_client = random_.Percent(8);
    theme.looks_percent = random_.Pick<uint64_t>({30, 50, 75});
    if (random_.Percent(25)) theme.timer_percent = random_.Pick<uint64_t>({6, 15, 35});
    ChooseExtreme(theme);
    return theme;
  }

  // Seldom, because each is about nothing else.
  void ChooseExtreme(Theme& theme) {
    const std::vector<uint64_t> one_field = {60, 2, 1, 0, 0, 0, 0, 0, 6, 0, 1, 0};
    switch (random_.Weighted({900, 4, 4, 42, 50})) {
      case 0:
        return;
      case 1:
        theme.is_crowd = true;
        theme.weights = {60, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        theme.hot = {random_.Percent(60) ? kTextField : "bantuan"};
        changes_ = 80;
        return;
      case 2:  // thousands of words each: slow, so few
        theme.has_huge_texts = true;
        theme.hot = {kTextField};
        changes_ = std::min(changes_, 10);
        return;
      case 3:
        theme.has_long_texts = true;
        theme.weights = one_field;
        theme.hot = {kTextField};
        break;
      default:
        theme.has_large_choices = true;
        theme.weights = one_field;
        theme.hot = {kChoicesField};
    }
    theme.looks_percent = 30;
    theme.wrong_kind_percent = 1;
    theme.has_few_values = false;
    theme.has_newer_client = false;
    changes_ = std::min(changes_, 14);
  }

  // The actor's phone has a signal, now and then.
  void Look(size_t actor) {
    const std::vector<Made>& made = draft_.made;
    Actor& looking = draft_.actors[actor];
    if (draft_.theme.is_crowd && !random_.Percent(3)) {
      // More hands than a machine word has bits, and each saw nothing but the beginning.
      looking.seen.assign(made.size(), false);
      looking.seen[0] = true;
      return;
    }
    if (!random_.Percent(draft_.theme.looks_percent)) return;
    switch (random_.Weighted({30, 58, 9, 3})) {
      case 0:  // the district server has everything
        looking.seen.assign(made.size(), true);
        break;
      case 1: {  // another officer's phone
        const Actor& other = random_.Pick(draft_.actors);
        for (size_t i = 0; i < made.size(); ++i) {
          if (other.seen[i]) looking.seen[i] = true;
        }
        break;
      }
      case 2:  // one change without its ancestors: a stream that broke
        looking.seen[random_.Below(made.size())] = true;
        break;
      default:  // a phone that was reset
        looking.seen.assign(made.size(), false);
    }
  }

  std::vector<std::string> HeadsOf(const Actor& actor) const {
    std::set<std::string> heads;
    for (size_t i = 0; i < draft_.made.size(); ++i) {
      if (actor.seen[i]) heads.insert(draft_.made[i].id);
    }
    for (size_t i = 0; i < draft_.made.size(); ++i) {
      if (!actor.seen[i]) continue;
      for (const std::string& parent : draft_.made[i].body.parents()) heads.erase(parent);
    }
    return {heads.begin(), heads.end()};
  }

  void WriteCreate() {
    Actor& author = draft_.actors[0];
    v1::ChangeBody body = NewBody(author);
    body.clear_request_id();
    // Nobody's app is called so; but that a request is there must not depend on who is beside it.
    if (random_.Percent(8)) body.set_actor(draft_.actors[timer()].name);
    v1::Create* const create = body.add_mutations()->mutable_create();
    create->set_definition_hash(reference::Sha256(AllDefinitions().bytes[0]));
    // A mirror must bear what no first node takes: no hash; a Rebase may still bring one.
    if (random_.PerMille(15)) create->set_definition_hash(random_.Bytes(5));
    create->set_service("pengaduan");
    create->set_version(1);
    create->set_area("15.01.06.2010");
    for (int64_t i = random_.Between(0, 3); i > 0; --i) {
      // Mostly a form that was filled in; the rest nobody's app does, but a mirror must bear it.
      random_.Percent(85) ? AddSet(draft_, author, body) : AddMutation(draft_, author, body);
    }
    if (draft_.theme.has_newer_client && random_.Percent(20)) AddOfLaterVersion(draft_, body);
    draft_.request_id = sync::RequestIdOf(body, body.SerializeAsString())->bytes();
    history_.request_id = draft_.request_id;
    Publish(0, std::move(body));
    // Most phones begin with the request on them.
    for (Actor& actor : draft_.actors) actor.seen[0] = random_.Percent(70);
  }

  // Two officers decide differently, then the first, who saw nothing of that, changes to what the
  // second said. The values agree; that nobody looked at both still shows as a review.
  void AgreeInPassing() {
    if (random_.Percent(25)) return RetractTwice();
    const std::string path = random_.Pick<std::string>({"status", "status", "bantuan", "pemohon"});
    const std::string one = path == "status" ? "disetujui" : "Siti";
    const std::string other = path == "status" ? "ditolak" : "Budi";
    struct Step {
      size_t actor;
      bool says_other;
    };
    for (const Step step : {Step{0, false}, Step{1, true}, Step{0, true}}) {
      draft_.now_ms += kHourMs;
      Actor& author = draft_.actors[step.actor];
      v1::ChangeBody body = NewBody(author);
      for (const std::string& head : HeadsOf(author)) body.add_parents(head);
      const std::string& said = step.says_other ? other : one;
      if (path == "status") {
        body.add_mutations()->mutable_transition()->set_to(said);
      } else {
        v1::SetField* const set = body.add_mutations()->mutable_set_field();
        set->set_path(path);
        if (path == "bantuan") {
          set->mutable_value()->set_integer(step.says_other ? 1 : 0);
        } else {
          set->mutable_value()->set_text(said);
        }
      }
      Publish(step.actor, std::move(body));
    }
  }

  // Two officers withdraw the same request, and nobody did anything else: that is no conflict.
  void RetractTwice() {
    for (const size_t actor : {0u, 1u}) {
      Actor& author = draft_.actors[actor];
      author.seen.assign(draft_.made.size(), false);
      author.seen[0] = true;
      v1::ChangeBody body = NewBody(author);
      body.add_parents(draft_.made[0].id);
      body.add_mutations()->mutable_retract();
      Publish(actor, std::move(body));
    }
  }

  v1::ChangeBody NewBody(Actor& author) {
    v1::ChangeBody body;
    body.set_region(kRegion);
    body.set_request_id(draft_.request_id);
    body.set_actor(author.name);
    body.set_role("petugas");
    body.set_nonce(random_.Bytes(8));
    const uint64_t wall = static_cast<uint64_t>(draft_.now_ms + author.ahead_ms) << 16;
    author.hlc_last = std::max(wall, author.hlc_last + 1);
    body.set_hlc(author.hlc_last);
    return body;
  }

  void WriteChange(size_t actor) {
    Actor& author = draft_.actors[actor];
    v1::ChangeBody body = NewBody(author);
    for (const std::string& head : HeadsOf(author)) body.add_parents(head);
    for (int64_t i = random_.Percent(25) ? random_.Between(2, 4) : 1; i > 0; --i) {
      AddMutation(draft_, author, body);
    }
    Publish(actor, std::move(body));
  }

  size_t timer() const { return draft_.actors.size() - 1; }

  v1::ChangeBody NewBodyByTimer() {
    Actor& author = draft_.actors[timer()];
    v1::ChangeBody body = NewBody(author);
    body.clear_role();
    for (const std::string& head : HeadsOf(author)) body.add_parents(head);
    return body;
  }

  void AddStepByTimer(v1::ChangeBody& body) {
    v1::Transition* const move = body.add_mutations()->mutable_transition();
    move->set_to(PickState(draft_));
    move->set_reason("otomatis");
  }

  // A home node's deadline is over: mostly a step, but a mirror must bear whatever is called so. A
  // node knows of other nodes' timers only what reached it.
  void WriteByTimer() {
    Actor& author = draft_.actors[timer()];
    if (random_.Percent(45)) {
      author.seen.assign(draft_.made.size(), true);
    } else {
      author.seen = draft_.actors[random_.Below(timer())].seen;
    }
    v1::ChangeBody body = NewBodyByTimer();
    switch (random_.Weighted({80, 10, 10})) {
      case 0:
        AddStepByTimer(body);
        break;
      case 1:
        AddRebase(random_, body);
        break;
      default:
        AddMutation(draft_, author, body);
    }
    Publish(timer(), std::move(body));
  }

  // Two who both took themselves for the home node, and nobody wrote any more.
  void EndByTimers() {
    while (static_cast<int>(draft_.made.size()) < changes_) {
      Actor& author = draft_.actors[timer()];
      author.seen.assign(draft_.made.size(), true);
      if (static_cast<int>(draft_.made.size()) == changes_ - 1) author.seen.back() = false;
      v1::ChangeBody body = NewBodyByTimer();
      AddStepByTimer(body);
      Publish(timer(), std::move(body));
    }
  }

  void Publish(size_t actor, v1::ChangeBody body) {
    const std::string bytes = body.SerializeAsString();
    const Made made{
        .id = reference::Sha256(bytes).substr(0, 16), .body = std::move(body), .actor = actor};
    CountForward(made);
    // A change or two never reach this node.
    const bool is_lost = random_.Percent(draft_.made.empty() ? 2 : 1);
    if (!is_lost) Log(Observe(draft_, made, bytes));
    draft_.made.push_back(made);
    for (Actor& other : draft_.actors) other.seen.resize(draft_.made.size(), false);
    draft_.actors[actor].seen.back() = true;
  }

  void CountForward(const Made& made) {
    bool is_forward = true;
    for (const std::string& parent : made.body.parents()) {
      if (heads_.erase(parent) == 0) is_forward = false;
    }
    if (!is_forward) ++history_.not_fast_forward;
    heads_.insert(made.id);
  }

  void Log(std::vector<reference::Observation> observations) {
    std::set<std::string> stamps;
    for (reference::Observation& observation : observations) {
      stamps.insert(observation.stamp.SerializeAsString());
      history_.observations.push_back(std::move(observation));
    }
    if (stamps.size() > 1) ++history_.stamped_twice;
  }

  Draft draft_;
  Random& random_ = draft_.random;
  History history_;
  std::set<std::string> heads_;  // of all that was made
  int changes_ = 0;
};

}  // namespace

History MakeHistory(uint64_t seed) { return Maker(seed).Make(); }

}  // namespace tikar::property
