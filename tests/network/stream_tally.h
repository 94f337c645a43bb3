// What a phone's Sync calls carried, as messages, and how much of it they carried again.
//
// It looks from within gRPC at what the SDK sends and takes. So it also sees what the link never
// delivered.
#ifndef TIKAR_TESTS_NETWORK_STREAM_TALLY_H_
#define TIKAR_TESTS_NETWORK_STREAM_TALLY_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "tikar/v1/sync_service.pb.h"

namespace grpc {
class Channel;
}

namespace tikar::network {

struct StreamCount {
  uint64_t streams = 0;
  uint64_t pushes = 0;
  uint64_t batches = 0;
  // Of whole messages, as they travel.
  uint64_t bytes_up = 0;
  uint64_t bytes_down = 0;
  // Of changes that were sent before, on whatever stream.
  uint64_t changes_again_bytes = 0;
  // Of requests that had come before in the very same state.
  uint64_t requests_again_bytes = 0;
  uint64_t push_bytes_max = 0;
  uint64_t batch_bytes_max = 0;
};

// Thread-safe.
class StreamTally {
 public:
  void Sent(const v1::SyncRequest& message);
  void Received(const v1::SyncResponse& message);
  StreamCount count() const;

 private:
  mutable std::mutex mutex_;
  StreamCount count_;
  std::set<std::string> changes_sent_;
  std::set<std::pair<std::string, std::string>> states_received_;
};

// The SDK's channel, with the tally on it.
std::shared_ptr<grpc::Channel> MakeTalliedChannel(const std::string& server,
                                                  std::shared_ptr<StreamTally> tally);

}  // namespace tikar::network

#endif  // TIKAR_TESTS_NETWORK_STREAM_TALLY_H_
