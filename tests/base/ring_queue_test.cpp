#include "base/ring_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace lockstep {
namespace {

TEST(RingQueue, DoesWhatADequeDoes) {
  RingQueue<int> ring;
  std::deque<int> deque;
  std::uint32_t random = 1;
  for (int i = 0; i < 100'000; ++i) {
    random = random * 1664525 + 1013904223;
    // Grows for a while, then shrinks for a while.
    const bool grows = (i / 10'000) % 2 == 0;
    const std::uint32_t choice = (random >> 16) % 10;
    if (deque.empty() || choice < (grows ? 7u : 2u)) {
      ring.push_back(i);
      deque.push_back(i);
    } else if (choice == 9) {
      ring.pop_back();
      deque.pop_back();
    } else {
      ring.pop_front();
      deque.pop_front();
    }
    ASSERT_EQ(ring.size(), deque.size());
    ASSERT_EQ(ring.empty(), deque.empty());
    if (deque.empty()) continue;
    ASSERT_EQ(ring.front(), deque.front());
    ASSERT_EQ(ring.back(), deque.back());
    ASSERT_EQ(ring[deque.size() / 2], deque[deque.size() / 2]);
  }
}

TEST(RingQueue, LetsGoOfWhatIsTakenOut) {
  RingQueue<std::shared_ptr<int>> ring;
  const auto item = std::make_shared<int>(1);
  for (int i = 0; i < 4; ++i) ring.push_back(item);
  ring.pop_front();
  ring.pop_back();
  EXPECT_EQ(item.use_count(), 3);
}

}  // namespace
}  // namespace lockstep
