// How RocksDB is set up. Private to storage.
#ifndef TIKAR_STORAGE_ROCKSDB_OPTIONS_H_
#define TIKAR_STORAGE_ROCKSDB_OPTIONS_H_

#include <memory>
#include <vector>

#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/options.h"
#include "storage/rocksdb_store.h"

namespace tikar::storage {

// For the database as a whole. create_if_missing is off. `log` must not be RocksDB's own (see
// info_log.h).
rocksdb::DBOptions DatabaseOptions(const RocksdbStoreOptions& options,
                                   std::shared_ptr<rocksdb::Logger> log);

// RocksDB's own "default" family, which holds the number of batches alone, then one for each
// sync::Family in its order.
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(
    const RocksdbStoreOptions& options, const std::shared_ptr<rocksdb::Cache>& block_cache);

}  // namespace tikar::storage

#endif  // TIKAR_STORAGE_ROCKSDB_OPTIONS_H_
