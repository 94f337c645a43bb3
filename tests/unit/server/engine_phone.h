// A phone at the other end of a stream, without gRPC.
#ifndef TIKAR_TESTS_UNIT_SERVER_ENGINE_PHONE_H_
#define TIKAR_TESTS_UNIT_SERVER_ENGINE_PHONE_H_

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine_fixture.h"
#include "server/engine/sync_session.h"

namespace tikar::server {

// The other end of a stream, as a phone would be. What it is told to send waits until the session
// reads.
class Phone : public SyncTransport {
 public:
  // With `takes_writes` false the stream's window is full: no write ever completes until Take is
  // called.
  explicit Phone(Engine* engine, bool takes_writes = true)
      : engine_(*engine),
        takes_writes_(takes_writes),
        session_(std::make_shared<SyncSession>(engine, this)) {
    EXPECT_TRUE(engine_.sessions().Add(session_));
    session_->Start();
  }
  ~Phone() override {
    session_->OnCancel();
    CompleteWrite();
    EXPECT_TRUE(WaitFor([this] { return finished_; })) << "the stream was not finished";
    engine_.sessions().Remove(session_);
  }

  void Send(v1::SyncRequest message) {
    {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(changed_.wait_for(lock, kPatience, [this] { return reading_ || finished_; }));
      if (finished_) return;
      reading_ = false;
    }
    session_->OnRead(true, message);
  }
  void Say(
      const std::string& actor, const std::string& cursor = "",
      std::vector<std::string> scope = {"15.01"},
      std::function<void(v1::Hello&)> change = [](v1::Hello&) {}) {
    v1::SyncRequest message;
    v1::Hello& hello = *message.mutable_hello();
    hello.set_protocol_version(1);
    hello.set_actor(actor);
    hello.set_device_time_ms(engine_.now_ms());
    for (std::string& prefix : scope) hello.add_scope(std::move(prefix));
    hello.set_cursor(cursor);
    change(hello);
    Send(std::move(message));
  }
  void Push(const std::vector<std::string>& bodies) {
    v1::SyncRequest message;
    message.mutable_push();
    for (const std::string& body : bodies) message.mutable_push()->add_changes()->set_body(body);
    Send(std::move(message));
  }
  void Confirm(uint64_t batch_number) {
    v1::SyncRequest message;
    message.mutable_received()->set_batch_number(batch_number);
    Send(std::move(message));
  }
  void HalfClose() {
    {
      std::unique_lock lock(mutex_);
      ASSERT_TRUE(changed_.wait_for(lock, kPatience, [this] { return reading_ || finished_; }));
      if (finished_) return;
      reading_ = false;
    }
    session_->OnRead(false, {});
  }

  // The next message; fails the test if none comes.
  v1::SyncResponse Next() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return !received_.empty(); }));
    if (received_.empty()) return {};
    v1::SyncResponse message = std::move(received_.front());
    received_.pop_front();
    return message;
  }
  v1::PushResult NextResult() {
    while (true) {
      v1::SyncResponse message = Next();
      if (message.has_push_result()) return message.push_result();
      if (message.has_batch()) Keep(message.batch());
      if (message.kind_case() == v1::SyncResponse::KIND_NOT_SET) return {};
    }
  }
  // Takes and confirms batches until one is caught up.
  void CatchUp() {
    while (true) {
      const v1::SyncResponse message = Next();
      if (message.kind_case() == v1::SyncResponse::KIND_NOT_SET) return;
      if (!message.has_batch()) continue;
      Keep(message.batch());
      Confirm(message.batch().batch_number());
      if (message.batch().caught_up()) return;
    }
  }
  // Until the stream ended; keeps what came.
  absl::Status End() {
    EXPECT_TRUE(WaitFor([this] { return finished_; }));
    std::lock_guard lock(mutex_);
    while (!received_.empty()) {
      if (received_.front().has_batch()) Keep(received_.front().batch());
      if (received_.front().has_push_result()) ++results_;
      received_.pop_front();
    }
    return finish_status_;
  }
  // The slow phone takes one message.
  void CompleteWrite() {
    {
      std::lock_guard lock(mutex_);
      if (!write_held_) return;
      write_held_ = false;
    }
    session_->OnWritten(true);
  }
  void TakeEverything() {
    {
      std::lock_guard lock(mutex_);
      takes_writes_ = true;
    }
    CompleteWrite();
  }
  bool WaitFor(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  bool WaitForHeldWrite() {
    return WaitFor([this] { return write_held_; });
  }

  bool reading() {
    std::lock_guard lock(mutex_);
    return reading_;
  }
  size_t waiting_messages() {
    std::lock_guard lock(mutex_);
    return received_.size();
  }
  bool cancelled() {
    std::lock_guard lock(mutex_);
    return cancelled_;
  }
  SyncSession& session() { return *session_; }

  // What a phone keeps. Titles by request id.
  std::map<std::string, std::string> requests;
  std::set<std::string> definitions;
  std::string cursor;
  int requests_received = 0;
  int batches_received = 0;
  int results_ = 0;

 private:
  void Keep(const v1::Batch& batch) {
    ++batches_received;
    EXPECT_EQ(batch.batch_number(), static_cast<uint64_t>(batches_received));
    for (const v1::DefinitionBytes& definition : batch.definitions()) {
      definitions.insert(sync::Sha256(definition.body()).bytes());
    }
    for (const v1::Request& request : batch.requests()) {
      ++requests_received;
      EXPECT_TRUE(definitions.contains(request.definition_hash()) || knows_form)
          << "the definition must come first";
      for (const v1::FieldState& field : request.fields()) {
        if (field.path() == "judul") requests[request.name()] = field.value().text();
      }
    }
    cursor = batch.cursor();
  }

  // SyncTransport:
  void Read() override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(reading_) << "two reads at a time";
    EXPECT_FALSE(finished_) << "a read after the end";
    reading_ = true;
    changed_.notify_all();
  }
  void Write(const v1::SyncResponse& response) override {
    {
      std::lock_guard lock(mutex_);
      EXPECT_FALSE(write_held_) << "two writes at a time";
      EXPECT_FALSE(finished_) << "a write after the end";
      received_.push_back(response);
      write_held_ = !takes_writes_;
      changed_.notify_all();
      if (write_held_) return;
    }
    session_->OnWritten(true);
  }
  void Finish(const absl::Status& status) override {
    std::lock_guard lock(mutex_);
    EXPECT_FALSE(finished_) << "finished twice";
    EXPECT_FALSE(write_held_) << "finished during a write";
    finished_ = true;
    finish_status_ = status;
    changed_.notify_all();
  }
  void Cancel() override {
    bool held = false;
    {
      std::lock_guard lock(mutex_);
      EXPECT_FALSE(finished_);
      cancelled_ = true;
      held = std::exchange(write_held_, false);
      changed_.notify_all();
    }
    if (held) session_->OnWritten(false);
  }

 public:
  bool knows_form = false;

 private:
  Engine& engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool takes_writes_;
  bool reading_ = false;
  bool write_held_ = false;
  bool finished_ = false;
  bool cancelled_ = false;
  absl::Status finish_status_;
  std::deque<v1::SyncResponse> received_;
  const std::shared_ptr<SyncSession> session_;
};

class SyncSessionTest : public EngineTest {
 protected:
  void SetUp() override {
    StartEngine();
    AddForm();
  }

  // One short sync that pushes `bodies`; all must be accepted.
  void ShortSync(const std::string& actor, const std::vector<std::string>& bodies) {
    Phone phone(engine_.get());
    phone.Say(actor);
    phone.Push(bodies);
    const v1::PushResult results = phone.NextResult();
    ASSERT_EQ(static_cast<size_t>(results.results_size()), bodies.size());
    for (const v1::ChangeResult& result : results.results()) {
      EXPECT_EQ(result.verdict(), v1::VERDICT_ACCEPTED) << result.ShortDebugString();
    }
    phone.HalfClose();
    const absl::Status end = phone.End();
    EXPECT_TRUE(end.ok()) << end;
  }

  std::string NameOf(const std::string& body) { return sync::RequestName(KeyOf(body)); }
};

}  // namespace tikar::server

#endif  // TIKAR_TESTS_UNIT_SERVER_ENGINE_PHONE_H_
