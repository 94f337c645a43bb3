// Where a store lives, so that a copy of it is known as one.
//
// Two stores that go on from one past would both give the next numbers of one log to different
// things. So a store that finds itself elsewhere begins a log of its own (sync::Replica::Options).
// Where it is follows from what a copy cannot take along: which machine and which board this is,
// and of the data directory and of a file in it the inode, its generation and its time of birth,
// which the kernel gives and nobody can set. (Inode numbers alone are used again at once: after
// `rm -r data; cp -a saved data` the copy often has the number of what was removed.) A directory
// that is moved by `mv` on one disk keeps all of these, and there is no second one: it goes on.
//
// What cannot be seen here: a virtual machine that is taken back, with its whole disk, to an
// earlier moment, or cloned with the same machine id and board id. Others see it: phones and
// mirrors show entries that the node lacks, and two nodes of one log show two instances.
//
// Thread safety: any thread.
#ifndef TIKAR_SERVER_PLACE_H_
#define TIKAR_SERVER_PLACE_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/engine/sequencer.h"

namespace tikar::server {

// Hashes or numbers by what they are of; what cannot be found out is not there.
using Place = std::map<std::string, std::string>;

// Keys of a Place.
inline constexpr char kPlaceMachine[] = "machine";      // /etc/machine-id
inline constexpr char kPlaceBoard[] = "board";          // serial number or UUID of the hardware
inline constexpr char kPlaceDirectory[] = "directory";  // the data directory
inline constexpr char kPlaceFile[] = "file";            // SYNCED, which is only ever overwritten

// Of the store in `data_directory`, which is there. Errors when it cannot be looked at.
absl::StatusOr<Place> PlaceOf(const std::string& data_directory);

// As it stands in the store.
std::string EncodePlace(const Place& place);
// Never fails: what an older tikard wrote is the machine alone.
Place DecodePlace(std::string_view text);

// Why a store that was at `stored` is another one at `now`, for the log; empty: it is the same.
// What one of both does not know says nothing.
std::string WhyMoved(const Place& stored, const Place& now);

// Has the node begin a new log when its store in `data_directory` was restored (also when it has to
// ask twice: until the new log is durable) or is elsewhere than it was.
void WatchPlace(const std::string& data_directory, SequencerOptions* options);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_PLACE_H_
