// What --output json prints. Requests are as `tikar --output json` prints them, with what only the
// phone knows under "phone". Field names are a promise to scripts: add, never rename.
#ifndef TIKAR_CLIENTS_FIELD_PHONE_JSON_H_
#define TIKAR_CLIENTS_FIELD_PHONE_JSON_H_

#include "clients/cli/json_output.h"
#include "clients/cpp/field_app.h"
#include "clients/field/phone.h"

namespace tikar::field {

// "phone": {"unsent", "pending_paths", "waiting", "needs_attention", "departed"}. "state_digest" is
// "" while own changes lie on top of the server's state.
cli::Json RequestOnPhoneJson(const client::RequestOnPhone& request);
cli::Json AttentionItemJson(const client::AttentionItem& item);
// {"actor", "role", "scope", "requests", "unsent", …}.
cli::Json PhoneStatusJson(const Phone& phone, const client::SyncStatus& status, uint64_t requests);

}  // namespace tikar::field

#endif  // TIKAR_CLIENTS_FIELD_PHONE_JSON_H_
