// Stream: one Sync call between a phone and a node, as gRPC would carry it, over a link that fails.
//
// Within a stream messages keep their order and come once, or the stream breaks: that is what
// HTTP/2 gives. What a bad link does shows between streams: one breaks with messages under way, in
// one direction or both, and either end learns of it late; what the phone had sent may still arrive
// after the phone has begun its next stream. So the node sees changes twice and out of order, and
// the phone never learns what became of them.
#ifndef TIKAR_TESTS_SIMULATION_STREAM_H_
#define TIKAR_TESTS_SIMULATION_STREAM_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "server/engine/sync_session.h"
#include "stage.h"
#include "tikar/v1/sync_service.pb.h"

namespace tikar::simulation {

class Node;

// Not safe for threads.
class Stream : public server::SyncTransport, public std::enable_shared_from_this<Stream> {
 public:
  // What the phone hears. Nothing after on_end.
  struct Phone {
    PhoneIndex index;
    std::function<void(const v1::SyncResponse&)> on_message;
    std::function<void(const absl::Status&, std::optional<int64_t> retry_delay_ms)> on_end;
  };

  // `stage` and `node` outlive it.
  Stream(Stage* stage, Node* node, Phone phone, uint64_t id);
  ~Stream() override;

  uint64_t id() const { return id_; }
  NodeIndex node() const;

  // Messages get through both ways and none is under way, for one who knows everything.
  bool quiet() const;

  // --- the phone
  void Send(std::vector<v1::SyncRequest> messages);
  void HalfClose();
  // The phone gives the call up; it hears CANCELLED.
  void CancelByPhone();
  // The phone is gone without a word and hears nothing any more.
  void PhoneDies();

  // --- the node
  // The process is gone without a word.
  void NodeDies();
  void Tick(int64_t now_ms);

 private:
  void SendUp(std::optional<v1::SyncRequest> message);
  // nullopt: the half-close.
  void ArriveAtNode(std::optional<v1::SyncRequest> message);
  void Feed();
  void DeliverDown(std::function<void()> deliver);
  // The link breaks; each end is told after a while.
  void Break(bool under_way_arrives);
  void Drop();
  void Stall();
  void EndForPhone(int64_t delay_ms, absl::Status status);
  void CancelAtNode(int64_t delay_ms);

  // server::SyncTransport:
  void Read() override;
  void Write(const v1::SyncResponse& response) override;
  void Finish(const absl::Status& status) override;
  void Cancel() override;

  Stage& stage_;
  Node& node_;
  Phone phone_;
  const uint64_t id_;

  bool phone_open_ = true;
  // What is sent in this direction from now on never arrives.
  bool up_dead_ = false;
  bool down_dead_ = false;
  // Nor does what is under way. (Down there is no difference: an end that is told hears no more.)
  bool up_dropped_ = false;
  int64_t up_last_ms_ = 0;  // when the last message arrives
  int64_t down_last_ms_ = 0;

  // Of the node's process that took it; null before and after.
  std::shared_ptr<server::SyncSession> session_;
  bool refused_ = false;  // the node has ended it, or never took it
  bool feeding_ = false;
  bool reading_ = false;
  bool writing_ = false;
  std::deque<std::optional<v1::SyncRequest>> inbox_;
};

}  // namespace tikar::simulation

#endif  // TIKAR_TESTS_SIMULATION_STREAM_H_
