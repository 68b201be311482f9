#include "consensus/term_runs.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

/// One term an entry, obviously right.
struct PlainTerms {
  std::vector<Term> terms;  ///< of index i at i - 1

  [[nodiscard]] std::optional<Index> last_not_above(Index index, Term term) const {
    for (std::uint64_t i = std::min<std::uint64_t>(index.value(), terms.size()); i > 0; --i) {
      if (terms[i - 1] <= term) return Index(i);
    }
    return std::nullopt;
  }
};

TEST(TermRuns, EmptyHoldsNothing) {
  const TermRuns runs;
  EXPECT_EQ(runs.at(Index{1}), std::nullopt);
  EXPECT_EQ(runs.last_not_above(Index{5}, Term{5}), std::nullopt);
}

TEST(TermRuns, NothingBeforeTheFirstRun) {
  const TermRuns runs({{Term{3}, Index{10}}, {Term{5}, Index{12}}});
  EXPECT_EQ(runs.at(Index{9}), std::nullopt);
  EXPECT_EQ(runs.at(Index{11}), Term{3});
  EXPECT_EQ(runs.last_not_above(Index{20}, Term{2}), std::nullopt);
  EXPECT_EQ(runs.last_not_above(Index{9}, Term{9}), std::nullopt);
  EXPECT_EQ(runs.last_not_above(Index{20}, Term{4}), Index{11});
}

TEST(TermRuns, AgreesWithOneTermAnEntry) {
  SplitMix64 rng(1);
  for (int round = 0; round < 200; ++round) {
    TermRuns runs;
    PlainTerms plain;
    Term term{1};
    for (int step = 0; step < 60; ++step) {
      if (rng.one_in(8) && !plain.terms.empty()) {
        const Index from(1 + rng.below(plain.terms.size()));
        runs.truncate_from(from);
        plain.terms.resize(from.value() - 1);
      }
      term = Term((plain.terms.empty() ? 1 : plain.terms.back().value()) + rng.below(3) / 2 +
                  rng.below(2));
      plain.terms.push_back(term);
      runs.append(Index(plain.terms.size()), term);
    }
    for (std::uint64_t i = 1; i <= plain.terms.size(); ++i) {
      ASSERT_EQ(runs.at(Index(i)), plain.terms[i - 1]);
      const Term wanted(rng.below(plain.terms.back().value() + 2));
      ASSERT_EQ(runs.last_not_above(Index(i), wanted), plain.last_not_above(Index(i), wanted));
    }
  }
}

}  // namespace
}  // namespace lockstep::consensus::test
