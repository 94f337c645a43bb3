// Several versions of one service on one phone: a request is labelled and judged by the version
// that it pins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk_session.h"

namespace tikar::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DefinitionsTest : public SyncSessionTest {
 protected:
  // The next version of the form: another choice, one choice less, another label.
  v1::DefinitionBytes NextVersion() {
    v1::Definition next = CatalogForm("pengaduan");
    next.set_version(next.version() + 1);
    for (v1::Field& field : *next.mutable_fields()) {
      if (field.key() == "judul") field.mutable_label()->set_id("Pokok aduan");
      if (field.key() != "kategori") continue;
      auto* choices = field.mutable_choices();
      for (int i = choices->size() - 1; i >= 0; --i) {
        if (choices->Get(i).key() == "jalan_jembatan") choices->DeleteSubrange(i, 1);
      }
      v1::Choice& bridges = *choices->Add();
      bridges.set_key("jembatan_gantung");
      bridges.mutable_label()->set_id("Jembatan gantung");
      bridges.mutable_label()->set_en("Suspension bridge");
    }
    return BytesOf(next);
  }
  static sync::DefinitionHash HashOf(const v1::DefinitionBytes& definition) {
    return sync::Sha256(definition.body());
  }
  std::vector<std::string> CodesOf(const sync::RequestKey& key, const char* category) {
    const absl::StatusOr<EditOutcome> outcome =
        phone.app->Edit(key, {Set("kategori", Text(category))});
    CHECK(outcome.ok());
    std::vector<std::string> codes;
    for (const sync::Violation& violation : outcome->refusal.violations) {
      codes.push_back(violation.code);
    }
    return codes;
  }
};

TEST_F(DefinitionsTest, OldAndNewVersionAreFoundByTheirHashes) {
  const v1::DefinitionBytes old = CatalogDefinition("pengaduan"), next = NextVersion();
  ASSERT_TRUE(phone.app->AddDefinition(next).ok());
  const auto found_old = phone.app->FindDefinition(HashOf(old));
  const auto found_next = phone.app->FindDefinition(HashOf(next));
  ASSERT_TRUE(found_old.ok()) << found_old.status();
  ASSERT_TRUE(found_next.ok()) << found_next.status();
  EXPECT_NE((*found_old)->FindField("judul")->label().id(), "Pokok aduan");
  EXPECT_EQ((*found_next)->FindField("judul")->label().id(), "Pokok aduan");
  EXPECT_EQ((*phone.app->OfferedForm("pengaduan", "15.01.06"))->hash(), HashOf(old))
      << "a form that is here is not offered for that";
}

TEST_F(DefinitionsTest, HashThatIsNotHereIsNotFound) {
  EXPECT_EQ(phone.app->FindDefinition(sync::Sha256("sabilulungan")).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(DefinitionsTest, EditsAreJudgedByTheVersionThatTheRequestPins) {
  const EditOutcome before = phone.Create("Jembatan putus");
  const v1::DefinitionBytes next = NextVersion();
  ASSERT_TRUE(phone.app->AddDefinition(next).ok());
  Begin();
  Start();
  Receive(Welcome());
  v1::SyncResponse adopted = Batch("adopted");
  *adopted.mutable_batch()->add_offers() = OfferOf("15.01", next);
  Receive(adopted);
  EXPECT_THAT(CodesOf(before.request, "jalan_jembatan"), IsEmpty());
  EXPECT_THAT(CodesOf(before.request, "jembatan_gantung"), ElementsAre("unknown_choice"));

  NewRequest report = phone.Report("Jembatan gantung putus");
  report.fields[2].second = Text("jembatan_gantung");
  const absl::StatusOr<EditOutcome> after = phone.app->Create(report);
  ASSERT_TRUE(after.ok() && after->queued());
  EXPECT_THAT(CodesOf(after->request, "jembatan_gantung"), IsEmpty());
  EXPECT_THAT(CodesOf(after->request, "jalan_jembatan"), ElementsAre("unknown_choice"));
}

TEST_F(DefinitionsTest, WhatTheServersRequestsPinAndThePhoneLacksIsMissing) {
  const EditOutcome made = phone.Create("Jembatan putus");
  SyncAll();
  v1::Request state = ServerState(made.request, "Jembatan putus", 300);
  const v1::DefinitionBytes next = NextVersion();
  state.set_definition_hash(HashOf(next).bytes());
  EXPECT_THAT(*phone.app->MissingDefinitions(), IsEmpty());
  Begin();
  Start();
  Receive(Welcome());
  Receive(Batch("pinned", {state}));
  EXPECT_THAT(*phone.app->MissingDefinitions(), ElementsAre(HashOf(next)));
  EXPECT_EQ(phone.app->Edit(made.request, {Comment("Sudah dilihat")}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(phone.app->StoreDefinitions({next}).ok());
  EXPECT_THAT(*phone.app->MissingDefinitions(), IsEmpty());
  EXPECT_TRUE(phone.app->Edit(made.request, {Comment("Sudah dilihat")})->queued());
}

}  // namespace
}  // namespace tikar::client
