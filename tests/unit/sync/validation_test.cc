#include "sync/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sync/limits.h"
#include "validation_form.h"

namespace tikar::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShapeTest, TakesASoundNewRequestAndASoundEdit) {
  EXPECT_THAT(Codes(JudgeShape(NewRequest())), IsEmpty());
  v1::ChangeBody body = Edit("petugas");
  Set(body, "judul", Text("Jembatan"));
  EXPECT_THAT(Codes(JudgeShape(body)), IsEmpty());
  EXPECT_TRUE(JudgeShape(body).ok);
  EXPECT_EQ(JudgeShape(body).reason, v1::REFUSAL_REASON_UNSPECIFIED);
}

TEST(ShapeTest, TakesAJoiningChangeWithoutMutationsAndRole) {
  v1::ChangeBody body = Edit("");
  body.add_parents(std::string(16, 'q'));
  EXPECT_THAT(Codes(JudgeShape(body)), IsEmpty());
  EXPECT_THAT(Codes(CheckAgainstDefinition(body, *Form(), nullptr)), IsEmpty());
}

TEST(ShapeTest, TakesAMutationOfANewerKindButNotAnEmptyOne) {
  v1::ChangeBody body = Edit("petugas");
  ASSERT_TRUE(body.add_mutations()->ParseFromString("\xfa\x07\x01x"));  // field 127
  EXPECT_THAT(Codes(JudgeShape(body)), IsEmpty());
  const StatedRequest request;
  EXPECT_THAT(Codes(CheckAgainstDefinition(body, *Form(), &request)), IsEmpty());
  body.add_mutations();
  EXPECT_THAT(Codes(JudgeShape(body)), ElementsAre("mutation_empty"));
}

TEST(ShapeTest, TakesWhatIsExactlyAtALimit) {
  v1::ChangeBody body = Edit("petugas");
  body.clear_parents();
  for (int i = 0; i < 64; ++i) body.add_parents(std::string(16, static_cast<char>('!' + i)));
  body.set_actor(std::string(kActorBytesMax, 'a'));
  Set(body, "catatan", Text(std::string(kTextBytesMax, 'x')));
  Go(body, "baru", "ditolak", std::string(kReasonCodePointsMax, 'x'));
  while (body.mutations_size() < 64) Add(body, "comments", Text("x"));
  EXPECT_THAT(Codes(JudgeShape(body)), IsEmpty());
  EXPECT_THAT(Codes(CheckShape(body, kChangeBodyBytesMax)), IsEmpty());
  EXPECT_THAT(Codes(CheckShape(body, kChangeBodyBytesMax + 1)), ElementsAre("body_too_large"));
}

TEST(ShapeTest, KnowsRegionsAndTheAreasWithin) {
  const auto codes = [](const std::string& region, const std::string& area) {
    v1::ChangeBody body = NewRequest();
    body.set_region(region);
    body.mutable_mutations(0)->mutable_create()->set_area(area);
    return Codes(JudgeShape(body));
  };
  EXPECT_THAT(codes("15.01", "15.01.06"), IsEmpty());
  EXPECT_THAT(codes("15.01", "15.01.06.2010"), IsEmpty());
  for (const char* area :
       {"", "15", "15.01", "15.01.", "15.01.6", "15.01.06.", "15.01.06.201", "15.01.06.20100",
        "15.01.06.2010.1", "15.010.06", "14.01.06", "15.01.0a"}) {
    EXPECT_THAT(codes("15.01", area), ElementsAre("area_format")) << area;
  }
  for (const char* region : {"", "15", "1501", "15.1", "15.011", "15.01.06", "1a.01"}) {
    EXPECT_THAT(codes(region, "15.01.06"), ElementsAre("region_format", "area_format")) << region;
  }
}

TEST(ShapeTest, KnowsElementPaths) {
  const auto codes = [](const std::string& path) {
    v1::ChangeBody body = Edit("petugas");
    body.add_mutations()->mutable_remove_element()->set_path(path);
    return Codes(JudgeShape(body));
  };
  const std::string id = "00112233445566778899aabbccddeeff";
  EXPECT_THAT(codes("comments/" + id + ".0"), IsEmpty());
  EXPECT_THAT(codes("comments/" + id + ".63"), IsEmpty());
  for (const std::string& path :
       {std::string("comments"), std::string("judul"), "comments/" + id, "comments/" + id + ".",
        "comments/" + id + ".64", "comments/" + id + ".01", "comments/" + id + ".-1",
        "comments/" + id + ".99999999999999999999", "/" + id + ".0", "Comments/" + id + ".0",
        std::string("comments/00112233445566778899AABBCCDDEEFF.0"), "comments/" + id + "0.0",
        "comments/x/" + id + ".0"}) {
    EXPECT_THAT(codes(path), ElementsAre("path_format")) << path;
  }
}

TEST(ShapeTest, ReservedPathsCannotBeWrittenOrSettled) {
  for (const char* path : {"status", "@retracted", "@definition", "@x"}) {
    v1::ChangeBody body = Edit("kepala");
    Set(body, path, Text("x"));
    body.add_mutations()->mutable_clear_field()->set_path(path);
    EXPECT_THAT(Codes(JudgeShape(body)), ElementsAre("path_reserved", "path_reserved")) << path;
  }
  v1::ChangeBody body = Edit("kepala");
  Settle(body, "@definition");
  Settle(body, "area");
  Settle(body, Element("comments"));
  EXPECT_THAT(Codes(JudgeShape(body)), ElementsAre("path_format", "path_reserved", "path_format"));
}

TEST(ShapeTest, CountsEveryKindOfWriteToAPathAsAWrite) {
  v1::ChangeBody body = NewRequest();
  Set(body, "area", Text("15.01.06"));  // Create wrote it
  Go(body, "baru", "ditolak");          // Create wrote the status
  body.add_mutations()->mutable_clear_field()->set_path("judul");
  *Settle(body, "jenis")->mutable_value() = Text("besi");
  body.add_mutations()->mutable_retract();
  body.add_mutations()->mutable_restore();
  Set(body, Element("comments"), Text("x"));
  body.add_mutations()->mutable_remove_element()->set_path(Element("comments"));
  v1::Rebase* rebase = body.add_mutations()->mutable_rebase();
  rebase->set_version(4);
  rebase->set_definition_hash(std::string(32, 'h'));
  const Judgement judgement = JudgeShape(body);
  std::vector<std::string> fields;
  for (const Violation& violation : judgement.violations) {
    EXPECT_EQ(violation.code, "path_twice");
    fields.push_back(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("area", "status", "judul", "jenis", "@retracted",
                                  Element("comments"), "@definition"));
}

TEST(ShapeTest, SettleNamesItsCandidatesInOrder) {
  for (const std::vector<std::string>& candidates :
       {std::vector<std::string>{},
        {std::string(15, 'a')},
        {std::string(16, 'a'), std::string(16, 'a')},
        {std::string(16, 'b'), std::string(16, 'a')}}) {
    v1::ChangeBody body = Edit("kepala");
    v1::Settle* settle = Settle(body, "jenis");
    settle->clear_candidates();
    for (const std::string& candidate : candidates) settle->add_candidates(candidate);
    EXPECT_THAT(Codes(JudgeShape(body)), ElementsAre("settle_candidates"));
  }
}

TEST(FieldTest, TakesAProperValueOfEveryType) {
  v1::ChangeBody body = NewRequest();
  Set(body, "kode", Text("47112"));
  Set(body, "catatan", Text("Papan patah.\nSungai meluap."));
  Set(body, "jumlah", Integer(4));
  Set(body, "selisih", Integer(-7));
  v1::Value value;
  value.set_decimal("12.5");
  Set(body, "luas", value);
  Set(body, "darurat", Flag(true));
  value.set_date_days(20'000);
  Set(body, "tanggal", value);
  value.set_time_ms(1'780'000'000'000);
  Set(body, "pukul", value);
  Set(body, "lokasi", Place());
  Set(body, "bahan", Choices({"besi", "kayu"}));
  Set(body, "nik", Text("1501065708850003"));
  Set(body, "nib", Text("9120001234567"));
  Set(body, "telepon", Text("081234567890"));
  Add(body, "comments", Text("Diukur tadi pagi."));
  EXPECT_THAT(Codes(Judge(body, nullptr)), IsEmpty());
}

TEST(FieldTest, RefusesEveryOtherKindOfValue) {
  const v1::Value text = Text("kayu"), integer = Integer(2), flag = Flag(true);
  for (const char* field : {"kode", "catatan", "jenis", "nik", "nib", "telepon"}) {
    v1::ChangeBody body = Edit("kepala");
    Set(body, field, integer);
    const StatedRequest request;
    EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("wrong_type")) << field;
  }
  for (const char* field : {"selisih", "biaya", "luas", "tanggal", "pukul", "lokasi", "bahan"}) {
    for (const v1::Value& value : {text, flag}) {
      v1::ChangeBody body = Edit("kepala");
      Set(body, field, value);
      const StatedRequest request;
      EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("wrong_type")) << field;
    }
  }
  v1::ChangeBody body = Edit("kepala");
  Set(body, "darurat", text);
  const StatedRequest request;
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("wrong_type"));
}

TEST(FieldTest, MeasuresTextInCodePointsAsItWillBeStored) {
  const StatedRequest request;
  v1::ChangeBody body = Edit("petugas");
  std::string composed, decomposed;
  for (int i = 0; i < 10; ++i) {
    composed += "é";
    decomposed += "e\u0301";
  }
  Set(body, "judul", Text(composed));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  *body.mutable_mutations(0)->mutable_set_field()->mutable_value() = Text(decomposed);
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  *body.mutable_mutations(0)->mutable_set_field()->mutable_value() = Text(composed + "x");
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("too_long"));
}

TEST(FieldTest, BoundsAreInclusiveAndAbsentWhenBothAreZero) {
  const StatedRequest request;
  const auto codes = [&](const std::string& field, int64_t integer) {
    v1::ChangeBody body = Edit("kepala");
    Set(body, field, Integer(integer));
    return Codes(Judge(body, &request));
  };
  EXPECT_THAT(codes("jumlah", 0), ElementsAre("out_of_range"));
  EXPECT_THAT(codes("jumlah", 1), IsEmpty());
  EXPECT_THAT(codes("jumlah", 4), IsEmpty());
  EXPECT_THAT(codes("jumlah", 5), ElementsAre("out_of_range"));
  EXPECT_THAT(codes("selisih", INT64_MIN), IsEmpty());
  EXPECT_THAT(codes("biaya", INT64_MAX), IsEmpty());
  EXPECT_THAT(codes("biaya", 0), IsEmpty());
  EXPECT_THAT(codes("biaya", INT64_MIN), ElementsAre("negative_money"));
}

TEST(FieldTest, ARequiredFieldIsNeitherBlankNorCleared) {
  v1::ChangeBody body = NewRequest();
  *body.mutable_mutations(1)->mutable_set_field()->mutable_value() = Text(" ");
  EXPECT_THAT(Codes(Judge(body, nullptr)), ElementsAre("required"));
  const StatedRequest request;
  v1::ChangeBody clearing = Edit("petugas");
  clearing.add_mutations()->mutable_clear_field()->set_path("judul");
  EXPECT_THAT(Codes(Judge(clearing, &request)), ElementsAre("required"));
  v1::ChangeBody other = Edit("petugas");
  other.add_mutations()->mutable_clear_field()->set_path("catatan");
  EXPECT_THAT(Codes(Judge(other, &request)), IsEmpty());
  v1::ChangeBody settling = Edit("kepala");
  Settle(settling, "jenis");  // to nothing
  EXPECT_THAT(Codes(Judge(settling, &request)), ElementsAre("required"));
}

TEST(FieldTest, BuiltInFieldsTakeTextOfTheirForm) {
  const StatedRequest request;
  v1::ChangeBody body = Edit("kepala");
  Set(body, "area", Text("15.01.07"));
  Set(body, "assignee", Text("hp-budi"));
  Set(body, "duplicate_of", Text("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"));
  Set(body, "transferred_from", Text("regions/15.02/requests/0190f5c2a7b07c3e8d1f2a3b4c5d6e7f"));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  v1::ChangeBody numbers = Edit("kepala");
  Set(numbers, "area", Integer(1));
  Set(numbers, "assignee", Integer(1));
  Set(numbers, "duplicate_of", Flag(true));
  Set(numbers, "transferred_from", Integer(1));
  EXPECT_THAT(Codes(Judge(numbers, &request)),
              ElementsAre("wrong_type", "wrong_type", "wrong_type", "wrong_type"));
}

TEST(WorkflowTest, AStepMayBringTheFieldThatItNeeds) {
  StatedRequest request;
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "disetujui");
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("needed_for_transition"));
  Set(body, "lokasi", Place());
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
}

TEST(WorkflowTest, AStepMayFindTheFieldFilledButNotEmptyIt) {
  StatedRequest request;
  request.values["lokasi"] = Place();
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "disetujui");
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  body.add_mutations()->mutable_clear_field()->set_path("lokasi");
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("needed_for_transition"));
}

TEST(WorkflowTest, AStepFromAStateThatIsNoLongerTheStatusIsNoError) {
  StatedRequest request;
  request.status = "dibayar";
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "ditolak", "tidak ada di lokasi");
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
}

TEST(WorkflowTest, WithoutTheRequestOnlyWhatTheDefinitionSaysIsChecked) {
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "disetujui");
  EXPECT_THAT(Codes(Judge(body, nullptr)), IsEmpty());
  body.mutable_mutations(0)->mutable_transition()->set_to("dibayar");
  EXPECT_THAT(Codes(Judge(body, nullptr)), ElementsAre("no_such_transition"));
}

TEST(WorkflowTest, WhatTheAuthorMayHaveSeenElsewhereIsNotMissing) {
  StatedRequest request;
  request.knows_past = false;
  v1::ChangeBody body = Edit("petugas");
  Go(body, "baru", "disetujui");
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  // What the change itself empties is missing for certain.
  body.add_mutations()->mutable_clear_field()->set_path("lokasi");
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("needed_for_transition"));
}

TEST(ReviewTest, NobodyPaysWhileTheStatusIsUnderReview) {
  StatedRequest request;
  request.status = "disetujui";
  v1::ChangeBody body = Edit("kepala");
  Go(body, "disetujui", "dibayar");
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  // Even of an officer who could not know of the conflict.
  request.reviews = {"status"};
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("irreversible_under_review"));
  EXPECT_EQ(Judge(body, &request).reason, v1::REFUSAL_REASON_UNDER_REVIEW);
}

TEST(ReviewTest, NobodyPaysWhileWhatThePaymentDependsOnIsUnderReview) {
  StatedRequest request;
  request.status = "ditolak";
  request.values["biaya"] = Integer(5);
  v1::ChangeBody body = Edit("kepala");
  Go(body, "ditolak", "dibayar");
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  // What the payment does not ask for does not hold it up.
  request.reviews = {"nik"};
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  // Even of an officer who could not know of the conflict.
  request.reviews = {"biaya"};
  const Judgement judgement = Judge(body, &request);
  EXPECT_THAT(Codes(judgement), ElementsAre("irreversible_field_under_review"));
  EXPECT_EQ(judgement.violations[0].field, "biaya");
  EXPECT_EQ(judgement.reason, v1::REFUSAL_REASON_UNDER_REVIEW);
  // Nor what another payment asks for, or a step that can be undone.
  v1::ChangeBody other = Edit("kepala");
  Go(other, "disetujui", "dibayar");
  EXPECT_THAT(Codes(Judge(other, &request)), IsEmpty());
  v1::ChangeBody reopen = Edit("petugas");
  Go(reopen, "baru", "ditolak", "palsu");
  EXPECT_THAT(Codes(Judge(reopen, &request)), IsEmpty());
}

TEST(ReviewTest, AWriteOfSomebodyWhoCouldNotKnowOfTheConflictIsTaken) {
  StatedRequest request;
  request.reviews = {"biaya", "status"};
  v1::ChangeBody body = Edit("kepala");
  Set(body, "biaya", Integer(5));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  v1::ChangeBody step = Edit("petugas");
  Go(step, "baru", "ditolak", "palsu");
  EXPECT_THAT(Codes(Judge(step, &request)), IsEmpty());
}

TEST(ReviewTest, WhoeverSawTheConflictMustSettleIt) {
  StatedRequest request;
  request.seen = {"biaya", "status", "@retracted", "jenis"};
  v1::ChangeBody body = Edit("kepala");
  body.add_mutations()->mutable_clear_field()->set_path("biaya");
  body.add_mutations()->mutable_restore();
  Set(body, "jenis", Text("besi"));
  EXPECT_THAT(Codes(Judge(body, &request)),
              ElementsAre("under_review", "under_review", "under_review"));
  v1::ChangeBody step = Edit("petugas");
  Go(step, "baru", "ditolak", "palsu");
  EXPECT_THAT(Codes(Judge(step, &request)), ElementsAre("under_review"));
  v1::ChangeBody settling = Edit("kepala");
  *Settle(settling, "biaya")->mutable_value() = Integer(5);
  *Settle(settling, "status")->mutable_value() = Text("ditolak");
  *Settle(settling, "@retracted")->mutable_value() = Flag(false);
  *Settle(settling, "jenis")->mutable_value() = Text("besi");
  EXPECT_THAT(Codes(Judge(settling, &request)), IsEmpty());
}

TEST(ReviewTest, ASettledValueMustBeOneThatTheFieldCanHold) {
  const StatedRequest request;
  v1::ChangeBody body = Edit("kepala");
  *Settle(body, "biaya")->mutable_value() = Integer(-5);
  *Settle(body, "jenis")->mutable_value() = Text("emas");
  *Settle(body, "@retracted")->mutable_value() = Text("ya");
  Settle(body, "status");  // to nothing
  Settle(body, "warna");
  EXPECT_THAT(Codes(Judge(body, &request)),
              ElementsAre("negative_money", "unknown_choice", "wrong_type", "unknown_state",
                          "unknown_field"));
}

TEST(ElementTest, EditsAndRemovalsNeedAKnownCollection) {
  const StatedRequest request;
  v1::ChangeBody body = Edit("petugas");
  Set(body, Element("comments"), Text("lebih jelas"));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  v1::ChangeBody unknown = Edit("petugas");
  Set(unknown, Element("tags"), Text("x"));
  unknown.add_mutations()->mutable_clear_field()->set_path(Element("foto"));
  unknown.add_mutations()->mutable_remove_element()->set_path(Element("suara"));
  EXPECT_THAT(Codes(Judge(unknown, &request)),
              ElementsAre("unknown_collection", "unknown_collection", "unknown_collection"));
}

TEST(ElementTest, AnElementIsTextWithinItsLength) {
  const StatedRequest request;
  v1::ChangeBody body = Edit("petugas");
  Add(body, "comments", Text(std::string(20, 'x')));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  Add(body, "comments", Text(std::string(21, 'x')));
  Add(body, "comments", Integer(1));
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("too_long", "wrong_type"));
}

TEST(ElementTest, TakesTheKindOfValueThatItsCollectionHolds) {
  const StatedRequest request;
  v1::Value date;
  date.set_date_days(20'600);
  const std::vector<std::pair<std::string, v1::Value>> elements = {{"baris", Text("satu")},
                                                                   {"angsuran", Integer(250'000)},
                                                                   {"ketinggian", Integer(-3)},
                                                                   {"kunjungan", date},
                                                                   {"titik", Place()}};
  for (const auto& [collection, value] : elements) {
    v1::ChangeBody adding = Edit("petugas");
    Add(adding, collection, value);
    Set(adding, Element(collection), value);
    EXPECT_THAT(Codes(Judge(adding, &request)), IsEmpty()) << collection;
    v1::ChangeBody wrong = Edit("petugas");
    Add(wrong, collection, Flag(true));
    Set(wrong, Element(collection), Flag(true));
    const Judgement judgement = Judge(wrong, &request);
    EXPECT_THAT(Codes(judgement), ElementsAre("wrong_type", "wrong_type")) << collection;
    EXPECT_EQ(judgement.violations[0].field, collection);
    EXPECT_EQ(judgement.violations[1].field, Element(collection));
  }
}

TEST(ElementTest, IsCheckedAsAFieldOfItsTypeIs) {
  const StatedRequest request;
  const auto codes = [&request](const std::string& collection, const v1::Value& value) {
    v1::ChangeBody body = Edit("petugas");
    Add(body, collection, value);
    return Codes(Judge(body, &request));
  };
  EXPECT_THAT(codes("angsuran", Integer(0)), IsEmpty());
  EXPECT_THAT(codes("angsuran", Integer(-1)), ElementsAre("negative_money"));
  EXPECT_THAT(codes("baris", Text("satu\ndua")), ElementsAre("line_break"));
  EXPECT_THAT(codes("baris", Text("satu baris panjang")), ElementsAre("too_long"));
  EXPECT_THAT(codes("baris", Text(" ")), ElementsAre("element_empty"));
  EXPECT_THAT(codes("comments", Text("satu\ndua")), IsEmpty());
  v1::Value date;
  date.set_date_days(2'932'897);
  EXPECT_THAT(codes("kunjungan", date), ElementsAre("date_out_of_range"));
}

TEST(ElementTest, ACollectionMayBeFilledToTheBrim) {
  StatedRequest request;
  request.elements = 1;
  v1::ChangeBody body = Edit("petugas");
  Add(body, "comments", Text("x"));
  Add(body, "comments", Text("y"));
  EXPECT_THAT(Codes(Judge(body, &request)), IsEmpty());
  Add(body, "comments", Text("z"));
  EXPECT_THAT(Codes(Judge(body, &request)), ElementsAre("too_many_elements"));
  EXPECT_EQ(Judge(body, &request).reason, v1::REFUSAL_REASON_LIMIT);
}

TEST(DefinitionJudgementTest, RulesThatThisBinaryDoesNotKnowAreLeftToOneThatDoes) {
  v1::Definition proto = Form()->proto();
  proto.set_merge_version(kMergeVersionNewest + 1);
  const auto newer = Definition::Parse(proto.SerializeAsString());
  ASSERT_TRUE(newer.ok());
  v1::ChangeBody body = Edit("camat");
  Set(body, "warna", Text("merah"));
  EXPECT_TRUE(CheckAgainstDefinition(body, **newer, nullptr).ok);
}

}  // namespace
}  // namespace tikar::sync
