#include "lockstep/message.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(MessageTypes, AreSpelledAsInTheSeed) {
  EXPECT_EQ(to_string(MessageType::kWalEntry), "WAL_ENTRY");
  EXPECT_EQ(to_string(MessageType::kHeartbeat), "HEARTBEAT");
  EXPECT_EQ(to_string(MessageType::kElection), "ELECTION");
  EXPECT_EQ(to_string(MessageType::kSyncRequest), "SYNC_REQUEST");
  EXPECT_EQ(to_string(MessageType::kVoteRequest), "VOTE_REQUEST");
  EXPECT_EQ(to_string(MessageType::kVoteResponse), "VOTE_RESPONSE");
  EXPECT_EQ(to_string(MessageType::kAppendEntries), "APPEND_ENTRIES");
  EXPECT_EQ(to_string(MessageType::kAck), "ACK");
  EXPECT_EQ(to_string(static_cast<MessageType>(0)), "UNKNOWN_0");
  EXPECT_EQ(to_string(static_cast<MessageType>(99)), "UNKNOWN_99");
}

TEST(MessageTypes, TheHostHasARangeOfItsOwn) {
  EXPECT_EQ(to_string(host_message_type(0)), "HOST_0");
  EXPECT_EQ(to_string(host_message_type(0x7fff)), "HOST_32767");
  EXPECT_TRUE(is_host_type(host_message_type(5)));
  EXPECT_FALSE(is_host_type(MessageType::kReadIndexResponse));
}

}  // namespace
}  // namespace lockstep
