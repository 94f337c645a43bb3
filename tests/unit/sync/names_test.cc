#include "sync/names.h"

#include <gtest/gtest.h>

#include <string>

#include "sync/limits.h"

namespace tikar::sync {
namespace {

TEST(NamesTest, KeysAreLowerCaseWithUnderscores) {
  for (const char* key : {"a", "judul", "modal_2026", "a_"}) EXPECT_TRUE(IsKey(key)) << key;
  for (const char* key : {"", "_a", "2a", "Judul", "a-b", "a b", "a.b", "@a", "a/b", "é"}) {
    EXPECT_FALSE(IsKey(key)) << key;
  }
  EXPECT_TRUE(IsKey(std::string(kKeyBytesMax, 'a')));
  EXPECT_FALSE(IsKey(std::string(kKeyBytesMax + 1, 'a')));
}

TEST(NamesTest, ServicesHaveHyphensInstead) {
  EXPECT_TRUE(IsServiceKey("hayu-bdg"));
  EXPECT_FALSE(IsServiceKey("hayu_bdg"));
  EXPECT_FALSE(IsServiceKey("-hayu"));
}

TEST(NamesTest, ActorsAreDevicesOrCredentials) {
  for (const char* actor : {"hp-siti", "admin/budi", "15.01_petugas-3", "0"}) {
    EXPECT_TRUE(IsActorName(actor)) << actor;
  }
  for (const char* actor : {"", "Siti", "bu siti", "siti@kerinci", "siti\n"}) {
    EXPECT_FALSE(IsActorName(actor)) << actor;
  }
  EXPECT_TRUE(IsActorName(std::string(kActorBytesMax, 'a')));
  EXPECT_FALSE(IsActorName(std::string(kActorBytesMax + 1, 'a')));
}

TEST(NamesTest, AreasLieWithinTheirRegionAndBelowIt) {
  EXPECT_TRUE(IsAreaWithin("15.01.06", "15.01"));
  EXPECT_TRUE(IsAreaWithin("15.01.06.2010", "15.01"));
  EXPECT_FALSE(IsAreaWithin("15.01", "15.01"));
  EXPECT_FALSE(IsAreaWithin("15.02.06", "15.01"));
  EXPECT_FALSE(IsAreaWithin("15.01.06.2010", "15.01.06"));
  EXPECT_FALSE(IsAreaWithin("15.01.06", ""));
}

}  // namespace
}  // namespace tikar::sync
