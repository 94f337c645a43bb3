// The small files of a node's identity: keys that are written once and never over, certificates
// that are replaced whole.
//
// What is written is on disk, with its name, when a function returns. Errors name the path and the
// reason: kResourceExhausted when the disk is full, kUnavailable otherwise, unless said otherwise.
//
// Thread safety: any thread; two processes at a time never spoil a file.
#ifndef TIKAR_SERVER_IDENTITY_FILES_H_
#define TIKAR_SERVER_IDENTITY_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tikar::server {

// kNotFound: it is not there. kFailedPrecondition: it is too large for any of these files.
absl::StatusOr<std::string> ReadIdentityFile(const std::string& path);
// The same for a private key. kFailedPrecondition: others than the owner may read or write it.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// Makes the directory for its owner alone, and missing parents too. Not an error: it is there.
absl::Status MakePrivateDirectory(const std::string& path);

// Mode 0600. kAlreadyExists: a file of this name is there, and stays as it is.
absl::Status WriteNewPrivateFile(const std::string& path, const std::string& text);
// Mode 0644. A reader sees the old text or the new one. kAlreadyExists: what is there does not
// begin with the first line of `text`, so it is something else (a key, say), and stays as it is.
absl::Status ReplacePublicFile(const std::string& path, const std::string& text);
// Adds to the end; makes the file with mode 0600 if it is not there.
absl::Status AppendToPrivateFile(const std::string& path, const std::string& text);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_IDENTITY_FILES_H_
