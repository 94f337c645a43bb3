// The commands, one function each, free of how the command line is parsed. Each prints its result
// to phone.out() and returns why it could not.
#ifndef TIKAR_CLIENTS_FIELD_COMMANDS_H_
#define TIKAR_CLIENTS_FIELD_COMMANDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/field/phone.h"

namespace tikar::field {

struct CreateOptions {
  std::string service;
  std::string area;
  // "field=value".
  std::vector<std::string> sets;
  std::vector<std::string> comments;
};
absl::Status Create(Phone& phone, const CreateOptions& options);

struct EditOptions {
  std::string request;
  std::vector<std::string> sets;
  std::vector<std::string> clears;
  // State to move to; empty: stay.
  std::string status;
  std::string reason;
  // Actor; set and empty: nobody.
  std::optional<std::string> assignee;
  std::vector<std::string> comments;
};
absl::Status Edit(Phone& phone, const EditOptions& options);

struct ListOptions {
  std::string area;
  std::string service;
  std::string status;
  std::string text;
  bool under_review = false;
  bool pending = false;
  uint32_t limit = 50;
  bool all = false;
};
absl::Status List(Phone& phone, const ListOptions& options);

absl::Status Show(Phone& phone, const std::string& request);

struct FormsOptions {
  // Key; empty: all of them, briefly.
  std::string service;
  // Whose region's forms; empty: of every region in the phone's scope.
  std::string area;
};
absl::Status Forms(Phone& phone, const FormsOptions& options);

struct AttentionOptions {
  // Hex id of a change, or the beginning of it, to send again or to forget; empty: just list.
  std::string retry;
  std::string dismiss;
};
absl::Status Attention(Phone& phone, const AttentionOptions& options);

absl::Status ShowStatus(Phone& phone);

struct SyncOptions {
  // Stay connected for so long; nullopt: one visit.
  std::optional<double> live_seconds;
  // Try a visit again for so long.
  double patience_seconds = 0;
};
// Fails with what the last attempt failed with, after telling what is still unsent. A change that
// the server refused is no failure: it waits in Attention.
absl::Status Sync(Phone& phone, const SyncOptions& options);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_COMMANDS_H_
