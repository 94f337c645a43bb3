#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "clients/cli/area_search.h"

namespace tikar::cli {
namespace {

using ::testing::ElementsAre;

std::vector<v1::Area> Kerinci() {
  std::vector<v1::Area> areas;
  for (const auto& [code, name] : {std::pair{"15.01", "Kabupaten Kerinci"},
                                   {"15.01.06", "Gunung Kerinci"},
                                   {"15.01.06.2001", "Siulak"},
                                   {"15.01.09", "Siulak"}}) {
    v1::Area& area = areas.emplace_back();
    area.set_code(code);
    area.set_name(name);
  }
  return areas;
}

std::vector<std::string> Codes(const std::vector<v1::Area>& areas) {
  std::vector<std::string> codes;
  for (const v1::Area& area : areas) codes.push_back(area.code());
  return codes;
}

TEST(AreaSearchTest, ACodeIsToldFromAName) {
  EXPECT_TRUE(LooksLikeAreaCode("15"));
  EXPECT_TRUE(LooksLikeAreaCode("15.01.06.2001"));
  EXPECT_TRUE(LooksLikeAreaCode(""));
  EXPECT_FALSE(LooksLikeAreaCode("Kerinci"));
  EXPECT_FALSE(LooksLikeAreaCode("15.01 Kerinci"));
}

TEST(AreaSearchTest, AWholeNameBeatsAPartOfOne) {
  EXPECT_THAT(Codes(BestMatches("gunung kerinci", Kerinci())), ElementsAre("15.01.06"));
  EXPECT_THAT(Codes(BestMatches("Kabupaten Kerinci", Kerinci())), ElementsAre("15.01"));
}

TEST(AreaSearchTest, ARegencyIsCalledByItsNameAlone) {
  EXPECT_THAT(Codes(BestMatches("kerinci", Kerinci())), ElementsAre("15.01"));
}

TEST(AreaSearchTest, AllOfANameThatSeveralHave) {
  EXPECT_THAT(Codes(BestMatches("Siulak", Kerinci())), ElementsAre("15.01.06.2001", "15.01.09"));
  EXPECT_THAT(Codes(BestMatches("unung", {Kerinci()[1]})), ElementsAre("15.01.06"));
}

TEST(AreaSearchTest, WhatIsCalledSoComesFirstAndLargerAreasBeforeSmaller) {
  std::vector<v1::Area> areas;
  for (const auto& [code, name, level] :
       {std::tuple{"11.02.03.2001", "Kerinci", v1::AREA_LEVEL_VILLAGE},
        {"13.11.02.2004", "Kerinciwan", v1::AREA_LEVEL_VILLAGE},
        {"14.01.05.2001", "Pelkerinci", v1::AREA_LEVEL_VILLAGE},
        {"14.05.02", "Pangkalan Kerinci", v1::AREA_LEVEL_DISTRICT},
        {"15.01", "Kabupaten Kerinci", v1::AREA_LEVEL_REGENCY},
        {"15.01.06", "Gunung Kerinci", v1::AREA_LEVEL_DISTRICT},
        {"15.01.06.2007", "Kerinci Hilir", v1::AREA_LEVEL_VILLAGE}}) {
    v1::Area& area = areas.emplace_back();
    area.set_code(code);
    area.set_name(name);
    area.set_level(level);
  }
  RankMatches(" KERINCI ", areas);
  EXPECT_THAT(Codes(areas), ElementsAre("15.01", "11.02.03.2001", "14.05.02", "15.01.06",
                                        "15.01.06.2007", "13.11.02.2004", "14.01.05.2001"));
}

}  // namespace
}  // namespace tikar::cli
