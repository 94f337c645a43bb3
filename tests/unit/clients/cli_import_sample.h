// The real rows, the real map and the real definition, for tests of the import.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_CLI_IMPORT_SAMPLE_H_
#define TIKAR_TESTS_UNIT_CLIENTS_CLI_IMPORT_SAMPLE_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/csv.h"
#include "clients/cli/import_map.h"
#include "clients/cli/import_rows.h"
#include "sync/definition.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::cli {

inline std::string ReadSourceFile(const std::string& path) {
  std::ifstream file(std::string(TIKAR_SOURCE_DIR "/") + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream content;
  content << file.rdbuf();
  return std::move(content).str();
}

inline std::shared_ptr<const sync::Definition> Pengaduan() {
  v1::Definition proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      ReadSourceFile("catalog/services/pengaduan.textproto"), &proto));
  auto definition = sync::Definition::Parse(proto.SerializeAsString());
  EXPECT_TRUE(definition.ok()) << definition.status();
  return *definition;
}

inline importmap::v1::ImportMap NycMap() {
  auto map = ParseImportMap(ReadSourceFile("tests/data/nyc311/nyc311.map.textproto"));
  EXPECT_TRUE(map.ok()) << map.status();
  return *map;
}

inline std::string NycCsv() { return ReadSourceFile("tests/data/nyc311/requests-500.csv"); }

inline RowConverter NycConverter(const std::vector<std::string>& header) {
  auto converter = RowConverter::Make(NycMap(), Pengaduan(), header);
  EXPECT_TRUE(converter.ok()) << converter.status();
  return *std::move(converter);
}

}  // namespace tikar::cli

#endif  // TIKAR_TESTS_UNIT_CLIENTS_CLI_IMPORT_SAMPLE_H_
