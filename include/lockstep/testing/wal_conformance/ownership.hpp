#pragma once

// One log, one node, one group, one user at a time.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALOwnership : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALOwnership);

TEST_P(WALOwnership, OneAtATime) {
  open();
  EXPECT_FALSE(log_.write(append(1, 1, 1)));
  {
    WALCaller second(*testbed_);
    EXPECT_EQ(second.open().error(), Errc::kLocked);
    EXPECT_TRUE(second.write(append(2, 2, 1))) << "it is not open";
  }
  EXPECT_FALSE(log_.write(append(2, 2, 1))) << "the first is not disturbed";
  EXPECT_FALSE(log_.close());
  WALCaller third(*testbed_);
  const auto state = third.open();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->bounds, range(1, 2));
}

TEST_P(WALOwnership, AnotherNodesLogIsRefusedWithBothSidesNamed) {
  open();
  EXPECT_FALSE(log_.write(append(1, 1, 1)));
  EXPECT_FALSE(log_.close());
  {
    WALCaller other(*testbed_, NodeId("node-9"));
    const auto opened = other.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Errc::kForeignData);
    EXPECT_THAT(opened.error().message, ::testing::HasSubstr(kNode.str()));
    EXPECT_THAT(opened.error().message, ::testing::HasSubstr("node-9"));
  }
  EXPECT_EQ(open().bounds, range(1, 1)) << "and nothing was changed";
}

TEST_P(WALOwnership, AnotherGroupsLogIsRefusedWithBothSidesNamed) {
  open();
  EXPECT_FALSE(log_.write(append(1, 1, 1)));
  EXPECT_FALSE(log_.close());
  {
    WALCaller other(*testbed_, kNode, GroupId(4711));
    const auto opened = other.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Errc::kForeignData);
    EXPECT_THAT(opened.error().message, ::testing::HasSubstr(to_string(kGroup)));
    EXPECT_THAT(opened.error().message, ::testing::HasSubstr("4711"));
  }
  EXPECT_EQ(open().bounds, range(1, 1)) << "and nothing was changed";
}

TEST_P(WALOwnership, AnotherStorageHasAnotherIncarnation) {
  const WALState first = open();
  const auto elsewhere = GetParam().make_testbed();
  WALCaller other(*elsewhere);
  const auto second = other.open();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(first.identity.incarnation, second->identity.incarnation);
}

}  // namespace lockstep::testing
