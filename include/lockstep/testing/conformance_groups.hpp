#pragma once

// What the conformance kits share: macros of their own, not for others.

#include <gtest/gtest.h>

/// Skips a test on an implementation that has not what it needs.
#define LOCKSTEP_CONFORMANCE_NEEDS(feature)                                       \
  if (const auto lacking = testbed_->lacks(Feature::feature); !lacking.empty()) { \
    GTEST_SKIP() << lacking;                                                      \
  }                                                                               \
  static_assert(true)

#ifdef GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST
#define LOCKSTEP_CONFORMANCE_GROUP(group) GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(group)
#else
#define LOCKSTEP_CONFORMANCE_GROUP(group) static_assert(true)
#endif

#define LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, group, ...) \
  INSTANTIATE_TEST_SUITE_P(prefix, group, ::testing::Values(__VA_ARGS__), name_of)
