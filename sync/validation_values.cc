#include "sync/validation_values.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/identity_numbers.h"
#include "sync/unicode.h"
#include "sync/validation_words.h"

namespace tikar::sync {
namespace {

using enum ViolationCode;

// Days since 1970-01-01 of 0001-01-01 and 9999-12-31, proleptic Gregorian: what four digits can
// write.
constexpr int32_t kDateDaysMin = -719'162;
constexpr int32_t kDateDaysMax = 2'932'896;
constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

bool IsFourDigitYear(int32_t days) { return days >= kDateDaysMin && days <= kDateDaysMax; }

bool HasLineBreak(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

// The kind of Value that a type takes.
v1::Value::KindCase KindOf(v1::FieldType type) {
  switch (type) {
    case v1::FIELD_TYPE_TEXT:
    case v1::FIELD_TYPE_LONG_TEXT:
    case v1::FIELD_TYPE_CHOICE:
    case v1::FIELD_TYPE_NIK:
    case v1::FIELD_TYPE_NIB:
    case v1::FIELD_TYPE_PHONE:
      return v1::Value::kText;
    case v1::FIELD_TYPE_INTEGER:
    case v1::FIELD_TYPE_MONEY:
      return v1::Value::kInteger;
    case v1::FIELD_TYPE_DECIMAL:
      return v1::Value::kDecimal;
    case v1::FIELD_TYPE_FLAG:
      return v1::Value::kFlag;
    case v1::FIELD_TYPE_DATE:
      return v1::Value::kDateDays;
    case v1::FIELD_TYPE_TIME:
      return v1::Value::kTimeMs;
    case v1::FIELD_TYPE_PLACE:
      return v1::Value::kPlace;
    case v1::FIELD_TYPE_CHOICES:
      return v1::Value::kChoices;
    case v1::FIELD_TYPE_UNSPECIFIED:
    default:  // Definition::Parse lets no other type through
      return v1::Value::KIND_NOT_SET;
  }
}

// Judges one value of one field of the form.
class FieldChecker {
 public:
  FieldChecker(const Definition& definition, const v1::Field& field, Judgement* judgement)
      : definition_(definition), field_(field), label_(Label(field.label())), out_(*judgement) {}

  void Check(const v1::Value& value) {
    if (field_.required() && IsBlank(value)) {
      Add(kRequired);
      return;
    }
    if (value.kind_case() != KindOf(field_.type())) {
      Add(kWrongType, TypeWords(field_.type()));
      return;
    }
    switch (field_.type()) {
      case v1::FIELD_TYPE_TEXT:
        if (HasLineBreak(value.text())) Add(kLineBreak);
        return CheckText(value);
      case v1::FIELD_TYPE_LONG_TEXT:
        return CheckText(value);
      case v1::FIELD_TYPE_INTEGER:
      case v1::FIELD_TYPE_MONEY:
        return CheckInteger(value.integer());
      case v1::FIELD_TYPE_DATE:
        if (!IsFourDigitYear(value.date_days())) Add(kDateOutOfRange);
        return;
      case v1::FIELD_TYPE_TIME:
        if (value.time_ms() < kDateDaysMin * kDayMs ||
            value.time_ms() >= (kDateDaysMax + 1) * kDayMs) {
          Add(kDateOutOfRange);
        }
        return;
      case v1::FIELD_TYPE_CHOICE:
        return CheckChoice(value.text());
      case v1::FIELD_TYPE_CHOICES:
        for (const std::string& item : value.choices().items()) CheckChoice(item);
        return;
      case v1::FIELD_TYPE_NIK:
        return CheckNikOf(value.text());
      case v1::FIELD_TYPE_NIB:
        if (!IsNib(value.text())) Add(kNibFormat);
        return;
      case v1::FIELD_TYPE_PHONE:
        if (!IsIndonesianPhone(value.text())) Add(kPhoneFormat);
        return;
      default:  // decimals, flags and places: CheckShape has seen all there is to see
        return;
    }
  }

 private:
  void Add(ViolationCode code, const Words& detail = {}, const Words& second_detail = {}) {
    out_.Add(code, field_.key(), label_, detail, second_detail);
  }

  void CheckText(const v1::Value& value) {
    // Measured as it will be stored, so that the limit is the same for every spelling of a letter.
    const std::string text = ToNfc(value.text());
    const size_t length = CodePoints(text);
    const size_t length_max = definition_.TextCodePointsMax(field_.key());
    if (length > length_max) {
      Add(kTooLong, absl::StrCat(length), absl::StrCat(length_max));
      return;
    }
    if (!definition_.MatchesPattern(field_.key(), text)) {
      Add(kPattern, Label(field_.pattern_message()));
    }
  }

  void CheckInteger(int64_t integer) {
    const bool bounded = field_.minimum() != 0 || field_.maximum() != 0;
    if (bounded && (integer < field_.minimum() || integer > field_.maximum())) {
      Add(kOutOfRange, absl::StrCat(field_.minimum()), absl::StrCat(field_.maximum()));
    } else if (field_.type() == v1::FIELD_TYPE_MONEY && integer < 0) {
      Add(kNegativeMoney);
    }
  }

  void CheckChoice(const std::string& item) {
    std::vector<Words> labels;
    for (const v1::Choice& choice : field_.choices()) {
      if (choice.key() == item) return;
      labels.push_back(choice.key());
    }
    Add(kUnknownChoice, Quoted(item), JoinWords(labels));
  }

  void CheckNikOf(const std::string& nik) {
    switch (CheckNik(nik)) {
      case NikProblem::kNone:
        return;
      case NikProblem::kDigits:
        return Add(kNikDigits);
      case NikProblem::kArea:
        return Add(kNikArea);
      case NikProblem::kBirthDate:
        return Add(kNikBirthDate);
      case NikProblem::kSerial:
        return Add(kNikSerial);
    }
  }

  const Definition& definition_;
  const v1::Field& field_;
  const Words label_;
  Judgement& out_;
};

// Judges one element of a collection.
class ElementChecker {
 public:
  ElementChecker(const Definition& definition, std::string_view collection, std::string_view path,
                 Judgement* judgement)
      : type_(definition.ElementTypeOf(collection)),
        length_max_(definition.ElementCodePointsMax(collection)),
        path_(path),
        label_(LabelOf(definition, collection)),
        out_(*judgement) {}

  void Check(const v1::Value& value) {
    if (value.kind_case() != KindOf(type_)) {
      Add(kWrongType, TypeWords(type_));
      return;
    }
    switch (type_) {
      case v1::FIELD_TYPE_TEXT:
        if (HasLineBreak(value.text())) Add(kLineBreak);
        return CheckText(value.text());
      case v1::FIELD_TYPE_LONG_TEXT:
        return CheckText(value.text());
      case v1::FIELD_TYPE_MONEY:
        if (value.integer() < 0) Add(kNegativeMoney);
        return;
      case v1::FIELD_TYPE_DATE:
        if (!IsFourDigitYear(value.date_days())) Add(kDateOutOfRange);
        return;
      default:  // whole numbers and places: CheckShape has seen all there is to see
        return;
    }
  }

 private:
  void Add(ViolationCode code, const Words& detail = {}, const Words& second_detail = {}) {
    out_.Add(code, path_, label_, detail, second_detail);
  }

  void CheckText(const std::string& text) {
    if (IsBlank(text)) {
      Add(kElementEmpty);
      return;
    }
    const size_t length = CodePoints(ToNfc(text));
    if (length > length_max_) Add(kTooLong, absl::StrCat(length), absl::StrCat(length_max_));
  }

  const v1::FieldType type_;
  const size_t length_max_;
  const std::string_view path_;
  const Words label_;
  Judgement& out_;
};

}  // namespace

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool IsBlank(const v1::Value& value) {
  if (value.has_text()) return IsBlank(value.text());
  return value.has_choices() && value.choices().items().empty();
}

void CheckFieldValue(const Definition& definition, const v1::Field& field, const v1::Value& value,
                     Judgement* judgement) {
  FieldChecker(definition, field, judgement).Check(value);
}

void CheckElementValue(const Definition& definition, std::string_view collection,
                       std::string_view path, const v1::Value& value, Judgement* judgement) {
  ElementChecker(definition, collection, path, judgement).Check(value);
}

bool Meets(const v1::EdgeCondition& condition, const v1::Value& value) {
  const auto wanted = [&condition](const std::string& key) {
    return std::find(condition.choices().begin(), condition.choices().end(), key) !=
           condition.choices().end();
  };
  switch (value.kind_case()) {
    case v1::Value::kInteger:
      return (condition.has_minimum() || condition.has_maximum()) &&
             (!condition.has_minimum() || value.integer() >= condition.minimum()) &&
             (!condition.has_maximum() || value.integer() <= condition.maximum());
    case v1::Value::kFlag:
      return condition.has_flag() && value.flag() == condition.flag();
    case v1::Value::kText:
      return wanted(value.text());
    case v1::Value::kChoices:
      return std::any_of(value.choices().items().begin(), value.choices().items().end(), wanted);
    default:
      return false;
  }
}

}  // namespace tikar::sync
