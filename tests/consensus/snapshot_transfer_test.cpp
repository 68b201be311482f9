#include "consensus/snapshot_transfer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace lockstep::consensus::test {
namespace {

constexpr std::uint64_t kPiece = SnapshotTransfer::kPieceBytes;

SnapshotTransfer transfer_of(std::uint64_t size_bytes) {
  SnapshotOffer offer;
  offer.size_bytes = size_bytes;
  return SnapshotTransfer(std::move(offer));
}

std::vector<std::uint64_t> pieces(SnapshotTransfer& transfer) {
  std::vector<std::uint64_t> offsets;
  while (const auto offset = transfer.next_piece()) offsets.push_back(*offset);
  return offsets;
}

MonotonicTime at(int ms) { return MonotonicTime(std::chrono::milliseconds(ms)); }

TEST(SnapshotTransfer, SendsNothingBeforeTheOpeningIsAnswered) {
  SnapshotTransfer transfer = transfer_of(10 * kPiece);
  transfer.open(at(0));
  EXPECT_TRUE(pieces(transfer).empty());
  transfer.acknowledged(0, at(1));
  EXPECT_EQ(pieces(transfer), (std::vector<std::uint64_t>{0, kPiece, 2 * kPiece, 3 * kPiece}));
  transfer.acknowledged(2 * kPiece, at(2));
  EXPECT_EQ(pieces(transfer), (std::vector<std::uint64_t>{4 * kPiece, 5 * kPiece}));
}

TEST(SnapshotTransfer, GoesOnWhereTheReceiverIs) {
  SnapshotTransfer transfer = transfer_of(10 * kPiece + 1);
  transfer.open(at(0));
  transfer.acknowledged(9 * kPiece, at(1));
  EXPECT_EQ(pieces(transfer), (std::vector<std::uint64_t>{9 * kPiece, 10 * kPiece}));
  // It has lost all of it, or a piece of it on the way.
  transfer.open(at(10));
  EXPECT_TRUE(pieces(transfer).empty());
  transfer.acknowledged(kPiece, at(11));
  EXPECT_EQ(transfer.acknowledged_bytes(), kPiece);
  EXPECT_EQ(pieces(transfer).front(), kPiece);
  transfer.acknowledged(10 * kPiece + 1, at(12));
  EXPECT_TRUE(pieces(transfer).empty());
  transfer.acknowledged(99 * kPiece, at(13));
  EXPECT_EQ(transfer.acknowledged_bytes(), 10 * kPiece + 1) << "more than there is";
}

TEST(SnapshotTransfer, OnlyProgressCountsAsASignOfLife) {
  SnapshotTransfer transfer = transfer_of(10 * kPiece);
  transfer.open(at(0));
  transfer.acknowledged(0, at(5));
  EXPECT_FALSE(transfer.is_silent_since(at(4)));
  transfer.acknowledged(0, at(9));
  EXPECT_TRUE(transfer.is_silent_since(at(5))) << "nothing new";
  transfer.acknowledged(kPiece, at(10));
  EXPECT_FALSE(transfer.is_silent_since(at(9)));
}

}  // namespace
}  // namespace lockstep::consensus::test
