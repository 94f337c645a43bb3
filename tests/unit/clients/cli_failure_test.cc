#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "clients/cli/failure.h"
#include "clients/cli/random.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr char kServer[] = "127.0.0.1:50151";

void AddViolation(google::rpc::BadRequest& bad, const std::string& locale,
                  const std::string& text) {
  auto& violation = *bad.add_field_violations();
  violation.set_field("nik");
  violation.set_reason("nik_digits");
  violation.set_description("A NIK has 16 digits.");
  violation.mutable_localized_message()->set_locale(locale);
  violation.mutable_localized_message()->set_message(text);
}

absl::Status Refusal() {
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  AddViolation(bad, "id", "NIK harus 16 angka.");
  AddViolation(bad, "en", "A NIK has 16 digits.");
  details.add_details()->PackFrom(bad);
  google::rpc::LocalizedMessage message;
  message.set_locale("id-ID");
  message.set_message("Permohonan tidak lengkap.");
  details.add_details()->PackFrom(message);
  message.set_locale("en-US");
  message.set_message("The request is not complete.");
  details.add_details()->PackFrom(message);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  details.add_details()->PackFrom(retry);
  return StatusOfServer(3, "invalid argument", details.SerializeAsString());
}

TEST(ExplainTest, SpeaksTheLanguageThatWasAskedFor) {
  const FailureText english = Explain(Refusal(), Language::kEnglish, kServer);
  EXPECT_EQ(english.message, "The request is not complete.");
  EXPECT_THAT(english.violations, ElementsAre("nik: A NIK has 16 digits."));
  const FailureText indonesian = Explain(Refusal(), Language::kIndonesian, kServer);
  EXPECT_EQ(indonesian.message, "Permohonan tidak lengkap.");
  EXPECT_THAT(indonesian.violations, ElementsAre("nik: NIK harus 16 angka."));
}

TEST(ExplainTest, AViolationInOneLanguageOnlyIsShownAllTheSame) {
  google::rpc::Status details;
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_description("Too long.");
  details.add_details()->PackFrom(bad);
  const absl::Status status = StatusOfServer(3, "invalid argument", details.SerializeAsString());
  EXPECT_THAT(Explain(status, Language::kIndonesian, kServer).violations, ElementsAre("Too long."));
}

TEST(ExplainTest, ATrailerThatIsNoStatusDoesNoHarm) {
  const absl::Status status = StatusOfServer(9, "no", "\xFF\xFF\xFF");
  EXPECT_EQ(Explain(status, Language::kEnglish, kServer).message, "no");
}

TEST(ExplainTest, SaysWhatToDoWhenNobodyAnswers) {
  const FailureText text =
      Explain(StatusOfServer(14, "connection refused", ""), Language::kEnglish, kServer);
  EXPECT_EQ(text.message, "no server answers at 127.0.0.1:50151");
  EXPECT_THAT(text.advice, HasSubstr("Start tikard there (ci/serve)"));
}

TEST(ExplainTest, AServerThatAnswersIsNotToBeStartedAgain) {
  google::rpc::Status details;
  google::rpc::LocalizedMessage message;
  message.set_locale("en");
  message.set_message("The server is stopping.");
  details.add_details()->PackFrom(message);
  const FailureText text = Explain(StatusOfServer(14, "stopping", details.SerializeAsString()),
                                   Language::kEnglish, kServer);
  EXPECT_EQ(text.message, "The server is stopping.");
  EXPECT_EQ(text.advice, "Try again in a moment.");
}

TEST(ExplainTest, AMistakeOnTheCommandLineIsSaidInEitherLanguage) {
  const absl::Status status = UsageError("tulis bagian=nilai", "write field=value");
  EXPECT_EQ(Explain(status, Language::kEnglish, kServer).message, "write field=value");
  EXPECT_EQ(Explain(status, Language::kIndonesian, kServer).message, "tulis bagian=nilai");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(AsUsageError(absl::InvalidArgumentError("no map"))), ExitCode::kUsage);
  EXPECT_TRUE(AsUsageError(absl::OkStatus()).ok());
}

TEST(FailureLinesTest, AServerThatIsAwayIsOneLineWithWhatToDo) {
  const absl::Status status = StatusOfServer(14, "connection refused", "");
  EXPECT_EQ(FailureLines(status, Explain(status, Language::kEnglish, kServer)),
            "no server answers at 127.0.0.1:50151. Start tikard there (ci/serve), or name another "
            "address with --server.\n");
}

TEST(FailureLinesTest, EachViolationAndTheAdviceHaveALine) {
  const absl::Status status = Refusal();
  FailureText text = Explain(status, Language::kEnglish, kServer);
  text.advice = "Correct \x1b[2Jit.";
  EXPECT_EQ(FailureLines(status, text),
            "The request is not complete.\n  • nik: A NIK has 16 digits.\n"
            "Correct \xEF\xBF\xBD[2Jit.\n");
}

TEST(RetryDelayTest, IsWhatTheServerSaid) {
  EXPECT_EQ(RetryDelayOf(Refusal()), absl::Milliseconds(2500));
  EXPECT_EQ(RetryDelayOf(absl::UnavailableError("")), std::nullopt);
}

TEST(ExitCodeTest, TellsScriptsWhatHappened) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf(Refusal()), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(UsageError("--set takes field=value")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(StatusOfServer(5, "no such request", "")), ExitCode::kNotFound);
  EXPECT_EQ(ExitCodeOf(StatusOfServer(14, "", "")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(StatusOfServer(4, "", "")), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf(WithAdvice(absl::NotFoundError(""), "look elsewhere")), ExitCode::kNotFound);
}

TEST(RandomUuidTest, IsVersionFourAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = RandomUuid();
    EXPECT_THAT(
        uuid, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

TEST(BackoffDelayTest, GrowsWithinItsBoundsAndSpreads) {
  std::set<absl::Duration> third;
  for (int i = 0; i < 200; ++i) {
    EXPECT_GE(BackoffDelay(1, absl::Milliseconds(100), absl::Seconds(2)), absl::Milliseconds(50));
    EXPECT_LE(BackoffDelay(1, absl::Milliseconds(100), absl::Seconds(2)), absl::Milliseconds(100));
    EXPECT_LE(BackoffDelay(1000, absl::Milliseconds(100), absl::Seconds(2)), absl::Seconds(2));
    EXPECT_GE(BackoffDelay(1000, absl::Milliseconds(100), absl::Seconds(2)), absl::Seconds(1));
    third.insert(BackoffDelay(3, absl::Milliseconds(100), absl::Seconds(2)));
  }
  EXPECT_GT(third.size(), 100u);
}

}  // namespace
}  // namespace tikar::cli
