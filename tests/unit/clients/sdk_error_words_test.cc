// What an officer reads of an exchange that failed.
#include <gtest/gtest.h>

#include "clients/cpp/error_words.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sdk_session.h"

namespace tikar::client {
namespace {

std::string Details(const std::vector<std::pair<std::string, std::string>>& messages) {
  google::rpc::Status details;
  for (const auto& [locale, text] : messages) {
    google::rpc::LocalizedMessage message;
    message.set_locale(locale);
    message.set_message(text);
    details.add_details()->PackFrom(message);
  }
  return details.SerializeAsString();
}

TEST(ErrorWords, ServersOwnWordsComeFirst) {
  const v1::LocalizedText words =
      WordsOf(WithDetails(absl::UnavailableError("STOPPING"),
                          Details({{"id", "Server sedang dihentikan"}, {"en", "Stopping"}})),
              Culprit::kServer);
  EXPECT_EQ(words.id(), "Server sedang dihentikan");
  EXPECT_EQ(words.en(), "Stopping");
}

TEST(ErrorWords, OneLanguageAloneIsNotEnough) {
  const v1::LocalizedText words = WordsOf(
      WithDetails(absl::UnavailableError("x"), Details({{"en", "Stopping"}})), Culprit::kServer);
  EXPECT_EQ(words.id(), "server tidak dapat dihubungi");
  EXPECT_EQ(words.en(), "the server cannot be reached");
}

TEST(ErrorWords, DetailsThatCannotBeReadAreAsGoodAsNone) {
  const v1::LocalizedText words =
      WordsOf(WithDetails(absl::UnavailableError("x"), "\xff\xff"), Culprit::kServer);
  EXPECT_EQ(words.id(), "server tidak dapat dihubungi");
}

TEST(ErrorWords, EveryCodeHasWordsInBothLanguagesAndTheyDiffer) {
  for (int code = 1; code <= 16; ++code) {
    for (const Culprit culprit : {Culprit::kServer, Culprit::kPhone}) {
      const v1::LocalizedText words = WordsOf(
          absl::Status(static_cast<absl::StatusCode>(code), "sockets and statements"), culprit);
      EXPECT_FALSE(words.id().empty()) << code;
      EXPECT_FALSE(words.en().empty()) << code;
      EXPECT_NE(words.id(), words.en()) << code;
    }
  }
}

TEST(ErrorWords, ErrorOfThePhoneBringsItsOwn) {
  const absl::Status error =
      ErrorInWords(absl::StatusCode::kNotFound, "tidak ditawarkan", "not offered");
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error.message(), "not offered");
  for (const Culprit culprit : {Culprit::kServer, Culprit::kPhone}) {
    EXPECT_EQ(WordsOf(error, culprit).id(), "tidak ditawarkan");
    EXPECT_EQ(WordsOf(error, culprit).en(), "not offered");
  }
}

TEST(ErrorWords, FullDiskOfThePhoneIsNotTheServersLoad) {
  const absl::Status full = absl::ResourceExhaustedError("database or disk is full");
  EXPECT_NE(WordsOf(full, Culprit::kPhone).id(), WordsOf(full, Culprit::kServer).id());
}

class ErrorWordsOfStatusTest : public SyncSessionTest {};

TEST_F(ErrorWordsOfStatusTest, AreKeptForTheScreenUntilAnExchangeGoesWell) {
  Begin();
  Start();
  session->End(absl::UnavailableError("connect: ECONNREFUSED"), std::nullopt);
  phone.Reopen();
  EXPECT_EQ(phone.Status().last_error_words.id(), "server tidak dapat dihubungi");
  EXPECT_EQ(phone.Status().last_error_words.en(), "the server cannot be reached");
  SyncAll();
  EXPECT_TRUE(phone.Status().last_error_words.id().empty());
}

// A live stream stays for days: what went wrong before it shall not be shown all that time.
TEST_F(ErrorWordsOfStatusTest, AreForgottenWhenALiveStreamHasCaughtUp) {
  Begin();
  Start();
  session->End(absl::UnavailableError("connect: ECONNREFUSED"), std::nullopt);
  Begin(SyncMode::kLive);
  Start();
  Receive(Welcome());
  EXPECT_FALSE(phone.Status().last_error.ok());
  Receive(Batch("cursor"));
  EXPECT_TRUE(phone.Status().last_error.ok());
  EXPECT_TRUE(phone.Status().last_error_words.id().empty());
  EXPECT_EQ(phone.Status().failures_in_a_row, 0);
  EXPECT_EQ(phone.Status().next_attempt_at_ms, 0);
}

}  // namespace
}  // namespace tikar::client
