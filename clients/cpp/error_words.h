// What an officer is told about an exchange that failed, in Indonesian and English. The status
// itself speaks to developers, of sockets and statements.
//
// Pure functions, safe from any thread.
#ifndef TIKAR_CLIENTS_CPP_ERROR_WORDS_H_
#define TIKAR_CLIENTS_CPP_ERROR_WORDS_H_

#include <string_view>

#include "absl/status/status.h"
#include "tikar/v1/value.pb.h"

namespace tikar::client {

// `status` with the google.rpc.Status that came in the trailer, serialized; possibly empty. It
// travels as a payload under its type's own URL, where other readers of google.rpc find it too.
absl::Status WithDetails(absl::Status status, std::string_view details);

// An error of this phone's own with words for the officer, both without a full stop at their end.
// The message is the English. The words travel as a server's do, so WordsOf and every other reader
// of google.rpc find them.
absl::Status ErrorInWords(absl::StatusCode code, std::string_view indonesian,
                          std::string_view english);

// Who made the status: the other side, or this phone's own disk and database.
enum class Culprit { kServer, kPhone };

// The words that came with the status (LocalizedMessage), of the server or of ErrorInWords, where
// it has them in both languages; else words for the code. Both set; neither ends with a full stop.
// `status` is not OK.
v1::LocalizedText WordsOf(const absl::Status& status, Culprit culprit);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_ERROR_WORDS_H_
