// Conditions of edges: what a request must hold for a step to be open.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sync/validation.h"
#include "validation_form.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What the step "Reopen" asks for.
StatedRequest Reopenable() {
  StatedRequest request;
  request.status = "ditolak";
  request.values = {
      {"jumlah", Integer(2)}, {"darurat", Flag(true)}, {"bahan", Choices({"besi", "kayu"})}};
  return request;
}

std::vector<std::string> FieldsThatForbidToReopen(const StatedRequest& request) {
  v1::ChangeBody body = Edit("petugas");
  Go(body, "ditolak", "baru");
  std::vector<std::string> fields;
  for (const Violation& violation : Judge(body, &request).violations) {
    EXPECT_EQ(violation.code, "condition_not_met");
    fields.push_back(violation.field);
  }
  return fields;
}

TEST(ConditionTest, AStepIsOpenWhenAllItsConditionsHold) {
  EXPECT_THAT(FieldsThatForbidToReopen(Reopenable()), IsEmpty());
  EXPECT_THAT(FieldsThatForbidToReopen(StatedRequest()), ElementsAre("jumlah", "darurat", "bahan"));
}

TEST(ConditionTest, BoundsAreIncluded) {
  StatedRequest request = Reopenable();
  request.values["jumlah"] = Integer(3);
  EXPECT_THAT(FieldsThatForbidToReopen(request), IsEmpty());
  for (const int64_t outside : {1, 4}) {
    request.values["jumlah"] = Integer(outside);
    EXPECT_THAT(FieldsThatForbidToReopen(request), ElementsAre("jumlah")) << outside;
  }
}

TEST(ConditionTest, FlagsAndChoicesMustBeTheNamedOnes) {
  StatedRequest request = Reopenable();
  request.values["darurat"] = Flag(false);
  request.values["bahan"] = Choices({"kayu"});
  EXPECT_THAT(FieldsThatForbidToReopen(request), ElementsAre("darurat", "bahan"));
  request.values["bahan"] = Choices({});
  EXPECT_THAT(FieldsThatForbidToReopen(request), ElementsAre("darurat", "bahan"));
}

TEST(ConditionTest, AValueOfAnotherKindDoesNotMeetIt) {
  StatedRequest request = Reopenable();
  request.values["jumlah"] = Text("2");  // of before a Rebase
  EXPECT_THAT(FieldsThatForbidToReopen(request), ElementsAre("jumlah"));
}

TEST(ConditionTest, WhatTheChangeItselfWritesCounts) {
  StatedRequest request = Reopenable();
  request.values.erase("jumlah");
  v1::ChangeBody body = Edit("petugas");
  Go(body, "ditolak", "baru");
  Set(body, "jumlah", Integer(3));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  body.add_mutations()->mutable_clear_field()->set_path("bahan");
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("condition_not_met"));
}

TEST(ConditionTest, WhatTheAuthorMayHaveSeenElsewhereIsLetPass) {
  StatedRequest request;
  request.knows_past = false;
  EXPECT_THAT(FieldsThatForbidToReopen(request), IsEmpty());
  v1::ChangeBody body = Edit("petugas");
  Go(body, "ditolak", "baru");
  EXPECT_THAT(Codes(Judge(body, nullptr)), IsEmpty());
  Set(body, "jumlah", Integer(4));
  EXPECT_THAT(Codes(Judge(body, nullptr)), ElementsAre("condition_not_met"));
}

TEST(ConditionTest, SaysWhatTheDefinitionSaysOrWhatIsWanted) {
  v1::ChangeBody body = Edit("petugas");
  Go(body, "ditolak", "baru");
  const StatedRequest request;
  const Judgement reopening = Judge(body, &request);
  ASSERT_EQ(reopening.violations.size(), 3);
  EXPECT_EQ(reopening.violations[0].message_id,
            "Langkah \"Buka lagi\" belum dapat diambil. Jumlah harus paling sedikit 2 dan paling "
            "banyak 3.");
  EXPECT_EQ(reopening.violations[1].message_en,
            "The step \"Reopen\" cannot be taken. Emergency must be yes.");
  EXPECT_EQ(reopening.violations[2].message_id,
            "Langkah \"Buka lagi\" belum dapat diambil. Bahan harus Besi.");
  v1::ChangeBody undoing = Edit("kepala");
  Go(undoing, "ditolak", "disetujui");
  Set(undoing, "biaya", Integer(501));
  Set(undoing, "jenis", Text("kayu"));
  const Judgement undone = Judge(undoing, &request);
  ASSERT_EQ(undone.violations.size(), 1);
  EXPECT_EQ(undone.violations[0].field, "biaya");
  EXPECT_EQ(undone.violations[0].message_en,
            "The step \"Undo the rejection\" cannot be taken. Only wood up to Rp500.");
}

}  // namespace
}  // namespace tikar::sync
