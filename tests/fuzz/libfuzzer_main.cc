// A target under libFuzzer: what its main() calls.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message_mutator.h"
#include "sync/status_macros.h"
#include "target.h"

namespace {

const tikar::fuzz::Target& TheTarget() {
  CHECK(tikar::fuzz::Targets().size() == 1);
  return tikar::fuzz::Targets().front();
}

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

extern "C" {

int LLVMFuzzerInitialize(int*, char***) {
  // That a text is no UTF-8 is nothing to tell about a million times.
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TheTarget().run(View(data, size));
  return 0;
}

size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

// Half of the mutations keep messages messages; the other half is libFuzzer's own, so that what no
// protobuf writer would write is tried as well.
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned int seed) {
  const tikar::fuzz::FrameShape& shape = TheTarget().shape;
  if (shape.frames_max == 0 || (seed & 1) != 0) return LLVMFuzzerMutate(data, size, size_max);
  const std::string mutated = tikar::fuzz::MutateFrames(
      shape, View(data, size), seed, [](std::string* bytes, size_t bytes_max) {
        const size_t length = bytes->size();
        bytes->resize(bytes_max);
        bytes->resize(
            LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes->data()), length, bytes_max));
      });
  if (mutated.empty() || mutated.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  mutated.copy(reinterpret_cast<char*>(data), mutated.size());
  return mutated.size();
}

}  // extern "C"
