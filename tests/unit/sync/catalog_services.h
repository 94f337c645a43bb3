// The services in catalog/services, and requests filed under them: what the tests of that data
// share.
#ifndef TIKAR_TESTS_UNIT_SYNC_CATALOG_SERVICES_H_
#define TIKAR_TESTS_UNIT_SYNC_CATALOG_SERVICES_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "sync/definition.h"
#include "sync/validation.h"

namespace tikar::sync {

inline std::filesystem::path Catalog() {
  return std::filesystem::path(TIKAR_SOURCE_DIR) / "catalog";
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

inline std::vector<std::filesystem::path> ServiceFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(Catalog() / "services")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline v1::Definition ReadDefinition(const std::filesystem::path& path) {
  v1::Definition proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(ReadFile(path), &proto)) << path;
  return proto;
}

inline std::shared_ptr<const Definition> Service(const std::string& key) {
  auto definition = Definition::Parse(
      ReadDefinition(Catalog() / "services" / (key + ".textproto")).SerializeAsString());
  EXPECT_TRUE(definition.ok()) << definition.status();
  return *definition;
}

inline v1::Value Text(const std::string& text) {
  v1::Value value;
  value.set_text(text);
  return value;
}

inline v1::Value Integer(int64_t integer) {
  v1::Value value;
  value.set_integer(integer);
  return value;
}

inline v1::ChangeBody NewRequest(const Definition& definition, const std::string& role,
                                 const std::map<std::string, v1::Value>& fields) {
  v1::ChangeBody body;
  body.set_region("15.01");
  body.set_actor("hp-siti");
  body.set_hlc(uint64_t{1'780'000'000'000} << 16);
  body.set_nonce("12345678");
  body.set_role(role);
  v1::Create* create = body.add_mutations()->mutable_create();
  create->set_definition_hash(definition.hash().bytes());
  create->set_service(definition.proto().service());
  create->set_version(definition.proto().version());
  create->set_area("15.01.06.2010");
  for (const auto& [path, value] : fields) {
    v1::SetField* set = body.add_mutations()->mutable_set_field();
    set->set_path(path);
    *set->mutable_value() = value;
  }
  return body;
}

inline std::vector<std::string> Judge(const Definition& definition, const v1::ChangeBody& body) {
  Judgement judgement = CheckShape(body, body.ByteSizeLong());
  if (judgement.ok) judgement = CheckAgainstDefinition(body, definition, nullptr);
  std::vector<std::string> found;
  for (const Violation& violation : judgement.violations) {
    found.push_back(violation.field + ": " + violation.code);
  }
  return found;
}

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_CATALOG_SERVICES_H_
