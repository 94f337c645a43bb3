// WatchSession without gRPC, so that a test may hold its writes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "engine_fixture.h"
#include "server/engine/watch_session.h"

namespace tikar::server {
namespace {

// The other end of a watch. Takes a write when it is told to.
class Watcher : public WatchTransport {
 public:
  explicit Watcher(Engine* engine, const v1::RequestFilter& filter = {})
      : engine_(*engine),
        session_(std::make_shared<WatchSession>(engine, this, std::vector<std::string>{"15.01"},
                                                filter)) {
    EXPECT_TRUE(engine_.sessions().Add(session_));
    session_->Start();
    EXPECT_TRUE(begun_.Take().has_value());
    session_->OnWritten(true);
    const v1::WatchRequestsResponse beginning = Next();
    EXPECT_FALSE(beginning.has_request());
    EXPECT_FALSE(beginning.resume_token().empty());
    Complete();
  }
  ~Watcher() override {
    session_->OnCancel();
    if (held_.exchange(false)) session_->OnWritten(false);
    if (!ended_) {
      EXPECT_TRUE(finished_.Take().has_value()) << "the stream was not finished";
    }
    engine_.sessions().Remove(session_);
  }

  // The next response, which stays unwritten until Complete.
  v1::WatchRequestsResponse Next() { return written_.Take().value_or(v1::WatchRequestsResponse()); }
  void Complete(bool ok = true) {
    held_ = false;
    session_->OnWritten(ok);
  }
  absl::Status End() {
    ended_ = true;
    return finished_.Take().value_or(absl::UnknownError("it did not end"));
  }
  bool silent() const { return written_.empty(); }
  bool cancelled() const { return cancelled_; }
  WatchSession& session() { return *session_; }

  // WatchTransport:
  void Begin() override { begun_.Put(true); }
  void Write(const v1::WatchRequestsResponse& response) override {
    EXPECT_FALSE(held_.exchange(true)) << "two writes at once";
    written_.Put(response);
  }
  void Finish(const absl::Status& status) override { finished_.Put(status); }
  void Cancel() override { cancelled_ = true; }

 private:
  Engine& engine_;
  Mailbox<bool> begun_;
  Mailbox<v1::WatchRequestsResponse> written_;
  Mailbox<absl::Status> finished_;
  std::atomic<bool> held_{false};
  std::atomic<bool> cancelled_{false};
  bool ended_ = false;
  const std::shared_ptr<WatchSession> session_;
};

class WatchSessionTest : public EngineTest {
 protected:
  void SetUp() override {
    StartEngine();
    AddForm();
  }
  void Take(const std::string& body) {
    v1::ChangeBody parsed;
    ASSERT_TRUE(parsed.ParseFromString(body));
    ASSERT_TRUE(Submit({By(parsed.actor(), body)}, &answers_).ok());
    const auto answer = answers_.Take();
    ASSERT_TRUE(answer.has_value());
    ASSERT_TRUE(answer->status.ok()) << answer->status;
    ASSERT_EQ(answer->results[0].verdict, v1::VERDICT_ACCEPTED);
  }
  // Another title for what `body` filed, by whoever has seen `parents`.
  std::string Retitle(const std::string& body, int number) {
    const sync::RequestKey key = KeyOf(body);
    const auto stored = sync::LoadRequest(*sequencer().Current()->reader, key);
    EXPECT_TRUE(stored.ok() && stored->has_value());
    v1::ChangeBody edit;
    edit.set_region(key.region);
    edit.set_request_id(key.id.bytes());
    edit.set_actor("petugas-1");
    edit.set_role("petugas");
    edit.set_hlc(static_cast<uint64_t>(kMorning + 1'000 + number) << 16);
    edit.set_nonce("retitled");
    for (const sync::ChangeId& head : (*stored)->state.heads) edit.add_parents(head.bytes());
    v1::SetField& set = *edit.add_mutations()->mutable_set_field();
    set.set_path("judul");
    set.mutable_value()->set_text(absl::StrCat("Judul ", number));
    return edit.SerializeAsString();
  }
  static std::string TitleOf(const v1::WatchRequestsResponse& response) {
    for (const v1::FieldState& field : response.request().fields()) {
      if (field.path() == "judul") return field.value().text();
    }
    return "";
  }
  Mailbox<TaskResult> answers_;
};

TEST_F(WatchSessionTest, WhileAWriteIsHeldARequestIsSentOnceAndInItsNewestState) {
  Watcher watcher(engine_.get());
  const std::string bridge = Complaint("petugas-1", 1), lamp = Complaint("petugas-1", 2);
  Take(bridge);
  EXPECT_EQ(TitleOf(watcher.Next()), "Jembatan 1");
  for (int i = 0; i < 5; ++i) Take(Retitle(bridge, i));
  Take(lamp);
  EXPECT_TRUE(watcher.silent());
  watcher.Complete();
  EXPECT_EQ(TitleOf(watcher.Next()), "Judul 4");
  watcher.Complete();
  EXPECT_EQ(TitleOf(watcher.Next()), "Jembatan 2") << "and none is left out";
  watcher.Complete();
  EXPECT_TRUE(watcher.silent());
}

TEST_F(WatchSessionTest, ItSaysWhenTheVersionBecameDurable) {
  Watcher watcher(engine_.get());
  now_ms_ += 5'000;
  const int64_t durable_at_ms = now_ms_;
  Take(Complaint("petugas-1", 1));
  EXPECT_EQ(watcher.Next().time_ms(), durable_at_ms);
  watcher.Complete();
}

TEST_F(WatchSessionTest, WhatDoesNotPassTheFilterWakesNobody) {
  v1::RequestFilter filter;
  filter.set_text("LAMPU");
  Watcher watcher(engine_.get(), filter);
  const std::string bridge = Complaint("petugas-1", 1);
  Take(bridge);
  Take(Complaint("petugas-1", 2));
  std::string other = Retitle(bridge, 1);
  v1::ChangeBody lamp;
  ASSERT_TRUE(lamp.ParseFromString(other));
  lamp.mutable_mutations(0)->mutable_set_field()->mutable_value()->set_text("Lampu jembatan padam");
  Take(lamp.SerializeAsString());
  EXPECT_EQ(TitleOf(watcher.Next()), "Lampu jembatan padam");
  watcher.Complete();
}

TEST_F(WatchSessionTest, AStoppingServerEndsItOnceTheWriteIsDone) {
  Watcher watcher(engine_.get());
  Take(Complaint("petugas-1", 1));
  watcher.Next();
  engine_->BeginStop();
  watcher.Complete();
  EXPECT_EQ(ReasonOf(watcher.End()), "STOPPING");
}

TEST_F(WatchSessionTest, ACallerThatReadsNothingIsCutOff) {
  Watcher watcher(engine_.get());
  Take(Complaint("petugas-1", 1));
  watcher.Next();
  watcher.session().OnTick(now_ms_ + kWriteStalledMsMax);
  EXPECT_FALSE(watcher.cancelled());
  watcher.session().OnTick(now_ms_ + kWriteStalledMsMax + 1);
  EXPECT_TRUE(watcher.cancelled());
  watcher.Complete(false);
  EXPECT_EQ(ReasonOf(watcher.End()), "READS_TOO_SLOWLY");
}

TEST_F(WatchSessionTest, ItGivesItsBytesBackAndItsSubscriptionUp) {
  const size_t subscriptions = engine_->fan_out().subscriptions();
  {
    Watcher watcher(engine_.get());
    Take(Complaint("petugas-1", 1));
    watcher.Next();
    EXPECT_GT(engine_->feed_budget().used(), 0u);
    EXPECT_EQ(engine_->fan_out().subscriptions(), subscriptions + 1);
  }
  // The last bytes are given back on another thread.
  engine_->readers().Stop();
  EXPECT_EQ(engine_->feed_budget().used(), 0u);
  EXPECT_EQ(engine_->fan_out().subscriptions(), subscriptions);
}

}  // namespace
}  // namespace tikar::server
