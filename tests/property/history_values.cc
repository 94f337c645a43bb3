#include "history_values.h"

#include <algorithm>

namespace tikar::property {
namespace {

const std::vector<std::string> kWords = {"jalan", "rusak",  "di",    "desa",  "jembatan", "lampu",
                                         "mati",  "banjir", "besar", "sudah", "lama",     "warga"};
const std::vector<std::string> kTitles = {"Jembatan rusak",   "Jalan rusak",  "Lampu mati", "",
                                          "Banjir di Siulak", "cafe\xcc\x81", "caf\xc3\xa9"};
const std::vector<std::string> kNames = {"Siti", "Budi", "Dewi"};
const std::vector<std::string> kDecimals = {"1.5", "1.50", "-0",    "007.1", "-2.25", "10",
                                            "9.9", "0",    "-12.3", "-2.3",  "9.90"};
const std::vector<std::string> kItems = {"jalan", "jembatan", "lampu", "banjir", "sampah", "air"};
const std::vector<std::string> kOtherPaths = {"area",         "area",       "assignee",
                                              "duplicate_of", "kolom_lama", "folder/berkas"};
const std::vector<std::string> kSteps = {"diterima", "diverifikasi", "ditangani", "terdaftar"};
const std::vector<std::string> kDecisions = {"disetujui", "ditolak", "selesai", "dibatalkan"};

// More edits than a merge by words takes on.
std::string HugeText(Random& random) {
  std::string text;
  for (int i = 0; i < 2600; ++i) {
    text += static_cast<char>('a' + random.Below(26));
    text += ' ';
  }
  return text;
}

// Few words of a thousand letters: quick to merge, but two officers' insertions are too many for
// one text.
std::string LongText(Random& random) {
  std::string text;
  for (int i = 0; i < 9; ++i) {
    text += std::string(1000, static_cast<char>('a' + random.Below(26)));
    text += std::string(1, static_cast<char>('a' + random.Below(26)));
    text += ' ';
  }
  return text;
}

// 40 items of many: two such sets are more than 64 together. Or 9 of a thousand letters.
void AddManyItems(Random& random, v1::Choices& choices) {
  const bool is_long = random.Percent(50);
  for (int i = is_long ? 9 : 40; i > 0; --i) {
    choices.add_items(std::string(is_long ? 1000 : 1, 'x') + std::to_string(random.Below(10'000)));
  }
}

// The text as the author last saw it, reworded.
std::string EditedText(Draft& draft, const Actor& author, const std::string& path) {
  for (size_t i = draft.made.size(); i-- > 0;) {
    if (!author.seen[i]) continue;
    for (const v1::Mutation& mutation : draft.made[i].body.mutations()) {
      if (mutation.set_field().path() == path && mutation.set_field().value().has_text() &&
          mutation.set_field().value().text().size() < 1000) {
        return Reword(draft.random, mutation.set_field().value().text());
      }
    }
  }
  return Reword(draft.random, "");
}

std::string PickText(Draft& draft, const Actor& author, const std::string& path) {
  if (draft.theme.has_huge_texts && draft.random.Percent(50)) return HugeText(draft.random);
  if (draft.theme.has_long_texts && draft.random.Percent(70)) return LongText(draft.random);
  return EditedText(draft, author, path);
}

}  // namespace

const std::vector<std::vector<std::string>>& FieldsByPolicy() {
  static const auto* const fields = new std::vector<std::vector<std::string>>{
      {"judul", "lokasi"},      {kTextField, "catatan"}, {"prioritas", "nilai"},
      {"tenggat", "kunjungan"}, {kChoicesField},         {"bantuan", "pemohon"}};
  return *fields;
}

const std::vector<std::string>& AllFields() {
  static const auto* const all = [] {
    auto* const fields = new std::vector<std::string>;
    for (const std::vector<std::string>& of_one : FieldsByPolicy()) {
      fields->insert(fields->end(), of_one.begin(), of_one.end());
    }
    return fields;
  }();
  return *all;
}

std::string PickPath(Draft& draft) {
  if (draft.theme.is_crowd) return draft.theme.hot[0];
  if (draft.random.Percent(6)) return draft.random.Pick(kOtherPaths);
  if (draft.random.Percent(8)) return draft.random.Pick(AllFields());
  return draft.random.Pick(draft.theme.hot);
}

std::string PickState(Draft& draft) {
  if (draft.theme.has_few_values && draft.random.Percent(90)) {
    return kDecisions[draft.random.Below(2)];
  }
  return draft.random.Percent(70) ? draft.random.Pick(kDecisions) : draft.random.Pick(kSteps);
}

std::string PickStep(Random& random) { return random.Pick(kSteps); }
std::string PickTitle(Random& random) { return random.Pick(kTitles); }
std::string PickWord(Random& random) { return random.Pick(kWords); }

std::string PickName(Draft& draft) {
  return draft.theme.has_few_values ? kNames[draft.random.Below(2)] : draft.random.Pick(kNames);
}

v1::Value PickValue(Draft& draft, const Actor& author, const std::string& path) {
  Random& random = draft.random;
  v1::Value value;
  if (path == "lokasi") {
    value.mutable_place()->set_latitude_e7(static_cast<int32_t>(random.Between(-3, 3)));
    value.mutable_place()->set_longitude_e7(1'010'000'000);
  } else if (path == kTextField || path == "catatan") {
    value.set_text(PickText(draft, author, path));
  } else if (path == "prioritas") {
    value.set_integer(random.Between(-3, 5));
  } else if (path == "bantuan") {
    value.set_integer(random.Between(0, draft.theme.has_few_values ? 1 : 2));
  } else if (path == "nilai") {
    value.set_decimal(random.Pick(kDecimals));
  } else if (path == "tenggat") {
    value.set_date_days(static_cast<int32_t>(random.Between(-2, 4)));
  } else if (path == "kunjungan") {
    value.set_time_ms(random.Between(-2, 4));
  } else if (path == kChoicesField) {
    v1::Choices& choices = *value.mutable_choices();
    if (draft.theme.has_large_choices && random.Percent(70)) {
      AddManyItems(random, choices);
    } else {
      for (int64_t i = random.Between(0, 4); i > 0; --i) choices.add_items(random.Pick(kItems));
    }
  } else if (path == "pemohon" || path == "assignee") {
    value.set_text(PickName(draft));
  } else if (path == "area") {
    value.set_text(random.Percent(50) ? "15.01.06" : "15.01.07.2001");
  } else {
    value.set_text(PickTitle(random));
  }
  return value;
}

std::string Reword(Random& random, const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (words.empty()) {
    for (int64_t i = random.Between(0, 6); i > 0; --i) words.push_back(random.Pick(kWords));
  } else {
    const size_t at = random.Below(words.size());
    switch (random.Below(3)) {
      case 0:
        words[at] = random.Pick(kWords);
        break;
      case 1:
        words.insert(words.begin() + static_cast<int64_t>(at), random.Pick(kWords));
        break;
      default:
        words.erase(words.begin() + static_cast<int64_t>(at));
    }
  }
  std::string reworded;
  for (const std::string& word : words) reworded += (reworded.empty() ? "" : " ") + word;
  return reworded;
}

}  // namespace tikar::property
