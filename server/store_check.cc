#include "server/store_check.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sync/keys.h"
#include "sync/replica.h"
#include "sync/row_check.h"
#include "sync/status_macros.h"

namespace tikar::server {
namespace {

// What a place begins with: the name of the next file, or a place of sync::CheckRows.
constexpr char kFile = 'f';
constexpr char kRow = 'r';

// Blocks that are read twice are few.
constexpr size_t kBlockCacheBytes = 16 << 20;

absl::Status CheckFile(const storage::TableFiles& files, std::string_view from,
                       StoreCheckPage* page) {
  const std::vector<std::string> names = files.Names();
  page->files_total = names.size();
  const auto name = std::lower_bound(names.begin(), names.end(), from);
  if (name == names.end()) {
    page->next = kRow;
    return absl::OkStatus();
  }
  const absl::Status status = files.Check(*name);
  if (absl::IsDataLoss(status)) {
    page->faults.push_back({"db/" + *name, std::string(status.message())});
  } else if (!status.ok()) {
    return status;
  }
  page->files = 1;
  page->next = name + 1 == names.end() ? std::string(1, kRow) : kFile + *(name + 1);
  return absl::OkStatus();
}

// The definitions that are kept, as far as this version can read them.
absl::StatusOr<std::shared_ptr<const sync::DefinitionTable>> StoredDefinitions(
    const sync::Reader& reader) {
  auto table = std::make_shared<const sync::DefinitionTable>();
  const std::string prefix(sync::keys::kDefinitionPrefix);
  RETURN_IF_ERROR(reader.Scan(sync::Family::kMeta, prefix, sync::PrefixEnd(prefix),
                              [&](std::string_view, std::string_view bytes) {
                                auto definition = sync::Definition::Parse(std::string(bytes));
                                if (definition.ok()) table = table->With(*std::move(definition));
                                return true;
                              }));
  return table;
}

}  // namespace

absl::StatusOr<StoreCheckPage> CheckStorePage(const storage::TableFiles* files,
                                              const sync::Reader& reader,
                                              const sync::DefinitionSource& definitions,
                                              std::string_view from) {
  StoreCheckPage page;
  if (from.empty() && files == nullptr) from = "r";
  if (from.empty() || from.front() == kFile) {
    if (files == nullptr) return absl::InvalidArgumentError("there are no files to check");
    RETURN_IF_ERROR(CheckFile(*files, from.empty() ? from : from.substr(1), &page));
    return page;
  }
  if (from.front() != kRow) return absl::InvalidArgumentError("no place from which to check on");
  ASSIGN_OR_RETURN(sync::RowCheckPage rows,
                   sync::CheckRows(reader, definitions, from.substr(1), kCheckedRowsPerPage));
  page.rows = rows.rows;
  for (sync::RowFault& fault : rows.faults) {
    page.faults.push_back({std::move(fault.row), std::move(fault.what)});
  }
  if (!rows.next.empty()) page.next = kRow + rows.next;
  return page;
}

absl::StatusOr<StoreCheckTotals> CheckDataDirectory(
    const std::string& directory, const std::function<void(const StoreFault&)>& found,
    const std::function<void(const StoreCheckTotals&)>& progress) {
  StoreCheckTotals totals;
  const auto damaged = [&](const StoreFault& fault) {
    ++totals.faults;
    found(fault);
  };
  storage::RocksdbStoreOptions options;
  options.path = directory;
  options.block_cache_bytes = kBlockCacheBytes;
  absl::StatusOr<std::unique_ptr<storage::RocksdbStore>> store =
      storage::RocksdbStore::OpenReadOnly(options);
  if (absl::IsDataLoss(store.status())) {
    damaged({directory, std::string(store.status().message())});
    return totals;
  }
  RETURN_IF_ERROR(store.status());
  const std::shared_ptr<const sync::Reader> reader = (*store)->Snapshot();
  const std::shared_ptr<const storage::TableFiles> files = (*store)->table_files();
  auto definitions = StoredDefinitions(*reader);
  if (absl::IsDataLoss(definitions.status())) {
    damaged({"definitions", std::string(definitions.status().message())});
    definitions = std::make_shared<const sync::DefinitionTable>();
  }
  RETURN_IF_ERROR(definitions.status());
  std::string from;
  do {
    ASSIGN_OR_RETURN(StoreCheckPage page,
                     CheckStorePage(files.get(), *reader, **definitions, from));
    totals.files += page.files;
    totals.rows += page.rows;
    for (const StoreFault& fault : page.faults) damaged(fault);
    progress(totals);
    from = std::move(page.next);
  } while (!from.empty());
  return totals;
}

}  // namespace tikar::server
