// Definitions of the catalogue and messages in text, for tests of what the CLI shows.
#ifndef TIKAR_TESTS_UNIT_CLIENTS_CLI_SAMPLE_H_
#define TIKAR_TESTS_UNIT_CLIENTS_CLI_SAMPLE_H_

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/str_split.h"
#include "cli_import_sample.h"
#include "clients/cli/display.h"
#include "clients/cli/session.h"

namespace tikar::cli {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// A definition of catalog/services.
inline DefinitionView CatalogView(const std::string& service) {
  return DefinitionView(std::make_shared<const v1::Definition>(
      Parse<v1::Definition>(ReadSourceFile("catalog/services/" + service + ".textproto"))));
}

// Width of the widest line of `text`, but for those that hold a command to copy. 0: no such line.
inline size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.find("tikar ") != absl::string_view::npos) continue;
    widest = std::max<size_t>(widest, DisplayWidth({line.data(), line.size()}));
  }
  return widest;
}

}  // namespace tikar::cli

#endif  // TIKAR_TESTS_UNIT_CLIENTS_CLI_SAMPLE_H_
