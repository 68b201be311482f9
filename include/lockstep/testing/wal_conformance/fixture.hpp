#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "lockstep/testing/conformance_groups.hpp"
#include "lockstep/testing/wal_conformance/test_entries.hpp"
#include "lockstep/testing/wal_conformance/testbed.hpp"
#include "lockstep/testing/wal_conformance/wal_caller.hpp"

namespace lockstep::testing {

/// The fixture of all groups of the kit: a testbed, and the log on it.
class WALConformance : public ::testing::TestWithParam<WALUnderTest> {
 protected:
  using Feature = WALTestbed::Feature;

  /// A fresh instance on what is there; opening it must succeed.
  WALState open() {
    Result<WALState> state = log_.open();
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : WALState{};
  }
  /// Closes the log before.
  WALState reopen() {
    EXPECT_FALSE(log_.close());
    return open();
  }
  /// The log gives exactly these, which follow each other, in one read.
  void expect_entries(const std::vector<Entry>& wanted) {
    const auto found =
        log_.read(wanted.front().header.index.value(), wanted.back().header.index.value());
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(same((*found)[i], wanted[i])) << "entry " << wanted[i].header.index.value();
    }
  }

  const std::unique_ptr<WALTestbed> testbed_ = GetParam().make_testbed();
  WALCaller log_{*testbed_};
};

}  // namespace lockstep::testing
