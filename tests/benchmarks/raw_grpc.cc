#include "raw_grpc.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/limits.h"
#include "sync/status_macros.h"

namespace tikar::benchmarks {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  CHECK(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// One call: answers while it reads, then the rest.
class RawServer::Call : public grpc::ServerGenericBidiReactor {
 public:
  explicit Call(const RawScript& script) : script_(script) { StartRead(&incoming_); }

  void OnReadDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      if (ok) {
        ++to_answer_;
      } else {
        half_closed_ = true;
      }
    }
    if (ok) StartRead(&incoming_);
    WriteNext();
  }
  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      broken_ = broken_ || !ok;
    }
    WriteNext();
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    const grpc::ByteBuffer* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (writing_ || finished_) return;
      if (broken_) {
        finished_ = true;
      } else if (answered_ < to_answer_ && !script_.answers.empty()) {
        next = &script_.answers[std::min(answered_++, script_.answers.size() - 1)];
      } else if (half_closed_ && sent_at_end_ < script_.at_end.size()) {
        next = &script_.at_end[sent_at_end_++];
      } else if (half_closed_) {
        finished_ = true;
      } else {
        return;
      }
      writing_ = next != nullptr;
    }
    if (next != nullptr) {
      StartWrite(next);
    } else {
      Finish(grpc::Status::OK);
    }
  }

  const RawScript& script_;
  grpc::ByteBuffer incoming_;
  std::mutex mutex_;
  size_t to_answer_ = 0;
  size_t answered_ = 0;
  size_t sent_at_end_ = 0;
  bool half_closed_ = false;
  bool writing_ = false;
  bool broken_ = false;
  bool finished_ = false;
};

class RawServer::Service : public grpc::CallbackGenericService {
 public:
  explicit Service(const RawScript& script) : script_(script) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Call(script_);
  }

 private:
  const RawScript& script_;
};

RawServer::RawServer(RawScript script)
    : script_(std::move(script)), service_(std::make_unique<Service>(script_)) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.SetMaxReceiveMessageSize(static_cast<int>(server::kMessageBytesMax));
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
  CHECK(server_ != nullptr && port != 0);
  address_ = absl::StrCat("127.0.0.1:", port);
}

RawServer::~RawServer() { server_->Shutdown(); }

std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  // Channels with the same arguments would share one connection.
  static std::atomic<int> number{0};
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt("tikar.benchmark.channel", ++number);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

struct ByteCall::State {
  std::mutex mutex;
  std::condition_variable changed;
  size_t written = 0;
  size_t answered = 0;
  bool writing = false;
  bool half_closed = false;
  bool done = false;
  grpc::Status status;
};

ByteCall::ByteCall(std::shared_ptr<grpc::Channel> channel, const std::string& method,
                   const std::vector<grpc::ByteBuffer>& messages, size_t unanswered_max)
    : stub_(std::move(channel)),
      messages_(messages),
      unanswered_max_(unanswered_max),
      state_(std::make_unique<State>()) {
  stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(), this);
}

ByteCall::~ByteCall() = default;

void ByteCall::Start() {
  // Until the half-close: writes begin outside the reactor's own callbacks.
  AddHold();
  StartRead(&incoming_);
  StartCall();
  WriteNext();
}

absl::Status ByteCall::Wait() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->done; });
  if (state_->status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("a call ended: ", state_->status.error_message()));
}

void ByteCall::OnReadDone(bool ok) {
  if (!ok) {
    // The server ended the call; nothing more is to be said.
    std::unique_lock lock(state_->mutex);
    if (std::exchange(state_->half_closed, true)) return;
    lock.unlock();
    RemoveHold();
    return;
  }
  received_.push_back(std::move(incoming_));
  incoming_.Clear();
  StartRead(&incoming_);
  {
    std::lock_guard lock(state_->mutex);
    ++state_->answered;
  }
  WriteNext();
}

void ByteCall::OnWriteDone(bool ok) {
  {
    std::lock_guard lock(state_->mutex);
    state_->writing = false;
  }
  if (ok) WriteNext();
}

void ByteCall::WriteNext() {
  bool half_close = false;
  size_t next = 0;
  {
    std::lock_guard lock(state_->mutex);
    if (state_->writing || state_->half_closed) return;
    if (state_->written == messages_.size()) {
      half_close = state_->half_closed = true;
    } else if (state_->written - std::min(state_->answered, state_->written) < unanswered_max_) {
      next = state_->written++;
      state_->writing = true;
    } else {
      return;
    }
  }
  if (half_close) {
    StartWritesDone();
    RemoveHold();
  } else {
    StartWrite(&messages_[next]);
  }
}

void ByteCall::OnDone(const grpc::Status& status) {
  std::lock_guard lock(state_->mutex);
  state_->status = status;
  state_->done = true;
  state_->changed.notify_all();
}

}  // namespace tikar::benchmarks
