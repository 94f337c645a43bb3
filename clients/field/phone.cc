#include "clients/field/phone.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/failure.h"
#include "clients/cpp/change_builder.h"
#include "clients/cpp/error_words.h"
#include "clients/cpp/local_store.h"
#include "clients/cpp/replica.h"
#include "sync/names.h"
#include "sync/ref.h"
#include "sync/status_macros.h"
#include "sync/types.h"

namespace tikar::field {
namespace {

using sync::AbslView;

// Why the file cannot be opened. The SDK speaks English to developers; officers are told in their
// language what to do.
absl::Status WhyNotOpened(const absl::Status& status, const PhoneSettings& settings) {
  const auto told = [&](absl::StatusCode code, std::string_view indonesian,
                        std::string_view english) {
    return absl::Status(code,
                        absl::StrCat(settings.database_path,
                                     AbslView(cli::Pick(settings.language, indonesian, english))));
  };
  const auto say = [&](std::string_view indonesian, std::string_view english) {
    return cli::Pick(settings.language, indonesian, english);
  };
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      // Not kUnavailable here: that is the exit code of a server that is away.
      return told(absl::StatusCode::kFailedPrecondition,
                  " sedang dibuka oleh proses lain; tutup dahulu yang itu",
                  " is open in another process; end that one first");
    case absl::StatusCode::kDataLoss:
      return cli::WithAdvice(
          told(status.code(), " rusak", " is damaged"),
          say("Simpan salinannya, lalu mulai dengan berkas baru. Perubahan yang belum terkirim "
              "mungkin masih dapat diselamatkan darinya.",
              "Keep a copy, then begin with a new file. Changes that were not sent may be "
              "recovered "
              "from it."));
    case absl::StatusCode::kFailedPrecondition:
      return cli::WithAdvice(
          told(status.code(), " bukan berkas telepon, atau ditulis aplikasi yang lebih baru",
               " is no phone's file, or a newer app wrote it"),
          say("Isinya dibiarkan; pakai berkas lain.", "It is left as it is; use another file."));
    case absl::StatusCode::kNotFound:
      return told(status.code(), ": foldernya tidak ada", ": there is no such folder");
    case absl::StatusCode::kPermissionDenied:
      return told(status.code(), " tidak boleh dibuka atau dijadikan rahasia",
                  " may not be opened, or not be made private");
    case absl::StatusCode::kResourceExhausted:
      return told(status.code(), ": penyimpanan telepon penuh", ": the phone's storage is full");
    default:
      return status;
  }
}

absl::StatusOr<client::Device> ReadDevice(const std::string& database_path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::LocalStore> store,
                   client::LocalStore::Open(database_path));
  return store->LoadDevice();
}

// Who this phone is, if the database knows it already; "tikar-field --db FILE status" is then
// enough.
absl::Status Remember(PhoneSettings* settings) {
  if (std::error_code error; std::filesystem::exists(settings->database_path, error)) {
    const absl::StatusOr<client::Device> read = ReadDevice(settings->database_path);
    if (!read.ok()) return WhyNotOpened(read.status(), *settings);
    const client::Device& device = *read;
    if (!settings->actor.empty() && !device.actor.empty() && settings->actor != device.actor) {
      return cli::WithIndonesian(
          absl::FailedPreconditionError(absl::StrCat(settings->database_path, " belongs to ",
                                                     device.actor, ", not to ", settings->actor,
                                                     "; give each officer a file of their own")),
          absl::StrCat(settings->database_path, " milik ", device.actor, ", bukan ",
                       settings->actor, "; beri setiap petugas berkas sendiri"));
    }
    if (settings->actor.empty()) settings->actor = device.actor;
    if (settings->scope.empty()) settings->scope = device.scope;
  }
  if (settings->actor.empty() || settings->scope.empty()) {
    return cli::UsageError(cli::Pick(
        settings->language,
        "telepon baru perlu nama dan wilayah, misalnya: --actor devices/siti --scope 15.01.06",
        "a new phone needs a name and a scope, such as: --actor devices/siti --scope 15.01.06"));
  }
  return absl::OkStatus();
}

}  // namespace

cli::DefinitionView ViewOf(std::shared_ptr<const sync::Definition> definition) {
  const v1::Definition* proto = &definition->proto();
  return cli::DefinitionView(std::shared_ptr<const v1::Definition>(std::move(definition), proto));
}

Phone::Phone(PhoneSettings settings, std::ostream& out, cli::Terminal terminal)
    : settings_(std::move(settings)),
      out_(out),
      terminal_(terminal),
      clock_(std::make_unique<OffsetClock>(settings_.clock_offset_ms)) {}

absl::StatusOr<std::unique_ptr<Phone>> Phone::Open(PhoneSettings settings, std::ostream& out,
                                                   cli::Terminal terminal) {
  RETURN_IF_ERROR(Remember(&settings));
  if (!sync::IsActorName(settings.actor)) {
    return cli::UsageError(cli::Pick(
        settings.language, "--actor: 1 sampai 64 karakter dari a-z, 0-9, '.', '_', '-' dan '/'",
        "--actor takes 1 to 64 characters of a-z, 0-9, '.', '_', '-' and '/'"));
  }
  std::unique_ptr<Phone> phone(new Phone(std::move(settings), out, terminal));
  client::FieldAppOptions options;
  options.database_path = phone->settings_.database_path;
  options.actor = phone->settings_.actor;
  options.role = phone->settings_.role;
  options.scope = phone->settings_.scope;
  options.client_version = "tikar-field/" TIKAR_VERSION;
  options.clock = phone->clock_.get();
  absl::StatusOr<std::unique_ptr<client::FieldApp>> app =
      client::FieldApp::Open(std::move(options));
  if (absl::IsInvalidArgument(app.status())) {
    return cli::UsageError(
        absl::StrCat("--scope: \"", absl::StrJoin(phone->settings_.scope, ","),
                     "\" bukan 1 sampai 64 kode wilayah seperti 15.01 atau 15.01.06; --role tidak "
                     "boleh kosong"),
        absl::StrCat("--scope: \"", absl::StrJoin(phone->settings_.scope, ","),
                     "\" is not 1 to 64 area codes such as 15.01 or 15.01.06; --role may not be "
                     "empty"));
  }
  if (!app.ok()) return WhyNotOpened(app.status(), phone->settings_);
  phone->app_ = *std::move(app);
  return phone;
}

std::string Phone::CommandLine(std::string_view command) const {
  std::string line = absl::StrCat("tikar-field --db ", settings_.database_path);
  if (settings_.server != PhoneSettings().server) {
    absl::StrAppend(&line, " --server ", settings_.server);
  }
  return absl::StrCat(line, " ", AbslView(command));
}

absl::Status Phone::WithSyncAdvice(const absl::Status& status) const {
  return cli::WithAdvice(status, absl::StrCat(AbslView(Say("Ambil sekali saat ada sinyal: ",
                                                           "Fetch them once where there is a "
                                                           "signal: ")),
                                              CommandLine("sync")));
}

absl::StatusOr<cli::DefinitionView> Phone::FormFor(const std::string& service,
                                                   const std::string& area) {
  // The SDK's errors carry words in both languages; only what to type is ours to say.
  const absl::Status told = app_->OfferedForms(area).status();
  if (absl::IsInvalidArgument(told)) return cli::AsUsageError(told);
  if (!told.ok()) return WithSyncAdvice(told);
  const absl::StatusOr<std::shared_ptr<const sync::Definition>> form =
      app_->OfferedForm(service, area);
  if (form.ok()) return ViewOf(*form);
  return absl::IsFailedPrecondition(form.status()) ? WithSyncAdvice(form.status()) : form.status();
}

absl::StatusOr<std::vector<OfferedForm>> Phone::FormsOf(const std::string& area) {
  std::set<std::string> regions;
  for (const std::string& prefix : area.empty() ? settings_.scope : std::vector{area}) {
    std::string region = client::RegionOfArea(prefix);
    if (area.empty() && region.empty()) {
      return cli::UsageError(absl::StrCat(
          AbslView(Say("formulir kabupaten atau kota mana? Telepon ini menyimpan provinsi ",
                       "the forms of which regency or city? This phone keeps the province ")),
          prefix, AbslView(Say("; sebut dengan --area 15.01", "; name one with --area 15.01"))));
    }
    regions.insert(area.empty() ? std::move(region) : prefix);
  }
  std::vector<OfferedForm> forms;
  for (const std::string& region : regions) {
    const absl::StatusOr<std::vector<std::shared_ptr<const sync::Definition>>> offered =
        app_->OfferedForms(region);
    if (absl::IsInvalidArgument(offered.status())) return cli::AsUsageError(offered.status());
    if (!offered.ok()) return WithSyncAdvice(offered.status());
    for (const std::shared_ptr<const sync::Definition>& definition : *offered) {
      const auto same = std::find_if(forms.begin(), forms.end(), [&](const OfferedForm& form) {
        return form.definition->hash() == definition->hash();
      });
      OfferedForm& form = same == forms.end() ? forms.emplace_back() : *same;
      form.definition = definition;
      form.regions.push_back(client::RegionOfArea(region));
    }
  }
  std::stable_sort(forms.begin(), forms.end(), [](const OfferedForm& a, const OfferedForm& b) {
    return a.definition->proto().service() < b.definition->proto().service();
  });
  return forms;
}

absl::StatusOr<cli::DefinitionView> Phone::FormOf(const v1::Request& request) {
  if (const auto hash = sync::DefinitionHash::FromBytes(request.definition_hash())) {
    const absl::StatusOr<std::shared_ptr<const sync::Definition>> pinned =
        app_->FindDefinition(*hash);
    if (pinned.ok()) return ViewOf(*pinned);
  }
  auto unknown = std::make_shared<v1::Definition>();
  unknown->set_service(request.service());
  return cli::DefinitionView(std::move(unknown));
}

absl::StatusOr<client::RequestOnPhone> Phone::Find(const std::string& typed) {
  absl::StatusOr<client::RequestOnPhone> found = absl::NotFoundError("");
  if (absl::StartsWith(typed, "regions/")) {
    const std::optional<sync::RequestKey> key = client::KeyOfName(typed);
    if (key.has_value()) {
      found = app_->Get(*key);
    } else {
      found = absl::InvalidArgumentError("");
    }
  } else {
    found = app_->GetByRef(typed);
  }
  if (absl::IsInvalidArgument(found.status())) {
    return cli::UsageError(absl::StrCat(
        "\"", typed, "\" ",
        AbslView(Say("bukan nomor permohonan; periksa tiap huruf dan angkanya (7ZK4Q-X9M2H-P)",
                     "is no request number; check each character (7ZK4Q-X9M2H-P)"))));
  }
  if (absl::IsNotFound(found.status())) {
    return cli::WithAdvice(
        absl::NotFoundError(absl::StrCat(
            typed, AbslView(Say(" tidak ada di telepon ini", " is not on this phone")))),
        absl::StrCat(AbslView(Say("Ada dalam wilayah telepon ini? Perbarui dengan: ",
                                  "Is it within this phone's scope? Bring it up to date with: ")),
                     CommandLine("sync")));
  }
  return found;
}

absl::Status Phone::InWords(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return status;
    case absl::StatusCode::kNotFound:
      return absl::NotFoundError(
          AbslView(Say("permohonan itu, atau formulirnya, tidak ada di telepon ini",
                       "that request, or its form, is not on this phone")));
    case absl::StatusCode::kFailedPrecondition:
      return cli::WithAdvice(
          absl::FailedPreconditionError(AbslView(
              Say("formulir permohonan ini belum ada di telepon, atau aplikasinya terlalu lama",
                  "the form of this request is not on the phone yet, or the app is too old"))),
          absl::StrCat(
              AbslView(Say("Ambil saat ada sinyal: ", "Fetch it where there is a signal: ")),
              CommandLine("sync")));
    default: {
      const v1::LocalizedText words = client::WordsOf(status, client::Culprit::kPhone);
      return absl::Status(status.code(), AbslView(Say(words.id(), words.en())));
    }
  }
}

absl::Status Phone::ExchangeInWords(const absl::Status& status) {
  if (status.ok()) return status;
  v1::LocalizedText words = client::WordsOf(status, client::Culprit::kServer);
  // Of the last attempt it is known whose fault it was.
  const absl::StatusOr<client::SyncStatus> known = app_->Status();
  if (known.ok() && known->last_error.code() == status.code()) words = known->last_error_words;
  absl::Status told(status.code(), AbslView(Say(words.id(), words.en())));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { told.SetPayload(type, payload); });
  return told;
}

absl::StatusOr<uint64_t> Phone::CountRequests() {
  client::ListQuery query;
  query.filter.set_show_retracted(true);
  query.page_size = client::kListPageMax;
  uint64_t count = 0;
  do {
    ASSIGN_OR_RETURN(const client::ListPage page, app_->List(query));
    count += page.requests.size();
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty());
  return count;
}

}  // namespace tikar::field
