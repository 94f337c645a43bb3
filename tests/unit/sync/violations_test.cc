#include "sync/violations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sync/limits.h"
#include "sync/unicode.h"
#include "sync/validation.h"
#include "validation_form.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One thing that can be wrong, alone.
struct Fault {
  ViolationCode code;
  // The violation's field.
  const char* field;
  std::function<v1::ChangeBody(StatedRequest&)> make;
};

// A sound new request, edited.
std::function<v1::ChangeBody(StatedRequest&)> New(std::function<void(v1::ChangeBody&)> edit) {
  return [edit](StatedRequest&) {
    v1::ChangeBody body = NewRequest();
    edit(body);
    return body;
  };
}

// A change of a request that exists.
std::function<v1::ChangeBody(StatedRequest&)> By(const std::string& role,
                                                 std::function<void(v1::ChangeBody&)> edit) {
  return [=](StatedRequest&) {
    v1::ChangeBody body = Edit(role);
    edit(body);
    return body;
  };
}

using Body = v1::ChangeBody;

std::vector<Fault> Faults() {
  using enum ViolationCode;
  return {
      {kRegionFormat, "", By("petugas", [](Body& b) { b.set_region("Kerinci"); })},
      {kRequestIdFormat, "", By("petugas", [](Body& b) { b.set_request_id("x"); })},
      {kRequestIdOnCreate, "", New([](Body& b) { b.set_request_id(std::string(16, 'r')); })},
      {kActorFormat, "", New([](Body& b) { b.set_actor("Siti"); })},
      {kActorReserved, "", New([](Body& b) { b.set_actor("timer"); })},
      {kHlcMissing, "", New([](Body& b) { b.set_hlc(0); })},
      {kNonceFormat, "", New([](Body& b) { b.set_nonce("1234567"); })},
      {kParentsFormat, "", By("petugas", [](Body& b) { b.add_parents("short"); })},
      {kParentsOrder, "", By("petugas", [](Body& b) { b.add_parents(std::string(16, 'a')); })},
      {kParentsOnCreate, "", New([](Body& b) { b.add_parents(std::string(16, 'p')); })},
      {kParentsMissing, "", By("petugas", [](Body& b) { b.clear_parents(); })},
      {kRoleMissing, "", New([](Body& b) { b.clear_role(); })},
      {kRoleFormat, "", New([](Body& b) { b.set_role("Petugas!"); })},
      {kMutationEmpty, "", New([](Body& b) { b.add_mutations(); })},
      {kCreateNotFirst, "",
       By("petugas",
          [](Body& b) {
            Set(b, "judul", Text("x"));
            *b.add_mutations() = NewRequest().mutations(0);
          })},
      {kCreateIncomplete, "",
       New([](Body& b) { b.mutable_mutations(0)->mutable_create()->clear_definition_hash(); })},
      {kRebaseIncomplete, "",
       By("kepala", [](Body& b) { b.add_mutations()->mutable_rebase()->set_version(4); })},
      {kTransitionIncomplete, "status", By("petugas", [](Body& b) { Go(b, "", "ditolak"); })},
      {kSettleCandidates, "biaya",
       By("kepala", [](Body& b) { Settle(b, "biaya")->clear_candidates(); })},
      {kPathFormat, "", New([](Body& b) { Set(b, "Nama Usaha", Text("x")); })},
      {kPathTwice, "catatan", New([](Body& b) {
         Set(b, "catatan", Text("x"));
         Set(b, "catatan", Text("y"));
       })},
      {kPathReserved, "status", New([](Body& b) { Set(b, "status", Text("dibayar")); })},
      {kValueMalformed, "catatan", New([](Body& b) { Set(b, "catatan", v1::Value()); })},
      {kBodyTooLarge, "", New([](Body& b) {
         b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(
             1000, std::string(kChangeBodyBytesMax, 'x'));
       })},
      {kTooManyMutations, "", New([](Body& b) {
         while (b.mutations_size() <= 64) Add(b, "comments", Text("x"));
       })},
      {kTooManyParents, "",
       By("petugas",
          [](Body& b) {
            b.clear_parents();
            for (int i = 0; i < 65; ++i) {
              b.add_parents(std::string(16, static_cast<char>('!' + i)));
            }
          })},
      {kValueTooLarge, "catatan",
       New([](Body& b) { Set(b, "catatan", Text(std::string(kTextBytesMax + 1, 'x'))); })},
      {kReasonTooLong, "status",
       By("petugas",
          [](Body& b) { Go(b, "baru", "ditolak", std::string(kReasonCodePointsMax + 1, 'x')); })},
      {kTooManyElements, "comments",
       [](StatedRequest& request) {
         request.elements = 2;
         Body b = Edit("petugas");
         Add(b, "comments", Text("x"));
         Add(b, "comments", Text("y"));
         return b;
       }},
      {kAreaFormat, "area",
       New([](Body& b) { b.mutable_mutations(0)->mutable_create()->set_area("15.02.01"); })},
      {kUnknownArea, "area",
       New([](Body& b) { b.mutable_mutations(0)->mutable_create()->set_area("15.01.99"); })},
      {kAreaRequired, "area",
       By("petugas", [](Body& b) { b.add_mutations()->mutable_clear_field()->set_path("area"); })},
      {kAssigneeFormat, "assignee",
       By("kepala", [](Body& b) { Set(b, "assignee", Text("Bu Siti")); })},
      {kDuplicateOfFormat, "duplicate_of",
       By("petugas", [](Body& b) { Set(b, "duplicate_of", Text("7ZK4QX9M2HP")); })},
      {kDuplicateOfItself, "duplicate_of",
       By("petugas",
          [](Body& b) {
            Set(b, "duplicate_of", Text(RequestId::FromBytes(b.request_id())->hex()));
          })},
      {kTransferredFromFormat, "transferred_from",
       New([](Body& b) { Set(b, "transferred_from", Text("")); })},
      {kDefinitionMismatch, "@definition",
       New([](Body& b) { b.mutable_mutations(0)->mutable_create()->set_version(4); })},
      {kUnknownField, "warna", New([](Body& b) { Set(b, "warna", Text("merah")); })},
      {kUnknownCollection, "tags", New([](Body& b) { Add(b, "tags", Text("x")); })},
      {kUnknownState, "status",
       By("kepala", [](Body& b) { *Settle(b, "status")->mutable_value() = Text("selesai"); })},
      {kRequired, "jenis", New([](Body& b) { b.mutable_mutations()->RemoveLast(); })},
      {kWrongType, "jumlah", New([](Body& b) { Set(b, "jumlah", Text("3")); })},
      {kTooLong, "judul", By("petugas", [](Body& b) { Set(b, "judul", Text("12345678901")); })},
      {kLineBreak, "judul", By("petugas", [](Body& b) { Set(b, "judul", Text("a\nb")); })},
      {kPattern, "kode", New([](Body& b) { Set(b, "kode", Text("4711")); })},
      {kOutOfRange, "jumlah", New([](Body& b) { Set(b, "jumlah", Integer(5)); })},
      {kNegativeMoney, "biaya", By("kepala", [](Body& b) { Set(b, "biaya", Integer(-1)); })},
      {kDateOutOfRange, "tanggal", New([](Body& b) {
         v1::Value value;
         value.set_date_days(2'932'897);
         Set(b, "tanggal", value);
       })},
      {kUnknownChoice, "bahan", New([](Body& b) {
         Set(b, "bahan", Choices({"besi", "emas"}));
       })},
      {kNikDigits, "nik", New([](Body& b) { Set(b, "nik", Text("15010617")); })},
      {kNikArea, "nik", New([](Body& b) { Set(b, "nik", Text("9801061708850003")); })},
      {kNikBirthDate, "nik", New([](Body& b) { Set(b, "nik", Text("1501063202850003")); })},
      {kNikSerial, "nik", New([](Body& b) { Set(b, "nik", Text("1501061708850000")); })},
      {kNibFormat, "nib", New([](Body& b) { Set(b, "nib", Text("123")); })},
      {kPhoneFormat, "telepon", New([](Body& b) { Set(b, "telepon", Text("0812-3456-7890")); })},
      {kElementEmpty, "comments", New([](Body& b) { Add(b, "comments", Text(" \n")); })},
      {kReasonRequired, "status", By("petugas", [](Body& b) { Go(b, "baru", "ditolak", " "); })},
      {kNeededForTransition, "lokasi", By("petugas", [](Body& b) { Go(b, "baru", "disetujui"); })},
      {kConditionNotMet, "jenis",
       [](StatedRequest& request) {
         request.values["biaya"] = Integer(500);
         request.values["jenis"] = Text("besi");
         Body b = Edit("kepala");
         Go(b, "ditolak", "disetujui");
         return b;
       }},
      {kNoSuchTransition, "status", By("petugas", [](Body& b) { Go(b, "baru", "dibayar"); })},
      {kUnknownRole, "", By("camat", [](Body& b) { Set(b, "judul", Text("x")); })},
      {kRoleMayNotCreate, "", New([](Body& b) { b.set_role("kepala"); })},
      {kRoleMayNotWrite, "biaya", New([](Body& b) { Set(b, "biaya", Integer(1)); })},
      {kRoleMayNotRetract, "@retracted",
       By("petugas", [](Body& b) { b.add_mutations()->mutable_retract(); })},
      {kRoleMayNotAssign, "assignee", New([](Body& b) { Set(b, "assignee", Text("hp-budi")); })},
      {kRoleMayNotTakeStep, "status",
       By("kepala", [](Body& b) { Go(b, "baru", "ditolak", "lengkapi"); })},
      {kRoleMayNotSettle, "biaya",
       By("petugas", [](Body& b) { *Settle(b, "biaya")->mutable_value() = Integer(5); })},
      {kRoleMayNotRebase, "@definition",
       By("petugas",
          [](Body& b) {
            v1::Rebase* rebase = b.add_mutations()->mutable_rebase();
            rebase->set_version(4);
            rebase->set_definition_hash(std::string(32, 'h'));
          })},
      {kUnderReview, "biaya",
       [](StatedRequest& request) {
         request.reviews = request.seen = {"biaya"};
         Body b = Edit("kepala");
         Set(b, "biaya", Integer(5));
         return b;
       }},
      {kIrreversibleUnderReview, "status",
       [](StatedRequest& request) {
         request.reviews = {"status"};
         request.status = "ditolak";
         Body b = Edit("kepala");
         Go(b, "disetujui", "dibayar");
         return b;
       }},
      {kIrreversibleFieldUnderReview, "biaya",
       [](StatedRequest& request) {
         request.reviews = {"biaya"};
         request.status = "ditolak";
         request.values["biaya"] = Integer(5);
         Body b = Edit("kepala");
         Go(b, "ditolak", "dibayar");
         return b;
       }},
  };
}

TEST(ViolationTest, EveryCodeIsFoundAloneWithItsFieldAndReason) {
  std::set<ViolationCode> found;
  for (const Fault& fault : Faults()) {
    const ViolationText& text = TextOf(fault.code);
    SCOPED_TRACE(std::string(text.code));
    found.insert(fault.code);
    StatedRequest request;
    const v1::ChangeBody body = fault.make(request);
    const bool creates = !body.mutations().empty() && body.mutations(0).has_create();
    const Judgement judgement = Judge(body, creates ? nullptr : &request);
    EXPECT_FALSE(judgement.ok);
    EXPECT_EQ(judgement.reason, text.reason);
    ASSERT_THAT(Codes(judgement), ElementsAre(std::string(text.code)));
    EXPECT_EQ(judgement.violations[0].field, fault.field);
    EXPECT_FALSE(judgement.violations[0].message_id.empty());
    EXPECT_FALSE(judgement.violations[0].message_en.empty());
  }
  for (size_t i = 0; i < kViolationCodes; ++i) {
    const auto code = static_cast<ViolationCode>(i);
    EXPECT_TRUE(found.contains(code)) << "no case for " << TextOf(code).code;
  }
}

TEST(ViolationTest, EveryCodeSaysInBothLanguagesWhatIsWrongAndWhatToDo) {
  std::set<std::string_view> codes;
  for (size_t i = 0; i < kViolationCodes; ++i) {
    const ViolationText& text = TextOf(static_cast<ViolationCode>(i));
    SCOPED_TRACE(std::string(text.code));
    EXPECT_TRUE(codes.insert(text.code).second) << "appears twice";
    EXPECT_NE(text.reason, v1::REFUSAL_REASON_UNSPECIFIED);
    for (const std::string message : {text.message_id, text.message_en}) {
      // Two sentences: the second begins after the first ends. The pattern's second one is the
      // form's own.
      EXPECT_THAT(message, HasSubstr(". "));
      EXPECT_TRUE(message.ends_with('.') || message.ends_with("$1")) << message;
    }
    EXPECT_STRNE(text.message_id, text.message_en);
    for (const std::string argument : {"$0", "$1", "$2", "$3"}) {
      EXPECT_EQ(std::string(text.message_id).find(argument) == std::string::npos,
                std::string(text.message_en).find(argument) == std::string::npos)
          << argument << " is in one language only";
    }
  }
}

TEST(ViolationTest, QuotesTheFormsOwnWords) {
  v1::ChangeBody body = NewRequest();
  Set(body, "jumlah", Integer(9));
  Set(body, "kode", Text("x"));
  const Judgement judgement = Judge(body, nullptr);
  ASSERT_EQ(judgement.violations.size(), 2);
  EXPECT_EQ(judgement.violations[0].message_id, "Jumlah harus antara 1 dan 4. Perbaiki angkanya.");
  EXPECT_EQ(judgement.violations[0].message_en,
            "Number must be between 1 and 4. Correct the number.");
  EXPECT_EQ(judgement.violations[1].message_id, "Kode tidak sesuai bentuknya. Tulis 5 angka.");
}

TEST(ViolationTest, AllAreListedAndTheGravestReasonIsGiven) {
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "dibayar");
  Set(body, "biaya", Integer(5));
  Set(body, "jumlah", Integer(9));
  const StatedRequest request;
  const Judgement judgement = Judge(body, &request);
  EXPECT_THAT(Codes(judgement),
              ElementsAre("no_such_transition", "role_may_not_write", "out_of_range"));
  EXPECT_EQ(judgement.reason, v1::REFUSAL_REASON_INVALID_VALUE);
}

TEST(ViolationTest, AHostileChangeGetsAShortAnswer) {
  v1::ChangeBody body = NewRequest();
  for (int i = 0; i < 20; ++i) {
    std::string path = "X";
    for (int j = 0; j < 1000; ++j) path += "é";
    Set(body, path + std::to_string(i), Text("x"));
  }
  const Judgement judgement = JudgeShape(body);
  ASSERT_EQ(judgement.violations.size(), 20);
  for (const Violation& violation : judgement.violations) {
    EXPECT_LT(violation.message_id.size(), 300);
    EXPECT_LT(violation.field.size(), 100);
    EXPECT_TRUE(IsValidUtf8(violation.message_id)) << "cut within a letter";
  }
}

}  // namespace
}  // namespace tikar::sync
