#include "office.h"

#include <google/protobuf/text_format.h>

#include <atomic>
#include <future>
#include <mutex>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/rocksdb_store.h"
#include "sync/change.h"
#include "sync/keys.h"
#include "sync/query.h"
#include "sync/records.h"
#include "sync/replica.h"
#include "sync/row_check.h"
#include "sync/status_macros.h"

namespace tikar::faults {
namespace {

constexpr char kForm[] = R"pb(
  service: "pengaduan"
  version: 1
  publisher: "32.73"
  title { id: "Pengaduan" en: "Complaint" }
  merge_version: 1
  fields {
    key: "judul"
    type: FIELD_TYPE_TEXT
    label { id: "Judul" en: "Title" }
    policy: POLICY_LATEST
    required: true
    length_max: 2000
  }
  workflow {
    states {
      key: "diterima"
      label { id: "Diterima" en: "Received" }
    }
    states {
      key: "selesai"
      label { id: "Selesai" en: "Done" }
      terminal: true
    }
    edges {
      from: "diterima"
      to: "selesai"
      label { id: "Selesaikan" en: "Close" }
      roles: "petugas"
    }
  }
  roles {
    key: "petugas"
    label { id: "Petugas" en: "Officer" }
    creates: true
  }
  settler_roles: "petugas"
  title_field: "judul"
)pb";

constexpr char kActor[] = "petugas-1";
constexpr int64_t kMorningMs = 1'769'900'000'000;  // 2026-01-31
constexpr size_t kChangesPerGroup = 4;
constexpr size_t kTitleBytes = 900;
constexpr size_t kWriteBufferBytes = 64 << 10;
constexpr size_t kRowsPerPage = 1000;

v1::ChangeBody Body(uint64_t number) {
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_actor(kActor);
  body.set_role("petugas");
  body.set_hlc(static_cast<uint64_t>(kMorningMs + static_cast<int64_t>(number)) << 16);
  body.set_nonce(absl::StrFormat("%08d", number));
  return body;
}

// Does not compress.
std::string Title(std::mt19937_64& random) {
  std::string title = "Jembatan rusak ";
  while (title.size() < kTitleBytes) absl::StrAppend(&title, absl::Hex(random()));
  return title;
}

absl::Status Await(const std::function<absl::Status(server::TaskDone)>& hand_over,
                   server::TaskResult* result) {
  auto answer = std::make_shared<std::promise<server::TaskResult>>();
  std::future<server::TaskResult> future = answer->get_future();
  RETURN_IF_ERROR(
      hand_over([answer](server::TaskResult done) { answer->set_value(std::move(done)); }));
  *result = future.get();
  return result->status;
}

}  // namespace

Work MakeWork(size_t groups) {
  Work work;
  v1::Definition definition;
  CHECK(google::protobuf::TextFormat::ParseFromString(kForm, &definition));
  work.definition = definition.SerializeAsString();
  std::mt19937_64 random(20260131);
  uint64_t number = 0;
  for (size_t g = 0; g < groups; ++g) {
    std::vector<Work::Change>& group = work.groups.emplace_back();
    for (size_t i = 0; i < kChangesPerGroup; ++i) {
      v1::ChangeBody body = Body(++number);
      if (i == 0) {
        v1::Create& create = *body.add_mutations()->mutable_create();
        create.set_definition_hash(sync::Sha256(work.definition).bytes());
        create.set_service("pengaduan");
        create.set_version(1);
        create.set_area("15.01.06");
      } else {
        body.set_request_id(group.front().request.id.bytes());
        body.add_parents(group.back().id.bytes());
      }
      v1::SetField& title = *body.add_mutations()->mutable_set_field();
      title.set_path("judul");
      title.mutable_value()->set_text(Title(random));
      Work::Change change;
      change.body = body.SerializeAsString();
      change.id = sync::ChangeIdOf(sync::Sha256(change.body));
      change.request = {"15.01", *sync::RequestIdOf(body, std::string_view(change.body))};
      group.push_back(std::move(change));
    }
  }
  return work;
}

absl::StatusOr<std::unique_ptr<Office>> Office::Open(const std::string& directory,
                                                     rocksdb::Env* env,
                                                     std::function<absl::Status()> probe) {
  server::EngineOptions options;
  options.version = "test";
  // Any thread asks; what for does not matter here.
  options.random = [random = std::make_shared<std::mt19937_64>(4),
                    mutex = std::make_shared<std::mutex>()] {
    std::lock_guard lock(*mutex);
    return (*random)() | 1;
  };
  server::SequencerOptions& sequencer = options.sequencer;
  sequencer.open_store = [directory, env]() -> absl::StatusOr<std::unique_ptr<storage::Store>> {
    storage::RocksdbStoreOptions store;
    store.path = directory;
    store.block_cache_bytes = 64 << 10;
    store.write_buffer_bytes = kWriteBufferBytes;
    store.env = env;
    ASSIGN_OR_RETURN(std::unique_ptr<storage::Store> opened, storage::RocksdbStore::Open(store));
    return opened;
  };
  sequencer.probe_store = std::move(probe);
  sequencer.now_ms = [] { return kMorningMs + 1'000'000; };
  sequencer.replica.random = options.random;
  sequencer.recovery_backoff_ms_min = 1;
  sequencer.recovery_backoff_ms_max = 5;
  std::unique_ptr<Office> office(new Office());
  ASSIGN_OR_RETURN(office->engine_, server::Engine::Start(std::move(options)));
  return office;
}

absl::Status Office::AddDefinition(const std::string& bytes) {
  server::TaskResult result;
  return Await(
      [&](server::TaskDone done) {
        return engine_->sequencer().AddDefinition(bytes, std::move(done));
      },
      &result);
}

absl::Status Office::Send(const std::vector<Work::Change>& group) {
  std::vector<sync::Submission> submissions;
  for (const Work::Change& change : group) {
    sync::Submission& submission = submissions.emplace_back();
    submission.actor = kActor;
    submission.body = change.body;
  }
  server::TaskResult result;
  RETURN_IF_ERROR(Await(
      [&](server::TaskDone done) {
        return engine_->sequencer().Submit(std::move(submissions), std::move(done));
      },
      &result));
  if (result.results.size() != group.size()) {
    return absl::InternalError(absl::StrCat(result.results.size(), " answers to ", group.size()));
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (result.results[i].change_id != group[i].id ||
        result.results[i].verdict != v1::VERDICT_ACCEPTED) {
      return absl::InternalError(absl::StrCat("change ", group[i].id.hex(), " was not accepted: ",
                                              result.results[i].violations.empty()
                                                  ? "no reason"
                                                  : result.results[i].violations[0].message_en));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Office::Shows(const Work::Change& change) {
  const auto published = engine_->sequencer().Current();
  if (published == nullptr) return absl::UnavailableError("the store is being opened");
  ASSIGN_OR_RETURN(const auto stored, sync::LoadRequest(*published->reader, change.request));
  if (!stored) return false;
  ASSIGN_OR_RETURN(const auto header,
                   published->reader->Get(sync::Family::kHistory,
                                          sync::keys::History(change.request, change.id)));
  return header.has_value();
}

std::string Office::refusing_writes() { return engine_->sequencer().status().refusing_writes; }

std::shared_ptr<const server::Published> Office::published() {
  return engine_->sequencer().Current();
}

absl::Status Office::Close() { return engine_->Stop(); }

absl::StatusOr<Shown> ShownBy(const sync::Reader& reader, const Work& work,
                              std::vector<absl::Status>* unreadable) {
  Shown shown;
  for (const std::vector<Work::Change>& group : work.groups) {
    const sync::RequestKey& request = group.front().request;
    const auto stored = sync::LoadRequest(reader, request);
    if (!stored.ok()) {
      unreadable->push_back(stored.status());
      continue;
    }
    std::string& text = shown[request];
    if (!*stored) continue;
    text = sync::DigestOf((*stored)->state_bytes, (*stored)->local.element_sum).hex();
    const std::string prefix = sync::keys::HistoryPrefix(request);
    const absl::Status scanned =
        reader.Scan(sync::Family::kHistory, prefix, sync::PrefixEnd(prefix),
                    [&](std::string_view key, std::string_view) {
                      absl::StrAppend(&text, " ", sync::Sha256(key).hex());
                      return true;
                    });
    if (scanned.ok()) {
      // What a history is made of: the bodies.
      for (const Work::Change& change : group) {
        const auto header =
            reader.Get(sync::Family::kHistory, sync::keys::History(request, change.id));
        absl::Status status = header.status();
        if (status.ok() && *header) {
          const auto decoded = sync::DecodeHeader(**header);
          status = decoded.status();
          if (status.ok() && !decoded->positions.empty()) {
            const sync::LogPosition& position = decoded->positions.front();
            const auto entry = reader.Get(
                sync::Family::kLog, sync::keys::Log(request.region, position.origin, position.seq));
            status = entry.status();
            if (status.ok() && *entry) absl::StrAppend(&text, " ", sync::Sha256(**entry).hex());
          }
        }
        if (!status.ok()) {
          unreadable->push_back(status);
          shown.erase(request);
          break;
        }
      }
      continue;
    }
    unreadable->push_back(scanned);
    shown.erase(request);
  }
  return shown;
}

absl::StatusOr<std::vector<std::string>> FaultsIn(const std::string& directory,
                                                  const std::vector<Work::Change>& acknowledged) {
  storage::RocksdbStoreOptions options;
  options.path = directory;
  ASSIGN_OR_RETURN(const auto store, storage::RocksdbStore::Open(options));
  const sync::Reader& reader = store->Latest();
  sync::Replica::Options replica;
  replica.now_ms = kMorningMs + 1'000'000;
  replica.random = [] { return uint64_t{5}; };
  ASSIGN_OR_RETURN(const auto opened, sync::Replica::Open(reader, replica));
  const auto definitions = opened.replica->definitions();
  std::vector<std::string> faults;
  for (const Work::Change& change : acknowledged) {
    ASSIGN_OR_RETURN(const auto bytes, reader.Get(sync::Family::kHistory,
                                                  sync::keys::History(change.request, change.id)));
    if (!bytes) {
      faults.push_back(absl::StrCat("change ", change.id.hex(), " was acknowledged and is lost"));
      continue;
    }
    ASSIGN_OR_RETURN(const sync::Header header, sync::DecodeHeader(*bytes));
    if (!header.live()) faults.push_back(absl::StrCat("change ", change.id.hex(), " has no body"));
    if (header.positions.size() != 1) {
      faults.push_back(absl::StrCat("change ", change.id.hex(), " was logged ",
                                    header.positions.size(), " times"));
    }
  }
  std::string from;
  do {
    ASSIGN_OR_RETURN(sync::RowCheckPage page,
                     sync::CheckRows(reader, *definitions, from, kRowsPerPage));
    for (const sync::RowFault& fault : page.faults) {
      faults.push_back(absl::StrCat(fault.row, ": ", fault.what));
    }
    from = std::move(page.next);
  } while (!from.empty());
  RETURN_IF_ERROR(store->Close());
  return faults;
}

}  // namespace tikar::faults
