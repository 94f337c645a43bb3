#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/catalog.h"
#include "server/engine/failure.h"
#include "server/errors.h"
#include "server/resource_names.h"
#include "server/server.h"
#include "server/unary.h"
#include "sync/ref.h"

namespace tikar::server {
namespace {

using ::testing::HasSubstr;

constexpr char kId[] = "0190f5c2a7b07c3e8d1f2a3b4c5d6e7f";

TEST(ResourceNames, RequestsHaveIdsAndRefs) {
  const auto by_id = ParseRequestName(std::string("regions/15.01/requests/") + kId);
  ASSERT_TRUE(by_id.ok());
  EXPECT_EQ(by_id->region, "15.01");
  EXPECT_EQ(by_id->id->hex(), kId);
  const std::string ref = sync::MakeRef(*sync::RequestId::FromHex(kId));
  const auto by_ref = ParseRequestName("regions/-/requests/" + sync::FormatRef(ref));
  ASSERT_TRUE(by_ref.ok());
  EXPECT_EQ(by_ref->region, "");
  EXPECT_FALSE(by_ref->id.has_value());
  EXPECT_EQ(by_ref->ref, ref);
}

TEST(ResourceNames, AConflictIsAFieldOfARequest) {
  const auto conflict =
      ParseConflictName(std::string("regions/15.01/requests/") + kId + "/conflicts/@retracted");
  ASSERT_TRUE(conflict.ok());
  EXPECT_EQ(conflict->path, "@retracted");
  for (const std::string& bad :
       {std::string("regions/15.01/requests/") + kId,
        std::string("regions/15.01/requests/") + kId + "/conflicts/",
        std::string("regions/15.01/requests/") + kId + "/conflict/status",
        std::string("regions/15.01/requests/") + kId + "/conflicts/" + std::string(200, 'a')}) {
    EXPECT_EQ(ParseConflictName(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(ResourceNames, WhatIsNoParentIsRefused) {
  EXPECT_EQ(*ParseParent("parent", "regions/15.01"), "15.01");
  EXPECT_EQ(*ParseParent("parent", "regions/-"), "");
  for (const char* bad :
       {"", "15.01", "regions/", "regions/15", "regions/15.01/", "region/15.01"}) {
    EXPECT_FALSE(ParseParent("parent", bad).ok()) << bad;
  }
}

TEST(Unary, TokensBelongToTheirArguments) {
  const std::string bound = BindToken("next", "list 15.01");
  EXPECT_EQ(*UnbindToken(bound, "list 15.01"), "next");
  EXPECT_FALSE(UnbindToken(bound, "list 15.02").ok());
  EXPECT_FALSE(UnbindToken("next", "list 15.01").ok());
  EXPECT_FALSE(UnbindToken(std::string(5000, 'x'), "list 15.01").ok());
  EXPECT_EQ(BindToken("", "list 15.01"), "") << "the last page has none";
  EXPECT_EQ(*UnbindToken("", "list 15.01"), "");
}

TEST(Unary, KeysTellMethodsAndActorsApart) {
  const char* uuid = "6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2f30";
  EXPECT_NE(*IdempotencyKey("CreateRequest", "admin/sari", uuid),
            *IdempotencyKey("UpdateRequest", "admin/sari", uuid));
  EXPECT_NE(*IdempotencyKey("CreateRequest", "admin/sari", uuid),
            *IdempotencyKey("CreateRequest", "admin/budi", uuid));
  for (const char* bad :
       {"", "1", "6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2f3", "6f1c0a5205a0e-4d0e-9b7a-0d4c3d1e2f30",
        "6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2fzz"}) {
    EXPECT_FALSE(IdempotencyKey("CreateRequest", "admin/sari", bad).ok()) << bad;
  }
  EXPECT_FALSE(IdempotencyKey("CreateRequest", "", uuid).ok());
  EXPECT_FALSE(IdempotencyKey("CreateRequest", "a\nb", uuid).ok());
}

TEST(Unary, NobodyCallsInTheNameOfTheTimer) {
  const absl::Status timer = CheckActor("timer");
  EXPECT_EQ(timer.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(timer.message()).find("the servers' own"), std::string::npos) << timer;
  EXPECT_FALSE(
      IdempotencyKey("CreateRequest", "timer", "6f1c0a52-5a0e-4d0e-9b7a-0d4c3d1e2f30").ok());
  EXPECT_TRUE(CheckActor("timer-hp").ok());
  EXPECT_TRUE(CheckActor("admin/timer").ok());
}

TEST(LoopbackAddress, OnlyThisMachineMayCall) {
  EXPECT_EQ(*LoopbackAddress("127.0.0.1:50151"), "127.0.0.1:50151");
  EXPECT_EQ(*LoopbackAddress("127.5.6.7:1"), "127.5.6.7:1");
  EXPECT_EQ(*LoopbackAddress("localhost:0"), "127.0.0.1:0");
  EXPECT_EQ(*LoopbackAddress("[::1]:0"), "[::1]:0");
  for (const char* bad :
       {"", ":50151", "50151", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1", "127.0.0.1.example.org:1"}) {
    EXPECT_EQ(LoopbackAddress(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(MirrorAddress, AnyAddressOfThisMachineButNoName) {
  for (const char* good : {"10.15.1.2:50152", "0.0.0.0:0", "[::]:50152", "[fd00::15]:1"}) {
    EXPECT_EQ(*MirrorAddress(good), good);
  }
  EXPECT_EQ(*MirrorAddress("localhost:0"), "127.0.0.1:0");
  for (const char* bad : {"", ":50152", "50152", "10.15.1.2", "10.15.1.2:65536", "10.15.1:1",
                          "kerinci.example.go.id:50152", "::1:50152", "[::1:50152"}) {
    EXPECT_EQ(MirrorAddress(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

// One row per kind of failure: what a caller gets.
struct ErrorCase {
  absl::Status status;
  grpc::StatusCode code;
  const char* reason;
  bool retry;
};

TEST(Errors, EveryFailureHasACodeAReasonAndWordsInTwoLanguages) {
  const std::vector<sync::Violation> one = {
      {"judul", "required", "Isi judul.", "Fill in the title."}};
  const ErrorCase cases[] = {
      {Overloaded("streams", 1500), grpc::StatusCode::RESOURCE_EXHAUSTED, "OVERLOADED", true},
      {Stopping(1500), grpc::StatusCode::UNAVAILABLE, "STOPPING", true},
      {RefusingWrites("disk full", 1500), grpc::StatusCode::UNAVAILABLE, "REFUSING_WRITES", true},
      {StoreOpening(1500), grpc::StatusCode::UNAVAILABLE, "STORE_OPENING", true},
      {ReadsTooSlowly(1500), grpc::StatusCode::UNAVAILABLE, "READS_TOO_SLOWLY", true},
      {AppTooOld(0, 1), grpc::StatusCode::FAILED_PRECONDITION, "APP_TOO_OLD", false},
      {ChangedMeanwhile("x"), grpc::StatusCode::FAILED_PRECONDITION, "CHANGED_MEANWHILE", false},
      {NoSuchThing("x"), grpc::StatusCode::NOT_FOUND, "NOT_FOUND", false},
      {Malformed("a", "b_c", "salah", "wrong"), grpc::StatusCode::INVALID_ARGUMENT, "B_C", false},
      {Refused(v1::REFUSAL_REASON_MALFORMED, one), grpc::StatusCode::INVALID_ARGUMENT, "MALFORMED",
       false},
      {Refused(v1::REFUSAL_REASON_LIMIT, one), grpc::StatusCode::INVALID_ARGUMENT, "LIMIT", false},
      {Refused(v1::REFUSAL_REASON_INVALID_VALUE, one), grpc::StatusCode::INVALID_ARGUMENT,
       "INVALID_VALUE", false},
      {Refused(v1::REFUSAL_REASON_ROLE, one), grpc::StatusCode::PERMISSION_DENIED, "ROLE", false},
      {Refused(v1::REFUSAL_REASON_SCOPE, one), grpc::StatusCode::PERMISSION_DENIED, "SCOPE", false},
      {Refused(v1::REFUSAL_REASON_NO_SUCH_TRANSITION, one), grpc::StatusCode::FAILED_PRECONDITION,
       "NO_SUCH_TRANSITION", false},
      {Refused(v1::REFUSAL_REASON_UNDER_REVIEW, one), grpc::StatusCode::FAILED_PRECONDITION,
       "UNDER_REVIEW", false},
      {Refused(v1::REFUSAL_REASON_UNSPECIFIED, {}), grpc::StatusCode::INVALID_ARGUMENT,
       "UNSPECIFIED", false},
      {absl::DataLossError("/srv/tikar/db/000007.sst"), grpc::StatusCode::DATA_LOSS, "DATA_DAMAGED",
       false},
      {absl::ResourceExhaustedError("disk full"), grpc::StatusCode::UNAVAILABLE,
       "STORE_UNAVAILABLE", false},
      {absl::InternalError("line 7"), grpc::StatusCode::INTERNAL, "INTERNAL", false},
  };
  for (const ErrorCase& one_case : cases) {
    const grpc::Status status = ToGrpc(one_case.status);
    EXPECT_EQ(status.error_code(), one_case.code) << one_case.status;
    EXPECT_FALSE(status.error_message().empty());
    google::rpc::Status rpc;
    ASSERT_TRUE(rpc.ParseFromString(status.error_details()));
    std::string reason;
    int languages = 0;
    bool retry = false;
    for (const auto& any : rpc.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::LocalizedMessage message;
      google::rpc::RetryInfo delay;
      if (any.UnpackTo(&info)) reason = info.reason();
      if (any.UnpackTo(&message)) languages += !message.message().empty();
      if (any.UnpackTo(&delay)) {
        retry = delay.retry_delay().seconds() == 1 && delay.retry_delay().nanos() == 500'000'000;
      }
    }
    EXPECT_EQ(reason, one_case.reason);
    EXPECT_EQ(languages, 2) << reason;
    EXPECT_EQ(retry, one_case.retry) << reason;
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

// More would not reach the caller: gRPC's clients take 8 KiB of trailers.
TEST(Errors, WhatIsTooMuchIsToldAsFarAsItFits) {
  std::vector<sync::Violation> many;
  for (int i = 0; i < 64; ++i) {
    const std::string text = "Isi bagian ini dengan benar, mohon diperiksa kembali: " +
                             std::string(i == 0 ? 3'000 : 60, 'x') + "\u00e9";
    many.push_back({"field_" + std::to_string(i), "required", text, "en " + text});
  }
  const auto travels = [](const grpc::Status& status) {
    return status.error_details().size() * 4 / 3 + status.error_message().size() * 3;
  };
  for (const size_t from : {size_t{0}, size_t{1}}) {
    const std::vector<sync::Violation> some(many.begin() + static_cast<ptrdiff_t>(from),
                                            many.end());
    const grpc::Status status = ToGrpc(Refused(v1::REFUSAL_REASON_INVALID_VALUE, some));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_LT(travels(status), 7'800u);
    google::rpc::Status rpc;
    ASSERT_TRUE(rpc.ParseFromString(status.error_details()));
    google::rpc::BadRequest bad;
    ASSERT_TRUE(rpc.details().rbegin()->UnpackTo(&bad));
    EXPECT_GE(bad.field_violations_size(), 2);
    EXPECT_EQ(bad.field_violations_size() % 2, 0) << "each in both languages";
    EXPECT_EQ(bad.field_violations(0).field(), some[0].field);
  }
  const grpc::Status counted =
      ToGrpc(Refused(v1::REFUSAL_REASON_INVALID_VALUE, {many.begin() + 1, many.end()}));
  EXPECT_THAT(counted.error_message(), ::testing::ContainsRegex("\\(and [0-9]+ more\\)$"));
  const grpc::Status few =
      ToGrpc(Refused(v1::REFUSAL_REASON_INVALID_VALUE, {many.begin() + 1, many.begin() + 3}));
  EXPECT_EQ(few.error_message(), many[1].message_en + " " + many[2].message_en);
}

TEST(Errors, PathsOfTheServerAreNotToldToStrangers) {
  const grpc::Status status = ToGrpc(absl::DataLossError("/srv/tikar/db/000007.sst is damaged"));
  EXPECT_THAT(status.error_message(), ::testing::Not(HasSubstr("/srv")));
  EXPECT_THAT(status.error_details(), ::testing::Not(HasSubstr("/srv")));
}

TEST(Catalog, TheSameTextGivesTheSameBytesAndMistakesHaveALine) {
  const auto catalog = LoadCatalog(TIKAR_SOURCE_DIR "/catalog");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const std::filesystem::directory_iterator services(TIKAR_SOURCE_DIR "/catalog/services");
  EXPECT_EQ(static_cast<ptrdiff_t>(catalog->definitions.size()),
            std::distance(begin(services), end(services)));
  const auto again = LoadCatalog(TIKAR_SOURCE_DIR "/catalog");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(catalog->definitions, again->definitions);
  EXPECT_THAT(
      std::string(
          DefinitionFromText("x.textproto", "service: \"x\"\nversion: y").status().message()),
      HasSubstr("x.textproto:2:"));
  EXPECT_THAT(std::string(DefinitionFromText("x.textproto", "service: \"X X\"").status().message()),
              HasSubstr("x.textproto:"));
  EXPECT_EQ(LoadCatalog("/nowhere").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tikar::server
