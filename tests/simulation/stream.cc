#include "stream.h"

#include <algorithm>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "node.h"
#include "server/engine/failure.h"

namespace tikar::simulation {
namespace {

// After so long without an answer to its ping either end gives a dead link up.
constexpr int64_t kKeepaliveMs = 180'000;
// A block of the link that is shorter delays what is under way; TCP sends it again.
constexpr int64_t kRetransmissionMs = 60'000;
// For the node to write a message to its socket.
constexpr int64_t kWriteMsMax = 20;

// The server's RetryInfo, as server/errors.h puts it on the wire.
std::optional<int64_t> RetryDelayMs(const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  const google::rpc::Status details = server::DetailsOf(status);
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&retry)) continue;
    return retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
  }
  return std::nullopt;
}

}  // namespace

Stream::Stream(Stage* stage, Node* node, Phone phone, uint64_t id)
    : stage_(*stage), node_(*node), phone_(std::move(phone)), id_(id) {}

Stream::~Stream() = default;

NodeIndex Stream::node() const { return node_.index(); }

bool Stream::quiet() const {
  const bool good = phone_open_ && !up_dead_ && !down_dead_ && session_ != nullptr;
  return good && std::max(up_last_ms_, down_last_ms_) <= stage_.schedule.now_ms();
}

void Stream::Send(std::vector<v1::SyncRequest> messages) {
  for (v1::SyncRequest& message : messages) SendUp(std::move(message));
}

void Stream::HalfClose() { SendUp(std::nullopt); }

void Stream::SendUp(std::optional<v1::SyncRequest> message) {
  if (!phone_open_ || up_dead_) return;
  const End phone = PhoneEnd(phone_.index), node = NodeEnd(node_.index());
  Network& network = stage_.network;
  const int64_t blocked_ms = network.BlockedMs(phone, node);
  if (blocked_ms > kRetransmissionMs) Stall();
  if (up_dead_) return;
  up_last_ms_ = std::max(up_last_ms_, stage_.schedule.now_ms() + blocked_ms + network.DelayMs());
  stage_.schedule.At(up_last_ms_,
                     [self = shared_from_this(), message = std::move(message)]() mutable {
                       self->ArriveAtNode(std::move(message));
                     });
  if (network.Strikes(stage_.options.cut_per_message)) {
    Break(network.Strikes(stage_.options.cut_one_way));
  } else if (network.Strikes(stage_.options.stall_per_message)) {
    Stall();
  }
}

void Stream::ArriveAtNode(std::optional<v1::SyncRequest> message) {
  if (refused_ || up_dropped_) return;
  if (session_ == nullptr) {
    if (!node_.running()) {
      refused_ = true;
      EndForPhone(stage_.network.DelayMs(), absl::UnavailableError("connection refused"));
      return;
    }
    session_ = std::make_shared<server::SyncSession>(node_.engine(), this);
    node_.Add(shared_from_this());
    stage_.trace.Note("stream arrives", {id_, node_.index(), phone_.index});
    session_->Start();
  }
  if (message && message->has_push()) {
    for (const v1::Change& change : message->push().changes()) {
      if (!stage_.poison.contains(change.body())) continue;
      stage_.trace.Note("gateway chokes on push", {id_, node_.index(), phone_.index});
      Drop();
      EndForPhone(stage_.network.DelayMs(), absl::InternalError("the gateway choked"));
      CancelAtNode(0);
      return;
    }
    stage_.trace.Note("push arrives", {id_, node_.index(), phone_.index},
                      message->push().changes_size() > 0 ? message->push().changes(0).body() : "");
    stage_.Tell(&Checker::OnPushArrived,
                PushArrived{node_.index(), phone_.index, id_, message->push()});
  }
  // Other apps ask for smaller batches than the SDK: a pass of many pages is cut in the middle.
  if (message && message->has_hello() && stage_.options.batch_bytes != 0) {
    message->mutable_hello()->set_batch_bytes_max(stage_.options.batch_bytes);
  }
  inbox_.push_back(std::move(message));
  Feed();
}

// Hands over what came, one at a time and as the session asks for it.
void Stream::Feed() {
  if (feeding_) return;
  feeding_ = true;
  const std::shared_ptr<Stream> alive = shared_from_this();
  while (reading_ && !inbox_.empty() && session_ != nullptr) {
    const std::optional<v1::SyncRequest> message = std::move(inbox_.front());
    inbox_.pop_front();
    reading_ = false;
    const std::shared_ptr<server::SyncSession> session = session_;
    session->OnRead(message.has_value(), message.value_or(v1::SyncRequest()));
  }
  feeding_ = false;
  node_.Kick();
}

void Stream::Read() {
  reading_ = true;
  Feed();
}

void Stream::Write(const v1::SyncResponse& response) {
  stage_.trace.Note("response leaves",
                    {id_, node_.index(), phone_.index, static_cast<uint64_t>(response.kind_case())},
                    response.has_batch() ? response.batch().cursor() : "");
  stage_.Tell(&Checker::OnResponseSent, ResponseSent{node_.index(), phone_.index, id_, response});
  writing_ = true;
  stage_.schedule.After(stage_.random.Between(0, kWriteMsMax), [self = shared_from_this()] {
    if (!self->writing_ || self->session_ == nullptr) return;
    self->writing_ = false;
    const std::shared_ptr<server::SyncSession> session = self->session_;
    session->OnWritten(true);
    self->node_.Kick();
  });
  if (stage_.network.Strikes(stage_.options.cut_per_message)) {
    Break(false);
  } else if (stage_.network.Strikes(stage_.options.stall_per_message)) {
    Stall();
  }
  DeliverDown([self = shared_from_this(), response] {
    if (self->phone_open_) self->phone_.on_message(response);
  });
}

void Stream::DeliverDown(std::function<void()> deliver) {
  const int64_t blocked_ms =
      stage_.network.BlockedMs(NodeEnd(node_.index()), PhoneEnd(phone_.index));
  if (blocked_ms > kRetransmissionMs) Stall();
  if (down_dead_) return;
  down_last_ms_ =
      std::max(down_last_ms_, stage_.schedule.now_ms() + blocked_ms + stage_.network.DelayMs());
  stage_.schedule.At(down_last_ms_, [self = shared_from_this(), deliver = std::move(deliver)] {
    if (!self->down_dead_) deliver();
  });
}

void Stream::Finish(const absl::Status& status) {
  stage_.trace.Note("node ends stream",
                    {id_, node_.index(), phone_.index, static_cast<uint64_t>(status.code())});
  refused_ = true;
  DeliverDown([self = shared_from_this(), status] { self->EndForPhone(0, status); });
  // The session is in the middle of its last call.
  stage_.schedule.After(0, [self = shared_from_this(), session = std::move(session_)] {
    self->node_.Remove(self.get());
  });
  session_ = nullptr;
}

void Stream::Cancel() {
  // The node's own: what is under way to the phone is dropped.
  Drop();
  EndForPhone(stage_.network.DelayMs(), absl::CancelledError("the server cancelled"));
}

void Stream::EndForPhone(int64_t delay_ms, absl::Status status) {
  stage_.schedule.After(delay_ms, [self = shared_from_this(), status = std::move(status)] {
    if (!self->phone_open_) return;
    self->phone_open_ = false;
    self->phone_.on_end(status, RetryDelayMs(status));
  });
}

void Stream::CancelAtNode(int64_t delay_ms) {
  stage_.schedule.After(delay_ms, [self = shared_from_this()] {
    if (std::exchange(self->refused_, true) || self->session_ == nullptr) return;
    const std::shared_ptr<server::SyncSession> session = self->session_;
    // The write that was under way fails, then gRPC says that the call is over.
    if (std::exchange(self->writing_, false)) session->OnWritten(false);
    session->OnCancel();
    self->node_.Kick();
  });
}

void Stream::Drop() { up_dead_ = down_dead_ = up_dropped_ = true; }

void Stream::Break(bool under_way_arrives) {
  stage_.trace.Note("link breaks", {id_, node_.index(), phone_.index, under_way_arrives});
  up_dead_ = down_dead_ = true;
  if (!under_way_arrives) up_dropped_ = true;
  EndForPhone(stage_.random.Between(0, 2'000), absl::UnavailableError("the link broke"));
  CancelAtNode(stage_.random.Between(1'000, 60'000));
}

void Stream::Stall() {
  if (up_dead_ && down_dead_) return;
  stage_.trace.Note("link stalls", {id_, node_.index(), phone_.index});
  Drop();
  EndForPhone(kKeepaliveMs, absl::UnavailableError("keepalive timed out"));
  CancelAtNode(kKeepaliveMs);
}

void Stream::CancelByPhone() {
  if (!phone_open_) return;
  // Nothing that the phone sends or hears after this counts; the reset takes its time.
  Drop();
  EndForPhone(0, absl::CancelledError("cancelled by the app"));
  CancelAtNode(stage_.network.DelayMs());
}

void Stream::PhoneDies() {
  phone_open_ = false;
  up_dead_ = down_dead_ = true;
  up_dropped_ = stage_.random.Percent(50);
  CancelAtNode(stage_.random.Between(100, kKeepaliveMs));
}

void Stream::NodeDies() {
  // What the process still does leaves the machine no more.
  Drop();
  refused_ = true;
  const std::shared_ptr<server::SyncSession> session = std::move(session_);
  session_ = nullptr;
  if (session != nullptr) {
    if (std::exchange(writing_, false)) session->OnWritten(false);
    session->OnCancel();
  }
  EndForPhone(stage_.random.Between(0, 5'000), absl::UnavailableError("connection reset"));
}

void Stream::Tick(int64_t now_ms) {
  const std::shared_ptr<server::SyncSession> session = session_;
  if (session != nullptr) session->OnTick(now_ms);
}

}  // namespace tikar::simulation
