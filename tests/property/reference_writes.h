// What the mutations of one change write, as the slow reference sees it; before anything is known
// of the other changes.
#ifndef TIKAR_TESTS_PROPERTY_REFERENCE_WRITES_H_
#define TIKAR_TESTS_PROPERTY_REFERENCE_WRITES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "reference_values.h"
#include "tikar/v1/change.pb.h"

namespace tikar::reference {

inline constexpr char kDefinitionPath[] = "@definition";
inline constexpr char kRetractedPath[] = "@retracted";
inline constexpr char kStatusPath[] = "status";
inline constexpr char kAreaPath[] = "area";

struct Write {
  uint32_t mutation_index = 0;
  v1::Mutation::KindCase kind = v1::Mutation::KIND_NOT_SET;
  MaybeValue value;
  bool is_first_state = false;  // the value is the first state of the effective definition
  bool settles = false;
  std::set<std::string> named;  // of a settling write: change ids
};

// By path; `change_id` is that of `body`.
std::map<std::string, Write> WritesOf(const std::string& change_id, const v1::ChangeBody& body);

// What in a change only a later version can read.
enum class Later { kNothing, kMutation, kValue };
Later LaterIn(const v1::ChangeBody& body);

// "<collection>/<change id hex>.<mutation index>".
bool IsElement(const std::string& path);

std::string Hex(std::string_view bytes);

}  // namespace tikar::reference

#endif  // TIKAR_TESTS_PROPERTY_REFERENCE_WRITES_H_
