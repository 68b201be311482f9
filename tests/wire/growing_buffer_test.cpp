#include "wire/growing_buffer.hpp"

#include <gtest/gtest.h>

#include "wire/allocation_watch.hpp"
#include "wire/samples.hpp"

namespace lockstep::wire {
namespace {

TEST(GrowingBuffer, HoldsWhatWasAppendedWhateverThePieces) {
  for (const std::size_t total : {1U, 2U, 3U, 100U, 1000U, 4097U}) {
    const Bytes bytes = pattern(total);
    for (const std::size_t piece : {1U, 2U, 3U, 61U, 999U, 5000U}) {
      GrowingBuffer buffer(total);
      for (std::size_t at = 0; at < total; at += piece) {
        EXPECT_FALSE(buffer.is_complete());
        buffer.append(ByteSpan(bytes).subspan(at, std::min(piece, total - at)));
      }
      ASSERT_TRUE(buffer.is_complete());
      const SharedBuffer taken = std::move(buffer).take();
      EXPECT_EQ(Bytes(taken.bytes().begin(), taken.bytes().end()), bytes) << total << ' ' << piece;
    }
  }
}

TEST(GrowingBuffer, HoldsAtMostThreeTimesWhatCame) {
  constexpr std::size_t kTotal = 1 << 20;
  const Bytes piece = pattern(1000);
  GrowingBuffer buffer(kTotal);
  while (buffer.size() + piece.size() <= kTotal) {
    const AllocationWatch watch;
    buffer.append(piece);
    EXPECT_LE(buffer.held_bytes(), 3 * buffer.size());
    EXPECT_LE(watch.largest(), 2 * buffer.size() + 64) << "with what counts the owners";
  }
}

// What is outgrown must be gone when its successor is full, or it would have to be moved at once.
TEST(GrowingBuffer, MovesWhatItOutgrewInTimeAndALittleAtATime) {
  constexpr std::size_t kTotal = 1'000'003;
  const Bytes piece = pattern(1000);
  GrowingBuffer buffer(kTotal);
  int growths = 0;
  std::size_t held = 0;
  while (buffer.size() + piece.size() <= kTotal) {
    const std::size_t before = held;
    const std::size_t size = buffer.size();
    buffer.append(piece);
    held = buffer.held_bytes();
    if (held > before) {
      ++growths;
      EXPECT_LE(before, size + 2 * piece.size()) << "nothing outgrown was left";
      if (size > 2 * piece.size()) {
        EXPECT_GT(2 * held, 5 * size) << "the outgrown is still there";
      }
    }
  }
  EXPECT_GE(growths, 9);
}

}  // namespace
}  // namespace lockstep::wire
