// What the makers of seeds share. `make_seeds` writes small inputs that lead every target into what
// it is about, from the catalogue, the real records of the tests, and the fuzzers' own world.
//
// A name that begins with "good" must be well-formed for its target (replay_test.cc). Findings are
// no seeds: they are in regressions/ and are never made anew.
#ifndef TIKAR_TESTS_FUZZ_SEEDS_H_
#define TIKAR_TESTS_FUZZ_SEEDS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "frames.h"
#include "tikar/v1/definition.pb.h"

namespace tikar::fuzz {

// Where seeds go, and what they are made from. Stops the process when a file cannot be read or
// written.
class Seeds {
 public:
  // Of the source tree.
  explicit Seeds(std::filesystem::path root);

  void Add(const std::string& target, const std::string& name, const std::string& bytes);
  // A file of the source tree.
  std::string Source(const std::string& path) const;
  // "pengaduan" of the catalogue.
  v1::Definition Service(const std::string& name) const;
  // "80 seeds, 200 KiB".
  std::string Sum() const;

 private:
  const std::filesystem::path root_;
  size_t count_ = 0, bytes_ = 0;
};

// All with the same tag.
std::string Framed(uint8_t tag, const std::vector<std::string>& payloads);
// The first `rows` of New York's requests, with their header.
std::string RealRows(const Seeds& seeds, int rows);
// A new request with a value of each type.
std::string Everything();
// What goes on with the second record's request: a settlement, elements, a step, a retraction.
std::vector<std::string> Sequel();

void MakeBundleSeeds(Seeds* seeds);      // bundles
void MakeHistorySeeds(Seeds* seeds);     // changes, entries, merge
void MakeDefinitionSeeds(Seeds* seeds);  // definitions, definition_merge
void MakePlaceSeeds(Seeds* seeds);       // cursors, page_tokens
void MakeStreamSeeds(Seeds* seeds);      // sync_requests, sync_responses
void MakeFileSeeds(Seeds* seeds);        // import, files
void MakeNoteSeeds(Seeds* seeds);        // notes
void MakeValueSeeds(Seeds* seeds);       // typed_values, values, records

}  // namespace tikar::fuzz

#endif  // TIKAR_TESTS_FUZZ_SEEDS_H_
