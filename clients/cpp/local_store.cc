#include "clients/cpp/local_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cpp/change_builder.h"
#include "clients/cpp/error_words.h"
#include "sync/feed.h"

namespace tikar::client {
namespace {

// "TIKR": tells our files from other people's databases.
constexpr int kApplicationId = 0x54494b52;

constexpr char kCoreSchema[] = R"sql(
  CREATE TABLE device (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    actor BLOB NOT NULL,
    scope BLOB NOT NULL,
    hlc_last INTEGER NOT NULL
  );
  INSERT INTO device VALUES (1, x'', x'', 0);
  CREATE TABLE sync_state (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    cursor BLOB NOT NULL,
    cursor_scope BLOB NOT NULL,
    stream INTEGER NOT NULL,
    server_origin INTEGER NOT NULL,
    single_copy INTEGER NOT NULL,
    clock_offset_known INTEGER NOT NULL,
    clock_offset_ms INTEGER NOT NULL,
    caught_up INTEGER NOT NULL,
    caught_up_at_ms INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    error_code INTEGER NOT NULL,
    error BLOB NOT NULL,
    error_at_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    next_attempt_at_ms INTEGER NOT NULL,
    upgrade_required INTEGER NOT NULL,
    catalog_at_ms INTEGER NOT NULL,
    suspicion_first BLOB NOT NULL,
    suspicion_changes INTEGER NOT NULL,
    suspicion_limit INTEGER NOT NULL,
    suspicion_strong_strikes INTEGER NOT NULL,
    suspicion_weak_strikes INTEGER NOT NULL,
    suspicion_halved INTEGER NOT NULL,
    suspicion_wary INTEGER NOT NULL
  );
  CREATE TABLE serial (row INTEGER PRIMARY KEY CHECK (row = 1), last INTEGER NOT NULL);
  INSERT INTO serial VALUES (1, 0);
  CREATE TABLE definitions (
    hash BLOB PRIMARY KEY,
    body BLOB NOT NULL,
    signature BLOB NOT NULL
  ) WITHOUT ROWID;
)sql";

// What schema 1 holds may have left without a word (see invariant 5), and does not say what it
// pins: the phone starts over once.
constexpr char kSchemaOfPasses[] = R"sql(
  ALTER TABLE requests ADD COLUMN pass INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE requests ADD COLUMN definition BLOB NOT NULL DEFAULT x'';
  CREATE INDEX requests_by_pass ON requests (pass);
  CREATE INDEX requests_by_definition ON requests (definition);
  ALTER TABLE sync_state ADD COLUMN pass INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sync_state ADD COLUMN error_words BLOB NOT NULL DEFAULT x'';
  UPDATE sync_state SET cursor = x'', cursor_scope = x'', caught_up = 0;
  ALTER TABLE acknowledgements DROP COLUMN serial;
  ALTER TABLE departures DROP COLUMN serial;
  DROP TABLE serial;
)sql";

// Which definition is offered comes with the next exchange, whatever the cursor; and definitions
// come with the offers, so that nobody has to remember when the catalogue was last asked.
std::string SchemaOfOffers() {
  return absl::StrCat(Offers::Schema(), "ALTER TABLE sync_state DROP COLUMN catalog_at_ms;");
}

// With what files that others carry are signed (bundle.h); made with the first of them.
constexpr char kSchemaOfBundles[] = R"sql(
  CREATE TABLE bundle_key (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    seed BLOB NOT NULL
  );
)sql";

// Brings a file from schema `version` to the next. Add a case for each new version; never change
// one.
std::string Migration(int version) {
  if (version == 1) return kSchemaOfPasses;
  if (version == 2) return SchemaOfOffers();
  if (version == 3) return kSchemaOfBundles;
  CHECK(version == 0);
  return absl::StrCat("PRAGMA application_id = ", kApplicationId, ";", kCoreSchema,
                      Outbox::Schema(), Replica::Schema());
}

// Whether the file is ours and not newer than this build.
absl::Status CheckFile(Database* database, int64_t* version) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> user_version,
                   database->ReadNumber("PRAGMA user_version"));
  ASSIGN_OR_RETURN(const std::optional<int64_t> application_id,
                   database->ReadNumber("PRAGMA application_id"));
  ASSIGN_OR_RETURN(const std::optional<int64_t> tables,
                   database->ReadNumber("SELECT COUNT(*) FROM sqlite_schema"));
  *version = user_version.value_or(0);
  const bool empty = tables.value_or(0) == 0 && *version == 0;
  if (!empty && application_id != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(database->path(), " is a database of something else; nothing was changed"));
  }
  if (*version > LocalStore::kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        database->path(), " was written by a newer app (schema ", *version, ", this app knows ",
        LocalStore::kSchemaVersion, "); nothing was changed. Install the newer app again."));
  }
  return absl::OkStatus();
}

absl::Status CheckPages(Database* database) {
  ASSIGN_OR_RETURN(Statement check, database->Prepare("PRAGMA quick_check(1)"));
  ASSIGN_OR_RETURN(const bool row, check.Step());
  if (row && check.Bytes(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "the app's data is damaged (", database->path(), ": ", row ? check.Bytes(0) : "no answer",
      "). Keep this file and the ones beside it: unsent changes may be recovered from them."));
}

absl::Status Migrate(Database* database, int64_t version) {
  while (version < LocalStore::kSchemaVersion) {
    ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
    RETURN_IF_ERROR(database->Execute(Migration(static_cast<int>(version))));
    RETURN_IF_ERROR(database->Execute(absl::StrCat("PRAGMA user_version = ", ++version)));
    RETURN_IF_ERROR(transaction.Commit());
  }
  return absl::OkStatus();
}

}  // namespace

std::string JoinLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

LocalStore::LocalStore(std::unique_ptr<Database> database)
    : database_(std::move(database)),
      outbox_(database_.get()),
      replica_(database_.get()),
      offers_(database_.get()) {}

absl::StatusOr<std::unique_ptr<LocalStore>> LocalStore::Open(const std::string& path,
                                                             const std::string& vfs) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(path, vfs));
  int64_t version = 0;
  if (absl::Status status = CheckFile(database.get(), &version); !status.ok()) {
    database->KeepJournalOnClose();
    return status;
  }
  if (version > 0) {
    if (absl::Status status = CheckPages(database.get()); !status.ok()) {
      database->KeepJournalOnClose();
      return status;
    }
  }
  RETURN_IF_ERROR(database->Execute("PRAGMA journal_mode = WAL;"));
  RETURN_IF_ERROR(Migrate(database.get(), version));
  return std::unique_ptr<LocalStore>(new LocalStore(std::move(database)));
}

absl::StatusOr<Device> LocalStore::LoadDevice() {
  ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT actor, scope, hlc_last FROM device"));
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return absl::DataLossError("the app's data names no device");
  return Device{row.Bytes(0), SplitLines(row.Bytes(1)), row.Unsigned(2)};
}

absl::Status LocalStore::SaveDevice(const Device& device) {
  return database_->Run("UPDATE device SET actor = ?, scope = ?, hlc_last = ?", device.actor,
                        JoinLines(device.scope), device.hlc_last);
}

absl::StatusOr<SyncState> LocalStore::LoadSyncState() {
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare(
          "SELECT cursor, cursor_scope, stream, server_origin, single_copy, clock_offset_known, "
          "clock_offset_ms, caught_up, caught_up_at_ms, remaining, error_code, error, error_at_ms, "
          "failures, next_attempt_at_ms, upgrade_required, suspicion_first, "
          "suspicion_changes, suspicion_limit, suspicion_strong_strikes, suspicion_weak_strikes, "
          "suspicion_halved, suspicion_wary, pass, error_words FROM sync_state"));
  ASSIGN_OR_RETURN(const bool found, row.Step());
  SyncState state;
  if (!found) return state;  // never synced
  int column = 0;
  state.cursor = row.Bytes(column++);
  state.cursor_scope = SplitLines(row.Bytes(column++));
  state.stream = row.Unsigned(column++);
  state.server_origin = row.Unsigned(column++);
  state.single_copy = row.Number(column++) != 0;
  const bool clock_offset_known = row.Number(column++) != 0;
  const int64_t clock_offset_ms = row.Number(column++);
  if (clock_offset_known) state.clock_offset_ms = clock_offset_ms;
  state.caught_up = row.Number(column++) != 0;
  state.caught_up_at_ms = row.Number(column++);
  state.remaining = row.Unsigned(column++);
  state.error_code = static_cast<int>(row.Number(column++));
  state.error = row.Bytes(column++);
  state.error_at_ms = row.Number(column++);
  state.failures = static_cast<int>(row.Number(column++));
  state.next_attempt_at_ms = row.Number(column++);
  state.upgrade_required = row.Number(column++) != 0;
  if (auto first = sync::ChangeId::FromBytes(row.Bytes(column++))) state.suspicion.first = *first;
  state.suspicion.changes = static_cast<int>(row.Number(column++));
  state.suspicion.limit = static_cast<int>(row.Number(column++));
  state.suspicion.strong_strikes = static_cast<int>(row.Number(column++));
  state.suspicion.weak_strikes = static_cast<int>(row.Number(column++));
  state.suspicion.halved = row.Number(column++) != 0;
  state.suspicion.wary = row.Number(column++) != 0;
  state.pass = row.Unsigned(column++);
  if (!state.error_words.ParseFromString(row.Bytes(column++))) {
    return absl::DataLossError("the words of a stored error cannot be read");
  }
  return state;
}

absl::Status LocalStore::SaveSyncState(const SyncState& state) {
  return database_->Run(
      "INSERT OR REPLACE INTO sync_state VALUES "
      "(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      state.cursor, JoinLines(state.cursor_scope), state.stream, state.server_origin,
      state.single_copy, state.clock_offset_ms.has_value(), state.clock_offset_ms.value_or(0),
      state.caught_up, state.caught_up_at_ms, state.remaining, state.error_code, state.error,
      state.error_at_ms, state.failures, state.next_attempt_at_ms, state.upgrade_required,
      state.suspicion.first.view(), state.suspicion.changes, state.suspicion.limit,
      state.suspicion.strong_strikes, state.suspicion.weak_strikes, state.suspicion.halved,
      state.suspicion.wary, state.pass, state.error_words.SerializeAsString());
}

absl::Status LocalStore::AddDefinition(const v1::DefinitionBytes& definition) {
  return database_->Run("INSERT OR REPLACE INTO definitions VALUES (?, ?, ?)",
                        sync::Sha256(definition.body()).view(), definition.body(),
                        definition.signature());
}

absl::StatusOr<std::vector<sync::DefinitionHash>> LocalStore::DefinitionHashes() {
  ASSIGN_OR_RETURN(Statement rows,
                   database_->Prepare("SELECT hash FROM definitions ORDER BY hash"));
  std::vector<sync::DefinitionHash> hashes;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows.Step());
    if (!more) return hashes;
    if (auto hash = sync::DefinitionHash::FromBytes(rows.Bytes(0))) hashes.push_back(*hash);
  }
}

absl::StatusOr<std::vector<sync::DefinitionHash>> LocalStore::MissingDefinitions() {
  ASSIGN_OR_RETURN(std::vector<sync::DefinitionHash> missing, replica_.PinnedDefinitions());
  ASSIGN_OR_RETURN(const std::vector<sync::DefinitionHash> offered, offers_.Definitions());
  ASSIGN_OR_RETURN(const std::vector<sync::DefinitionHash> held, DefinitionHashes());
  missing.insert(missing.end(), offered.begin(), offered.end());
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::erase_if(missing, [&](const sync::DefinitionHash& hash) {
    return std::binary_search(held.begin(), held.end(), hash);
  });
  return missing;
}

std::shared_ptr<const sync::Definition> LocalStore::Find(const sync::DefinitionHash& hash) const {
  if (auto parsed = parsed_.find(hash); parsed != parsed_.end()) return parsed->second;
  absl::StatusOr<Statement> row = database_->Prepare("SELECT body FROM definitions WHERE hash = ?");
  if (!row.ok()) return nullptr;
  row->BindAll(hash.view());
  absl::StatusOr<bool> found = row->Step();
  if (!found.ok() || !*found) return nullptr;
  absl::StatusOr<std::shared_ptr<const sync::Definition>> definition =
      sync::Definition::Parse(row->Bytes(0));
  if (!definition.ok()) return nullptr;
  parsed_.emplace(hash, *definition);
  return *std::move(definition);
}

absl::StatusOr<std::vector<Offer>> LocalStore::OffersAt(std::string_view area) {
  const std::string region = RegionOfArea(area);
  if (!sync::IsAreaPrefix(area) || !sync::IsRegion(region)) {
    return ErrorInWords(
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("\"", sync::AbslView(area), "\" bukan kode wilayah seperti 15.01.06.2010"),
        absl::StrCat("\"", sync::AbslView(area), "\" is no area code such as 15.01.06.2010"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> told, offers_.ToldScope());
  if (told.empty()) {
    return ErrorInWords(absl::StatusCode::kNotFound,
                        "belum ada formulir di telepon ini; sinkronkan sekali saat ada sinyal",
                        "there are no forms on this phone yet; sync once where there is a signal");
  }
  const bool about_it = std::any_of(told.begin(), told.end(), [&](const std::string& prefix) {
    return sync::AreaWithin(prefix, region) || sync::AreaWithin(region, prefix);
  });
  if (!about_it) {
    const std::string known = absl::StrJoin(told, ", ");
    return ErrorInWords(
        absl::StatusCode::kNotFound,
        absl::StrCat("telepon ini belum tahu layanan apa yang ditawarkan di ", region,
                     " (yang diketahuinya: ", known, "); sertakan wilayah itu, lalu sinkronkan"),
        absl::StrCat("this phone does not know yet which services ", region,
                     " offers (it knows those of: ", known,
                     "); include that area in its scope, then sync"));
  }
  return offers_.Of(region);
}

absl::StatusOr<std::vector<std::shared_ptr<const sync::Definition>>> LocalStore::OfferedDefinitions(
    std::string_view area) {
  ASSIGN_OR_RETURN(const std::vector<Offer> offers, OffersAt(area));
  std::vector<std::shared_ptr<const sync::Definition>> definitions;
  for (const Offer& offer : offers) {
    std::shared_ptr<const sync::Definition> definition = Find(offer.definition);
    if (definition != nullptr && definition->supported()) {
      definitions.push_back(std::move(definition));
    }
  }
  return definitions;
}

absl::StatusOr<std::shared_ptr<const sync::Definition>> LocalStore::OfferedDefinition(
    std::string_view service, std::string_view area) {
  ASSIGN_OR_RETURN(const std::vector<Offer> offers, OffersAt(area));
  const std::string region = RegionOfArea(area), named(service);
  const auto offer = std::find_if(offers.begin(), offers.end(),
                                  [&](const Offer& one) { return one.service == service; });
  if (offer == offers.end()) {
    const std::string offered = absl::StrJoin(
        offers, ", ",
        [](std::string* text, const Offer& one) { absl::StrAppend(text, one.service); });
    return ErrorInWords(
        absl::StatusCode::kNotFound,
        absl::StrCat("layanan \"", named, "\" tidak ditawarkan di ", region,
                     "; yang ditawarkan: ", offered.empty() ? "belum ada" : offered),
        absl::StrCat("the service \"", named, "\" is not offered in ", region,
                     "; these are: ", offered.empty() ? "none yet" : offered));
  }
  std::shared_ptr<const sync::Definition> definition = Find(offer->definition);
  if (definition != nullptr && definition->supported()) return definition;
  ASSIGN_OR_RETURN(const std::vector<sync::DefinitionHash> held, DefinitionHashes());
  if (!std::binary_search(held.begin(), held.end(), offer->definition)) {
    return ErrorInWords(absl::StatusCode::kFailedPrecondition,
                        absl::StrCat("formulir layanan \"", named, "\" di ", region,
                                     " belum ada di telepon ini; sinkronkan dahulu"),
                        absl::StrCat("the form of the service \"", named, "\" in ", region,
                                     " is not on this phone yet; sync first"));
  }
  return ErrorInWords(absl::StatusCode::kFailedPrecondition,
                      absl::StrCat("formulir layanan \"", named, "\" di ", region,
                                   " memerlukan aplikasi yang lebih baru; perbarui aplikasi ini"),
                      absl::StrCat("the form of the service \"", named, "\" in ", region,
                                   " needs a newer app; upgrade this one"));
}

}  // namespace tikar::client
