// What went over a phone's wire: bytes, and the server's answers about each change.
//
// It looks at the messages of the Sync calls from within gRPC, so that what counts as acknowledged
// is what the server said and not what the SDK made of it.
#ifndef TIKAR_CLIENTS_FIELDSIM_WIRE_LOG_H_
#define TIKAR_CLIENTS_FIELDSIM_WIRE_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "clients/fieldsim/records.h"
#include "sync/types.h"
#include "tikar/v1/sync_service.pb.h"

namespace grpc {
class Channel;
}

namespace tikar::fieldsim {

// Thread-safe.
class WireLog {
 public:
  void Sent(uint64_t bytes);
  void Received(const v1::SyncResponse& message);

  // Of the messages, with gRPC's five bytes before each; without HTTP/2, TCP and TLS.
  uint64_t bytes_up() const;
  uint64_t bytes_down() const;
  std::map<sync::ChangeId, Answers> answers() const;

 private:
  mutable std::mutex mutex_;
  uint64_t bytes_up_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_down_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<sync::ChangeId, Answers> answers_ ABSL_GUARDED_BY(mutex_);
};

// The SDK's channel with the log on it.
std::shared_ptr<grpc::Channel> MakeLoggedChannel(const std::string& server,
                                                 std::shared_ptr<WireLog> log);

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_WIRE_LOG_H_
