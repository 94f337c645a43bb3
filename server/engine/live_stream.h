// LiveStream: a call that stays open, as Sessions sees it.
#ifndef TIKAR_SERVER_ENGINE_LIVE_STREAM_H_
#define TIKAR_SERVER_ENGINE_LIVE_STREAM_H_

#include <cstdint>

namespace tikar::server {

// Thread safety: both methods from any thread.
class LiveStream {
 public:
  virtual ~LiveStream() = default;
  // Looks at deadlines.
  virtual void OnTick(int64_t now_ms) = 0;
  // The server stops: the stream ends, soon and with UNAVAILABLE.
  virtual void Stop() = 0;
};

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_LIVE_STREAM_H_
