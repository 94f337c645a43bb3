#include "clients/cli/failure.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/display.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr char kDetailsPayload[] = "type.googleapis.com/google.rpc.Status";
constexpr char kUsagePayload[] = "tikar.cli/usage";
constexpr char kAdvicePayload[] = "tikar.cli/advice";
constexpr char kIndonesianPayload[] = "tikar.cli/indonesian";

// "id" and "id-ID" are both Indonesian.
bool IsLocale(std::string_view locale, Language language) {
  return locale.substr(0, 2) == LanguageCode(language);
}

google::rpc::Status DetailsOf(const absl::Status& status) {
  google::rpc::Status details;
  const auto payload = status.GetPayload(kDetailsPayload);
  // A trailer that is no google.rpc.Status is as good as none: code and message are still there.
  if (payload.has_value() && !details.ParseFromString(std::string(*payload))) details.Clear();
  return details;
}

std::string LineOf(std::string_view field, std::string_view text) {
  return field.empty() ? std::string(text)
                       : absl::StrCat(sync::AbslView(field), ": ", sync::AbslView(text));
}

// Servers say each violation once per language, each under its own locale, or once without one.
// `words` takes what is said without the field before it.
void AddViolations(const google::rpc::BadRequest& bad_request, Language language,
                   std::vector<std::string>& violations, std::vector<std::string>& words) {
  const auto add = [&](std::string_view field, const std::string& text) {
    std::string line = LineOf(field, text);
    if (std::find(violations.begin(), violations.end(), line) != violations.end()) return;
    violations.push_back(std::move(line));
    words.push_back(text);
  };
  for (const auto& violation : bad_request.field_violations()) {
    const auto& localized = violation.localized_message();
    if (localized.message().empty()) {
      add(violation.field(), violation.description());
    } else if (IsLocale(localized.locale(), language)) {
      add(violation.field(), localized.message());
    } else {
      const bool told_in_language = std::any_of(
          bad_request.field_violations().begin(), bad_request.field_violations().end(),
          [&](const auto& other) {
            return other.field() == violation.field() && other.reason() == violation.reason() &&
                   IsLocale(other.localized_message().locale(), language);
          });
      if (!told_in_language) {
        add(violation.field(),
            violation.description().empty() ? localized.message() : violation.description());
      }
    }
  }
}

// `answered`: the server itself spoke, and not gRPC for want of one.
std::string AdviceFor(const absl::Status& status, bool answered, Language language) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      if (answered) {
        return std::string(Pick(language, "Coba lagi sebentar lagi.", "Try again in a moment."));
      }
      return std::string(Pick(
          language, "Jalankan tikard di sana (ci/serve), atau sebut alamat lain dengan --server.",
          "Start tikard there (ci/serve), or name another address with --server."));
    case absl::StatusCode::kDeadlineExceeded:
      return std::string(Pick(language, "Server tidak menjawab pada waktunya; coba --timeout 60.",
                              "The server did not answer in time; try --timeout 60."));
    case absl::StatusCode::kResourceExhausted:
      return std::string(Pick(language, "Server sedang sibuk; coba lagi sebentar lagi.",
                              "The server is busy; try again in a moment."));
    default:
      return "";
  }
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(sync::AbslView(message));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

absl::Status UsageError(std::string_view indonesian, std::string_view english) {
  return WithIndonesian(UsageError(english), indonesian);
}

absl::Status AsUsageError(absl::Status status) {
  if (!status.ok()) status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

absl::Status WithIndonesian(absl::Status status, std::string_view indonesian) {
  if (!status.ok()) status.SetPayload(kIndonesianPayload, absl::Cord(sync::AbslView(indonesian)));
  return status;
}

absl::Status WithAdvice(absl::Status status, std::string_view advice) {
  if (!status.ok()) status.SetPayload(kAdvicePayload, absl::Cord(sync::AbslView(advice)));
  return status;
}

absl::Status StatusOfServer(int code, std::string_view message, std::string_view details) {
  absl::Status status(static_cast<absl::StatusCode>(code), sync::AbslView(message));
  if (!details.empty()) status.SetPayload(kDetailsPayload, absl::Cord(sync::AbslView(details)));
  return status;
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    google::rpc::RetryInfo info;
    if (!any.Is<google::rpc::RetryInfo>() || !any.UnpackTo(&info)) continue;
    return absl::Seconds(info.retry_delay().seconds()) +
           absl::Nanoseconds(info.retry_delay().nanos());
  }
  return std::nullopt;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (status.GetPayload(kUsagePayload).has_value()) return ExitCode::kUsage;
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnreachable;
    default:
      return ExitCode::kFailed;
  }
}

FailureText Explain(const absl::Status& status, Language language, std::string_view server) {
  FailureText text;
  text.message = std::string(status.message());
  if (const auto indonesian = status.GetPayload(kIndonesianPayload);
      indonesian.has_value() && language == Language::kIndonesian) {
    text.message = std::string(*indonesian);
  }
  std::vector<std::string> words;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    if (google::rpc::LocalizedMessage localized;
        any.Is<google::rpc::LocalizedMessage>() && any.UnpackTo(&localized)) {
      if (IsLocale(localized.locale(), language)) text.message = localized.message();
    } else if (google::rpc::BadRequest bad_request;
               any.Is<google::rpc::BadRequest>() && any.UnpackTo(&bad_request)) {
      AddViolations(bad_request, language, text.violations, words);
    }
  }
  // Without details it is gRPC that speaks, of sockets and resolvers.
  if (status.code() == absl::StatusCode::kUnavailable && details.details().empty()) {
    text.message = absl::StrCat(sync::AbslView(Pick(language, "tidak ada server yang menjawab di ",
                                                    "no server answers at ")),
                                sync::AbslView(server));
  }
  if (text.message.empty()) text.message = absl::StatusCodeToString(status.code());
  // Servers put the violations into the message too; saying them twice helps nobody.
  if (!text.violations.empty() &&
      std::all_of(words.begin(), words.end(),
                  [&](const std::string& word) { return absl::StrContains(text.message, word); })) {
    text.message = Pick(language, "server menolaknya", "the server refused it");
  }
  if (const auto advice = status.GetPayload(kAdvicePayload); advice.has_value()) {
    text.advice = std::string(*advice);
  } else {
    text.advice = AdviceFor(status, !details.details().empty(), language);
  }
  return text;
}

std::string FailureLines(const absl::Status& status, const FailureText& text) {
  // A message of several lines is a list of problems; each of its lines is made harmless.
  std::string lines = absl::StrJoin(Lines(text.message, 0), "\n");
  if (status.code() == absl::StatusCode::kUnavailable && text.violations.empty() &&
      !text.advice.empty()) {
    return absl::StrCat(lines, ". ", OneLine(text.advice), "\n");
  }
  lines += '\n';
  for (const std::string& violation : text.violations) {
    absl::StrAppend(&lines, "  • ", OneLine(violation), "\n");
  }
  if (!text.advice.empty()) absl::StrAppend(&lines, OneLine(text.advice), "\n");
  return lines;
}

}  // namespace tikar::cli
