#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "feed_fixture.h"
#include "sync/feed.h"
#include "sync/feed_rows.h"

namespace tikar::sync {
namespace {

using ::testing::IsEmpty;

// The model: after each complete pass a phone holds exactly what is in its scope on the node,
// whatever happened in between: writes, moves, assignments, other nodes, new machines, other
// scopes, passes left half done, years.
class RandomFeedTest : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomFeedTest, APhoneHoldsWhatIsInItsScope) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  std::mt19937_64 random(GetParam());
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const std::vector<std::string> areas = {kSungaibetungHilir, kSungaibatuGantih, kGunungKerinci,
                                          kTamiai, "15.01.08.2001"};
  const std::vector<std::string> prefixes = {
      kSungaibetungHilir, kSungaibatuGantih, kGunungKerinci, kTamiai,
      kBatangMerangin,    "15.01.08",        kKerinci,       "15"};
  const auto scope = [&] {
    std::vector<std::string> chosen;
    for (size_t i = 1 + below(3); i > 0; --i) chosen.push_back(prefixes[below(prefixes.size())]);
    return chosen;
  };
  Node district(GetParam() * 2 + 1, "mesin-0"), hub(GetParam() * 2 + 2, "pusat-0");
  Node* const nodes[] = {&district, &hub};
  Officer siti("hp-siti"), budi("hp-budi");
  Officer* const officers[] = {&siti, &budi};
  std::vector<Phone> phones;
  for (int i = 0; i < 3; ++i)
    phones.emplace_back(scope(), i == 0 ? "hp-siti" : i == 1 ? "hp-budi" : "");
  std::vector<Written> filed;
  const auto exchange = [&] {
    hub.PullFrom(district);
    district.PullFrom(hub);
  };
  const auto knows_newer = [](Node& node) {
    return node.replica().definitions()->Find(NewerComplaint()->hash()) != nullptr;
  };
  int machines = 0;
  for (int step = 0; step < 400; ++step) {
    Node& node = *nodes[below(2)];
    Officer& officer = *officers[below(2)];
    Phone& phone = phones[below(phones.size())];
    const size_t what = below(100);
    if (filed.empty() || what < 15) {
      // Some under a definition that nodes learn later, or only one of them for a while.
      const Definition& definition = below(4) == 0 ? *NewerComplaint() : *Complaint();
      filed.push_back(officer.Create(areas[below(areas.size())], definition));
      node.Take(filed.back());
    } else if (what < 50) {
      const Written& created = filed[below(filed.size())];
      if (!node.Has(created.key)) continue;
      Draft draft = officer.Edit(created.key, node.Heads(created.key));
      switch (below(4)) {
        case 0:
          draft.Set("area", areas[below(areas.size())]);
          break;
        case 1:
          draft.Set("assignee", below(2) ? "hp-siti" : "hp-budi");
          break;
        case 2:
          draft.Clear("assignee");
          break;
        default:
          draft.Comment("catatan");
      }
      node.Take(draft);
    } else if (what < 80) {
      phone.Read(node, 1 + below(3));
    } else if (what < 85) {
      phone.SetScope(scope());
    } else if (what < 90) {
      exchange();
    } else if (what < 92) {
      node.MoveToMachine("mesin-" + std::to_string(++machines));
    } else if (what < 94) {
      for (Node* each : nodes) each->now_ms += kLeftRowKeptMs + 1;
    } else if (what < 95) {
      node.AddDefinition(*NewerComplaint());
    } else {
      exchange();
      phone.Pass(node, 1 + below(4));
      // What only the other one can show is nothing that a node takes away.
      if (knows_newer(district) != knows_newer(hub)) continue;
      ASSERT_THAT(phone.DifferencesFrom(node), IsEmpty()) << "step " << step;
    }
  }
  for (Node* each : nodes) each->AddDefinition(*NewerComplaint());
  exchange();
  for (Phone& phone : phones) {
    phone.Pass(hub);
    EXPECT_THAT(phone.DifferencesFrom(district), IsEmpty());
    // Caught up on both: the world is not sent again.
    EXPECT_EQ(phone.Pass(district), 0u);
    EXPECT_EQ(phone.Pass(hub), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFeedTest, testing::Range<uint64_t>(1, 61));

}  // namespace
}  // namespace tikar::sync
