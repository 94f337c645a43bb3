// Reading and writing a store in one line each; an error fails the test.
#ifndef TIKAR_TESTS_UNIT_STORAGE_STORE_ROWS_H_
#define TIKAR_TESTS_UNIT_STORAGE_STORE_ROWS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "storage/store.h"

namespace tikar::storage {

using Rows = std::vector<std::pair<std::string, std::string>>;

inline std::optional<std::string> Get(const sync::Reader& reader, sync::Family family,
                                      std::string_view key) {
  absl::StatusOr<std::optional<std::string>> value = reader.Get(family, key);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *value : std::nullopt;
}

inline Rows Scan(const sync::Reader& reader, sync::Family family, std::string_view begin,
                 std::string_view end) {
  Rows rows;
  const absl::Status status =
      reader.Scan(family, begin, end, [&rows](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

inline Rows ScanReverse(const sync::Reader& reader, sync::Family family, std::string_view begin,
                        std::string_view end) {
  Rows rows;
  const absl::Status status =
      reader.ScanReverse(family, begin, end, [&rows](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

inline absl::Status Put(Store& store, sync::Family family, std::string key, std::string value) {
  sync::WriteBatch batch;
  batch.Put(family, std::move(key), std::move(value));
  return store.Write(batch);
}

}  // namespace tikar::storage

#endif  // TIKAR_TESTS_UNIT_STORAGE_STORE_ROWS_H_
