#include "clients/cpp/bundle.h"

#include <openssl/crypto.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sync/bundle.h"
#include "sync/bundle_writer.h"
#include "sync/peers.h"
#include "sync/signed_note.h"
#include "sync/status_macros.h"

namespace tikar::client {
namespace {

std::string RandomBytes(Random* random, size_t size) {
  std::string bytes(size, '\0');
  random->Fill(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return bytes;
}

// Made with the first bundle.
absl::StatusOr<sync::SigningKey> KeyOfPhone(LocalStore* store, Random* random) {
  Database& database = store->database();
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&database));
  RETURN_IF_ERROR(database.Run("INSERT OR IGNORE INTO bundle_key (row, seed) VALUES (1, ?)",
                               RandomBytes(random, sync::kSigningSeedBytes)));
  std::string seed;
  {
    ASSIGN_OR_RETURN(Statement row, database.Prepare("SELECT seed FROM bundle_key"));
    ASSIGN_OR_RETURN(const bool found, row.Step());
    if (found) seed = row.Bytes(0);
  }
  RETURN_IF_ERROR(transaction.Commit());
  const std::optional<sync::SigningKey> key = sync::SigningKey::FromSeed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (!key) return absl::DataLossError("the phone's key is damaged");
  return *key;
}

absl::Status NotOurs(std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("this file is no answer to a bundle of this phone: ", sync::AbslView(why)));
}

// All records of a file that was opened with the phone's key.
absl::StatusOr<std::vector<v1::BundleRecord>> ReadRecords(std::string_view file,
                                                          const sync::BundleHead& head,
                                                          const sync::SigningKey& key) {
  sync::BundleCheck check(head);
  RETURN_IF_ERROR(check.Add(file.substr(head.bytes)));
  RETURN_IF_ERROR(check.Finish());
  ASSIGN_OR_RETURN(const auto opener, sync::BundleOpener::Make(head.header, key.AgreementSecret()));
  opener->Feed(file.substr(head.bytes));
  std::vector<v1::BundleRecord> records;
  while (true) {
    ASSIGN_OR_RETURN(std::optional<v1::BundleRecord> record, opener->Next());
    if (!record) break;
    records.push_back(*std::move(record));
  }
  if (!opener->done()) return NotOurs("it has no end");
  return records;
}

absl::Status TakeResult(LocalStore* store, const v1::ChangeResult& result, uint64_t origin,
                        uint64_t stream, BundleAnswers* answers) {
  const auto id = sync::ChangeId::FromBytes(result.change_id());
  if (!id) return NotOurs("a change's id is none");
  ASSIGN_OR_RETURN(const std::optional<OutboxChange> change, store->outbox().Find(*id));
  // Dismissed meanwhile, or on two machines already.
  if (!change) return absl::OkStatus();
  // A server's word that it has the change is not taken back by an older one.
  const bool settled =
      change->fate == ChangeFate::kAcknowledged && result.verdict() != v1::VERDICT_ACCEPTED;
  if (settled) return absl::OkStatus();
  RETURN_IF_ERROR(store->outbox().Answer(change->position, result, origin, stream));
  switch (result.verdict()) {
    case v1::VERDICT_ACCEPTED:
      ++answers->stored;
      break;
    case v1::VERDICT_QUARANTINED:
      ++answers->quarantined;
      break;
    default:
      ++answers->refused;
      break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BundleReceiver> ParseBundleReceiver(std::string_view line) {
  ASSIGN_OR_RETURN(const sync::NamedKey key, sync::ParseNamedKey(line));
  if (!sync::IsNodeName(key.name)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", key.name, "\" is no name of a server"));
  }
  return BundleReceiver{key.name, key.key};
}

absl::StatusOr<std::string> MakeOutboxBundle(LocalStore* store, Clock* clock, Random* random,
                                             const std::string& client_version,
                                             const BundleReceiver& receiver) {
  std::vector<v1::BundleRecord> records;
  RETURN_IF_ERROR(store->outbox().EachToCarry([&](OutgoingChange change) {
    records.emplace_back().mutable_change()->set_body(std::move(change.body));
    return true;
  }));
  if (records.empty()) {
    return absl::NotFoundError("there is nothing on this phone that a server does not have");
  }
  ASSIGN_OR_RETURN(sync::SigningKey key, KeyOfPhone(store, random));
  ASSIGN_OR_RETURN(const Device device, store->LoadDevice());
  ASSIGN_OR_RETURN(const SyncState state, store->LoadSyncState());
  sync::BundleWriterOptions options{
      .kind = sync::BundleKind::kPhone,
      .sender = device.actor,
      .sender_key = std::move(key),
      .receiver = receiver.node,
      .receiver_key = receiver.key,
      .manifest = {},
      .random = [random](size_t size) { return RandomBytes(random, size); }};
  options.manifest.set_made_at_ms(clock->NowMs());
  options.manifest.set_version(client_version);
  options.manifest.set_clock_offset_ms(state.clock_offset_ms.value_or(0));
  return sync::MakeSmallBundle(std::move(options), records);
}

absl::StatusOr<BundleAnswers> TakeOutboxAcknowledgement(LocalStore* store, Random* random,
                                                        std::string_view file,
                                                        const BundleReceiver& receiver) {
  ASSIGN_OR_RETURN(const sync::BundleHead head, sync::ParseBundleHead(file));
  if (head.header.kind != sync::BundleKind::kAcknowledgement || head.header.parts != 1) {
    return NotOurs("it is a bundle of another kind");
  }
  if (head.header.sender_key != receiver.key) {
    return NotOurs(absl::StrCat("it is not by ", receiver.node));
  }
  ASSIGN_OR_RETURN(const sync::SigningKey key, KeyOfPhone(store, random));
  ASSIGN_OR_RETURN(const std::vector<v1::BundleRecord> records, ReadRecords(file, head, key));
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(&store->database()));
  ASSIGN_OR_RETURN(const SyncState state, store->LoadSyncState());
  BundleAnswers answers;
  uint64_t origin = 0;
  for (const v1::BundleRecord& record : records) {
    if (record.has_manifest()) origin = record.manifest().origin();
    if (!record.has_result()) continue;
    RETURN_IF_ERROR(TakeResult(store, record.result(), origin, state.stream, &answers));
  }
  RETURN_IF_ERROR(transaction.Commit());
  return answers;
}

}  // namespace tikar::client
