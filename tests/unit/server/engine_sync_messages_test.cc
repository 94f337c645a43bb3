#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "engine_fixture.h"
#include "engine_phone.h"
#include "server/engine/limits.h"
#include "server/engine/sync_messages.h"

namespace tikar::server {
namespace {

v1::Hello GoodHello() {
  v1::Hello hello;
  hello.set_actor("petugas-1");
  hello.add_scope("15.01");
  return hello;
}

// The field that a status is about, which its text begins with.
std::string ViolationOf(const absl::Status& status) {
  const std::string text(status.message());
  return text.substr(0, text.find(": "));
}

absl::Status HelloWith(const std::function<void(v1::Hello&)>& change) {
  v1::Hello hello = GoodHello();
  change(hello);
  return CheckHello(hello);
}

TEST(SyncMessagesTest, AHelloThatSaysWhatIsNeededIsTaken) {
  EXPECT_TRUE(CheckHello(GoodHello()).ok());
  EXPECT_TRUE(HelloWith([](v1::Hello& hello) {
                hello.clear_scope();
                hello.set_push_only(true);
              }).ok());
}

// The name with which nodes move requests on: whoever wrote under it would be overruled by
// everybody.
TEST(SyncMessagesTest, NobodySyncsInTheNameOfTheTimer) {
  const absl::Status timer = HelloWith([](v1::Hello& hello) { hello.set_actor("timer"); });
  EXPECT_EQ(timer.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ViolationOf(timer), "hello.actor");
  EXPECT_EQ(ReasonOf(timer), "ACTOR_RESERVED");
  EXPECT_TRUE(HelloWith([](v1::Hello& hello) { hello.set_actor("timer-hp"); }).ok());
}

TEST(SyncMessagesTest, WhatIsWrongWithAHelloIsNamed) {
  const auto violation = [](const std::function<void(v1::Hello&)>& change) {
    const absl::Status status = HelloWith(change);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return ViolationOf(status);
  };
  EXPECT_EQ(violation([](v1::Hello& hello) { hello.set_actor("Petugas 1"); }), "hello.actor");
  EXPECT_EQ(violation([](v1::Hello& hello) { hello.clear_scope(); }), "hello.scope");
  EXPECT_EQ(violation([](v1::Hello& hello) { hello.set_scope(0, "Kerinci"); }), "hello.scope");
  EXPECT_EQ(violation([](v1::Hello& hello) {
              for (int i = 0; i < 64; ++i) hello.add_scope("15.01");
            }),
            "hello.scope");
  EXPECT_EQ(
      violation([](v1::Hello& hello) { hello.set_cursor(std::string(kCursorBytesMax + 1, 'c')); }),
      "hello.cursor");
  EXPECT_EQ(violation([](v1::Hello& hello) { hello.add_definition_hashes("short"); }),
            "hello.definition_hashes");
  EXPECT_EQ(violation([](v1::Hello& hello) {
              hello.set_client_version(std::string(kClientVersionBytesMax + 1, 'v'));
            }),
            "hello.client_version");
}

TEST(SyncMessagesTest, APushHasItsLimits) {
  v1::Push push;
  for (size_t i = 0; i < kPushChangesMax; ++i) push.add_changes();
  EXPECT_TRUE(CheckPush(push).ok());
  push.add_changes();
  EXPECT_EQ(ViolationOf(CheckPush(push)), "push.changes");
  v1::Push large;
  large.add_changes()->set_body(std::string(kPushBytesMax, 'b'));
  EXPECT_EQ(ViolationOf(CheckPush(large)), "push.changes");
}

class TimerNameTest : public SyncSessionTest {};

TEST_F(TimerNameTest, AStreamOfTheTimerEndsAndNothingOfItIsTaken) {
  Phone phone(engine_.get());
  phone.Say("timer");
  const absl::Status end = phone.End();
  EXPECT_EQ(end.code(), absl::StatusCode::kInvalidArgument) << end;
  EXPECT_EQ(ReasonOf(end), "ACTOR_RESERVED");
  EXPECT_EQ(sequencer().status().changes_committed, 0u);
}

}  // namespace
}  // namespace tikar::server
