// Runs the exchange with a server over gRPC: one visit, or live until stopped. The only place of
// the SDK with threads.
//
//   SyncRunner runner(app.get(), {.server = "127.0.0.1:50151"});
//   absl::Status status = runner.SyncOnce();          // blocks; for an app that syncs by hand
//   runner.StartLive();                               // or: a thread of its own, until Stop
//
// A failed attempt is repeated after a jittered, growing wait, or when the server said to come
// back. It is never given up silently: FieldApp::Status tells how it stands at any time.
//
// Thread safety: the methods may be called from any thread; SyncOnce and SyncUntilDone wait for
// each other and must not be called while it runs live.
#ifndef TIKAR_CLIENTS_CPP_SYNC_RUNNER_H_
#define TIKAR_CLIENTS_CPP_SYNC_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "clients/cpp/field_app.h"
#include "clients/cpp/limits.h"

namespace grpc {
class Channel;
class ChannelArguments;
}  // namespace grpc

namespace tikar::client {

struct SyncRunnerOptions {
  // "127.0.0.1:50151". Plain text, and so for loopback only, until there are keys.
  std::string server = "";
  // Instead of `server`: makes a connection. Called again after each attempt that
  // failed.
  std::function<std::shared_ptr<grpc::Channel>()> make_channel = nullptr;
  // A call in which the server owes something and says nothing for so long is given up.
  int64_t silence_ms_max = kSilenceMsMax;
  // Called after each message that was stored and each attempt that ended, from the thread that
  // syncs: the screen may have changed. Must not call back into the runner.
  std::function<void()> on_change = nullptr;
};

// A channel with the SDK's keepalive and limits.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server);
// These alone, for a channel with something of one's own on it.
grpc::ChannelArguments MakeChannelArguments();

class SyncRunner {
 public:
  // `app` must outlive it. One runner per app at a time.
  SyncRunner(FieldApp* app, SyncRunnerOptions options);
  SyncRunner(const SyncRunner&) = delete;
  SyncRunner& operator=(const SyncRunner&) = delete;
  // Stops.
  ~SyncRunner();

  // One visit: sends all, takes all. OK: everything that the app had was sent and answered, and the
  // cursor is at the end. Else the error of the attempt that failed; what came before it is kept.
  // Cancelled: Stop was called.
  absl::Status SyncOnce();
  // The same, with new attempts until `patience_ms` have passed. The last attempt's error.
  absl::Status SyncUntilDone(int64_t patience_ms);

  // Stays connected: sends edits as they are made, takes changes as they come, reconnects for ever.
  void StartLive();
  // Ends a waiting between attempts: the user asked, or the phone found a network.
  void SyncNow();
  // Ends what runs, in order if the server lets it, within two seconds. Returns when no thread is
  // left.
  void Stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_SYNC_RUNNER_H_
