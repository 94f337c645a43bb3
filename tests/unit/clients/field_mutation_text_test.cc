#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "clients/cpp/mutations.h"
#include "clients/field/mutation_text.h"

namespace tikar::field {
namespace {

using cli::Language;
using ::testing::HasSubstr;

// A loan with its instalments.
cli::DefinitionView Loan() {
  auto definition = std::make_shared<v1::Definition>();
  definition->set_service("pusyar");
  v1::Field& amount = *definition->add_fields();
  amount.set_key("plafon");
  amount.set_type(v1::FIELD_TYPE_MONEY);
  amount.mutable_label()->set_id("Plafon");
  amount.mutable_label()->set_en("Ceiling");
  for (const auto& [key, label] : {std::pair("berjalan", "Berjalan"), {"lunas", "Lunas"}}) {
    v1::State& state = *definition->mutable_workflow()->add_states();
    state.set_key(key);
    state.mutable_label()->set_id(label);
  }
  v1::Collection& instalments = *definition->add_collections();
  instalments.set_key("angsuran");
  instalments.set_type(v1::FIELD_TYPE_MONEY);
  instalments.mutable_label()->set_id("Angsuran");
  instalments.mutable_label()->set_en("Instalments");
  v1::Collection& visits = *definition->add_collections();
  visits.set_key("kunjungan");
  visits.set_type(v1::FIELD_TYPE_DATE);
  visits.mutable_label()->set_id("Kunjungan");
  return cli::DefinitionView(std::move(definition));
}

std::string Text(const v1::Mutation& mutation, Language language = Language::kIndonesian) {
  return MutationText(mutation, Loan(), language);
}

v1::Mutation Add(const std::string& collection, v1::Value value) {
  v1::Mutation mutation;
  mutation.mutable_add_element()->set_collection(collection);
  *mutation.mutable_add_element()->mutable_value() = std::move(value);
  return mutation;
}

const std::string kInstalment = "angsuran/00112233445566778899aabbccddeeff.0";

TEST(MutationText, ElementsAreShownByTheTypeOfTheirCollection) {
  EXPECT_EQ(Text(Add("angsuran", client::Integer(150'000))), "Angsuran: Rp150.000");
  EXPECT_EQ(Text(Add("angsuran", client::Integer(150'000)), Language::kEnglish),
            "Instalments: Rp150.000");
  EXPECT_EQ(Text(Add("kunjungan", client::DateOfDays(20'514))), "Kunjungan: 2026-03-02");
  EXPECT_EQ(Text(Add("comments", client::Text("Sudah dilihat"))), "comments: Sudah dilihat");
}

TEST(MutationText, AnEditedOrRemovedElementIsNamedByItsCollection) {
  EXPECT_EQ(Text(client::Set(kInstalment, client::Integer(200'000))), "Angsuran: Rp200.000");
  EXPECT_EQ(Text(client::RemoveElement(kInstalment)), "Angsuran: satu dihapus");
}

TEST(MutationText, FieldsAndStatusAreShownByTheirLabels) {
  EXPECT_EQ(Text(client::Set("plafon", client::Integer(5'000'000))), "Plafon: Rp5.000.000");
  EXPECT_EQ(Text(client::Clear("plafon")), "Plafon: –");
  EXPECT_EQ(Text(client::Move("berjalan", "lunas")), "Status: Berjalan → Lunas");
  EXPECT_EQ(Text(client::Move("berjalan", "lunas", "Setor tunai")),
            "Status: Berjalan → Lunas (Setor tunai)");
}

TEST(MutationText, DecisionsAreShownWithTheirReasons) {
  EXPECT_EQ(Text(client::Settle("plafon", {}, client::Integer(1'000), "Sesuai akad")),
            "diputuskan: Plafon: Rp1.000 (Sesuai akad)");
  EXPECT_EQ(Text(client::Settle("plafon", {}, std::nullopt, "")), "diputuskan: Plafon: –");
  EXPECT_EQ(Text(client::Retract("Ganda")), "ditarik (Ganda)");
  EXPECT_EQ(Text(client::Restore("")), "dipulihkan");
  v1::Mutation rebase;
  rebase.mutable_rebase()->set_version(3);
  EXPECT_THAT(Text(rebase), HasSubstr("3"));
}

TEST(MutationText, WhatThisAppDoesNotKnowIsSaidToBeThere) {
  EXPECT_EQ(Text(v1::Mutation(), Language::kEnglish), "a newer app's change");
}

}  // namespace
}  // namespace tikar::field
