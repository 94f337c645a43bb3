#include <gtest/gtest.h>

#include "clients/cpp/change_builder.h"
#include "clients/cpp/mutations.h"
#include "sdk_phone.h"
#include "sync/hlc.h"
#include "sync/validation.h"

namespace tikar::client {
namespace {

ChangeDraft Draft() {
  ChangeDraft draft;
  draft.region = "15.01";
  draft.request_id = sync::RequestId::FromHex("0190f5c2a7b07c3e8d1f2a3b4c5d6e7f");
  draft.actor = "kerinci/petugas-1";
  draft.role = "petugas";
  draft.hlc = sync::PackHlc(kMondayMorningMs, 0);
  draft.nonce = NonceOfSource("test/1");
  draft.parents = {*sync::ChangeId::FromHex("ffffffffffffffffffffffffffffffff"),
                   *sync::ChangeId::FromHex("11111111111111111111111111111111"),
                   *sync::ChangeId::FromHex("ffffffffffffffffffffffffffffffff")};
  draft.mutations = {Set("judul", Text("Jembatan"))};
  return draft;
}

TEST(ChangeBuilder, SortsParentsAndNamesThemOnce) {
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(Draft());
  ASSERT_TRUE(change.ok()) << change.status();
  ASSERT_EQ(change->body.parents_size(), 2);
  EXPECT_LT(change->body.parents(0), change->body.parents(1));
  EXPECT_TRUE(sync::CheckShape(change->body, change->bytes.size()).ok);
}

TEST(ChangeBuilder, SameDraftIsTheSameChange) {
  EXPECT_EQ(BuildChange(Draft())->bytes, BuildChange(Draft())->bytes);
}

TEST(ChangeBuilder, AnotherNonceIsAnotherChange) {
  ChangeDraft other = Draft();
  other.nonce = NonceOfSource("test/2");
  EXPECT_NE(BuildChange(Draft())->id, BuildChange(other)->id);
}

TEST(ChangeBuilder, IdIsTheHashOfTheBytes) {
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(Draft());
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->id, sync::ChangeIdOf(sync::Sha256(change->bytes)));
}

TEST(ChangeBuilder, TextBecomesNfc) {
  ChangeDraft draft = Draft();
  draft.mutations = {Set("judul", Text("Cafe\u0301"))};
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(draft);
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->body.mutations(0).set_field().value().text(), "Caf\u00e9");
}

TEST(ChangeBuilder, ChoicesAreSortedAndUnique) {
  ChangeDraft draft = Draft();
  draft.mutations = {Set("terdampak", ChoiceSet({"lansia", "anak_sekolah", "lansia"}))};
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(draft);
  ASSERT_TRUE(change.ok());
  const auto& items = change->body.mutations(0).set_field().value().choices().items();
  EXPECT_EQ(std::vector<std::string>(items.begin(), items.end()),
            (std::vector<std::string>{"anak_sekolah", "lansia"}));
}

TEST(ChangeBuilder, ValueWithoutCanonicalFormIsLeftForValidationToName) {
  ChangeDraft draft = Draft();
  draft.mutations = {Set("judul", v1::Value())};
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(draft);
  ASSERT_TRUE(change.ok());
  const sync::Judgement judgement = sync::CheckShape(change->body, change->bytes.size());
  ASSERT_FALSE(judgement.ok);
  EXPECT_EQ(judgement.violations[0].code, "value_malformed");
}

TEST(ChangeBuilder, IdOfACreateFollowsFromItsBody) {
  ChangeDraft draft = Draft();
  draft.request_id.reset();
  draft.parents.clear();
  v1::Mutation create;
  create.mutable_create()->set_definition_hash(std::string(32, 'd'));
  create.mutable_create()->set_service("pengaduan");
  create.mutable_create()->set_version(1);
  create.mutable_create()->set_area("15.01.06");
  draft.mutations = {create};
  const absl::StatusOr<sync::ParsedChange> change = BuildChange(draft);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_TRUE(change->body.request_id().empty());
  EXPECT_EQ(change->request_id, sync::RequestIdOf(change->body, change->hash));
}

TEST(ChangeBuilder, NoRequestCanBeMadeOfAWrongRegion) {
  ChangeDraft draft = Draft();
  draft.region = "Kerinci";
  EXPECT_EQ(BuildChange(draft).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ChangeBuilder, RegionIsTheFirstTwoSegments) {
  EXPECT_EQ(RegionOfArea("15.01.06.2010"), "15.01");
  EXPECT_EQ(RegionOfArea("15.01"), "15.01");
  EXPECT_EQ(RegionOfArea("15"), "");
}

}  // namespace
}  // namespace tikar::client
