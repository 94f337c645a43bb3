// What the process asks of the operating system: time, randomness, who this machine is, its limits.
//
// Thread safety: any thread.
#ifndef TIKAR_SERVER_PROCESS_H_
#define TIKAR_SERVER_PROCESS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace tikar::server {

// Milliseconds since the epoch.
int64_t WallClockMs();
// 64 bits from the kernel, never zero.
uint64_t RandomBits();
// Hex SHA-256 of /etc/machine-id (the id itself is not to leave the machine); empty if there is
// none.
std::string MachineId();
// `relative` from the directory of this program's file, without "..": an installed tree may lie
// anywhere.
std::string PathFromProgram(const std::string& relative);
// Raises the limit of open files as far as allowed and returns it.
uint64_t RaiseOpenFilesLimit();
// Writes `text` so that a reader sees all of it or no file.
absl::Status WriteFileWhole(const std::string& path, const std::string& text);
// Whether the disk under `directory` takes 4 MiB, fsynced. What it wrote is removed.
absl::Status ProbeDisk(const std::string& directory);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_PROCESS_H_
