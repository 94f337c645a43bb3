#include "storage/rocksdb_options.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "sync/types.h"

namespace tikar::storage {

namespace {

// Table files that are held open. A descriptor each; a server with ten thousand phones needs the
// others.
constexpr int kOpenFilesMax = 1000;
// One for flushes and one for compactions: the machine has two cores, and officers to serve.
constexpr int kBackgroundJobs = 2;
// The MANIFEST is read whole at each start.
constexpr uint64_t kManifestBytesMax = 32 << 20;
// Written table files go to the disk in steps, so that no fsync of the log waits behind a whole
// one.
constexpr uint64_t kTableBytesPerSync = 1 << 20;
// Several records to a block: fewer index entries, better compression.
constexpr size_t kBlockBytes = 16 << 10;
// One false positive in a hundred.
constexpr double kBloomBitsPerKey = 10;
// Ten times the families, so that a family with one row does not take a tenth of the buffer.
constexpr size_t kBufferPieces = 64;

rocksdb::CompressionType CompressionType(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return rocksdb::kNoCompression;
    case Compression::kLz4:
      return rocksdb::kLZ4Compression;
    case Compression::kZstd:
      return rocksdb::kZSTD;
  }
  std::abort();  // the switch names every value
}

}  // namespace

std::string_view FamilyName(sync::Family family) {
  switch (family) {
    case sync::Family::kLog:
      return "log";
    case sync::Family::kHistory:
      return "history";
    case sync::Family::kRequests:
      return "requests";
    case sync::Family::kFeed:
      return "feed";
    case sync::Family::kAttachments:
      return "attachments";
    case sync::Family::kMeta:
      return "meta";
  }
  std::abort();  // the switch names every value
}

rocksdb::DBOptions DatabaseOptions(const RocksdbStoreOptions& options,
                                   std::shared_ptr<rocksdb::Logger> log) {
  rocksdb::DBOptions database;
  if (options.env != nullptr) database.env = options.env;
  database.info_log = std::move(log);
  database.create_if_missing = false;
  database.paranoid_checks = true;

  // See the head of rocksdb_store.h. Log files are not recycled: in one that is, old records follow
  // the end, and the end and damage look the same.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.recycle_log_file_num = 0;
  database.manual_wal_flush = false;
  // A log between two others that is gone, or shorter than when it was synced.
  database.track_and_verify_wals_in_manifest = true;
  // What recovery reads back is written to table files before anybody sees it, because it may have
  // been in the page cache alone.
  database.avoid_flush_during_recovery = false;
  // All families reach the table files together. Otherwise those of one may be ahead of a log whose
  // unacknowledged end is lost, and RocksDB refuses to open.
  database.atomic_flush = true;

  database.db_write_buffer_size = options.write_buffer_bytes;
  database.max_total_wal_size = 4 * options.write_buffer_bytes;
  database.max_background_jobs = kBackgroundJobs;
  database.max_open_files = kOpenFilesMax;
  database.bytes_per_sync = kTableBytesPerSync;
  database.max_manifest_file_size = kManifestBytesMax;
  return database;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(
    const RocksdbStoreOptions& options, const std::shared_ptr<rocksdb::Cache>& block_cache) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  rocksdb::ColumnFamilyOptions common;
  common.compression = CompressionType(options.compression);
  common.level_compaction_dynamic_level_bytes = true;
  common.write_buffer_size = options.write_buffer_bytes;
  // Each family takes at least one such piece of the common buffer.
  common.arena_block_size = options.write_buffer_bytes / kBufferPieces;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, common);
  for (int i = 0; i < sync::kFamilies; ++i) {
    const sync::Family family = static_cast<sync::Family>(i);
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = block_cache;
    table.block_size = kBlockBytes;
    // Indexes and filters count against the cache, so that memory is bounded by one number.
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    // The feed is only ever scanned; a filter by whole keys would never be asked.
    if (family != sync::Family::kFeed) {
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
    }

    rocksdb::ColumnFamilyOptions column = common;
    column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    descriptors.emplace_back(std::string(FamilyName(family)), column);
  }
  return descriptors;
}

}  // namespace tikar::storage
