// What people type: values by the type of their field, times, places, refs, names of requests.
//
// The first byte chooses the field; the rest is the text.
#include <algorithm>

#include "clients/cli/resource_names.h"
#include "clients/cli/times.h"
#include "clients/cli/value_text.h"
#include "sync/identity_numbers.h"
#include "sync/names.h"
#include "sync/ref.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"
#include "sync/value.h"
#include "target.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

void CheckTimes(std::string_view text) {
  if (const auto days = cli::ParseIsoDate(text)) {
    PROMISE(cli::ParseIsoDate(cli::IsoDate(*days)) == days, "a date is written as it is read");
  }
  if (const auto time_ms = cli::ParseTime(text)) {
    const std::string written = cli::IsoTime(*time_ms);
    // Its zone may have moved it out of the years that are written with four digits.
    if (cli::ParseIsoDate(std::string_view(written).substr(0, 10)) && written[10] == 'T') {
      PROMISE(cli::ParseTime(written) == time_ms, "a time is written as it is read");
    }
    cli::LocalTime(*time_ms);
  }
  const auto begin = cli::ParseMoment(text, cli::DayPart::kBegin);
  const auto end = cli::ParseMoment(text, cli::DayPart::kEnd);
  PROMISE(begin.ok() == end.ok() && (!begin.ok() || *begin <= *end), "a day begins before it ends");
  static const auto* const parser = [] {
    auto made = cli::CivilTimeParser::Make("%m/%d/%Y %I:%M:%S %p", "America/New_York");
    CHECK(made.ok());
    return new cli::CivilTimeParser(*std::move(made));
  }();
  if (parser->Parse(text).ok()) PROMISE(parser->ParseDate(text).ok(), "a time has a day");
}

void CheckNames(std::string_view text) {
  if (const auto ref = sync::ParseRef(text)) {
    PROMISE(sync::ParseRef(sync::FormatRef(*ref)) == ref, "a ref is read as it is shown");
  }
  if (const auto name = cli::RequestNameOf(text); name.ok()) {
    const auto again = cli::RequestNameOf(*name);
    PROMISE(again.ok() && *again == *name, "a name stands for itself");
  }
  const std::string parent = cli::ParentOfArea(text);
  PROMISE(parent == "regions/-" || sync::IsRegion(parent.substr(8)),
          "a list is of a region or all");
  if (sync::CheckNik(text) == sync::NikProblem::kNone) PROMISE(text.size() == 16, "16 digits");
  if (sync::IsNib(text)) PROMISE(text.size() == 13, "13 digits");
  if (sync::IsIndonesianPhone(text)) PROMISE(text.size() <= 16, "a number can be dialled");
  if (sync::IsKey(text)) PROMISE(!sync::IsKey(std::string(text) + "."), "a key has no dots");
  sync::IsActorName(text);
  sync::IsServiceKey(text);
  sync::IsAreaWithin(text, kRegion);
}

}  // namespace

FUZZ_TARGET(typed_values, "values, times, places, refs and names that people type") {
  if (bytes.empty()) return false;
  const std::string_view text = bytes.substr(1);
  CheckTimes(text);
  CheckNames(text);
  for (const int limit : {90, 180}) {
    if (const auto degrees = cli::ParseDegreesE7(text, limit)) {
      PROMISE(*degrees <= limit * 10'000'000 && *degrees >= -limit * 10'000'000,
              "a place is on the map");
    }
  }

  const auto& fields = FormProto().fields();
  const size_t which = static_cast<uint8_t>(bytes[0]) % (static_cast<size_t>(fields.size()) + 1);
  const v1::Field* const field =
      which < static_cast<size_t>(fields.size()) ? &fields[static_cast<int>(which)] : nullptr;
  const auto value = cli::ParseValue(field, text, cli::Language::kEnglish);
  const auto in_indonesian = cli::ParseValue(field, text, cli::Language::kIndonesian);
  PROMISE(value.ok() == in_indonesian.ok(), "what is right does not depend on the language");
  if (!value.ok()) {
    PROMISE(absl::IsInvalidArgument(value.status()) && !value.status().message().empty(),
            "what cannot be read is told why");
    return false;
  }
  PROMISE(value->SerializeAsString() == in_indonesian->SerializeAsString(),
          "what is meant does not depend on the language");
  if (!sync::IsValidUtf8(text)) return false;
  const auto canonical = sync::Value::FromProto(*value);
  for (const cli::Language language : {cli::Language::kEnglish, cli::Language::kIndonesian}) {
    const std::string shown = cli::FormatValue(field, &*value, language);
    // A time is shown to the minute and with the zone's name, several choices by their labels.
    if (field == nullptr || field->type() == v1::FIELD_TYPE_TIME || !canonical.ok()) continue;
    const auto read = cli::ParseValue(field, shown, language);
    PROMISE(read.ok() && read->SerializeAsString() == value->SerializeAsString(),
            "what is shown can be typed: \"" + shown + "\"");
  }
  return canonical.ok();
}

}  // namespace tikar::fuzz
