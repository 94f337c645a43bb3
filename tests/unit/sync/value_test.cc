#include "sync/value.h"

#include <gtest/gtest.h>

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "sync/limits.h"
#include "sync/types.h"

namespace tikar::sync {
namespace {

v1::Value TextProto(std::string_view text) {
  v1::Value proto;
  proto.set_text(std::string(text));
  return proto;
}

v1::Value DecimalProto(std::string_view decimal) {
  v1::Value proto;
  proto.set_decimal(std::string(decimal));
  return proto;
}

v1::Value PlaceProto(int32_t latitude_e7, int32_t longitude_e7) {
  v1::Value proto;
  proto.mutable_place()->set_latitude_e7(latitude_e7);
  proto.mutable_place()->set_longitude_e7(longitude_e7);
  return proto;
}

v1::Value ChoicesProto(const std::vector<std::string>& items) {
  v1::Value proto;
  v1::Choices* const choices = proto.mutable_choices();
  for (const std::string& item : items) choices->add_items(item);
  return proto;
}

Value Make(const v1::Value& proto) {
  absl::StatusOr<Value> value = Value::FromProto(proto);
  EXPECT_TRUE(value.ok()) << value.status() << " for " << proto.ShortDebugString();
  return value.ok() ? *std::move(value) : Value::Text("not made");
}

Value Decimal(std::string_view decimal) { return Make(DecimalProto(decimal)); }

absl::StatusCode Refusal(const v1::Value& proto) { return Value::FromProto(proto).status().code(); }

std::string Hex(const Value& value) { return absl::BytesToHexString(AbslView(value.canonical())); }

// One of each kind, as authors send them.
std::vector<v1::Value> EveryKind() {
  v1::Value integer, flag, date, time;
  integer.set_integer(-2);
  flag.set_flag(true);
  date.set_date_days(20'514);
  time.set_time_ms(1'772'413'200'000);
  return {TextProto("Jalan rusak"),
          integer,
          DecimalProto("-12.5"),
          flag,
          date,
          time,
          PlaceProto(-20'600'000, 1'013'900'000),
          ChoicesProto({"air", "jalan"})};
}

// Stored bytes: a change here is a change of the format.
TEST(ValueTest, GoldenEncoding) {
  const std::vector<std::string> expected = {
      "014a616c616e20727573616b",
      "027ffffffffffffffe",
      "032d31322e35",
      "0401",
      "0580005022",
      "068000019cac0f2680",
      "077ec5ab40bc6ee2e0",
      "08000361697200056a616c616e",
  };
  const std::vector<v1::Value> protos = EveryKind();
  ASSERT_EQ(protos.size(), expected.size());
  for (size_t i = 0; i < protos.size(); ++i) {
    EXPECT_EQ(Hex(Make(protos[i])), expected[i]) << protos[i].ShortDebugString();
  }
}

TEST(ValueTest, TagsAreTheFieldNumbersOfTheProto) {
  for (const v1::Value& proto : EveryKind()) {
    EXPECT_EQ(static_cast<int>(Make(proto).kind()), static_cast<int>(proto.kind_case()));
  }
}

TEST(ValueTest, ComesBackFromCanonicalBytesAndFromTheProto) {
  for (const v1::Value& proto : EveryKind()) {
    const Value value = Make(proto);
    EXPECT_EQ(value.ToProto().SerializeAsString(), proto.SerializeAsString());
    EXPECT_EQ(Value::FromCanonical(value.canonical()), value);
    EXPECT_EQ(Make(value.ToProto()), value);
  }
}

TEST(ValueTest, AccessorsAnswerOnlyForTheirKind) {
  for (const v1::Value& proto : EveryKind()) {
    const Value value = Make(proto);
    EXPECT_EQ(value.is_text(), proto.has_text());
    EXPECT_EQ(value.text(), proto.has_text() ? std::optional("Jalan rusak") : std::nullopt);
    EXPECT_EQ(value.integer(), proto.has_integer() ? std::optional(-2) : std::nullopt);
    EXPECT_EQ(value.decimal(), proto.has_decimal() ? std::optional("-12.5") : std::nullopt);
    EXPECT_EQ(value.flag(), proto.has_flag() ? std::optional(true) : std::nullopt);
    EXPECT_EQ(value.date_days(), proto.has_date_days() ? std::optional(20'514) : std::nullopt);
    EXPECT_EQ(value.time_ms(),
              proto.has_time_ms() ? std::optional(1'772'413'200'000) : std::nullopt);
    EXPECT_EQ(value.choices(), proto.has_choices()
                                   ? std::optional(std::vector<std::string>{"air", "jalan"})
                                   : std::nullopt);
  }
}

TEST(ValueTest, MakesTheSameValueDirectly) {
  v1::Value proto;
  proto.set_integer(42);
  EXPECT_EQ(Value::Integer(42), Make(proto));
  proto.set_flag(false);
  EXPECT_EQ(Value::Flag(false), Make(proto));
  proto.set_date_days(-1);
  EXPECT_EQ(Value::Date(-1), Make(proto));
  proto.set_time_ms(-1);
  EXPECT_EQ(Value::Time(-1), Make(proto));
  EXPECT_EQ(Value::Text("Nias"), Make(TextProto("Nias")));
  EXPECT_EQ(Value::Choices({"jalan", "air", "jalan"}), Make(ChoicesProto({"air", "jalan"})));
}

TEST(ValueTest, ValuesOfDifferentKindsDiffer) {
  EXPECT_FALSE(Value::Integer(1) == Value::Time(1));
  EXPECT_FALSE(Value::Text("1") == Decimal("1"));
  absl::flat_hash_set<Value> values;
  for (const v1::Value& proto : EveryKind()) EXPECT_TRUE(values.insert(Make(proto)).second);
  for (const v1::Value& proto : EveryKind()) EXPECT_FALSE(values.insert(Make(proto)).second);
}

TEST(ValueTest, BringsTextsIntoNfc) {
  EXPECT_EQ(Make(TextProto("cafe\u0301")), Value::Text("caf\u00e9"));
  EXPECT_EQ(Make(TextProto("caf\u00e9")), Value::Text("caf\u00e9"));
  EXPECT_EQ(Make(TextProto("")), Value::Text(""));
}

TEST(ValueTest, BringsDecimalsIntoOneForm) {
  for (const auto& [typed, canonical] : std::vector<std::pair<std::string, std::string>>{
           {"0", "0"},
           {"-0", "0"},
           {"-0.00", "0"},
           {"000", "0"},
           {"007", "7"},
           {"-007.50", "-7.5"},
           {"1.0", "1"},
           {"100", "100"},
           {"0.10", "0.1"},
           {"00.010", "0.01"},
           {"1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"},
       }) {
    EXPECT_EQ(Decimal(typed).decimal(), canonical) << typed;
  }
}

TEST(ValueTest, SortsChoicesAndDropsDuplicates) {
  EXPECT_EQ(Make(ChoicesProto({"jalan", "air", "jalan", "cafe\u0301", "caf\u00e9"})).choices(),
            (std::vector<std::string>{"air", "caf\u00e9", "jalan"}));
  EXPECT_EQ(Make(ChoicesProto({})).choices(), std::vector<std::string>());
}

TEST(ValueTest, RefusesWhatIsMalformed) {
  EXPECT_EQ(Refusal(v1::Value()), absl::StatusCode::kInvalidArgument);
  for (const std::string_view text : {"\xff", "Kerinci\xc3", "\xed\xa0\x80"}) {
    EXPECT_EQ(Refusal(TextProto(text)), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Refusal(ChoicesProto({std::string(text)})), absl::StatusCode::kInvalidArgument);
  }
  for (const std::string_view decimal : {"", "-", ".", "1.", ".5", "+1", "1e3", "1,5", " 1", "1 ",
                                         "--1", "1.2.3", "1-", "0x1", "\u0661"}) {
    EXPECT_EQ(Refusal(DecimalProto(decimal)), absl::StatusCode::kInvalidArgument) << decimal;
  }
  EXPECT_EQ(Refusal(ChoicesProto({"air", ""})), absl::StatusCode::kInvalidArgument);
}

TEST(ValueTest, RefusesPlacesOffTheMap) {
  constexpr int32_t kPole = 900'000'000, kDateLine = 1'800'000'000;
  for (const int32_t latitude : {-kPole, kPole}) {
    for (const int32_t longitude : {-kDateLine, kDateLine}) {
      const v1::Value corner = PlaceProto(latitude, longitude);
      EXPECT_EQ(Make(corner).ToProto().SerializeAsString(), corner.SerializeAsString());
    }
  }
  for (const v1::Value& proto :
       {PlaceProto(kPole + 1, 0), PlaceProto(-kPole - 1, 0), PlaceProto(0, kDateLine + 1),
        PlaceProto(0, -kDateLine - 1), PlaceProto(std::numeric_limits<int32_t>::min(), 0)}) {
    EXPECT_EQ(Refusal(proto), absl::StatusCode::kInvalidArgument) << proto.ShortDebugString();
  }
}

TEST(ValueTest, RefusesWhatIsOverALimit) {
  EXPECT_EQ(Make(TextProto(std::string(kTextBytesMax, 'a'))).text()->size(), kTextBytesMax);
  EXPECT_EQ(Refusal(TextProto(std::string(kTextBytesMax + 1, 'a'))),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Refusal(DecimalProto(std::string(kDecimalBytesMax + 1, '1'))),
            absl::StatusCode::kResourceExhausted);

  std::vector<std::string> items;
  for (size_t i = 0; i < kChoiceItemsMax; ++i) items.push_back(std::to_string(i));
  EXPECT_EQ(Make(ChoicesProto(items)).choices()->size(), kChoiceItemsMax);
  items.push_back("0");
  EXPECT_EQ(Refusal(ChoicesProto(items)), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Refusal(ChoicesProto({std::string(kTextBytesMax, 'a')})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Make(ChoicesProto({std::string(kTextBytesMax - 2, 'a')})).canonical().size(),
            1 + kTextBytesMax);
}

TEST(ValueTest, MeasuresTextsAlsoNormalised) {
  // U+1D160 decomposes to three code points, which NFC does not compose again: 4 bytes become 12.
  std::string text;
  while (text.size() + 4 <= kTextBytesMax / 2) text += "\U0001d160";
  EXPECT_EQ(Refusal(TextProto(text)), absl::StatusCode::kResourceExhausted);
}

TEST(FromCanonicalTest, RefusesWhatNoValueEncodesTo) {
  const std::vector<std::string> damaged = {
      "",                      // no tag
      "00",                    // no such kind
      "09",                    // no such kind yet
      "ff00",                  //
      "0163616665cc81",        // text not in NFC
      "01ff",                  // text not UTF-8
      "0280000000000000",      // integer cut short
      "02800000000000000000",  // integer too long
      "03",                    // decimal without a digit
      "033030",                // "00"
      "032d30",                // "-0"
      "03312e30",              // "1.0"
      "0331617a",              // "1az"
      "04",                    // flag without a byte
      "0402",                  // neither true nor false
      "040100",                //
      "05800050",              // date cut short
      "0680",                  // time cut short
      "077ec5ab40",            // place without longitude
      "07ffffffffbc6ee2e0",    // latitude off the map
      "077ec5ab40ffffffff",    // longitude off the map
      "0800",                  // choice's length cut short
      "08000361",              // choice cut short
      "080000",                // empty choice
      "08000162000161",        // not sorted
      "08000161000161",        // twice the same
      "080001ff",              // choice not UTF-8
  };
  for (const std::string& hex : damaged) {
    EXPECT_EQ(Value::FromCanonical(StdView(absl::HexStringToBytes(hex))), std::nullopt) << hex;
  }
  EXPECT_EQ(Value::FromCanonical("\x01" + std::string(kTextBytesMax + 1, 'a')), std::nullopt);
  EXPECT_EQ(Value::FromCanonical("\x03" + std::string(kDecimalBytesMax + 1, '1')), std::nullopt);
}

// Whatever it accepts it gives back unchanged: bytes and values are one to one.
TEST(FromCanonicalTest, AcceptsOnlyWhatItWouldWrite) {
  constexpr uint32_t kSeed = 45;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  int accepted = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::vector<v1::Value> kinds = EveryKind();
    std::string bytes(Make(kinds[random() % kinds.size()]).canonical());
    for (uint32_t edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % bytes.size();
      bytes[at] = static_cast<char>(random() % 2 == 0 ? random() % 10 : random());
    }
    if (random() % 4 == 0) bytes.pop_back();
    const std::optional<Value> value = Value::FromCanonical(bytes);
    if (!value) {
      ++refused;
      continue;
    }
    ++accepted;
    ASSERT_EQ(value->canonical(), bytes);
    ASSERT_EQ(Make(value->ToProto()).canonical(), bytes);
  }
  EXPECT_GT(accepted, 2000);
  EXPECT_GT(refused, 2000);
}

TEST(CompareByValueTest, RanksWithinAKind) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const std::vector<Value> ascending = {
      Value::Text(""),
      Value::Text("Jambi"),
      Value::Text("Jambi 2"),
      Value::Text("Nias"),
      Value::Text("\u00e9"),
      Value::Integer(kMin),
      Value::Integer(-256),
      Value::Integer(-1),
      Value::Integer(0),
      Value::Integer(1),
      Value::Integer(255),
      Value::Integer(256),
      Value::Integer(kMax),
      Decimal("-1000000000000000000000000000000000000"),
      Decimal("-10"),
      Decimal("-9.51"),
      Decimal("-9.5"),
      Decimal("-9"),
      Decimal("-0.5"),
      Decimal("-0.05"),
      Decimal("0"),
      Decimal("0.05"),
      Decimal("0.5"),
      Decimal("0.51"),
      Decimal("9"),
      Decimal("9.49"),
      Decimal("9.5"),
      Decimal("10"),
      Decimal("10.25"),
      Decimal("9000000000000000000000000000000000000.1"),
      Value::Flag(false),
      Value::Flag(true),
      Value::Date(-1),
      Value::Date(0),
      Value::Date(20'514),
      Value::Time(kMin),
      Value::Time(-1),
      Value::Time(0),
      Value::Time(kMax),
      Make(PlaceProto(-1, 5)),
      Make(PlaceProto(0, -1)),
      Make(PlaceProto(0, 0)),
      Make(PlaceProto(1, -5)),
      Value::Choices({}),
      Value::Choices({"air"}),
      Value::Choices({"air", "jalan"}),
      Value::Choices({"jalan"}),
  };
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(CompareByValue(ascending[i], ascending[j]), i <=> j)
          << Hex(ascending[i]) << " and " << Hex(ascending[j]);
      EXPECT_EQ(ascending[i] == ascending[j], i == j);
    }
  }
}

// Against machine arithmetic, on decimals small enough for it.
TEST(CompareByValueTest, RanksDecimalsAsNumbers) {
  constexpr uint32_t kSeed = 500'000'000;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  const auto decimal_of = [](int64_t thousandths) {
    const int64_t magnitude = thousandths < 0 ? -thousandths : thousandths;
    std::string fraction = std::to_string(1000 + magnitude % 1000).substr(1);
    return Decimal((thousandths < 0 ? "-" : "") + std::to_string(magnitude / 1000) + "." +
                   fraction);
  };
  for (int round = 0; round < 20'000; ++round) {
    const int64_t range = round % 2 == 0 ? 200 : 200'000;
    const int64_t a = static_cast<int64_t>(random()) % range - range / 2;
    const int64_t b = static_cast<int64_t>(random()) % range - range / 2;
    ASSERT_EQ(CompareByValue(decimal_of(a), decimal_of(b)), a <=> b) << a << " and " << b;
  }
}

TEST(ValueTest, OfALaterKindIsWhatHasUnknownFieldsAndNoKind) {
  v1::Value value;
  EXPECT_FALSE(Value::IsOfLaterVersion(value)) << "malformed, in every version";
  ASSERT_TRUE(value.ParseFromString("\xfa\x07\x01x"));  // field 127
  EXPECT_TRUE(Value::IsOfLaterVersion(value));
  EXPECT_EQ(Value::FromProto(value).status().code(), absl::StatusCode::kInvalidArgument);
  value.set_integer(5);
  EXPECT_FALSE(Value::IsOfLaterVersion(value));
  EXPECT_TRUE(Value::IsOfLaterVersion(value, v1::Value::kTextFieldNumber))
      << "for whom knows only texts";
}

}  // namespace
}  // namespace tikar::sync
