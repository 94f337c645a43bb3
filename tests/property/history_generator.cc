#include "history_generator.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "sync/change.h"
#include "tikar/v1/change.pb.h"

namespace tikar::property {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int64_t kStartMs = 1'760'000'000'000;

const std::vector<std::string> kWords = {"jalan", "rusak",  "di",    "desa",  "jembatan", "lampu",
                                         "mati",  "banjir", "besar", "sudah", "lama",     "warga"};
const std::vector<std::string> kTitles = {"Jembatan rusak",   "Jalan rusak",  "Lampu mati", "",
                                          "Banjir di Siulak", "cafe\xcc\x81", "caf\xc3\xa9"};
const std::vector<std::string> kNames = {"Siti", "Budi", "Dewi"};
const std::vector<std::string> kDecimals = {"1.5", "1.50", "-0",    "007.1", "-2.25", "10",
                                            "9.9", "0",    "-12.3", "-2.3",  "9.90"};
const std::vector<std::string> kItems = {"jalan", "jembatan", "lampu", "banjir", "sampah", "air"};
const std::vector<std::string> kFields = {"judul",     "lokasi",  "deskripsi", "catatan",
                                          "prioritas", "nilai",   "tenggat",   "kunjungan",
                                          "kategori",  "bantuan", "pemohon"};
const std::vector<std::vector<std::string>> kFieldsByPolicy = {
    {"judul", "lokasi"}, {"deskripsi", "catatan"}, {"prioritas", "nilai"}, {"tenggat", "kunjungan"},
    {"kategori"},        {"bantuan", "pemohon"}};
const std::vector<std::string> kOtherPaths = {"area", "assignee", "duplicate_of", "kolom_lama",
                                              "folder/berkas"};
const std::vector<std::string> kSteps = {"diterima", "diverifikasi", "ditangani", "terdaftar"};
const std::vector<std::string> kDecisions = {"disetujui", "ditolak", "selesai", "dibatalkan"};

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

// What an actor may do next.
enum Action : size_t {
  kSet,
  kClear,
  kMove,
  kAddElement,
  kEditElement,
  kRemoveElement,
  kRetract,
  kRestore,
  kSettle,
  kRebase,
  kJoin,
  kOdd,
  kActions
};

struct Actor {
  std::string name;
  int64_t ahead_ms = 0;  // of the true time
  uint64_t hlc_last = 0;
  std::vector<bool> seen;  // by change
};

struct Made {
  std::string id;
  v1::ChangeBody body;
  size_t actor = 0;
  bool is_dropped = false;
};

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed ^ 0x74696b6172u) { history_.seed = seed; }

  History Make() {
    ChooseShape();
    WriteCreate();
    if (random_.Percent(18)) AgreeInPassing();
    while (static_cast<int>(made_.size()) < changes_) {
      if (is_coarse_) {
        if (random_.Percent(30)) now_ms_ += kHourMs;
      } else {
        now_ms_ += random_.Percent(30) ? random_.Between(0, 5) : random_.Between(1'000, kDayMs / 2);
      }
      const size_t actor = random_.Below(actors_.size());
      Look(actor);
      WriteChange(actor);
    }
    LieInStubs();
    history_.actors = static_cast<int>(actors_.size());
    history_.changes = changes_;
    return std::move(history_);
  }

 private:
  void ChooseShape() {
    actors_.resize(static_cast<size_t>(random_.Between(3, 8)));
    for (size_t i = 0; i < actors_.size(); ++i) {
      actors_[i].name = "hp-" + std::to_string(i);
      switch (random_.Weighted({50, 15, 15, 12, 8})) {
        case 0:
          actors_[i].ahead_ms = random_.Between(-2 * kMinuteMs, 2 * kMinuteMs);
          break;
        case 1:
          actors_[i].ahead_ms = 0;
          break;
        case 2:
          actors_[i].ahead_ms = random_.Between(-3 * kHourMs, 3 * kHourMs);
          break;
        case 3:
          actors_[i].ahead_ms = 365 * kDayMs;
          break;
        default:
          actors_[i].ahead_ms = -400 * kDayMs;
      }
    }
    // Clocks that only show hours: many writes of one time, which only their ids rank.
    is_coarse_ = random_.Percent(15);
    for (Actor& actor : actors_) {
      if (is_coarse_) actor.ahead_ms = 0;
    }
    switch (random_.Weighted({55, 33, 12})) {
      case 0:
        changes_ = static_cast<int>(random_.Between(5, 14));
        break;
      case 1:
        changes_ = static_cast<int>(random_.Between(15, 36));
        break;
      default:
        changes_ = static_cast<int>(random_.Between(37, 80));
    }
    // What the history is about. By Action: set, clear, move, add, edit and remove element,
    // retract, restore, settle, rebase, join, odd.
    switch (random_.Weighted({38, 36, 8, 9, 5, 4})) {
      case 0:
        weights_ = {40, 12, 16, 8, 6, 6, 5, 4, 16, 3, 5, 3};
        for (uint64_t& weight : weights_) weight = weight * random_.Pick<uint64_t>({2, 6, 18}) / 2;
        break;
      case 1:  // one field
        weights_ = {40, 18, 2, 1, 0, 0, 1, 0, 30, 1, 4, 3};
        break;
      case 2:  // the status
        weights_ = {4, 1, 50, 1, 0, 0, 2, 1, 35, 1, 5, 3};
        break;
      case 3:  // comments
        weights_ = {3, 1, 2, 20, 30, 40, 1, 1, 2, 1, 4, 2};
        break;
      case 4:  // withdrawn, or not
        weights_ = {10, 2, 3, 2, 1, 1, 25, 20, 30, 0, 4, 2};
        break;
      default:  // moved to another definition, and back
        weights_ = {30, 8, 14, 2, 2, 2, 2, 2, 20, 20, 4, 2};
    }
    // Few paths, so that writes meet; a policy has the same chance whether one field has it or
    // three.
    hot_.clear();
    for (int64_t i = random_.Pick<int64_t>({1, 1, 1, 2, 3}); i > 0; --i) {
      hot_.push_back(random_.Pick(random_.Pick(kFieldsByPolicy)));
    }
    wrong_kind_percent_ = random_.Percent(36) ? 40 : 1;
    has_few_values_ = random_.Percent(40);
    looks_percent_ = random_.Pick<uint64_t>({30, 50, 75});
    is_crowd_ = random_.PerMille(4);
    if (is_crowd_) {
      changes_ = 80;
      weights_ = {60, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
      hot_ = {random_.Percent(60) ? "deskripsi" : "bantuan"};
    }
    has_huge_texts_ = !is_crowd_ && random_.PerMille(4);
    if (has_huge_texts_) {
      hot_ = {"deskripsi"};
      changes_ = std::min(changes_, 10);
    }
  }

  // The actor's phone has a signal, now and then.
  void Look(size_t actor) {
    Actor& looking = actors_[actor];
    if (is_crowd_ && !random_.Percent(3)) {
      // More hands than a machine word has bits, and each saw nothing but the beginning.
      looking.seen.assign(made_.size(), false);
      looking.seen[0] = true;
      return;
    }
    if (!random_.Percent(looks_percent_)) return;
    switch (random_.Weighted({30, 58, 9, 3})) {
      case 0:  // the district server has everything
        looking.seen.assign(made_.size(), true);
        break;
      case 1: {  // another officer's phone
        const Actor& other = random_.Pick(actors_);
        for (size_t i = 0; i < made_.size(); ++i) {
          if (other.seen[i]) looking.seen[i] = true;
        }
        break;
      }
      case 2:  // one change without its ancestors: a stream that broke
        looking.seen[random_.Below(made_.size())] = true;
        break;
      default:  // a phone that was reset
        looking.seen.assign(made_.size(), false);
    }
  }

  std::vector<std::string> HeadsOf(const Actor& actor) const {
    std::set<std::string> heads;
    for (size_t i = 0; i < made_.size(); ++i) {
      if (actor.seen[i]) heads.insert(made_[i].id);
    }
    for (size_t i = 0; i < made_.size(); ++i) {
      if (!actor.seen[i]) continue;
      for (const std::string& parent : made_[i].body.parents()) heads.erase(parent);
    }
    return {heads.begin(), heads.end()};
  }

  void WriteCreate() {
    Actor& author = actors_[0];
    v1::ChangeBody body = NewBody(author);
    body.clear_request_id();
    v1::Create* const create = body.add_mutations()->mutable_create();
    create->set_definition_hash(reference::Sha256(AllDefinitions().bytes[0]));
    create->set_service("pengaduan");
    create->set_version(1);
    create->set_area("15.01.06.2010");
    const int64_t fields = random_.Between(0, 3);
    for (int64_t i = 0; i < fields; ++i) AddSet(author, body);
    history_.request_id = sync::RequestIdOf(body, body.SerializeAsString())->bytes();
    Publish(0, std::move(body));
    // Most phones begin with the request on them.
    for (Actor& actor : actors_) actor.seen[0] = random_.Percent(70);
  }

  // Two officers decide differently, then the first, who saw nothing of that, changes to what the
  // second said. The values agree; that nobody looked at both still shows as a review.
  void AgreeInPassing() {
    if (random_.Percent(30)) return RetractTwice();
    const std::string path = random_.Pick<std::string>({"status", "bantuan", "pemohon"});
    for (const size_t said : {0u, 1u, 1u}) {
      const size_t actor = static_cast<int>(made_.size()) == 2 ? 1 : 0;
      now_ms_ += kHourMs;
      v1::ChangeBody body = NewBody(actors_[actor]);
      for (const std::string& head : HeadsOf(actors_[actor])) body.add_parents(head);
      if (path == "status") {
        body.add_mutations()->mutable_transition()->set_to(kDecisions[said]);
      } else if (path == "bantuan") {
        body.add_mutations()->mutable_set_field()->set_path(path);
        body.mutable_mutations(0)->mutable_set_field()->mutable_value()->set_integer(
            static_cast<int64_t>(said));
      } else {
        body.add_mutations()->mutable_set_field()->set_path(path);
        body.mutable_mutations(0)->mutable_set_field()->mutable_value()->set_text(kNames[said]);
      }
      Publish(actor, std::move(body));
    }
  }

  // Two officers withdraw the same request, and nobody did anything else: that is no conflict.
  void RetractTwice() {
    for (const size_t actor : {0u, 1u}) {
      actors_[actor].seen.assign(made_.size(), false);
      actors_[actor].seen[0] = true;
      v1::ChangeBody body = NewBody(actors_[actor]);
      body.add_parents(made_[0].id);
      body.add_mutations()->mutable_retract();
      Publish(actor, std::move(body));
    }
  }

  v1::ChangeBody NewBody(Actor& author) {
    v1::ChangeBody body;
    body.set_region(kRegion);
    body.set_request_id(history_.request_id);
    body.set_actor(author.name);
    body.set_role("petugas");
    body.set_nonce(random_.Bytes(8));
    const uint64_t wall = static_cast<uint64_t>(now_ms_ + author.ahead_ms) << 16;
    author.hlc_last = std::max(wall, author.hlc_last + 1);
    body.set_hlc(author.hlc_last);
    return body;
  }

  void WriteChange(size_t actor) {
    Actor& author = actors_[actor];
    v1::ChangeBody body = NewBody(author);
    for (const std::string& head : HeadsOf(author)) body.add_parents(head);
    const int64_t steps = random_.Percent(25) ? random_.Between(2, 4) : 1;
    for (int64_t i = 0; i < steps; ++i) AddMutation(author, body);
    Publish(actor, std::move(body));
  }

  void AddMutation(const Actor& author, v1::ChangeBody& body) {
    switch (static_cast<Action>(random_.Weighted(weights_))) {
      case kSet:
        return AddSet(author, body);
      case kClear:
        body.add_mutations()->mutable_clear_field()->set_path(PickPath());
        return;
      case kMove: {
        v1::Transition* const move = body.add_mutations()->mutable_transition();
        move->set_from(random_.Pick(kSteps));
        move->set_to(PickState());
        if (!has_few_values_ || !random_.Percent(50)) return;
        const std::optional<v1::Mutation> last =
            LastWrite([](const v1::Mutation& mutation) { return mutation.has_transition(); });
        if (last) move->set_to(last->transition().to());
        return;
      }
      case kAddElement: {
        v1::AddElement* const add = body.add_mutations()->mutable_add_element();
        add->set_collection(random_.Percent(70) ? "comments" : "tags");
        add->mutable_value()->set_text(Sentence(""));
        return;
      }
      case kEditElement: {
        const std::optional<std::string> path = PickElement(author);
        if (!path) return AddSet(author, body);
        v1::SetField* const set = body.add_mutations()->mutable_set_field();
        set->set_path(*path);
        set->mutable_value()->set_text(random_.Pick(kTitles));
        return;
      }
      case kRemoveElement: {
        const std::optional<std::string> path = PickElement(author);
        if (!path) return AddSet(author, body);
        body.add_mutations()->mutable_remove_element()->set_path(*path);
        return;
      }
      case kRetract:
        body.add_mutations()->mutable_retract()->set_reason("salah kirim");
        return;
      case kRestore:
        body.add_mutations()->mutable_restore();
        return;
      case kSettle:
        return AddSettle(author, body);
      case kRebase: {
        v1::Rebase* const rebase = body.add_mutations()->mutable_rebase();
        const size_t target = random_.Weighted({40, 50, 4});
        rebase->set_definition_hash(reference::Sha256(AllDefinitions().bytes[target]));
        rebase->set_version(static_cast<uint32_t>(target) + 1);
        if (random_.Percent(12)) rebase->set_definition_hash(random_.Bytes(32));
        return;
      }
      case kJoin:
        body.clear_mutations();
        return;
      case kOdd:
      case kActions:
        return AddOdd(author, body);
    }
  }

  // What only a wrong or a newer client sends; a first node may refuse it, a mirror must bear it.
  void AddOdd(const Actor& author, v1::ChangeBody& body) {
    v1::Mutation* const mutation = body.add_mutations();
    switch (random_.Below(14)) {
      case 0:
        mutation->mutable_set_field()->set_path("status");
        mutation->mutable_set_field()->mutable_value()->set_text("selesai");
        return;
      case 1:
        mutation->mutable_set_field()->set_path(random_.Percent(50) ? "@retracted" : "@definition");
        mutation->mutable_set_field()->mutable_value()->set_flag(true);
        return;
      case 2:
        mutation->mutable_set_field()->set_path(PickPath());
        mutation->mutable_set_field()->mutable_value()->set_decimal("seribu");
        return;
      case 3:
        mutation->mutable_set_field()->set_path(PickPath());
        mutation->mutable_set_field()->mutable_value();
        return;
      case 4:
        mutation->mutable_clear_field()->set_path(random_.Percent(50) ? "" : "status");
        return;
      case 5: {
        const std::optional<std::string> element = PickElement(author);
        mutation->mutable_settle()->set_path(element ? *element : "@definition");
        mutation->mutable_settle()->mutable_value()->set_text("x");
        NameWrites(author, *mutation->mutable_settle());
        return;
      }
      case 6: {  // the same path twice: the last write counts
        const std::string path = PickPath();
        mutation->mutable_set_field()->set_path(path);
        *mutation->mutable_set_field()->mutable_value() = PickValue(author, path);
        if (random_.Percent(30)) {
          body.add_mutations()->mutable_clear_field()->set_path(path);
          return;
        }
        v1::SetField* const again = body.add_mutations()->mutable_set_field();
        again->set_path(path);
        *again->mutable_value() = PickValue(author, path);
        return;
      }
      case 7:
        mutation->mutable_transition()->set_to(random_.Pick(kWords));
        return;
      case 8:
        mutation->mutable_remove_element()->set_path(random_.Percent(70) ? PickPath() : "status");
        return;
      case 9:
        mutation->mutable_add_element()->set_collection(random_.Percent(50) ? "" : "folder/berkas");
        mutation->mutable_add_element()->mutable_value()->set_text("lampiran");
        return;
      case 10: {  // almost an element
        const std::optional<std::string> element = PickElement(author);
        mutation->mutable_set_field()->set_path(element.value_or("comments/") + "1.01");
        mutation->mutable_set_field()->mutable_value()->set_text("x");
        return;
      }
      case 11:
        mutation->mutable_rebase()->set_definition_hash(random_.Bytes(5));
        return;
      case 12:
        if (body.mutations_size() == 1) return SettleOddly(*mutation);
        *mutation->mutable_create() = made_[0].body.mutations(0).create();
        mutation->mutable_create()->set_area("15.01.09");
        return;
      default:
        if (random_.Percent(70)) {
          mutation->mutable_restore();
          return;
        }
        // A kind of mutation of a later version.
        mutation->GetReflection()->MutableUnknownFields(mutation)->AddVarint(900, 1);
    }
  }

  // A settlement of what never was under review, to a value that is no flag.
  void SettleOddly(v1::Mutation& mutation) {
    mutation.mutable_settle()->set_path("@retracted");
    mutation.mutable_settle()->mutable_value()->set_text("ya");
  }

  void AddSet(const Actor& author, v1::ChangeBody& body) {
    v1::SetField* const set = body.add_mutations()->mutable_set_field();
    set->set_path(PickPath());
    const bool is_wrong = random_.Percent(wrong_kind_percent_);
    *set->mutable_value() = PickValue(author, is_wrong ? random_.Pick(kFields) : set->path());
    if (!has_few_values_ || !random_.Percent(50)) return;
    const std::optional<v1::Mutation> last = LastWrite([set](const v1::Mutation& mutation) {
      return mutation.has_set_field() && mutation.set_field().path() == set->path();
    });
    if (last) *set->mutable_value() = last->set_field().value();
  }

  // Seen by the author or not: two officers often mean the same.
  template <typename Matches>
  std::optional<v1::Mutation> LastWrite(const Matches& matches) const {
    for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
      for (const v1::Mutation& mutation : made->body.mutations()) {
        if (matches(mutation)) return mutation;
      }
    }
    return std::nullopt;
  }

  // A decision on what the author sees under review; now and then on something else.
  void AddSettle(const Actor& author, v1::ChangeBody& body) {
    const reference::State view = ViewOf(author);
    std::vector<std::string> reviews, others;
    for (const auto& [path, field] : view.fields) {
      if (path.find('/') != std::string::npos || path == "@definition") continue;
      (field.under_review ? reviews : others).push_back(path);
    }
    v1::Settle* const settle = body.add_mutations()->mutable_settle();
    settle->set_reason("sudah diperiksa");
    if (reviews.empty() || random_.Percent(15)) {
      settle->set_path(others.empty() || random_.Percent(70) ? PickPath() : random_.Pick(others));
      if (random_.Percent(10)) settle->set_path("status");
    } else {
      settle->set_path(random_.Pick(reviews));
    }
    std::set<std::string> named;
    std::vector<std::optional<std::string>> values;
    if (const auto it = view.fields.find(settle->path()); it != view.fields.end()) {
      for (const reference::Candidate& candidate : it->second.candidates) {
        values.push_back(candidate.value);
        named.insert(candidate.change_id);
      }
    }
    if (named.size() > 1 && random_.Percent(18)) named.erase(named.begin());
    for (const std::string& id : named) settle->add_candidates(id);
    if (random_.Percent(10)) NameWrites(author, *settle);
    if (random_.Percent(5)) settle->add_candidates(random_.Pick(made_).id);  // perhaps not seen
    std::sort(settle->mutable_candidates()->begin(), settle->mutable_candidates()->end());

    if (random_.Percent(15)) return;  // decides for "empty"
    if (!values.empty() && random_.Percent(60)) {
      const std::optional<std::string>& value = random_.Pick(values);
      if (value) settle->mutable_value()->ParseFromString(*value);
      if (value) return;
    }
    if (settle->path() == "status") {
      settle->mutable_value()->set_text(PickState());
    } else if (settle->path() == "@retracted") {
      settle->mutable_value()->set_flag(random_.Percent(50));
    } else {
      *settle->mutable_value() = PickValue(author, settle->path());
    }
  }

  void NameWrites(const Actor& author, v1::Settle& settle) {
    for (size_t i = 0; i < made_.size(); ++i) {
      if (author.seen[i] && random_.Percent(50)) settle.add_candidates(made_[i].id);
    }
  }

  reference::State ViewOf(const Actor& author) const {
    std::vector<reference::Observation> seen;
    for (size_t i = 0; i < made_.size(); ++i) {
      if (!author.seen[i]) continue;
      reference::Observation observation;
      observation.body = made_[i].body.SerializeAsString();
      observation.stamp.set_received_at_ms(now_ms_);
      observation.stamp.set_verdict(v1::VERDICT_ACCEPTED);
      seen.push_back(std::move(observation));
    }
    // Which text comes out does not matter for the view.
    const auto take_ours = [](std::string_view, std::string_view ours, std::string_view) {
      return std::optional<std::string>(ours);
    };
    return reference::Fold(seen, AllDefinitions().by_hash, take_ours);
  }

  std::string PickPath() {
    if (is_crowd_) return hot_[0];
    if (random_.Percent(6)) return random_.Pick(kOtherPaths);
    if (random_.Percent(8)) return random_.Pick(kFields);
    return random_.Pick(hot_);
  }

  std::string PickState() {
    if (has_few_values_ && random_.Percent(90)) return kDecisions[random_.Below(2)];
    return random_.Percent(70) ? random_.Pick(kDecisions) : random_.Pick(kSteps);
  }

  // Mostly one that the author has seen.
  std::optional<std::string> PickElement(const Actor& author) {
    std::vector<std::string> paths;
    for (size_t i = 0; i < made_.size(); ++i) {
      if (!author.seen[i] && !random_.Percent(5)) continue;
      for (int m = 0; m < made_[i].body.mutations_size(); ++m) {
        const v1::Mutation& mutation = made_[i].body.mutations(m);
        if (!mutation.has_add_element()) continue;
        paths.push_back(mutation.add_element().collection() + "/" + Hex(made_[i].id) + "." +
                        std::to_string(m));
      }
    }
    if (paths.empty()) return std::nullopt;
    // The oldest half of the time, so that edits meet.
    return random_.Percent(50) ? paths.front() : random_.Pick(paths);
  }

  v1::Value PickValue(const Actor& author, const std::string& path) {
    v1::Value value;
    if (path == "lokasi") {
      value.mutable_place()->set_latitude_e7(static_cast<int32_t>(random_.Between(-3, 3)));
      value.mutable_place()->set_longitude_e7(1'010'000'000);
    } else if (path == "deskripsi" || path == "catatan") {
      const bool is_huge = has_huge_texts_ && random_.Percent(50);
      value.set_text(is_huge ? HugeText() : EditedText(author, path));
    } else if (path == "prioritas") {
      value.set_integer(random_.Between(-3, 5));
    } else if (path == "bantuan") {
      value.set_integer(random_.Between(0, has_few_values_ ? 1 : 2));
    } else if (path == "nilai") {
      value.set_decimal(random_.Pick(kDecimals));
    } else if (path == "tenggat") {
      value.set_date_days(static_cast<int32_t>(random_.Between(-2, 4)));
    } else if (path == "kunjungan") {
      value.set_time_ms(random_.Between(-2, 4));
    } else if (path == "kategori") {
      value.mutable_choices();
      const int64_t items = random_.Between(0, 4);
      for (int64_t i = 0; i < items; ++i) value.mutable_choices()->add_items(random_.Pick(kItems));
    } else if (path == "pemohon" || path == "assignee") {
      value.set_text(has_few_values_ ? kNames[random_.Below(2)] : random_.Pick(kNames));
    } else if (path == "area") {
      value.set_text(random_.Percent(50) ? "15.01.06" : "15.01.07.2001");
    } else {
      value.set_text(random_.Pick(kTitles));
    }
    return value;
  }

  // The text as the author last saw it, with a word changed, added or removed.
  std::string EditedText(const Actor& author, const std::string& path) {
    for (size_t i = made_.size(); i-- > 0;) {
      if (!author.seen[i]) continue;
      for (const v1::Mutation& mutation : made_[i].body.mutations()) {
        if (mutation.set_field().path() == path && mutation.set_field().value().has_text() &&
            mutation.set_field().value().text().size() < 1000) {
          return Sentence(mutation.set_field().value().text());
        }
      }
    }
    return Sentence("");
  }

  std::string Sentence(std::string text) {
    std::vector<std::string> words;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(' ', at), text.size());
      words.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    if (words.empty()) {
      const int64_t count = random_.Between(0, 6);
      for (int64_t i = 0; i < count; ++i) words.push_back(random_.Pick(kWords));
    } else {
      const size_t at = random_.Below(words.size());
      switch (random_.Below(3)) {
        case 0:
          words[at] = random_.Pick(kWords);
          break;
        case 1:
          words.insert(words.begin() + static_cast<int64_t>(at), random_.Pick(kWords));
          break;
        default:
          words.erase(words.begin() + static_cast<int64_t>(at));
      }
    }
    std::string edited;
    for (const std::string& word : words) edited += (edited.empty() ? "" : " ") + word;
    return edited;
  }

  // More edits than a merge by words takes on.
  std::string HugeText() {
    std::string text;
    for (int i = 0; i < 2600; ++i) {
      text += static_cast<char>('a' + random_.Below(26));
      text += ' ';
    }
    return text;
  }

  void Publish(size_t actor, v1::ChangeBody body) {
    Made made;
    made.actor = actor;
    made.body = std::move(body);
    const std::string bytes = made.body.SerializeAsString();
    made.id = reference::Sha256(bytes).substr(0, 16);
    CountForward(made);
    // A change or two never reach this node.
    made.is_dropped = random_.Percent(made_.empty() ? 2 : 1);
    if (!made.is_dropped) Observe(made, bytes);
    made_.push_back(std::move(made));
    for (Actor& other : actors_) other.seen.resize(made_.size(), false);
    actors_[actor].seen.back() = true;
  }

  void CountForward(const Made& made) {
    bool is_forward = true;
    for (const std::string& parent : made.body.parents()) {
      if (heads_.erase(parent) == 0) is_forward = false;
    }
    if (!is_forward) ++history_.not_fast_forward;
    heads_.insert(made.id);
  }

  // What one to three nodes logged of it.
  void Observe(const Made& made, const std::string& bytes) {
    int stamps = 1;
    if (random_.Percent(20)) stamps = random_.Percent(25) ? 3 : 2;
    std::set<std::string> distinct;
    for (int i = 0; i < stamps; ++i) {
      reference::Observation observation;
      observation.stamp = PickStamp(actors_[made.actor], i > 0);
      if (i > 0 && random_.Percent(35)) {
        // The same time on two nodes; what is left decides.
        const v1::Stamp& other = history_.observations.back().stamp;
        observation.stamp.set_received_at_ms(other.received_at_ms());
        if (random_.Percent(40)) observation.stamp.set_clock_offset_ms(other.clock_offset_ms());
      }
      const bool refused = observation.stamp.verdict() != v1::VERDICT_ACCEPTED;
      if (refused && random_.Percent(40)) {
        observation.stub_id = made.id;
        observation.stub_request_id = history_.request_id;
        observation.stub_parents.assign(made.body.parents().begin(), made.body.parents().end());
      } else {
        observation.body = bytes;
      }
      distinct.insert(observation.stamp.SerializeAsString());
      history_.observations.push_back(std::move(observation));
    }
    if (distinct.size() > 1) ++history_.stamped_twice;
  }

  // A node that logged a stub may be wrong about its parents: it leaves one out, or names any
  // change, also one that came later.
  void LieInStubs() {
    for (reference::Observation& observation : history_.observations) {
      if (!observation.body.empty() || !random_.Percent(12)) continue;
      if (!observation.stub_parents.empty() && random_.Percent(40)) {
        observation.stub_parents.pop_back();
      } else {
        observation.stub_parents.push_back(random_.Percent(90) ? random_.Pick(made_).id
                                                               : random_.Bytes(16));
      }
    }
  }

  v1::Stamp PickStamp(const Actor& author, bool is_later) {
    v1::Stamp stamp;
    const bool is_prompt = random_.Percent(60);
    stamp.set_received_at_ms(now_ms_ + random_.Between(0, is_prompt ? 2'000 : 9 * kDayMs));
    if (is_later && random_.Percent(40)) {
      stamp.set_received_at_ms(now_ms_ - random_.Between(0, kHourMs));
    }
    switch (random_.Weighted({65, 20, 15})) {
      case 0:
        stamp.set_clock_offset_ms(-author.ahead_ms + random_.Between(-1'000, 1'000));
        break;
      case 1:
        stamp.set_clock_offset_ms(0);
        break;
      default:  // just tolerated, and just not
        stamp.set_clock_offset_ms(random_.Pick<int64_t>(
            {5 * kMinuteMs, 5 * kMinuteMs + 1, -5 * kMinuteMs, -5 * kMinuteMs - 1}));
    }
    switch (random_.Weighted({is_later ? 70u : 91u, is_later ? 17u : 5u, is_later ? 13u : 4u})) {
      case 0:
        stamp.set_verdict(v1::VERDICT_ACCEPTED);
        break;
      case 1:
        stamp.set_verdict(v1::VERDICT_VOID);
        break;
      default:
        stamp.set_verdict(v1::VERDICT_QUARANTINED);
    }
    if (stamp.verdict() != v1::VERDICT_ACCEPTED) {
      stamp.set_reason(random_.Percent(50) ? v1::REFUSAL_REASON_SCOPE : v1::REFUSAL_REASON_ROLE);
    }
    if (random_.Percent(30)) stamp.set_signature_id(random_.Bytes(random_.Between(1, 3)));
    return stamp;
  }

  Random random_;
  History history_;
  std::vector<Actor> actors_;
  std::vector<Made> made_;
  std::set<std::string> heads_;
  std::vector<uint64_t> weights_;  // by Action
  std::vector<std::string> hot_;
  uint64_t looks_percent_ = 0;
  uint64_t wrong_kind_percent_ = 0;
  bool has_few_values_ = false;  // two actors often mean the same
  bool has_huge_texts_ = false;
  bool is_crowd_ = false;
  bool is_coarse_ = false;
  int changes_ = 0;
  int64_t now_ms_ = kStartMs;
};

// A node may hear of a thing again at any time.
void RepeatSome(std::vector<Arrival>& arrivals, Random& random) {
  const size_t count = arrivals.size();
  for (size_t i = 0; i < count; ++i) {
    if (!random.Percent(15)) continue;
    const Arrival again = arrivals[i];
    arrivals.insert(arrivals.begin() + random.Between(0, static_cast<int64_t>(arrivals.size())),
                    again);
  }
}

// Each entry behind its parents' first ones, as far as they are here at all and bodies name them;
// otherwise anyhow. What stubs say does not count: they may lie in a circle.
std::vector<Arrival> ParentsFirst(const History& history, Random& random) {
  std::set<std::string> waiting;
  std::vector<size_t> left;
  for (size_t i = 0; i < history.observations.size(); ++i) {
    waiting.insert(reference::ChangeIdOf(history.observations[i]));
    left.push_back(i);
  }
  std::vector<Arrival> arrivals;
  while (!left.empty()) {
    const size_t at = random.Below(left.size());
    const reference::Observation& observation = history.observations[left[at]];
    v1::ChangeBody body;
    body.ParseFromString(observation.body);
    if (std::any_of(body.parents().begin(), body.parents().end(),
                    [&waiting](const std::string& parent) { return waiting.contains(parent); })) {
      continue;
    }
    waiting.erase(reference::ChangeIdOf(observation));
    arrivals.push_back({Arrival::Kind::kEntry, left[at]});
    left.erase(left.begin() + static_cast<int64_t>(at));
  }
  return arrivals;
}

}  // namespace

History MakeHistory(uint64_t seed) { return Maker(seed).Make(); }

std::vector<Arrival> Deliver(const History& history, Order order, Random& random) {
  std::vector<Arrival> definitions, entries;
  for (size_t i = 0; i < AllDefinitions().bytes.size(); ++i) {
    definitions.push_back({Arrival::Kind::kDefinition, i});
  }
  for (size_t i = 0; i < history.observations.size(); ++i) {
    entries.push_back({Arrival::Kind::kEntry, i});
  }
  switch (order) {
    case Order::kAsWritten:
      break;
    case Order::kReversed:
      std::reverse(entries.begin(), entries.end());
      break;
    case Order::kCausal:
      entries = ParentsFirst(history, random);
      break;
    case Order::kShuffled:
    case Order::kLateDefinitions:
      random.Shuffle(entries);
      break;
    case Order::kByActor: {
      const auto author = [&history](const Arrival& arrival) {
        v1::ChangeBody body;
        body.ParseFromString(history.observations[arrival.index].body);
        return body.actor();
      };
      std::stable_sort(
          entries.begin(), entries.end(),
          [&author](const Arrival& a, const Arrival& b) { return author(a) > author(b); });
      break;
    }
  }
  if (order == Order::kLateDefinitions) {
    for (const Arrival& definition : definitions) {
      entries.insert(entries.begin() + random.Between(0, static_cast<int64_t>(entries.size())),
                     definition);
    }
  } else {
    entries.insert(entries.begin(), definitions.begin(), definitions.end());
  }
  if (order != Order::kAsWritten) RepeatSome(entries, random);
  return entries;
}

}  // namespace tikar::property
