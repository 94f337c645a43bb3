// Short words for values and mutations, so that an app reads like what its user does:
//
//   app->Edit(request, {Set("judul", Text("Jembatan putus")), Comment("Warga memasang papan")});
//   app->Edit(request, {Move("diterima", "diverifikasi")});
//
// Pure functions.
#ifndef TIKAR_CLIENTS_CPP_MUTATIONS_H_
#define TIKAR_CLIENTS_CPP_MUTATIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/types.h"
#include "tikar/v1/change.pb.h"
#include "tikar/v1/value.pb.h"

namespace tikar::client {

v1::Value Text(std::string_view text);
// Whole numbers, and money in rupiah.
v1::Value Integer(int64_t number);
v1::Value Flag(bool flag);
v1::Value DateOfDays(int32_t days_since_1970);
v1::Value TimeOfMs(int64_t ms_since_1970);
// Degrees times 1e7.
v1::Value PlaceAt(int32_t latitude_e7, int32_t longitude_e7);
v1::Value ChoiceSet(const std::vector<std::string>& items);

v1::Mutation Set(std::string_view path, v1::Value value);
v1::Mutation Clear(std::string_view path);
// One step of the workflow. `from` is the status that the user saw.
v1::Mutation Move(std::string_view from, std::string_view to, std::string_view reason = "");
v1::Mutation Comment(std::string_view text);
v1::Mutation Tag(std::string_view text);
v1::Mutation RemoveElement(std::string_view path);
v1::Mutation Assign(std::string_view actor);
v1::Mutation Retract(std::string_view reason);
v1::Mutation Restore(std::string_view reason);
// `candidates` are the changes that the user saw stand against each other; no value empties the
// field.
v1::Mutation Settle(std::string_view path, std::vector<sync::ChangeId> candidates,
                    std::optional<v1::Value> value, std::string_view reason);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_MUTATIONS_H_
