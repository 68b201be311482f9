// The checker against histories that are known to be good or bad, and against every order tried
// one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "lockstep/split_mix.hpp"
#include "simulation/history/linearizability.hpp"

namespace lockstep::sim {
namespace {

/// A history in the order of its lines: every call and every return is an event.
class Recorder {
 public:
  std::size_t call(Action action, std::string argument = "", std::string expected = "") {
    Operation operation;
    operation.client = history_.size();
    operation.key = key;
    operation.action = action;
    operation.argument = std::move(argument);
    operation.expected = std::move(expected);
    operation.called = ++events_;
    history_.push_back(std::move(operation));
    return history_.size() - 1;
  }
  void end(std::size_t operation, std::optional<std::string> seen = {}) {
    history_[operation].returned = ++events_;
    history_[operation].seen = std::move(seen);
  }
  // One that overlaps nothing called later.
  void put(std::string text) { end(call(Action::kPut, std::move(text))); }
  void append(std::string text) { end(call(Action::kAppend, std::move(text))); }
  void get(std::string seen) { end(call(Action::kGet), std::move(seen)); }

  [[nodiscard]] Linearizable verdict() const { return check_linearizability(history_).answer; }

  std::string key = "k";

 private:
  History history_;
  std::uint64_t events_ = 0;
};

TEST(Linearizability, OfNothingAndOfOneAfterAnother) {
  Recorder history;
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get("");
  history.put("a");
  history.append("b");
  history.get("ab");
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
}

TEST(Linearizability, AStaleReadIsFound) {
  Recorder history;
  history.put("a");
  history.put("b");
  history.get("a");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AReadOverlappingAWriteMaySeeEither) {
  for (const char* seen : {"a", "b"}) {
    Recorder history;
    history.put("a");
    const auto put = history.call(Action::kPut, "b");
    history.get(seen);
    history.end(put);
    EXPECT_EQ(history.verdict(), Linearizable::kYes) << seen;
  }
}

TEST(Linearizability, WhatOneReadHasSeenTheNextCannotUnsee) {
  Recorder history;
  history.put("a");
  const auto put = history.call(Action::kPut, "b");
  history.get("b");
  history.get("a");
  history.end(put);
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, ALostUpdateIsFound) {
  Recorder history;
  history.append("a");
  history.append("b");
  history.get("b");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AnAppendAppliedTwiceIsFound) {
  Recorder history;
  history.append("a");
  history.get("aa");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AnUnknownAppendAppliedTwiceIsFound) {
  Recorder history;
  (void)history.call(Action::kAppend, "a");
  history.get("aa");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AReadOfTheFutureIsFound) {
  Recorder history;
  history.get("a");
  history.put("a");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AReadOfWhatNobodyWroteIsFound) {
  Recorder history;
  history.put("a");
  history.get("x");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AnUnknownWriteMayHappenNeverOrMuchLater) {
  Recorder history;
  (void)history.call(Action::kPut, "late");
  history.put("a");
  history.get("a");
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get("late");
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get("a");
  EXPECT_EQ(history.verdict(), Linearizable::kNo) << "it happens once";
}

TEST(Linearizability, AnUnknownWriteCannotHappenBeforeItsCall) {
  Recorder history;
  history.get("early");
  (void)history.call(Action::kPut, "early");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, OfTwoComparisonsWithTheSameOneMayWin) {
  for (const bool both : {false, true}) {
    Recorder history;
    const auto first = history.call(Action::kCompareAndSet, "a", "");
    const auto second = history.call(Action::kCompareAndSet, "b", "");
    history.end(first, "");
    history.end(second, both ? "" : "a");
    EXPECT_EQ(history.verdict(), both ? Linearizable::kNo : Linearizable::kYes);
  }
}

TEST(Linearizability, AFailedComparisonChangesNothing) {
  Recorder history;
  history.put("a");
  history.end(history.call(Action::kCompareAndSet, "c", "b"), "a");
  history.get("a");
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get("c");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AnUnknownComparisonThatCannotHaveWonIsFound) {
  Recorder history;
  history.put("a");
  (void)history.call(Action::kCompareAndSet, "c", "b");
  history.get("c");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, AppendsInTheWrongOrderAreFound) {
  Recorder history;
  history.append("a");
  history.append("b");
  history.get("ba");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, KeysDoNotMeet) {
  Recorder history;
  history.put("a");
  history.key = "other";
  history.get("");
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get("a");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, ManyAtOnceAndManyUnknownAreDecided) {
  Recorder history;
  std::vector<std::size_t> open;
  std::string all;
  for (int i = 0; i < 40; ++i) {
    // The other half is never heard of again, nor ever seen.
    (void)history.call(Action::kPut, "lost" + std::to_string(i));
    if (i >= 8) continue;
    open.push_back(history.call(Action::kAppend, "<" + std::to_string(i) + ">"));
    all.append("<").append(std::to_string(i)).append(">");
  }
  for (const std::size_t operation : open) history.end(operation);
  history.get(all);
  EXPECT_EQ(history.verdict(), Linearizable::kYes);
  history.get(all + "lost");
  EXPECT_EQ(history.verdict(), Linearizable::kNo);
}

TEST(Linearizability, ASearchTooLongSaysSo) {
  History history;
  for (std::uint64_t i = 0; i < 20; ++i) {
    history.push_back({i, "k", Action::kPut, std::to_string(i), "", i, 100 + i, {}, {}});
  }
  history.push_back({20, "k", Action::kGet, "", "", 200, 201, "nothing", {}});
  EXPECT_EQ(check_linearizability(history, 1000).answer, Linearizable::kUndecided);
}

TEST(Linearizability, PlacesThatAreRightSpareTheSearch) {
  History history;
  for (std::uint64_t i = 0; i < 30; ++i) {
    history.push_back({i, "k", Action::kAppend, std::to_string(i), "", i, 100 + i, {}, 30 - i});
  }
  std::string all;
  for (std::uint64_t i = 30; i > 0; --i) all += std::to_string(i - 1);
  history.push_back({30, "k", Action::kGet, "", "", 200, 201, all, 31});
  EXPECT_EQ(check_linearizability(history, 10).answer, Linearizable::kYes);
  history[30].place.reset();
  EXPECT_EQ(check_linearizability(history, 10).answer, Linearizable::kUndecided);
}

TEST(Linearizability, PlacesThatAreWrongProveNothing) {
  // Later than it returned; of what was not there.
  for (const bool too_late : {false, true}) {
    History history;
    history.push_back({1, "k", Action::kPut, "a", "", 1, 2, {}, 1});
    history.push_back({2, "k", Action::kPut, "b", "", 3, 4, {}, too_late ? 0 : 2});
    history.push_back({3, "k", Action::kGet, "", "", 5, 6, "a", too_late ? 3 : 1});
    EXPECT_EQ(check_linearizability(history).answer, Linearizable::kNo) << too_late;
  }
  History history;
  history.push_back({1, "k", Action::kPut, "a", "", 1, 4, {}, 9});
  history.push_back({2, "k", Action::kGet, "", "", 2, 3, "a", 8});
  EXPECT_EQ(check_linearizability(history).answer, Linearizable::kYes);
}

/// Every order of every choice of those that may be left out.
bool by_brute_force(const History& history) {
  for (std::size_t chosen = 0; chosen < std::size_t{1} << history.size(); ++chosen) {
    std::vector<std::size_t> order;
    bool leaves_out_a_returned_one = false;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if ((chosen >> i & 1) != 0) {
        order.push_back(i);
      } else {
        leaves_out_a_returned_one |= history[i].returned.has_value();
      }
    }
    if (leaves_out_a_returned_one) continue;
    do {
      std::map<std::string, std::string> registers;
      bool fits = true;
      for (std::size_t i = 0; fits && i < order.size(); ++i) {
        const Operation& now = history[order[i]];
        for (std::size_t j = i + 1; j < order.size(); ++j) {
          const Operation& later = history[order[j]];
          if (later.returned && *later.returned < now.called) fits = false;
        }
        std::string& content = registers[now.key];
        if (now.seen && *now.seen != content) fits = false;
        content = after(now, content);
      }
      if (fits) return true;
    } while (std::ranges::next_permutation(order).found);
  }
  return false;
}

/// Random calls and returns; what is seen is often what a register held at some time.
History random_history(SplitMix64& numbers) {
  const std::string texts[] = {"", "a", "b", "ab"};
  History history(2 + numbers.below(5));
  std::vector<std::uint64_t> places(2 * history.size());
  std::iota(places.begin(), places.end(), std::uint64_t{1});
  for (std::size_t i = places.size(); i > 1; --i)
    std::swap(places[i - 1], places[numbers.below(i)]);
  for (std::size_t i = 0; i < history.size(); ++i) {
    Operation& operation = history[i];
    operation.client = i;
    operation.key = numbers.below(4) == 0 ? "l" : "k";
    operation.action = static_cast<Action>(numbers.below(4));
    operation.argument = texts[1 + numbers.below(2)];
    operation.expected = texts[numbers.below(4)];
    operation.called = std::min(places[2 * i], places[2 * i + 1]);
    if (numbers.below(4) == 0) continue;
    operation.returned = std::max(places[2 * i], places[2 * i + 1]);
    if (numbers.below(2) == 0) operation.place = numbers.below(8);
    if (operation.action == Action::kGet || numbers.below(3) == 0) {
      operation.seen = texts[numbers.below(4)];
    }
  }
  return history;
}

TEST(Linearizability, AgreesWithTryingEveryOrder) {
  SplitMix64 numbers(1);
  int good = 0;
  int bad = 0;
  for (int i = 0; i < 6000; ++i) {
    const History history = random_history(numbers);
    const bool expected = by_brute_force(history);
    ++(expected ? good : bad);
    const LinearizabilityVerdict verdict = check_linearizability(history);
    ASSERT_EQ(verdict.answer, expected ? Linearizable::kYes : Linearizable::kNo)
        << "history " << i << "\n"
        << verdict.text;
  }
  EXPECT_GT(good, 1000);
  EXPECT_GT(bad, 1000);
}

}  // namespace
}  // namespace lockstep::sim
