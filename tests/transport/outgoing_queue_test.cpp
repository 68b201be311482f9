#include <gtest/gtest.h>

#include "transport/outgoing.hpp"

namespace lockstep::transport {
namespace {

constexpr std::size_t kFrameBytes = 100;

/// Its type tells it from others.
Outgoing message(MessageClass message_class, std::size_t frames, std::uint16_t name) {
  std::vector<wire::OutgoingFrame> result(frames);
  for (wire::OutgoingFrame& frame : result) {
    frame.message_class = message_class;
    frame.size_bytes = kFrameBytes;
  }
  Outgoing outgoing;
  outgoing.frames = std::make_shared<const std::vector<wire::OutgoingFrame>>(std::move(result));
  outgoing.type = static_cast<MessageType>(name);
  return outgoing;
}

std::vector<int> names(const std::vector<Outgoing>& messages) {
  std::vector<int> result;
  for (const Outgoing& each : messages) result.push_back(static_cast<int>(each.type));
  return result;
}

TEST(OutgoingQueue, OneFrameAtATimeWhenNoneMayShareAWrite) {
  OutgoingQueue queue;
  queue.push(message(MessageClass::kEntries, 2, 1));
  EXPECT_EQ(queue.next(0).size(), 1U);
  EXPECT_TRUE(queue.written().empty()) << "one of its two frames";
  EXPECT_EQ(queue.next(0).size(), 1U);
  EXPECT_EQ(names(queue.written()), std::vector<int>{1});
  EXPECT_TRUE(queue.next(0).empty());
}

TEST(OutgoingQueue, TakesWhatFitsInOrderOfClass) {
  OutgoingQueue queue;
  queue.push(message(MessageClass::kBulk, 1, 1));
  queue.push(message(MessageClass::kEntries, 3, 2));
  queue.push(message(MessageClass::kEntries, 1, 3));
  queue.push(message(MessageClass::kControl, 1, 4));
  EXPECT_EQ(queue.next(3 * kFrameBytes).size(), 3U) << "the control frame and two of the entry";
  EXPECT_EQ(names(queue.written()), std::vector<int>{4});
  EXPECT_EQ(queue.next(10 * kFrameBytes).size(), 3U);
  EXPECT_EQ(names(queue.written()), (std::vector<int>{2, 3, 1}));
}

TEST(OutgoingQueue, ControlOvertakesWhatIsNotBeingWritten) {
  OutgoingQueue queue;
  queue.push(message(MessageClass::kEntries, 4, 1));
  EXPECT_EQ(queue.next(2 * kFrameBytes).size(), 2U);
  queue.push(message(MessageClass::kControl, 1, 2));
  EXPECT_TRUE(queue.written().empty()) << "two frames of the entry, and not the newcomer";
  const auto frames = queue.next(2 * kFrameBytes);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].get().message_class, MessageClass::kControl);
  EXPECT_EQ(frames[1].place, 2U);
  EXPECT_EQ(names(queue.written()), std::vector<int>{2});
}

TEST(OutgoingQueue, FramesBeingWrittenAreStillTheirMessages) {
  OutgoingQueue queue;
  queue.push(message(MessageClass::kEntries, 1, 1));
  queue.push(message(MessageClass::kEntries, 1, 2));
  EXPECT_EQ(queue.next(kFrameBytes).size(), 1U);
  EXPECT_EQ(names(queue.take_all()), (std::vector<int>{1, 2}));
  EXPECT_TRUE(queue.written().empty());
  EXPECT_TRUE(queue.next(kFrameBytes).empty());
}

}  // namespace
}  // namespace lockstep::transport
