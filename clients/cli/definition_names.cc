#include "clients/cli/definition_names.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/area_search.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/failure.h"
#include "sync/change.h"
#include "sync/definition.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::cli {
namespace {

constexpr size_t kHashDigits = 2 * sync::DefinitionHash::kSize;
// Fewer are rather a word.
constexpr size_t kHashDigitsMin = 8;
constexpr char kNewest[] = "newest";

bool IsHashDigits(const std::string& text) {
  return text.size() >= kHashDigitsMin && text.size() <= kHashDigits &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isxdigit(c); });
}

bool IsFile(const std::string& typed) {
  std::error_code error;
  return absl::EndsWith(typed, ".textproto") || std::filesystem::is_regular_file(typed, error);
}

absl::StatusOr<NamedDefinition> Get(Session& session, const v1::GetDefinitionRequest& get) {
  absl::StatusOr<v1::GetDefinitionResponse> answer = session.connection().Call(get);
  if (answer.status().code() == absl::StatusCode::kNotFound) {
    return WithAdvice(answer.status(), session.Say("Lihat yang ada: tikar catalog list",
                                                   "See what there is: tikar catalog list"));
  }
  if (!answer.ok()) return answer.status();
  return NamedDefinition{answer->definition_hash(), std::move(*answer->mutable_definition())};
}

absl::StatusOr<NamedDefinition> ByHashDigits(Session& session, const std::string& typed) {
  const std::string digits = absl::AsciiStrToLower(typed);
  if (digits.size() == kHashDigits) {
    return DefinitionByHash(session, absl::HexStringToBytes(digits));
  }
  ASSIGN_OR_RETURN(const std::vector<v1::DefinitionSummary> all, AllDefinitions(session));
  const v1::DefinitionSummary* found = nullptr;
  for (const v1::DefinitionSummary& summary : all) {
    if (!absl::StartsWith(absl::BytesToHexString(summary.definition_hash()), digits)) continue;
    if (found != nullptr) {
      return UsageError(absl::StrCat("beberapa definisi berawal ", typed),
                        absl::StrCat("several definitions begin with ", typed));
    }
    found = &summary;
  }
  if (found != nullptr) return NamedDefinition{found->definition_hash(), found->definition()};
  return WithAdvice(
      WithIndonesian(absl::NotFoundError(absl::StrCat("no definition begins with ", typed)),
                     absl::StrCat("tidak ada definisi yang berawal ", typed)),
      session.Say("Lihat yang ada: tikar catalog list", "See what there is: tikar catalog list"));
}

absl::Status BadVersion(const std::string& typed) {
  return UsageError(absl::StrCat("\"", typed, "\": sebut versinya dengan angka, misalnya 32.73@3"),
                    absl::StrCat("\"", typed, "\": give the version as a number, as in 32.73@3"));
}

}  // namespace

absl::StatusOr<std::vector<v1::DefinitionSummary>> AllDefinitions(Session& session) {
  std::vector<v1::DefinitionSummary> all;
  v1::ListDefinitionsRequest list;
  list.set_all_versions(true);
  while (true) {
    ASSIGN_OR_RETURN(v1::ListDefinitionsResponse page, session.connection().Call(list));
    for (v1::DefinitionSummary& summary : *page.mutable_definitions()) {
      all.push_back(std::move(summary));
    }
    if (page.next_page_token().empty()) return all;
    list.set_page_token(page.next_page_token());
  }
}

absl::StatusOr<NamedDefinition> PublishedDefinition(Session& session, const std::string& publisher,
                                                    const std::string& service, uint32_t version) {
  v1::GetDefinitionRequest get;
  get.set_service(service);
  get.set_publisher(publisher);
  get.set_version(version);
  return Get(session, get);
}

absl::StatusOr<NamedDefinition> OfferedDefinition(Session& session, const std::string& region,
                                                  const std::string& service) {
  v1::GetDefinitionRequest get;
  get.set_service(service);
  get.set_region(region);
  return Get(session, get);
}

absl::StatusOr<NamedDefinition> DefinitionByHash(Session& session, const std::string& hash) {
  v1::GetDefinitionRequest get;
  get.set_definition_hash(hash);
  return Get(session, get);
}

absl::StatusOr<PublisherVersion> ParsePublisherVersion(Session& session, const std::string& typed) {
  const size_t at = typed.find('@');
  PublisherVersion parsed;
  ASSIGN_OR_RETURN(parsed.publisher, AreaCodeOf(session, typed.substr(0, at)));
  if (parsed.publisher.empty()) return BadVersion(typed);
  if (at == std::string::npos || typed.substr(at + 1) == kNewest) return parsed;
  if (!absl::SimpleAtoi(typed.substr(at + 1), &parsed.version) || parsed.version == 0) {
    return BadVersion(typed);
  }
  return parsed;
}

absl::StatusOr<std::string> RegionOf(Session& session, const std::string& typed) {
  ASSIGN_OR_RETURN(std::string code, AreaCodeOf(session, typed));
  if (sync::IsRegion(code)) return code;
  return UsageError(
      absl::StrCat("--region meminta kabupaten atau kota (15.01), bukan \"", typed, "\""),
      absl::StrCat("--region takes a regency or city (15.01), not \"", typed, "\""));
}

absl::StatusOr<NamedDefinition> FindDefinition(Session& session, const std::string& typed) {
  if (IsFile(typed)) {
    NamedDefinition named;
    ASSIGN_OR_RETURN(named.definition, ReadDefinitionFile(typed));
    named.hash = sync::Sha256(DefinitionBytes(named.definition)).bytes();
    return named;
  }
  const size_t slash = typed.find('/');
  if (slash != std::string::npos && slash > 0 && slash + 1 < typed.size()) {
    const std::string service = typed.substr(slash + 1);
    const size_t at = service.find('@');
    if (at == std::string::npos) {
      ASSIGN_OR_RETURN(const std::string region, RegionOf(session, typed.substr(0, slash)));
      return OfferedDefinition(session, region, service);
    }
    ASSIGN_OR_RETURN(
        const PublisherVersion parsed,
        ParsePublisherVersion(session, absl::StrCat(typed.substr(0, slash), service.substr(at))));
    return PublishedDefinition(session, parsed.publisher, service.substr(0, at), parsed.version);
  }
  if (IsHashDigits(typed)) return ByHashDigits(session, typed);
  return UsageError(
      absl::StrCat("\"", typed,
                   "\" bukan nama definisi: sebut berkas, hash, PENERBIT/LAYANAN@VERSI "
                   "(32.73/hayu@3) atau DAERAH/LAYANAN (15.01/hayu)"),
      absl::StrCat("\"", typed,
                   "\" names no definition: give a file, a hash, PUBLISHER/SERVICE@VERSION "
                   "(32.73/hayu@3) or REGION/SERVICE (15.01/hayu)"));
}

std::string NameOfDefinition(const v1::Definition& definition) {
  return absl::StrCat(definition.publisher(), "/", definition.service(), "@", definition.version());
}

}  // namespace tikar::cli
