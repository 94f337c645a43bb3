// The other services: areas, definitions, status, reflection, health.
#include "server_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace tikar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ServicesTest, AreasAreListedSearchedAndNamed) {
  v1::ListAreasRequest call;
  v1::ListAreasResponse page;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAreas, call, &page).ok());
  EXPECT_THAT(page.areas(), SizeIs(38));
  call.set_query("gunung kerinci");
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListAreas, call, &page).ok());
  ASSERT_GE(page.areas_size(), 1);
  EXPECT_EQ(page.areas(0).code(), "15.01.06");
  EXPECT_EQ(page.areas(0).path(), "Jambi / Kabupaten Kerinci / Gunung Kerinci");
  v1::GetAreaRequest get;
  get.set_code("15.01");
  v1::GetAreaResponse area;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetArea, get, &area).ok());
  EXPECT_EQ(area.area().level(), v1::AREA_LEVEL_REGENCY);
  get.set_code("99.99");
  EXPECT_EQ(Call(*catalog_, &v1::CatalogService::Stub::GetArea, get, &area).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, DefinitionsHashToTheirNames) {
  v1::ListDefinitionsResponse list;
  ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::ListDefinitions,
                   v1::ListDefinitionsRequest(), &list)
                  .ok());
  EXPECT_EQ(static_cast<uint64_t>(list.definitions_size()), DefinitionsInCatalogue());
  std::map<std::string, std::string> hashes;
  for (const v1::DefinitionSummary& summary : list.definitions()) {
    const std::string before = hashes.empty() ? "" : hashes.rbegin()->first;
    EXPECT_LT(before, summary.definition().service()) << "sorted";
    hashes[summary.definition().service()] = summary.definition_hash();
  }
  EXPECT_EQ(hashes["pengaduan"], ComplaintDefinitionHash());
  for (const auto& [service, hash] : hashes) {
    v1::GetDefinitionRequest get;
    get.set_definition_hash(hash);
    v1::GetDefinitionResponse definition;
    ASSERT_TRUE(Call(*catalog_, &v1::CatalogService::Stub::GetDefinition, get, &definition).ok());
    EXPECT_EQ(sync::Sha256(definition.definition_bytes().body()).bytes(), hash);
    EXPECT_EQ(definition.definition().service(), service);
  }
}

TEST_F(ServicesTest, StatusCountsWhatIsThere) {
  Create(Bridge());
  ApprovedAndRejected();
  const v1::GetStatusResponse status = Status();
  ASSERT_THAT(status.regions(), SizeIs(1));
  EXPECT_EQ(status.regions(0).region(), "15.01");
  EXPECT_EQ(status.regions(0).requests(), 2u);
  EXPECT_EQ(status.regions(0).changes(), 6u);
  EXPECT_EQ(status.regions(0).conflicts(), 1u);
  EXPECT_EQ(status.definitions(), DefinitionsInCatalogue());
  EXPECT_GT(status.areas(), 90'000u);
  EXPECT_TRUE(status.single_copy());
  EXPECT_THAT(status.refusing_writes(), IsEmpty());
  EXPECT_NE(status.origin(), 0u);
  EXPECT_EQ(status.changes_committed(), 6u);
}

TEST_F(ServicesTest, ReflectionKnowsEveryServiceAndHealthsDescriptor) {
  constexpr char kMethod[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  grpc::Status status;
  // ServerReflectionRequest{list_services: ""}
  std::vector<std::string> answers =
      CallRaw(channel_, kMethod, std::string("\x3a\x00", 2), &status);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(answers, SizeIs(1));
  for (const char* service :
       {"tikar.v1.SyncService", "tikar.v1.RequestService", "tikar.v1.ConflictService",
        "tikar.v1.CatalogService", "tikar.v1.StatusService", "grpc.health.v1.Health",
        "grpc.channelz.v1.Channelz"}) {
    EXPECT_THAT(answers[0], HasSubstr(service));
    // ServerReflectionRequest{file_containing_symbol: service}
    const std::string symbol = service;
    const std::vector<std::string> files =
        CallRaw(channel_, kMethod, std::string("\x22") + static_cast<char>(symbol.size()) + symbol,
                &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(files, SizeIs(1));
    // A FileDescriptorProto names its file; an error would not.
    EXPECT_THAT(files[0], HasSubstr(".proto")) << service;
  }
}

TEST_F(ServicesTest, HealthSaysServing) {
  for (const char* service : {"", "tikar.v1.SyncService", "tikar.v1.RequestService"}) {
    const std::string name = service;
    // HealthCheckRequest{service: name}
    const std::string request =
        name.empty() ? "" : std::string("\x0a") + static_cast<char>(name.size()) + name;
    grpc::Status status;
    const auto answers = CallRaw(channel_, "/grpc.health.v1.Health/Check", request, &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_THAT(answers, SizeIs(1));
    EXPECT_EQ(answers[0], "\x08\x01") << "SERVING";
  }
}

}  // namespace
}  // namespace tikar::server
