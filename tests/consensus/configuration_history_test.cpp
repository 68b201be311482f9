#include "consensus/configuration_history.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "consensus/configuration_text.hpp"
#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

ConfigurationHistory history_of(const std::vector<std::pair<std::uint64_t, std::string>>& places) {
  ConfigurationHistory history;
  for (const auto& [index, text] : places) history.add(Index(index), configuration_from(text));
  return history;
}

std::string at(const ConfigurationHistory& history, std::uint64_t index) {
  return text_of(history.at(Index(index)));
}

TEST(ConfigurationHistory, NamesNobodyBeforeTheFirst) {
  const ConfigurationHistory none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.is_certain());
  EXPECT_EQ(none.newest(), Configuration{});
  EXPECT_EQ(none.newest_index(), Index{});
  EXPECT_EQ(history_of({{5, "1"}}).at(Index(4)), Configuration{});
}

TEST(ConfigurationHistory, TheNewestActsAndEachHoldsUntilTheNext) {
  const ConfigurationHistory history = history_of({{1, "1+2+3"}, {7, "1+2<1+2+3"}, {8, "1+2"}});
  EXPECT_EQ(text_of(history.newest()), "1+2");
  EXPECT_EQ(history.newest_index(), Index(8));
  EXPECT_EQ(at(history, 1), "1+2+3");
  EXPECT_EQ(at(history, 6), "1+2+3");
  EXPECT_EQ(at(history, 7), "1+2<1+2+3");
  EXPECT_EQ(at(history, 100), "1+2");
}

TEST(ConfigurationHistory, TruncationUndoes) {
  ConfigurationHistory history = history_of({{1, "1"}, {7, "1+2<1"}, {8, "1+2"}});
  history.truncate_from(Index(9));
  EXPECT_EQ(text_of(history.newest()), "1+2");
  history.truncate_from(Index(8));
  EXPECT_EQ(text_of(history.newest()), "1+2<1");
  history.truncate_from(Index(2));
  EXPECT_EQ(text_of(history.newest()), "1");
  history.truncate_from(Index(1));
  EXPECT_TRUE(history.empty());
}

TEST(ConfigurationHistory, ReleaseKeepsWhatActsAtTheBoundary) {
  ConfigurationHistory history = history_of({{1, "1"}, {5, "1~2"}, {9, "1+2"}});
  history.release_up_to(Index(6));
  EXPECT_EQ(at(history, 4), "");
  EXPECT_EQ(at(history, 6), "1~2");
  EXPECT_EQ(text_of(history.newest()), "1+2");
  history.release_up_to(Index(100));
  EXPECT_EQ(at(history, 100), "1+2");
}

TEST(ConfigurationHistory, DamageLeavesTheOlderOneUntilItIsRepaired) {
  ConfigurationHistory history = history_of({{1, "1"}, {5, "1~2"}});
  history.add_damaged(Index(5));
  EXPECT_TRUE(history.is_certain()) << "what is known stays known";
  history.add_damaged(Index(9));
  EXPECT_FALSE(history.is_certain());
  EXPECT_EQ(history.newest_index(), Index(9));
  EXPECT_EQ(text_of(history.newest()), "1~2");
  EXPECT_TRUE(history.is_certain_at(Index(8)));
  EXPECT_FALSE(history.is_certain_at(Index(9)));
  EXPECT_FALSE(history.is_certain_at(Index(0)));
  history.add(Index(9), configuration_from("1+2"));
  EXPECT_TRUE(history.is_certain());
  EXPECT_EQ(text_of(history.newest()), "1+2");
}

TEST(ConfigurationHistory, WhatMayBeAConfigurationHidesTheOneBefore) {
  ConfigurationHistory history = history_of({{1, "1"}, {6, "1~2"}});
  history.doubt({{Index(3), Index(4)}, {Index(6), Index(6)}, {Index(8), Index(9)}});
  const auto expect_certain = [&](const std::vector<std::uint64_t>& at) {
    std::vector<std::uint64_t> certain;
    for (std::uint64_t index = 0; index <= 10; ++index) {
      if (history.is_certain_at(Index(index))) certain.push_back(index);
    }
    EXPECT_EQ(certain, at);
  };
  expect_certain({1, 2, 6, 7});
  EXPECT_FALSE(history.is_certain());
  history.settle(Index(3));
  history.settle(Index(9));
  expect_certain({1, 2, 3, 6, 7});
  history.add(Index(8), configuration_from("1+2"));
  history.settle(Index(8));
  expect_certain({1, 2, 3, 6, 7, 8, 9, 10});
  EXPECT_TRUE(history.is_certain());
  history.truncate_from(Index(4));
  EXPECT_TRUE(history.is_certain()) << "what is cut off hides nothing";
}

TEST(ConfigurationHistory, WhatIsReleasedHidesNothing) {
  ConfigurationHistory history = history_of({{1, "1"}});
  history.doubt({{Index(3), Index(5)}});
  history.release_up_to(Index(4));
  EXPECT_FALSE(history.is_certain());
  history.release_up_to(Index(5));
  EXPECT_TRUE(history.is_certain());
  history.truncate_from(Index(6));
  EXPECT_TRUE(history.is_certain());
}

TEST(ConfigurationHistory, AgreesWithAListOfAllIndexes) {
  SplitMix64 rng(1);
  for (int round = 0; round < 300; ++round) {
    ConfigurationHistory history;
    std::vector<std::optional<std::string>> log(1);
    std::size_t released = 0;
    for (int step = 0; step < 60; ++step) {
      if (rng.one_in(5) && log.size() > released + 1) {
        const std::size_t from = released + 1 + rng.below(log.size() - released - 1);
        history.truncate_from(Index(from));
        log.resize(from);
      } else if (rng.one_in(8)) {
        released += rng.below(log.size() - released);
        history.release_up_to(Index(released));
      } else {
        log.emplace_back();
        if (rng.one_in(3)) {
          log.back() = std::to_string(rng.below(100));
          history.add(Index(log.size() - 1), configuration_from(*log.back()));
        }
      }
      for (std::size_t index = released; index < log.size(); ++index) {
        std::size_t found = index;
        while (found > 0 && !log[found]) --found;
        ASSERT_EQ(at(history, index), log[found].value_or("")) << round << " " << step;
      }
      ASSERT_EQ(text_of(history.newest()), at(history, log.size() - 1));
    }
  }
}

}  // namespace
}  // namespace lockstep::consensus::test
