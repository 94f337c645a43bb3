#include "clients/cpp/error_words.h"

#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::client {
namespace {

constexpr char kDetailsPayload[] = "type.googleapis.com/google.rpc.Status";

v1::LocalizedText Words(std::string_view indonesian, std::string_view english) {
  v1::LocalizedText words;
  words.set_id(std::string(indonesian));
  words.set_en(std::string(english));
  return words;
}

// What came with the status; a language that was left out is empty.
v1::LocalizedText OwnWords(const absl::Status& status) {
  v1::LocalizedText words;
  const auto payload = status.GetPayload(kDetailsPayload);
  google::rpc::Status details;
  if (!payload.has_value() || !details.ParseFromString(std::string(*payload))) return words;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::LocalizedMessage message;
    if (!detail.Is<google::rpc::LocalizedMessage>() || !detail.UnpackTo(&message)) continue;
    // "id-ID" is Indonesian too.
    if (message.locale().starts_with("id")) words.set_id(message.message());
    if (message.locale().starts_with("en")) words.set_en(message.message());
  }
  return words;
}

v1::LocalizedText WordsOfPhone(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:
      return Words("penyimpanan telepon penuh; kosongkan sebagian",
                   "the phone's storage is full; free some of it");
    case absl::StatusCode::kDataLoss:
      return Words("data aplikasi di telepon rusak; simpan salinannya",
                   "the app's data on the phone is damaged; keep a copy of it");
    case absl::StatusCode::kUnavailable:
      return Words("data aplikasi sedang dipakai proses lain",
                   "another process uses the app's data");
    default:
      return Words("aplikasi tidak mengerti jawaban server atau penyimpanannya sendiri",
                   "the app understands neither the server's answer nor its own storage");
  }
}

v1::LocalizedText WordsOfServer(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return Words("server tidak dapat dihubungi", "the server cannot be reached");
    case absl::StatusCode::kDeadlineExceeded:
      return Words("server tidak menjawab", "the server does not answer");
    case absl::StatusCode::kCancelled:
      return Words("sambungan dihentikan", "the connection was ended");
    case absl::StatusCode::kResourceExhausted:
      return Words("server sedang sibuk", "the server is busy");
    case absl::StatusCode::kFailedPrecondition:
      return Words("aplikasi ini perlu diperbarui", "this app needs to be upgraded");
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return Words("server tidak mengenal telepon ini", "the server does not know this phone");
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return Words("server tidak menerima kiriman aplikasi ini",
                   "the server does not take what this app sends");
    case absl::StatusCode::kUnimplemented:
      return Words("di alamat itu bukan server Tikar", "there is no Tikar server at that address");
    default:
      return Words("server sedang bermasalah", "the server is in trouble");
  }
}

}  // namespace

absl::Status WithDetails(absl::Status status, std::string_view details) {
  if (!status.ok() && !details.empty()) {
    status.SetPayload(kDetailsPayload, absl::Cord(sync::AbslView(details)));
  }
  return status;
}

absl::Status ErrorInWords(absl::StatusCode code, std::string_view indonesian,
                          std::string_view english) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(std::string(english));
  for (const auto& [locale, words] : {std::pair("id", indonesian), std::pair("en", english)}) {
    google::rpc::LocalizedMessage message;
    message.set_locale(locale);
    message.set_message(std::string(words));
    details.add_details()->PackFrom(message);
  }
  return WithDetails(absl::Status(code, sync::AbslView(english)), details.SerializeAsString());
}

v1::LocalizedText WordsOf(const absl::Status& status, Culprit culprit) {
  CHECK(!status.ok());
  v1::LocalizedText words = OwnWords(status);
  if (!words.id().empty() && !words.en().empty()) return words;
  return culprit == Culprit::kPhone ? WordsOfPhone(status.code()) : WordsOfServer(status.code());
}

}  // namespace tikar::client
