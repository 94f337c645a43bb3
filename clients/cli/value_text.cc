#include "clients/cli/value_text.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/cli/times.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

using sync::AbslView;

constexpr int kE7Digits = 7;
constexpr int kLatitudeMax = 90;
constexpr int kLongitudeMax = 180;

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "1.500.000" → "1500000". nullopt unless the dots stand before groups of three.
std::optional<std::string> Ungroup(std::string_view text) {
  std::string digits;
  bool first = true;
  for (const absl::string_view group : absl::StrSplit(AbslView(text), '.')) {
    const bool whole = first
                           ? (!group.empty() && (group.size() <= 3 || group.size() == text.size()))
                           : group.size() == 3;
    if (!whole || !AllDigits(sync::StdView(group))) return std::nullopt;
    absl::StrAppend(&digits, group);
    first = false;
  }
  return digits;
}

std::string Group(int64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string text;
  const size_t start = digits[0] == '-' ? 1 : 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > start && (digits.size() - i) % 3 == 0) text += '.';
    text += digits[i];
  }
  return text;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  const bool negative = text.substr(0, 1) == "-";
  const std::optional<std::string> digits = Ungroup(text.substr(negative ? 1 : 0));
  int64_t number = 0;
  if (!digits.has_value() || !absl::SimpleAtoi((negative ? "-" : "") + *digits, &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> ParseMoney(std::string_view text) {
  if (absl::StartsWithIgnoreCase(AbslView(text), "rp")) {
    text.remove_prefix(2);
    if (text.substr(0, 1) == ".") text.remove_prefix(1);
    while (text.substr(0, 1) == " ") text.remove_prefix(1);
  }
  // Rupiah have no minor unit: ",00" and ",-" are ornaments, other cents are a mistake.
  for (const std::string_view ornament : {",00", ",-"}) {
    if (text.size() > ornament.size() && text.substr(text.size() - ornament.size()) == ornament) {
      text.remove_suffix(ornament.size());
      break;
    }
  }
  return ParseInteger(text);
}

std::optional<std::string> ParseDecimal(std::string_view text) {
  std::string decimal(text);
  std::replace(decimal.begin(), decimal.end(), ',', '.');
  const std::string_view digits = std::string_view(decimal).substr(decimal[0] == '-' ? 1 : 0);
  const size_t dot = digits.find('.');
  if (!AllDigits(digits.substr(0, dot))) return std::nullopt;
  if (dot != std::string_view::npos && !AllDigits(digits.substr(dot + 1))) return std::nullopt;
  return decimal;
}

std::optional<bool> ParseFlag(std::string_view text) {
  for (const absl::string_view yes : {"ya", "yes", "y", "true", "1"}) {
    if (absl::EqualsIgnoreCase(AbslView(text), yes)) return true;
  }
  for (const absl::string_view no : {"tidak", "no", "n", "false", "0"}) {
    if (absl::EqualsIgnoreCase(AbslView(text), no)) return false;
  }
  return std::nullopt;
}

std::optional<v1::Place> ParsePlace(std::string_view text) {
  const size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto trimmed = [](std::string_view part) {
    return sync::StdView(absl::StripAsciiWhitespace(AbslView(part)));
  };
  const std::optional<int32_t> latitude =
      ParseDegreesE7(trimmed(text.substr(0, comma)), kLatitudeMax);
  const std::optional<int32_t> longitude =
      ParseDegreesE7(trimmed(text.substr(comma + 1)), kLongitudeMax);
  if (!latitude.has_value() || !longitude.has_value()) return std::nullopt;
  v1::Place place;
  place.set_latitude_e7(*latitude);
  place.set_longitude_e7(*longitude);
  return place;
}

// Key of the choice that is called `text` by its key or by a label.
std::optional<std::string> ParseChoice(const v1::Field& field, std::string_view text) {
  for (const v1::Choice& choice : field.choices()) {
    for (const std::string& name : {choice.key(), choice.label().id(), choice.label().en()}) {
      if (absl::EqualsIgnoreCase(name, AbslView(text))) return choice.key();
    }
  }
  return std::nullopt;
}

std::string ChoiceKeys(const v1::Field& field) {
  return absl::StrJoin(field.choices(), ", ", [](std::string* out, const v1::Choice& choice) {
    out->append(choice.key());
  });
}

std::string FormatDegrees(int32_t e7) {
  const int64_t magnitude = std::llabs(int64_t{e7});
  std::string fraction = absl::StrCat(10'000'000 + magnitude % 10'000'000).substr(1);
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return absl::StrCat(e7 < 0 ? "-" : "", magnitude / 10'000'000, ".", fraction);
}

std::string ChoiceLabel(const v1::Field* field, const std::string& key, Language language) {
  if (field != nullptr) {
    for (const v1::Choice& choice : field->choices()) {
      if (choice.key() == key) return Label(language, choice.label(), key);
    }
  }
  return key;
}

absl::Status Wanted(const v1::Field& field, std::string_view text, std::string_view what,
                    Language language) {
  return absl::InvalidArgumentError(absl::StrCat(
      field.key(), ": \"", AbslView(text), "\" ",
      AbslView(Pick(language, "tidak terbaca; tulis ", "cannot be read; write ")), AbslView(what)));
}

}  // namespace

absl::StatusOr<v1::Value> ParseValue(const v1::Field* field, std::string_view text,
                                     Language language) {
  v1::Value value;
  if (field == nullptr) {
    value.set_text(std::string(text));
    return value;
  }
  const v1::FieldType type = field->type();
  if (type == v1::FIELD_TYPE_LONG_TEXT) {
    value.set_text(std::string(text));
    return value;
  }
  text = sync::StdView(absl::StripAsciiWhitespace(AbslView(text)));
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field->key(), ": ",
                     AbslView(Pick(language, "tidak ada isinya; untuk mengosongkan tulis --clear ",
                                   "holds nothing; to empty it write --clear ")),
                     field->key()));
  }
  switch (type) {
    case v1::FIELD_TYPE_INTEGER: {
      const std::optional<int64_t> number = ParseInteger(text);
      if (!number.has_value()) {
        return Wanted(*field, text, Pick(language, "angka seperti 12", "a number such as 12"),
                      language);
      }
      value.set_integer(*number);
      return value;
    }
    case v1::FIELD_TYPE_MONEY: {
      const std::optional<int64_t> amount = ParseMoney(text);
      if (!amount.has_value()) {
        return Wanted(*field, text,
                      Pick(language, "jumlah rupiah seperti Rp1.500.000",
                           "an amount of rupiah such as Rp1.500.000"),
                      language);
      }
      value.set_integer(*amount);
      return value;
    }
    case v1::FIELD_TYPE_DECIMAL: {
      const std::optional<std::string> decimal = ParseDecimal(text);
      if (!decimal.has_value()) {
        return Wanted(*field, text, Pick(language, "angka seperti 3,5", "a number such as 3.5"),
                      language);
      }
      value.set_decimal(*decimal);
      return value;
    }
    case v1::FIELD_TYPE_FLAG: {
      const std::optional<bool> flag = ParseFlag(text);
      if (!flag.has_value()) {
        return Wanted(*field, text, Pick(language, "ya atau tidak", "yes or no"), language);
      }
      value.set_flag(*flag);
      return value;
    }
    case v1::FIELD_TYPE_DATE: {
      const std::optional<int32_t> days = ParseIsoDate(text);
      if (!days.has_value()) {
        return Wanted(*field, text,
                      Pick(language, "tanggal seperti 2026-01-31", "a date such as 2026-01-31"),
                      language);
      }
      value.set_date_days(*days);
      return value;
    }
    case v1::FIELD_TYPE_TIME: {
      const std::optional<int64_t> time = ParseTime(text);
      if (!time.has_value()) {
        return Wanted(*field, text,
                      Pick(language, "waktu seperti 2026-01-31T10:00:00+07:00",
                           "a time such as 2026-01-31T10:00:00+07:00"),
                      language);
      }
      value.set_time_ms(*time);
      return value;
    }
    case v1::FIELD_TYPE_PLACE: {
      const std::optional<v1::Place> place = ParsePlace(text);
      if (!place.has_value()) {
        return Wanted(*field, text,
                      Pick(language, "lintang,bujur dalam derajat, seperti -2.0645,101.3912",
                           "latitude,longitude in degrees, such as -2.0645,101.3912"),
                      language);
      }
      *value.mutable_place() = *place;
      return value;
    }
    case v1::FIELD_TYPE_CHOICE: {
      const std::optional<std::string> key = ParseChoice(*field, text);
      if (!key.has_value()) {
        return Wanted(*field, text,
                      absl::StrCat(AbslView(Pick(language, "salah satu dari: ", "one of: ")),
                                   ChoiceKeys(*field)),
                      language);
      }
      value.set_text(*key);
      return value;
    }
    case v1::FIELD_TYPE_CHOICES: {
      std::vector<std::string> keys;
      for (const absl::string_view part :
           absl::StrSplit(AbslView(text), ',', absl::SkipWhitespace())) {
        const std::optional<std::string> key =
            ParseChoice(*field, sync::StdView(absl::StripAsciiWhitespace(part)));
        if (!key.has_value()) {
          return Wanted(*field, sync::StdView(part),
                        absl::StrCat(AbslView(Pick(language, "beberapa dari: ", "some of: ")),
                                     ChoiceKeys(*field)),
                        language);
        }
        keys.push_back(*key);
      }
      std::sort(keys.begin(), keys.end());
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
      for (std::string& key : keys) value.mutable_choices()->add_items(std::move(key));
      return value;
    }
    default:
      // Text, NIK, NIB, telephone numbers: as typed. Validation knows their shape.
      value.set_text(std::string(text));
      return value;
  }
}

std::optional<int32_t> ParseDegreesE7(std::string_view text, int limit) {
  const bool negative = text.substr(0, 1) == "-";
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const size_t dot = digits.find('.');
  const std::string_view whole = digits.substr(0, dot);
  const std::string_view fraction =
      dot == std::string_view::npos ? std::string_view() : digits.substr(dot + 1);
  int64_t degrees = 0;
  if (!AllDigits(whole) || whole.size() > 3 || !absl::SimpleAtoi(AbslView(whole), &degrees) ||
      (dot != std::string_view::npos && !AllDigits(fraction))) {
    return std::nullopt;
  }
  int64_t e7 = degrees;
  for (int i = 0; i < kE7Digits; ++i) {
    e7 = e7 * 10 + (static_cast<size_t>(i) < fraction.size() ? fraction[i] - '0' : 0);
  }
  if (fraction.size() > kE7Digits && fraction[kE7Digits] >= '5') ++e7;
  if (e7 > int64_t{limit} * 10'000'000) return std::nullopt;
  return static_cast<int32_t>(negative ? -e7 : e7);
}

std::string FormatValue(const v1::Field* field, const v1::Value* value, Language language) {
  if (value == nullptr) return "–";
  switch (value->kind_case()) {
    case v1::Value::kText:
      return field != nullptr && field->type() == v1::FIELD_TYPE_CHOICE
                 ? ChoiceLabel(field, value->text(), language)
                 : value->text();
    case v1::Value::kInteger:
      return field != nullptr && field->type() == v1::FIELD_TYPE_MONEY
                 ? "Rp" + Group(value->integer())
                 : absl::StrCat(value->integer());
    case v1::Value::kDecimal:
      return value->decimal();
    case v1::Value::kFlag:
      return std::string(value->flag() ? Pick(language, "ya", "yes")
                                       : Pick(language, "tidak", "no"));
    case v1::Value::kDateDays:
      return IsoDate(value->date_days());
    case v1::Value::kTimeMs:
      return LocalTime(value->time_ms());
    case v1::Value::kPlace:
      return absl::StrCat(FormatDegrees(value->place().latitude_e7()), ",",
                          FormatDegrees(value->place().longitude_e7()));
    case v1::Value::kChoices:
      return absl::StrJoin(value->choices().items(), ", ",
                           [&](std::string* out, const std::string& key) {
                             out->append(ChoiceLabel(field, key, language));
                           });
    case v1::Value::KIND_NOT_SET:
      return "–";
  }
  return "–";
}

}  // namespace tikar::cli
