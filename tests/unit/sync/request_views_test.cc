// What lists show beyond the state: clocks, joined requests, and how it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "office_fixture.h"
#include "sync/query.h"

namespace tikar::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ViewsTest : public OfficeTest {
 protected:
  ListView Now() {
    definitions_ = node_.replica().definitions();
    return {.definitions = definitions_.get(), .calendar = &calendar_, .now_ms = node_.now_ms};
  }
  std::vector<v1::Request> List(const v1::RequestFilter& filter, const ListView& view) {
    const auto page = ListRequests(node_.reader(), kKerinci, filter, {}, view);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    return {page->requests().begin(), page->requests().end()};
  }
  std::vector<std::string> Names(const v1::RequestFilter& filter, const ListView& view) {
    std::vector<std::string> names;
    for (const v1::Request& request : List(filter, view)) names.push_back(request.name());
    return names;
  }

  std::shared_ptr<const DefinitionTable> definitions_;
};

TEST_F(ViewsTest, LateOnesAreFilteredAndShowTheirClocks) {
  const Written examined = Examined();
  const Written fresh = node_.Take(File());
  v1::RequestFilter late;
  late.set_late(true);
  EXPECT_THAT(Names(late, Now()), IsEmpty());
  node_.now_ms = kThreeDaysDueMs;
  EXPECT_THAT(Names(late, Now()), ElementsAre(RequestName(fresh.key)));
  node_.now_ms = kTenDaysDueMs;
  const std::vector<v1::Request> both = List(late, Now());
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[1].name(), RequestName(examined.key));
  ASSERT_EQ(both[1].clocks_size(), 2);
  EXPECT_FALSE(both[1].clocks(0).late());
  EXPECT_TRUE(both[1].clocks(1).late());
  EXPECT_THAT(Names(late, {}), IsEmpty()) << "without a calendar nothing is late";
}

TEST_F(ViewsTest, OpenOnesAreNotInATerminalState) {
  const Written examined = Examined();
  v1::RequestFilter open;
  open.set_open(true);
  EXPECT_THAT(Names(open, Now()), SizeIs(1));
  node_.Take(siti_.After(examined).Go("diperiksa", "selesai"));
  EXPECT_THAT(Names(open, Now()), IsEmpty());
}

TEST_F(ViewsTest, JoinedOnesShowAsOneUnlessAskedFor) {
  const Written main = node_.Take(File()), joined = node_.Take(File());
  node_.Take(siti_.After(joined).Set("duplicate_of", main.key.id.hex()));
  const std::vector<v1::Request> shown = List({}, Now());
  ASSERT_THAT(shown, SizeIs(1));
  EXPECT_EQ(shown[0].name(), RequestName(main.key));
  EXPECT_THAT(shown[0].joined(), ElementsAre(RequestName(joined.key)));
  v1::RequestFilter all;
  all.set_show_joined(true);
  EXPECT_THAT(Names(all, Now()), SizeIs(2));
}

TEST_F(ViewsTest, PossibleDuplicatesAreShownWhereTheyAreAskedFor) {
  const Value bridge = PlaceAt(-19'500'000, 1'012'500'000);
  const Written one = node_.Take(File().Set("lokasi", bridge));
  const Written other = node_.Take(File().Set("lokasi", bridge));
  v1::Request shown;
  ASSERT_TRUE(AddViews(node_.reader(), node_.StateOf(one.key), Now(), true, &shown).ok());
  EXPECT_THAT(shown.possible_duplicates(), ElementsAre(RequestName(other.key)));
  shown.Clear();
  ASSERT_TRUE(AddViews(node_.reader(), node_.StateOf(one.key), Now(), false, &shown).ok());
  EXPECT_THAT(shown.possible_duplicates(), IsEmpty());
}

TEST_F(ViewsTest, AListOfAFormerTimeShowsRequestsAsTheyWereThen) {
  const Written created = node_.Take(File());
  const int64_t then_ms = node_.now_ms;
  node_.now_ms += kHourMs;
  node_.Take(siti_.After(created).Go("diterima", "diperiksa"));
  node_.Take(File());
  ListView view = Now();
  EXPECT_THAT(List({}, view), SizeIs(2));
  view.as_of_ms = then_ms;
  const std::vector<v1::Request> then = List({}, view);
  ASSERT_THAT(then, SizeIs(1));
  EXPECT_EQ(then[0].status(), "diterima");
  ASSERT_EQ(then[0].clocks_size(), 1);
  EXPECT_EQ(then[0].clocks(0).stopped_at_ms(), 0);
  view.as_of_ms = then_ms - 1;
  EXPECT_THAT(List({}, view), IsEmpty());
}

}  // namespace
}  // namespace tikar::sync
