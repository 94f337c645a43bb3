// tikar bundle inspect, and what files of bundles are called.
#include <cmath>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/backup_commands.h"
#include "clients/cli/bundle_commands.h"
#include "clients/cli/display.h"
#include "clients/cli/failure.h"
#include "clients/cli/json_output.h"
#include "clients/cli/text_style.h"
#include "sync/status_macros.h"

namespace tikar::cli {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr std::string_view kSuffix = ".tikar";

std::string KindKey(sync::BundleKind kind) {
  switch (kind) {
    case sync::BundleKind::kNode:
      return "node";
    case sync::BundleKind::kPhone:
      return "phone";
    case sync::BundleKind::kAcknowledgement:
      return "acknowledgement";
  }
  return "unknown";
}

}  // namespace

std::string BundleKindText(Session& session, std::string_view key) {
  if (key == "node") return std::string(session.Say("bundel node", "bundle of a node"));
  if (key == "phone") return std::string(session.Say("bundel ponsel", "bundle of a phone"));
  return std::string(session.Say("pengakuan", "acknowledgement"));
}

absl::Status CannotReadFile(const std::string& path) {
  return UsageError(absl::StrCat("berkas ", path, " tidak dapat dibaca"),
                    absl::StrCat("cannot read ", path));
}

absl::StatusOr<uint64_t> ParsePartSize(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  const size_t digits = lower.find_first_not_of("0123456789.");
  const std::string unit(
      absl::StripAsciiWhitespace(digits == std::string::npos ? "" : lower.substr(digits)));
  double number = 0;
  double factor = 0;
  if (unit.empty() || unit == "b") factor = 1;
  if (unit == "kb" || unit == "k") factor = 1e3;
  if (unit == "mb" || unit == "m") factor = 1e6;
  if (unit == "gb" || unit == "g") factor = 1e9;
  if (unit == "kib") factor = 1 << 10;
  if (unit == "mib") factor = 1 << 20;
  if (unit == "gib") factor = 1 << 30;
  if (factor == 0 || !absl::SimpleAtod(lower.substr(0, digits), &number)) {
    return UsageError(absl::StrCat("\"", sync::AbslView(text), "\" bukan ukuran; contoh: 20MB"),
                      absl::StrCat("\"", sync::AbslView(text), "\" is no size; try 20MB"));
  }
  const double bytes = std::floor(number * factor);
  if (bytes < static_cast<double>(sync::kBundlePartBytesMin) ||
      bytes > static_cast<double>(sync::kBundlePartBytesMax)) {
    return UsageError("bagian sebuah bundel berukuran 1 MiB (1048576) sampai 4 GiB",
                      "a part of a bundle is from 1 MiB (1048576 bytes) up to 4 GiB");
  }
  return static_cast<uint64_t>(bytes);
}

std::string PartPath(const std::string& path, uint32_t part, uint32_t parts) {
  if (parts == 1) return path;
  const bool has_suffix = absl::EndsWith(path, sync::AbslView(kSuffix));
  const std::string stem = has_suffix ? path.substr(0, path.size() - kSuffix.size()) : path;
  return absl::StrCat(stem, ".", part, "-of-", parts, sync::AbslView(kSuffix));
}

absl::StatusOr<sync::BundleHead> CheckBundleFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return CannotReadFile(path);
  std::string piece(kReadBytes, '\0');
  std::optional<sync::BundleHead> head;
  std::optional<sync::BundleCheck> check;
  while (true) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (file.bad()) return CannotReadFile(path);
    std::string_view rest(piece.data(), static_cast<size_t>(file.gcount()));
    if (!head) {
      ASSIGN_OR_RETURN(head, sync::ParseBundleHead(rest));
      check.emplace(*head);
      rest.remove_prefix(head->bytes);
    }
    RETURN_IF_ERROR(check->Add(rest));
    if (!file) break;
  }
  RETURN_IF_ERROR(check->Finish());
  return *head;
}

absl::Status BundleInspect(Session& session, const BundleOptions& options) {
  Json list = Json::array();
  absl::Status failed;
  for (const std::string& path : options.files) {
    const absl::StatusOr<sync::BundleHead> head = CheckBundleFile(path);
    // There is no such file, say.
    if (ExitCodeOf(head.status()) == ExitCode::kUsage) return head.status();
    if (!head.ok()) {
      failed.Update(
          absl::Status(head.status().code(), absl::StrCat(path, ": ", head.status().message())));
      failed = WithIndonesian(failed,
                              absl::StrCat(path, ": rusak, terpotong, atau bukan bundel. Rincian: ",
                                           head.status().message()));
      if (session.json()) {
        list.push_back(
            {{"file", path}, {"whole", false}, {"problem", std::string(head.status().message())}});
      } else {
        session.out() << Styled(session.out_terminal(), Style::kBad,
                                session.Say("RUSAK ", "DAMAGED "))
                      << OneLine(path) << ": " << OneLine(sync::StdView(head.status().message()))
                      << "\n";
      }
      continue;
    }
    const sync::BundleHeader& header = head->header;
    const std::string fingerprint = sync::Fingerprint(header.sender_key);
    if (session.json()) {
      list.push_back({{"file", path},
                      {"whole", true},
                      {"kind", KindKey(header.kind)},
                      {"bundle", sync::BundleName(header.id)},
                      {"part", header.part},
                      {"parts", header.parts},
                      {"sender", header.sender},
                      {"sender_fingerprint", fingerprint},
                      {"receiver", header.receiver},
                      {"receiver_key_id", header.receiver_key.hex()},
                      {"bytes", head->bytes + header.sealed_bytes},
                      {"unpacked_bytes", header.unpacked_bytes}});
      continue;
    }
    std::ostream& out = session.out();
    out << Styled(session.out_terminal(), Style::kGood, session.Say("UTUH ", "WHOLE "))
        << OneLine(path) << ": " << BundleKindText(session, KindKey(header.kind)) << " "
        << sync::BundleName(header.id);
    if (header.parts > 1) {
      out << session.Say(", bagian ", ", part ") << header.part << session.Say(" dari ", " of ")
          << header.parts;
    }
    out << "\n  " << session.Say("dari ", "from ") << header.sender
        << session.Say(" (kunci ", " (key ") << fingerprint << ")"
        << session.Say(" untuk ", " for ") << header.receiver << ", "
        << SizeText(head->bytes + header.sealed_bytes) << "\n";
  }
  if (session.json()) session.out() << JsonText({{"files", list}});
  return failed;
}

}  // namespace tikar::cli
