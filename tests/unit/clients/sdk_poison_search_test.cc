// The search for a change that breaks the exchange, from the first stream to the parked change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>

#include "sdk_session.h"

namespace tikar::client {
namespace {

using ::testing::IsEmpty;

// Plays servers that break on some changes, with kills of the app at random.
class PoisonTest : public SyncSessionTest {
 protected:
  struct Behaviour {
    std::set<std::string> poison;  // change ids
    absl::Status end = absl::InternalError("handler crashed");
    // Per mille of streams that break for no reason, wherever they are.
    int link_breaks_per_mille = 0;
    int kills_per_mille = 0;
  };

  // One visit after another until the session is done; false: not within `streams_max` streams.
  bool Run(const Behaviour& behaviour, int streams_max, int* streams) {
    for (*streams = 1; *streams <= streams_max; ++*streams) {
      Begin();
      std::deque<v1::SyncRequest> sent;
      const auto take = [&](SyncSession::Step step) {
        for (v1::SyncRequest& request : step.send) sent.push_back(std::move(request));
      };
      take(Start());
      if (Chance(behaviour.link_breaks_per_mille)) {
        session->End(absl::UnavailableError("connection refused"), std::nullopt);
        continue;
      }
      take(Receive(Welcome()));
      std::optional<absl::Status> end;
      bool killed = false;
      for (; !sent.empty() && !end && !killed; sent.pop_front()) {
        if (!sent.front().has_push()) continue;
        if (Contains(sent.front().push(), behaviour.poison)) {
          end = behaviour.end;
        } else if (Chance(behaviour.link_breaks_per_mille)) {
          end = absl::UnavailableError("socket closed");
        } else if (Chance(behaviour.kills_per_mille)) {
          killed = true;
        } else {
          const v1::SyncRequest request = sent.front();
          for (const v1::Change& change : request.push().changes()) {
            received.insert(sync::ChangeIdOf(sync::Sha256(change.body())).bytes());
          }
          take(Receive(Results(request.push())));
        }
      }
      if (killed) {
        session.reset();
        phone.Reopen();
        continue;
      }
      const SyncSession::Ended ended = session->End(end.value_or(absl::OkStatus()), std::nullopt);
      if (ended.next == SyncSession::Next::kDone) return true;
    }
    return false;
  }

  bool Chance(int per_mille) { return static_cast<int>(generator_() % 1000) < per_mille; }
  static bool Contains(const v1::Push& push, const std::set<std::string>& poison) {
    for (const v1::Change& change : push.changes()) {
      if (poison.contains(sync::ChangeIdOf(sync::Sha256(change.body())).bytes())) return true;
    }
    return false;
  }
  std::vector<std::string> Make(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(phone.Create("Laporan").change_id.bytes());
    return ids;
  }
  std::set<std::string> Parked() {
    std::set<std::string> ids;
    const auto items = phone.app->NeedsAttention();
    CHECK(items.ok());
    for (const AttentionItem& item : *items) {
      EXPECT_EQ(item.fate, ChangeFate::kParked);
      EXPECT_FALSE(item.error.empty());
      EXPECT_GT(item.body.mutations_size(), 1) << "its data is not kept";
      ids.insert(item.change_id.bytes());
    }
    return ids;
  }

  std::mt19937 generator_{20260302};
  std::set<std::string> received;
};

TEST_F(PoisonTest, AnyPlaceOfFiftyLetsTheOtherFortyNineThrough) {
  for (const int place : {1, 2, 13, 25, 26, 49, 50}) {
    phone.app.reset();
    phone.options.database_path = directory.File("place-" + std::to_string(place));
    phone.Open();
    received.clear();
    const std::vector<std::string> ids = Make(50);
    Behaviour behaviour;
    behaviour.poison = {ids[place - 1]};
    int streams = 0;
    ASSERT_TRUE(Run(behaviour, 20, &streams)) << "place " << place;
    EXPECT_EQ(Parked(), behaviour.poison) << "place " << place;
    EXPECT_EQ(received.size(), 49u) << "place " << place;
    EXPECT_EQ(phone.Status().unsent, 0u);
    EXPECT_FALSE(phone.Status().synced) << "a parked change has no tick";
  }
}

TEST_F(PoisonTest, SeveralAmongHundredsWithABadLinkAndKills) {
  const std::vector<std::string> ids = Make(900);
  Behaviour behaviour;
  behaviour.poison = {ids[0], ids[1], ids[250], ids[640], ids[899]};
  behaviour.link_breaks_per_mille = 150;
  behaviour.kills_per_mille = 100;
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 400, &streams));
  EXPECT_EQ(Parked(), behaviour.poison);
  EXPECT_EQ(received.size(), ids.size() - behaviour.poison.size());
}

TEST_F(PoisonTest, BadLinkAloneParksNobody) {
  const std::vector<std::string> ids = Make(1'000);
  Behaviour behaviour;
  behaviour.link_breaks_per_mille = 600;
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 2'000, &streams));
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(received.size(), ids.size());
}

// The server process dies on it: for the phone that is a broken link. The others get through, and
// it is not hidden from those who look: it stays unsent, with its age.
TEST_F(PoisonTest, ChangeThatKillsTheServerGoesLastAndStaysUnsent) {
  const std::vector<std::string> ids = Make(50);
  Behaviour behaviour;
  behaviour.poison = {ids[24]};
  behaviour.end = absl::UnavailableError("socket closed");
  int streams = 0;
  EXPECT_FALSE(Run(behaviour, 60, &streams));
  EXPECT_EQ(received.size(), 49u);
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(phone.Status().unsent, 1u);
  EXPECT_EQ(phone.Status().last_error.code(), absl::StatusCode::kUnavailable);
}

TEST_F(PoisonTest, ServerThatBreaksOnEveryHelloParksNobody) {
  Make(3);
  for (int round = 0; round < 20; ++round) {
    Begin();
    Start();
    session->End(absl::InternalError("null pointer"), std::nullopt);
  }
  EXPECT_THAT(Parked(), IsEmpty());
  EXPECT_EQ(phone.Status().unsent, 3u);
  int streams = 0;
  EXPECT_TRUE(Run({}, 5, &streams));
  EXPECT_EQ(received.size(), 3u);
}

TEST_F(PoisonTest, WaryStreamTakesNothingDownAndSendsOneBatchAfterTheWelcome) {
  Make(50);
  Begin();
  Start();
  Receive(Welcome());
  session->End(absl::InternalError("choked"), std::nullopt);
  Begin();
  const SyncSession::Step step = Start();
  ASSERT_EQ(step.send.size(), 1u);
  EXPECT_TRUE(step.send[0].hello().push_only());
  EXPECT_EQ(Receive(Welcome()).send.size(), 1u);
}

TEST_F(PoisonTest, ParkedChangeThatIsRetriedGoesToAMendedServer) {
  const std::vector<std::string> ids = Make(3);
  Behaviour behaviour;
  behaviour.poison = {ids[1]};
  int streams = 0;
  ASSERT_TRUE(Run(behaviour, 20, &streams));
  ASSERT_TRUE(phone.app->Retry(*sync::ChangeId::FromBytes(ids[1])).ok());
  EXPECT_EQ(phone.Status().unsent, 1u);
  ASSERT_TRUE(Run({}, 5, &streams));
  EXPECT_EQ(received.size(), 3u);
  EXPECT_THAT(Parked(), IsEmpty());
}

}  // namespace
}  // namespace tikar::client
