// What one entry costs, by counts that no other program on the machine can change: see budget.json
// and docs/benchmarks.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <ostream>
#include <string>
#include <vector>

#include "guard/budget.hpp"
#include "guard/call_sites.hpp"
#include "guard/counts.hpp"
#include "guard/instructions.hpp"
#include "guard/payload_mark.hpp"
#include "guard/workload.hpp"

namespace lockstep::guard {
namespace {

struct Load {
  std::size_t in_flight;
  std::uint64_t entries;

  [[nodiscard]] std::string name() const { return std::to_string(in_flight) + " in flight"; }
  [[nodiscard]] double an_entry(std::uint64_t count) const {
    return static_cast<double>(count) / static_cast<double>(entries);
  }
};

std::ostream& operator<<(std::ostream& out, const Load& load) { return out << load.name(); }

constexpr Load kMany{128, 20'000};
/// Here a message is for one entry, so that this guards the cost of messages, writes and steps.
constexpr Load kOne{1, 2'000};

/// With LOCKSTEP_GUARD_CALL_SITES set it prints where `sites` come from, too.
Counts measure(const Load& load, CallSites sites) {
  Workload workload(load.in_flight);
  workload.warm_up(load.entries / 2);
  begin_counting();
  workload.write_measured(load.entries);
  const Counts counts = end_counting();
  if (std::getenv("LOCKSTEP_GUARD_CALL_SITES") != nullptr) {
    collect_call_sites(sites);
    begin_counting();
    workload.write_measured(load.entries);
    (void)end_counting();
    std::cout << "for each entry, by place:\n" << call_sites_text(load.entries);
  }
  std::cout << workload.entries_per_message() << " entries a message\n";
  return counts;
}

/// To the compiler, somebody looks at it.
void keep(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

/// What the compiler does not know: it copies a length that it knows without a call.
template <class Number>
Number unknown(Number number) {
  asm volatile("" : "+r"(number));
  return number;
}

TEST(Counts, SeeEachAllocation) {
  begin_counting();
  auto* const number = new std::uint64_t(7);
  keep(number);
  void* const memory = std::malloc(100);
  keep(memory);
  const Counts counts = end_counting();
  delete number;
  std::free(memory);
  EXPECT_EQ(counts.allocations, 2U);
  EXPECT_EQ(counts.allocated_bytes, 108U);
}

TEST(Counts, SeeEachCopyOfAPayloadWhereverItLies) {
  std::vector<std::uint8_t> from(unknown(3 + kPayloadBytes + 5));
  mark_payload(std::span(from).subspan(3, kPayloadBytes), 42);
  std::vector<std::uint8_t> to(from.size());
  begin_counting();
  std::copy(from.begin(), from.end(), to.begin());
  keep(to.data());
  std::copy_backward(from.begin(), from.begin() + unknown(3 + 128), to.end());
  keep(to.data());
  EXPECT_EQ(end_counting().payload_bytes_copied, kPayloadBytes + 128);
}

TEST(Counts, AreTheSameEachTime) {
  const Counts first = measure(kMany, CallSites::kNone);
  const Counts second = measure(kMany, CallSites::kNone);
  EXPECT_NEAR(kMany.an_entry(first.allocations), kMany.an_entry(second.allocations), 0.01);
  EXPECT_EQ(first.payload_bytes_copied, second.payload_bytes_copied);
}

class Budget : public testing::TestWithParam<Load> {};
INSTANTIATE_TEST_SUITE_P(InFlight, Budget, testing::Values(kMany, kOne),
                         [](const auto& load) { return std::to_string(load.param.in_flight); });

TEST_P(Budget, Allocations) {
  const Load& load = GetParam();
  const Counts counts = measure(load, CallSites::kAllocations);
  expect_within_budget(load.name(), "allocations", load.an_entry(counts.allocations));
  expect_within_budget(load.name(), "allocated_bytes", load.an_entry(counts.allocated_bytes));
}

TEST_P(Budget, PayloadCopies) {
  const Load& load = GetParam();
  const Counts counts = measure(load, CallSites::kCopies);
  expect_within_budget(load.name(), "payload_bytes_copied",
                       load.an_entry(counts.payload_bytes_copied));
}

TEST_P(Budget, Instructions) {
#if !defined(LOCKSTEP_GUARD_COUNTS_INSTRUCTIONS)
  GTEST_SKIP() << "unmeasured: the budget is for g++ and a release build (preset release)";
#else
  constexpr std::uint64_t kSlowness = 5;  // callgrind's, at the least
  const auto found = count_instructions(GetParam().in_flight, GetParam().entries / kSlowness);
  if (!found && found.error() == Errc::kNotSupported) GTEST_SKIP() << found.error().message;
  ASSERT_TRUE(found) << found.error().message;
  std::cout << "hashing, which is in no budget: " << found->hashing_per_entry << "\n";
  expect_within_budget(GetParam().name(), "instructions", found->per_entry);
#endif
}

}  // namespace
}  // namespace lockstep::guard
