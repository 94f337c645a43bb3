// One service from its first state to an end state, as data: who files what, who takes which step,
// what is refused on the way, and what becomes of two people who did not know of each other.
//
//   const Walk kComplaint = {.name = "pengaduan", .service = "pengaduan", .filed_by = "petugas",
//                            .form = {{"judul", client::Text("Jembatan putus")}, ...},
//                            .stages = {Step{.to = "diverifikasi", .role = "petugas"}, ...}};
#ifndef TIKAR_TESTS_INTEGRATION_SERVICES_WALK_H_
#define TIKAR_TESTS_INTEGRATION_SERVICES_WALK_H_

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "clients/cpp/mutations.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/request.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::server {

using Form = std::vector<std::pair<std::string, v1::Value>>;
using Mutations = std::vector<v1::Mutation>;

// The form with one field changed, which no officer may file.
struct SpoiltForm {
  std::string path;
  std::optional<v1::Value> value;  // nullopt: left out
  std::string reason;              // of the violation of `path`
};

// A step of the workflow from where the request stands; what is written goes with it.
struct Step {
  std::string to;
  std::string role;
  Mutations writes;
  std::string reason;
};

// What the server must refuse, with this violation, and leave the request as it is.
struct Refused {
  std::string role;
  Mutations mutations;
  std::string path;
  std::string reason;
};

// Two who saw the same write one path; neither knows of the other. Both arrive; each order is
// tried.
struct Dispute {
  struct Side {
    std::string role;
    Mutations mutations;
  };
  std::string path;
  Side one, other;
  v1::Rule rule = v1::RULE_UNSPECIFIED;
  // What stands then, in either order; nullopt: what came last.
  std::optional<v1::Value> decided;
};

// A person ends the review of a path.
struct Settlement {
  std::string path;
  std::string may_not;  // a role that settles others, or nothing
  std::string role;
  v1::Value value;
};

using Stage = std::variant<Step, Refused, Dispute, Settlement>;

struct Walk {
  std::string name;  // [a-zA-Z0-9_]
  std::string service;
  std::string filed_by;
  Form form;
  std::vector<SpoiltForm> spoilt;
  std::vector<Stage> stages;
};

inline void PrintTo(const Walk& walk, std::ostream* out) { *out << walk.name; }

// services_people.cc: what citizens bring. services_money.cc: where money moves.
// services_offices.cc: what offices keep for themselves.
std::vector<Walk> WalksOfPeople();
std::vector<Walk> WalksOfMoney();
std::vector<Walk> WalksOfOffices();

// In kecamatan Gunung Kerinci.
inline v1::Value GunungKerinci() { return client::PlaceAt(-17'021'000, 1'013'144'000); }

inline v1::Value Day(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  return client::DateOfDays(
      static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count()));
}

inline v1::Value Decimal(const std::string& digits) {
  v1::Value value;
  value.set_decimal(digits);
  return value;
}

// An element of a collection of the service's own.
inline v1::Mutation Add(const std::string& collection, v1::Value value) {
  v1::Mutation mutation;
  mutation.mutable_add_element()->set_collection(collection);
  *mutation.mutable_add_element()->mutable_value() = std::move(value);
  return mutation;
}

}  // namespace tikar::server

#endif  // TIKAR_TESTS_INTEGRATION_SERVICES_WALK_H_
