// Text format's complaints go to standard error unless somebody takes them.
#ifndef TIKAR_TESTS_FUZZ_SILENT_ERRORS_H_
#define TIKAR_TESTS_FUZZ_SILENT_ERRORS_H_

#include <google/protobuf/io/tokenizer.h>

#include <string>

namespace tikar::fuzz {

class SilentErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_SILENT_ERRORS_H_
