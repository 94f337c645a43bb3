// Cursors that nobody should trust.
#include "sync/feed_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/feed.h"
#include "sync/keys.h"

namespace tikar::sync {
namespace {

using ::testing::IsEmpty;

class CursorTest : public RoamingTest {
 protected:
  absl::StatusOr<FeedPage> ReadWith(const std::string& cursor) {
    FeedQuery query;
    query.scope = {kGunungKerinci, kBatangMerangin};
    query.actor = "hp-siti";
    query.cursor = cursor;
    query.requests_max = 3;
    return ReadFeed(node_.reader(), query);
  }
  // In the middle of a first pass, at its end, in the middle of a fill, of a later pass and of
  // roaming.
  std::vector<std::string> Cursors() {
    std::vector<Written> filed;
    for (int i = 0; i < 6; ++i)
      filed.push_back(File(kSungaibetungHilir)), filed.push_back(File(kTamiai));
    Assign(filed[1], "hp-siti");
    Exchange();
    std::vector<std::string> cursors;
    Phone phone({kGunungKerinci}, "hp-siti");
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    cursors.push_back(phone.cursor());
    phone.SetScope({kGunungKerinci, kBatangMerangin});
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    for (const Written& created : filed) Edit(created);
    phone.Read(node_, 1);
    cursors.push_back(phone.cursor());
    phone.Pass(node_);
    Exchange();
    for (const Written& created : filed) {
      hub_.Take(siti_.Edit(created.key, hub_.Heads(created.key)).Set("judul", "di pusat"));
    }
    phone.Read(hub_, 1);
    cursors.push_back(phone.cursor());
    return cursors;
  }
};

TEST_F(CursorTest, OneWithAFlippedBitIsRefused) {
  for (const std::string& cursor : Cursors()) {
    EXPECT_TRUE(ReadWith(cursor).ok());
    for (size_t bit = 0; bit < 8 * cursor.size(); ++bit) {
      std::string damaged = cursor;
      damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
      ASSERT_EQ(ReadWith(damaged).status().code(), absl::StatusCode::kInvalidArgument) << bit;
    }
    for (size_t size = 1; size < cursor.size(); ++size) {
      ASSERT_EQ(ReadWith(cursor.substr(0, size)).status().code(),
                absl::StatusCode::kInvalidArgument);
    }
    EXPECT_FALSE(ReadWith(cursor + "x").ok());
  }
  EXPECT_FALSE(ReadWith(std::string(300 << 10, '\1')).ok());
}

// Somebody who computes the check anew can lie about anything: the server answers or refuses, and
// shows nothing outside the scope.
TEST_F(CursorTest, OneThatWasForgedNeitherHarmsNorShowsMore) {
  constexpr size_t kCheckBytes = 8;
  const Written secret = File("15.01.08.2001");
  size_t taken = 0;
  for (const std::string& cursor : Cursors()) {
    const std::string content = cursor.substr(0, cursor.size() - kCheckBytes);
    for (size_t at = 0; at < content.size(); ++at) {
      for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff, content[at] ^ 1, content[at] ^ 0x40}) {
        std::string forged = content;
        forged[at] = static_cast<char>(byte);
        forged += Sha256(forged).view().substr(0, kCheckBytes);
        const absl::StatusOr<FeedPage> page = ReadWith(forged);
        if (!page.ok()) {
          ASSERT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument) << page.status();
          continue;
        }
        ++taken;
        for (const v1::Request& request : page->requests) ASSERT_NE(KeyOf(request), secret.key);
      }
    }
  }
  EXPECT_GT(taken, 100u);
}

TEST_F(CursorTest, OneOfAPositionThatWasNeverGivenOutStartsFromWhatThePhoneKnows) {
  // The node was restored from a backup, but its feed id stayed: what the phone has is ahead of it.
  Node ahead(9), behind(9);
  const Written created = siti_.Create();
  ahead.Take(created), behind.Take(created);
  ahead.Take(siti_.After(created).Set("judul", "hilang"));
  Phone phone({kKerinci});
  phone.Pass(ahead);
  const FeedPage page = phone.Read(behind);
  EXPECT_TRUE(page.caught_up);
  EXPECT_THAT(page.requests, IsEmpty());
  behind.Take(siti_.After(created).Comment("baru"));
  phone.Pass(behind);
  EXPECT_THAT(phone.DifferencesFrom(behind), IsEmpty());
}

TEST_F(CursorTest, AScopeThatIsNoneIsRefused) {
  FeedQuery query;
  const auto code = [&] { return ReadFeed(node_.reader(), query).status().code(); };
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope = {"Kerinci"};
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope = std::vector<std::string>(65, "15.01");
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  query.scope.pop_back();
  EXPECT_EQ(code(), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace tikar::sync
