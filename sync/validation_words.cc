#include "sync/validation_words.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace tikar::sync {
namespace {

constexpr size_t kQuotedBytesMax = 80;
constexpr size_t kListedMax = 20;

bool ContinuesCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string Quoted(std::string_view text) {
  if (text.size() <= kQuotedBytesMax) return std::string(text);
  size_t end = kQuotedBytesMax;
  while (end > 0 && ContinuesCodePoint(text[end])) --end;
  return std::string(text.substr(0, end)) + "…";
}

Words TypeWords(v1::FieldType type) {
  switch (type) {
    case v1::FIELD_TYPE_TEXT:
    case v1::FIELD_TYPE_LONG_TEXT:
      return {"teks", "a text"};
    case v1::FIELD_TYPE_INTEGER:
      return {"bilangan bulat", "a whole number"};
    case v1::FIELD_TYPE_MONEY:
      return {"jumlah rupiah tanpa sen", "an amount of whole rupiah"};
    case v1::FIELD_TYPE_DECIMAL:
      return {"bilangan desimal", "a decimal number"};
    case v1::FIELD_TYPE_FLAG:
      return {"ya atau tidak", "yes or no"};
    case v1::FIELD_TYPE_DATE:
      return {"tanggal", "a date"};
    case v1::FIELD_TYPE_TIME:
      return {"waktu", "a point in time"};
    case v1::FIELD_TYPE_PLACE:
      return {"titik pada peta", "a place on the map"};
    case v1::FIELD_TYPE_CHOICE:
      return {"satu pilihan dari daftar", "one choice from the list"};
    case v1::FIELD_TYPE_CHOICES:
      return {"pilihan dari daftar", "choices from the list"};
    case v1::FIELD_TYPE_NIK:
      return {"NIK", "a national identity number (NIK)"};
    case v1::FIELD_TYPE_NIB:
      return {"NIB", "a business identity number (NIB)"};
    case v1::FIELD_TYPE_PHONE:
      return {"nomor telepon", "a telephone number"};
    case v1::FIELD_TYPE_UNSPECIFIED:
    default:  // a type of a newer version; Definition::Parse lets none through
      return {"jenis nilai lain", "another kind of value"};
  }
}

Words BuiltInLabel(std::string_view path) {
  if (path == kStatusPath) return {"Status", "Status"};
  if (path == kRetractedPath) return {"Penarikan permohonan", "Retraction"};
  if (path == kDefinitionPath) return {"Definisi layanan", "Service definition"};
  if (path == kAreaPath) return {"Wilayah", "Area"};
  if (path == kAssigneePath) return {"Petugas", "Assignee"};
  if (path == kDuplicateOfPath) return {"Duplikat dari", "Duplicate of"};
  if (path == kTransferredFromPath) return {"Dilimpahkan dari", "Transferred from"};
  return Quoted(path);
}

Words LabelOf(const Definition& definition, std::string_view path) {
  if (const v1::Field* field = definition.FindField(path)) return Label(field->label());
  if (const v1::Collection* collection = definition.FindCollection(path)) {
    return Label(collection->label());
  }
  return BuiltInLabel(path);
}

Words ConditionWords(const Definition& definition, const v1::EdgeCondition& condition) {
  Words words = LabelOf(definition, condition.field());
  const auto append = [&words](const Words& more) {
    words.id += more.id;
    words.en += more.en;
  };
  append({" harus ", " must be "});
  if (condition.has_minimum()) {
    append({"paling sedikit ", "at least "});
    append(absl::StrCat(condition.minimum()));
    if (condition.has_maximum()) append({" dan ", " and "});
  }
  if (condition.has_maximum()) {
    append({"paling banyak ", "at most "});
    append(absl::StrCat(condition.maximum()));
  }
  if (condition.has_flag()) append(condition.flag() ? Words("ya", "yes") : Words("tidak", "no"));
  if (const v1::Field* field = definition.FindField(condition.field())) {
    std::vector<Words> wanted;
    for (const v1::Choice& choice : field->choices()) {
      const auto& keys = condition.choices();
      if (std::find(keys.begin(), keys.end(), choice.key()) != keys.end()) {
        wanted.push_back(Label(choice.label()));
      }
    }
    if (wanted.size() > 1) append({"salah satu dari ", "one of "});
    append(JoinWords(wanted));
  }
  append(".");
  return words;
}

Words JoinWords(const std::vector<Words>& items) {
  Words joined;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) {
      joined.id += ", ";
      joined.en += ", ";
    }
    if (i == kListedMax) {
      joined.id += "…";
      joined.en += "…";
      break;
    }
    joined.id += items[i].id;
    joined.en += items[i].en;
  }
  return joined;
}

}  // namespace tikar::sync
