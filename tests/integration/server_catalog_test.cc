// CatalogService: publishing, adopting, and what regions and phones then get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "server_services.h"

namespace tikar::server {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class CatalogTest : public ServicesTest {
 protected:
  v1::Definition Shipped(const std::string& service) {
    v1::GetDefinitionRequest call;
    call.set_service(service);
    v1::GetDefinitionResponse response;
    EXPECT_TRUE(Find(call, &response).ok());
    return response.definition();
  }
  // As Kerinci would change Bandung's.
  v1::Definition Fork(uint32_t version) {
    v1::Definition fork = Shipped("pengaduan");
    fork.set_publisher("15.01");
    fork.set_version(version);
    fork.mutable_title()->set_id("Pengaduan warga Kerinci");
    return fork;
  }
  grpc::Status Publish(const v1::Definition& definition, v1::PublishDefinitionResponse* response,
                       bool validate_only = false) {
    v1::PublishDefinitionRequest call;
    call.mutable_definition_bytes()->set_body(definition.SerializeAsString());
    call.set_validate_only(validate_only);
    return Call(*catalog_, &v1::CatalogService::Stub::PublishDefinition, call, response);
  }
  std::string Published(const v1::Definition& definition) {
    v1::PublishDefinitionResponse response;
    const grpc::Status status = Publish(definition, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.definition_hash();
  }
  grpc::Status Adopt(const std::string& region, const std::string& hash,
                     v1::AdoptDefinitionResponse* response) {
    v1::AdoptDefinitionRequest call;
    call.set_region(region);
    call.set_definition_hash(hash);
    call.set_actor("admin/sari");
    return Call(*catalog_, &v1::CatalogService::Stub::AdoptDefinition, call, response);
  }
  grpc::Status Find(const v1::GetDefinitionRequest& call, v1::GetDefinitionResponse* response) {
    return Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, call, response);
  }
  std::string OfferedIn(const std::string& region) {
    v1::GetDefinitionRequest call;
    call.set_service("pengaduan");
    call.set_region(region);
    v1::GetDefinitionResponse response;
    EXPECT_TRUE(Find(call, &response).ok());
    return response.definition_hash();
  }
};

TEST_F(CatalogTest, PublishingIsIdempotentAndAVersionIsTakenOnce) {
  const v1::Definition fork = Fork(1);
  v1::PublishDefinitionResponse first, again, checked;
  ASSERT_TRUE(Publish(fork, &checked, true).ok());
  EXPECT_FALSE(checked.existed());
  EXPECT_EQ(Status().definitions(), DefinitionsInCatalogue()) << "only checked";
  ASSERT_TRUE(Publish(fork, &first).ok());
  EXPECT_FALSE(first.existed());
  EXPECT_EQ(first.definition_hash(), sync::Sha256(fork.SerializeAsString()).bytes());
  EXPECT_EQ(checked.definition_hash(), first.definition_hash());
  ASSERT_TRUE(Publish(fork, &again).ok());
  EXPECT_TRUE(again.existed());
  EXPECT_EQ(Status().definitions(), DefinitionsInCatalogue() + 1);

  v1::Definition other = fork;
  other.mutable_title()->set_en("Complaints of Kerinci");
  for (const bool validate_only : {true, false}) {
    v1::PublishDefinitionResponse refused;
    const grpc::Status status = Publish(other, &refused, validate_only);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
    EXPECT_EQ(DetailsOf(status).reason, "VERSION_TAKEN");
    EXPECT_THAT(status.error_message(), HasSubstr("raise version to 2"));
  }
  other.set_version(2);
  EXPECT_NE(Published(other), first.definition_hash());
  // Another publisher counts for itself.
  other.set_publisher("15.71");
  other.set_version(1);
  EXPECT_NE(Published(other), first.definition_hash());
}

TEST_F(CatalogTest, OfTwoThatRaceWithOneVersionOneIsTaken) {
  std::vector<std::thread> publishers;
  std::atomic<int> taken{0}, refused{0};
  for (int i = 0; i < 8; ++i) {
    publishers.emplace_back([&, i] {
      v1::Definition fork = Fork(1);
      fork.mutable_title()->set_en(absl::StrCat("Complaints ", i));
      v1::PublishDefinitionResponse response;
      const grpc::Status status = Publish(fork, &response);
      ++(status.ok() ? taken : refused);
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(Status().definitions(), DefinitionsInCatalogue() + 1);
}

TEST_F(CatalogTest, EveryProblemOfADefinitionIsAViolation) {
  v1::Definition bad = Fork(1);
  bad.mutable_fields(0)->set_policy(v1::POLICY_UNSPECIFIED);
  bad.mutable_workflow()->add_states()->set_key("terlantar");
  v1::PublishDefinitionResponse response;
  const grpc::Status status = Publish(bad, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const Details details = DetailsOf(status);
  EXPECT_GE(details.violations.size(), 2u);
  EXPECT_THAT(details.violations, Each(Pair(testing::_, "DEFINITION_PROBLEM")));
  EXPECT_THAT(status.error_message(), HasSubstr("terlantar"));
  EXPECT_THAT(details.messages, SizeIs(2));

  v1::PublishDefinitionRequest rubbish;
  rubbish.mutable_definition_bytes()->set_body("\xff\xff\xff");
  const grpc::Status refused =
      Call(*catalog_, &v1::CatalogService::Stub::PublishDefinition, rubbish, &response);
  EXPECT_THAT(DetailsOf(refused).violations,
              Contains(Pair("definition_bytes.body", "DEFINITION_FORMAT")));
  v1::Definition newer = Fork(1);
  newer.set_merge_version(99);
  EXPECT_THAT(DetailsOf(Publish(newer, &response)).violations,
              Contains(Pair("merge_version", "MERGE_VERSION_UNKNOWN")));
  EXPECT_EQ(Status().definitions(), DefinitionsInCatalogue());
}

TEST_F(CatalogTest, NewRequestsPinWhatTheirRegionAdoptedAndOpenOnesStay) {
  const v1::Request before = Create(Bridge());
  const std::string shipped = before.definition_hash();
  const std::string fork = Published(Fork(7));
  EXPECT_EQ(OfferedIn("15.01"), shipped) << "published is not adopted";
  EXPECT_EQ(Create(Bridge("Jembatan lain")).definition_hash(), shipped);

  v1::AdoptDefinitionResponse adopted;
  ASSERT_TRUE(Adopt("15.01", fork, &adopted).ok());
  EXPECT_EQ(adopted.adoption().publisher(), "15.01");
  EXPECT_EQ(adopted.adoption().version(), 7u);
  EXPECT_EQ(adopted.adoption().actor(), "admin/sari");
  EXPECT_GT(adopted.adoption().time_ms(), 0);
  const v1::Request after = Create(Bridge("Jembatan baru"));
  EXPECT_EQ(after.definition_hash(), fork);
  EXPECT_EQ(after.definition_version(), 7u);
  v1::Request still;
  ASSERT_TRUE(Get(before.name(), &still).ok());
  EXPECT_EQ(still.definition_hash(), shipped);
  EXPECT_EQ(OfferedIn("15.01"), fork);
  EXPECT_EQ(OfferedIn("15.71"), shipped) << "its neighbour has not adopted it";

  v1::ListAdoptionsResponse here, elsewhere, all;
  v1::ListAdoptionsRequest call;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAdoptions, call, &all).ok());
  call.set_region("15.01");
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAdoptions, call, &here).ok());
  call.set_region("15.71");
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAdoptions, call, &elsewhere).ok());
  ASSERT_THAT(all.adoptions(), SizeIs(1));
  ASSERT_THAT(here.adoptions(), SizeIs(1));
  EXPECT_EQ(here.adoptions(0).service(), "pengaduan");
  EXPECT_THAT(elsewhere.adoptions(), IsEmpty());

  // And back.
  ASSERT_TRUE(Adopt("15.01", shipped, &adopted).ok());
  EXPECT_EQ(Create(Bridge("Jembatan ketiga")).definition_hash(), shipped);
}

TEST_F(CatalogTest, AdoptingSaysWhatIsWrong) {
  v1::AdoptDefinitionResponse response;
  const std::string fork = Published(Fork(1));
  EXPECT_EQ(Adopt("15.01", std::string(32, 'x'), &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(DetailsOf(Adopt("15.01", "short", &response)).violations,
              Contains(Pair("definition_hash", "DEFINITION_HASH_FORMAT")));
  EXPECT_THAT(DetailsOf(Adopt("Kerinci", fork, &response)).violations,
              Contains(Pair("region", "REGION_FORMAT")));
  v1::AdoptDefinitionRequest call;
  call.set_region("15.01");
  call.set_definition_hash(fork);
  call.set_actor("timer");
  EXPECT_THAT(
      DetailsOf(Call(*catalog_, &v1::CatalogService::Stub::AdoptDefinition, call, &response))
          .violations,
      Contains(Pair("actor", "ACTOR_RESERVED")));
}

TEST_F(CatalogTest, AServiceThatNobodyAdoptedIsNotMadeYet) {
  v1::Definition own = Fork(1);
  own.set_service("sampah");
  const std::string hash = Published(own);
  v1::CreateRequestRequest call = Bridge();
  call.set_service("sampah");
  v1::CreateRequestResponse response;
  EXPECT_THAT(DetailsOf(Call(*requests_, &v1::RequestService::Stub::CreateRequest, call, &response))
                  .violations,
              Contains(Pair("service", "SERVICE_NOT_ADOPTED")));
  v1::AdoptDefinitionResponse adopted;
  ASSERT_TRUE(Adopt("15.01", hash, &adopted).ok());
  EXPECT_EQ(Create(call).definition_hash(), hash);
}

TEST_F(CatalogTest, ADefinitionIsFoundByPublisherAndVersion) {
  const std::string first = Published(Fork(1)), third = Published(Fork(3));
  v1::GetDefinitionRequest call;
  v1::GetDefinitionResponse response;
  call.set_service("pengaduan");
  call.set_publisher("15.01");
  ASSERT_TRUE(Find(call, &response).ok());
  EXPECT_EQ(response.definition_hash(), third) << "the newest";
  call.set_version(1);
  ASSERT_TRUE(Find(call, &response).ok());
  EXPECT_EQ(response.definition_hash(), first);
  call.set_version(2);
  EXPECT_EQ(Find(call, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  call.set_publisher("32.73");
  call.set_version(0);
  ASSERT_TRUE(Find(call, &response).ok());
  EXPECT_EQ(response.definition().publisher(), "32.73");

  v1::ListDefinitionsRequest list;
  list.set_all_versions(true);
  v1::ListDefinitionsResponse all;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions, list, &all).ok());
  EXPECT_THAT(all.definitions(), SizeIs(DefinitionsInCatalogue() + 2));
  EXPECT_EQ(all.next_page_token(), "");

  // The same in pages.
  std::vector<std::string> paged;
  list.set_page_size(2);
  do {
    v1::ListDefinitionsResponse page;
    ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions, list, &page).ok());
    ASSERT_LE(page.definitions_size(), 2);
    for (const auto& summary : page.definitions()) paged.push_back(summary.definition_hash());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  std::vector<std::string> whole;
  for (const auto& summary : all.definitions()) whole.push_back(summary.definition_hash());
  EXPECT_EQ(paged, whole);

  list.set_page_size(1'001);
  EXPECT_EQ(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions, list, &all).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  list.set_page_size(2);
  list.set_page_token("kemarin");
  EXPECT_EQ(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions, list, &all).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CatalogTest, PhonesGetTheFormsOfTheirRegionsAndHearOfANewOne) {
  SyncCall phone(server_.channel());
  ASSERT_TRUE(phone.Say("petugas-1"));
  ASSERT_TRUE(phone.CatchUp());
  EXPECT_EQ(phone.definitions.size(), DefinitionsInCatalogue());
  EXPECT_EQ(phone.offers.size(), DefinitionsInCatalogue());
  const std::string shipped = phone.offers[{"", "pengaduan"}];
  EXPECT_EQ(shipped, ComplaintDefinitionHash());

  // While the phone stays on the line.
  const std::string fork = Published(Fork(1));
  v1::AdoptDefinitionResponse adopted;
  ASSERT_TRUE(Adopt("15.71", fork, &adopted).ok()) << "not of its scope";
  ASSERT_TRUE(Adopt("15.01", fork, &adopted).ok());
  ASSERT_TRUE(phone.CatchUp());
  EXPECT_EQ((phone.offers[{"15.01", "pengaduan"}]), fork);
  EXPECT_EQ((phone.offers[{"", "pengaduan"}]), shipped);
  EXPECT_FALSE(phone.offers.contains({"15.71", "pengaduan"}));
  EXPECT_THAT(phone.definitions, Contains(fork));
  phone.HalfClose();
  EXPECT_TRUE(phone.End().ok());
}

TEST_F(CatalogTest, TheCalendarIsToldInTheStatus) {
  const v1::GetStatusResponse status = Status();
  EXPECT_GE(status.calendar_version(), 1u);
  EXPECT_THAT(status.calendar_years(), Contains(2026u));
}

}  // namespace
}  // namespace tikar::server
