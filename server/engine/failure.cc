#include "server/engine/failure.h"

#include <cctype>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/engine/limits.h"
#include "sync/types.h"

namespace tikar::server {
namespace {

using sync::AbslView;

constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";
constexpr char kDomain[] = "tikar";

std::string UpperSnake(std::string_view code) {
  std::string upper(code);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// At most kFailureMessageBytesMax, and no half code point.
std::string CutOff(std::string_view message) {
  if (message.size() <= kFailureMessageBytesMax) return std::string(message);
  constexpr std::string_view kSign = "...";
  size_t end = kFailureMessageBytesMax - kSign.size();
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return absl::StrCat(AbslView(message.substr(0, end)), AbslView(kSign));
}

// Collects the details of one failure.
class Failure {
 public:
  Failure(absl::StatusCode code, std::string_view reason, std::string_view message_id,
          std::string_view message_en) {
    rpc_.set_code(static_cast<int>(code));
    rpc_.set_message(CutOff(message_en));
    google::rpc::ErrorInfo info;
    info.set_reason(std::string(reason));
    info.set_domain(kDomain);
    rpc_.add_details()->PackFrom(info);
    AddMessage("id", message_id);
    AddMessage("en", message_en);
  }

  Failure&& RetryAfter(int64_t ms) && {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
    rpc_.add_details()->PackFrom(retry);
    return std::move(*this);
  }

  // Each violation once per language, as google.rpc.BadRequest wants it; `description` would say
  // the same a third time. As many as fit: whoever mends these is told of the rest.
  Failure&& With(const std::vector<sync::Violation>& violations) && {
    google::rpc::BadRequest bad;
    // The Any around them has a type's name and two lengths.
    constexpr size_t kEnclosureBytes = 64;
    const size_t room = kFailureDetailsBytesMax - kEnclosureBytes - rpc_.ByteSizeLong();
    for (const sync::Violation& violation : violations) {
      google::rpc::BadRequest with_it = bad;
      for (const bool indonesian : {true, false}) {
        auto* field = with_it.add_field_violations();
        field->set_field(violation.field);
        field->set_reason(UpperSnake(violation.code));
        field->mutable_localized_message()->set_locale(indonesian ? "id" : "en");
        field->mutable_localized_message()->set_message(
            CutOff(indonesian ? violation.message_id : violation.message_en));
      }
      if (with_it.ByteSizeLong() > room) break;
      bad = std::move(with_it);
    }
    rpc_.add_details()->PackFrom(bad);
    return std::move(*this);
  }

  absl::Status ToStatus() && {
    absl::Status status(static_cast<absl::StatusCode>(rpc_.code()), rpc_.message());
    status.SetPayload(kPayload, absl::Cord(rpc_.SerializeAsString()));
    return status;
  }
  google::rpc::Status Take() && { return std::move(rpc_); }

 private:
  void AddMessage(std::string_view locale, std::string_view message) {
    google::rpc::LocalizedMessage localized;
    localized.set_locale(std::string(locale));
    localized.set_message(CutOff(message));
    rpc_.add_details()->PackFrom(localized);
  }

  google::rpc::Status rpc_;
};

absl::StatusCode CodeOf(v1::RefusalReason reason) {
  switch (reason) {
    case v1::REFUSAL_REASON_ROLE:
    case v1::REFUSAL_REASON_SCOPE:
      return absl::StatusCode::kPermissionDenied;
    case v1::REFUSAL_REASON_NO_SUCH_TRANSITION:
    case v1::REFUSAL_REASON_UNDER_REVIEW:
    case v1::REFUSAL_REASON_REGION:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

// The first of them in one text, in Indonesian and in English, and how many more there are.
std::pair<std::string, std::string> MessagesOf(const std::vector<sync::Violation>& violations) {
  constexpr size_t kCountBytes = 32;
  std::string message_id, message_en;
  for (size_t i = 0; i < violations.size(); ++i) {
    const sync::Violation& violation = violations[i];
    const char* separator = i == 0 ? "" : " ";
    const auto fits = [](const std::string& text, const std::string& more) {
      return text.size() + 1 + more.size() + kCountBytes <= kFailureMessageBytesMax;
    };
    if (i > 0 &&
        !(fits(message_id, violation.message_id) && fits(message_en, violation.message_en))) {
      absl::StrAppend(&message_id, " (dan ", violations.size() - i, " lagi)");
      absl::StrAppend(&message_en, " (and ", violations.size() - i, " more)");
      break;
    }
    absl::StrAppend(&message_id, separator, violation.message_id);
    absl::StrAppend(&message_en, separator, violation.message_en);
  }
  return {std::move(message_id), std::move(message_en)};
}

}  // namespace

absl::Status Overloaded(std::string_view what, int64_t retry_ms) {
  return Failure(absl::StatusCode::kResourceExhausted, "OVERLOADED",
                 "Server sedang sibuk. Data Anda aman; coba lagi sebentar lagi.",
                 absl::StrCat("the server is busy (", AbslView(what), "); come back later"))
      .RetryAfter(retry_ms)
      .ToStatus();
}

absl::Status Stopping(int64_t retry_ms) {
  return Failure(absl::StatusCode::kUnavailable, "STOPPING",
                 "Server sedang dihentikan. Coba lagi sebentar lagi.",
                 "the server is stopping; come back later")
      .RetryAfter(retry_ms)
      .ToStatus();
}

absl::Status RefusingWrites(std::string_view why, int64_t retry_ms) {
  return Failure(absl::StatusCode::kUnavailable, "REFUSING_WRITES",
                 "Server untuk sementara tidak dapat menyimpan. Data tetap di perangkat Anda; "
                 "coba lagi nanti.",
                 absl::StrCat("the server takes no changes at the moment: ", AbslView(why)))
      .RetryAfter(retry_ms)
      .ToStatus();
}

absl::Status StoreOpening(int64_t retry_ms) {
  return Failure(absl::StatusCode::kUnavailable, "STORE_OPENING",
                 "Server sedang membuka datanya. Coba lagi sebentar lagi.",
                 "the server is opening its store; come back later")
      .RetryAfter(retry_ms)
      .ToStatus();
}

absl::Status ReadsTooSlowly(int64_t retry_ms) {
  return Failure(absl::StatusCode::kUnavailable, "READS_TOO_SLOWLY",
                 "Sambungan terlalu lambat dan diakhiri. Sinkronisasi dilanjutkan dari tempat "
                 "terakhir.",
                 "nothing was read from this stream for too long; resume from the last cursor")
      .RetryAfter(retry_ms)
      .ToStatus();
}

absl::Status AppTooOld(uint32_t version, uint32_t version_min) {
  return Failure(absl::StatusCode::kFailedPrecondition, "APP_TOO_OLD",
                 "Data Anda sudah diterima, tetapi aplikasi ini terlalu lama. Perbarui aplikasi "
                 "untuk menerima data.",
                 absl::StrCat("the changes were taken, but protocol version ", version,
                              " is older than ", version_min, ": upgrade the app"))
      .ToStatus();
}

absl::Status ChangedMeanwhile(std::string_view what) {
  return Failure(absl::StatusCode::kFailedPrecondition, "CHANGED_MEANWHILE",
                 absl::StrCat(AbslView(what),
                              " berubah setelah halaman sebelumnya; mulai lagi dari halaman "
                              "pertama, tanpa page_token."),
                 absl::StrCat(AbslView(what),
                              " changed after the page before; begin again with the first page, "
                              "without a page_token"))
      .ToStatus();
}

absl::Status PeerConnected(std::string_view peer) {
  return Failure(absl::StatusCode::kAlreadyExists, "PEER_CONNECTED",
                 absl::StrCat("Sambungan lain dengan node ", AbslView(peer), " sudah ada."),
                 absl::StrCat("another connection with node ", AbslView(peer), " is up"))
      .ToStatus();
}

absl::Status WrongPeer(std::string_view why) {
  return Failure(absl::StatusCode::kFailedPrecondition, "WRONG_PEER",
                 absl::StrCat("Node ini tidak dapat menjadi cermin: ", AbslView(why)), why)
      .ToStatus();
}

absl::Status PeerTaken(std::string_view peer, std::string_view address) {
  return Failure(absl::StatusCode::kAlreadyExists, "PEER_TAKEN",
                 absl::StrCat("Node ", AbslView(peer), " sudah terdaftar dengan alamat ",
                              AbslView(address),
                              " atau daerah lain; hapus dahulu: tikar peers "
                              "remove ",
                              AbslView(peer)),
                 absl::StrCat("peer ", AbslView(peer), " is there with address ", AbslView(address),
                              " or with other regions; remove it first: tikar "
                              "peers remove ",
                              AbslView(peer)))
      .ToStatus();
}

absl::Status PeerOfCommandLine(std::string_view peer) {
  return Failure(absl::StatusCode::kFailedPrecondition, "PEER_OF_COMMAND_LINE",
                 absl::StrCat("Node ", AbslView(peer),
                              " ada pada baris perintah server; jalankan "
                              "tikard tanpa --peer ",
                              AbslView(peer), "=..."),
                 absl::StrCat("peer ", AbslView(peer),
                              " is on the server's command line; start "
                              "tikard without --peer ",
                              AbslView(peer), "=..."))
      .ToStatus();
}

absl::Status PeerDialsUs(std::string_view peer) {
  return Failure(absl::StatusCode::kFailedPrecondition, "PEER_DIALS_US",
                 absl::StrCat("Node ", AbslView(peer),
                              " yang menghubungi server ini; hapus pada "
                              "node itu"),
                 absl::StrCat("peer ", AbslView(peer),
                              " dials this server; remove this server "
                              "there"))
      .ToStatus();
}

absl::Status MirrorsWithNobody() {
  return Failure(absl::StatusCode::kFailedPrecondition, "NO_IDENTITY",
                 "Server ini belum punya identitas; buat dengan tikard init, lalu jalankan lagi.",
                 "this server has no identity; make one with tikard init, then start it again")
      .ToStatus();
}

absl::Status MirrorMistake(std::string_view what) {
  return Failure(absl::StatusCode::kInvalidArgument, "MIRROR_MISTAKE",
                 absl::StrCat("Node lain melanggar protokol cermin: ", AbslView(what)),
                 absl::StrCat("the other node breaks the protocol of mirrors: ", AbslView(what)))
      .ToStatus();
}

absl::Status VersionTaken(std::string_view publisher, std::string_view service, uint32_t version,
                          uint32_t version_newest) {
  return Failure(absl::StatusCode::kAlreadyExists, "VERSION_TAKEN",
                 absl::StrCat(AbslView(publisher), " sudah menerbitkan ", AbslView(service),
                              " versi ", version, " dengan isi lain; naikkan version menjadi ",
                              version_newest + 1, "."),
                 absl::StrCat(AbslView(publisher), " has published version ", version, " of ",
                              AbslView(service), " with other contents; raise version to ",
                              version_newest + 1))
      .ToStatus();
}

absl::Status NoSuchThing(std::string_view name) {
  return Failure(absl::StatusCode::kNotFound, "NOT_FOUND",
                 absl::StrCat("Tidak ditemukan: ", AbslView(name)),
                 absl::StrCat("not found: ", AbslView(name)))
      .ToStatus();
}

absl::Status Malformed(std::string_view field, std::string_view code, std::string_view message_id,
                       std::string_view message_en) {
  return Failure(absl::StatusCode::kInvalidArgument, UpperSnake(code), message_id,
                 absl::StrCat(AbslView(field), field.empty() ? "" : ": ", AbslView(message_en)))
      .With({{std::string(field), std::string(code), std::string(message_id),
              std::string(message_en)}})
      .ToStatus();
}

absl::Status MalformedIn(std::string_view code, const std::vector<sync::Violation>& violations) {
  const auto [message_id, message_en] = MessagesOf(violations);
  return Failure(absl::StatusCode::kInvalidArgument, UpperSnake(code), message_id, message_en)
      .With(violations)
      .ToStatus();
}

absl::Status Refused(v1::RefusalReason reason, const std::vector<sync::Violation>& violations) {
  auto [message_id, message_en] = MessagesOf(violations);
  if (message_en.empty()) {
    message_id = "Perubahan ini ditolak.";
    message_en = "This change was refused.";
  }
  std::string name = v1::RefusalReason_Name(reason);
  constexpr std::string_view kPrefix = "REFUSAL_REASON_";
  if (name.compare(0, kPrefix.size(), kPrefix) == 0) name.erase(0, kPrefix.size());
  return Failure(CodeOf(reason), name, message_id, message_en).With(violations).ToStatus();
}

absl::Status ForOperator(const absl::Status& status, std::string_view reason,
                         std::string_view message_id) {
  return Failure(status.code(), reason, message_id, sync::StdView(status.message())).ToStatus();
}

google::rpc::Status DetailsOf(const absl::Status& status) {
  google::rpc::Status rpc;
  if (const auto payload = status.GetPayload(kPayload);
      payload.has_value() && rpc.ParseFromString(std::string(*payload))) {
    return rpc;
  }
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return rpc;
    case absl::StatusCode::kInvalidArgument:
      return Failure(status.code(), "INVALID", absl::StrCat("Permintaan tidak sah: ", message),
                     message)
          .Take();
    case absl::StatusCode::kNotFound:
      return Failure(status.code(), "NOT_FOUND", absl::StrCat("Tidak ditemukan: ", message),
                     message)
          .Take();
    case absl::StatusCode::kCancelled:
      return Failure(status.code(), "CANCELLED", "Dibatalkan.", "cancelled").Take();
    case absl::StatusCode::kDataLoss:
      return Failure(status.code(), "DATA_DAMAGED",
                     "Data di server rusak. Hubungi pengelola server.",
                     "stored data is damaged; the server's log says which")
          .Take();
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
      // A full disk and a failing one are the server's trouble, not the caller's.
      return Failure(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                     "Server untuk sementara tidak dapat membaca atau menyimpan. Coba lagi nanti.",
                     "the server cannot read or write its store; its log says why")
          .Take();
    default:
      return Failure(absl::StatusCode::kInternal, "INTERNAL",
                     "Terjadi kesalahan di server. Hubungi pengelola server.",
                     "something is wrong in the server; its log says what")
          .Take();
  }
}

}  // namespace tikar::server
