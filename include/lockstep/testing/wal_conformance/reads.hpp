#pragma once

// Reads keep to their budget and to the bounds of the log, and what they gave stays.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALReads : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALReads);

TEST_P(WALReads, KeepToTheirBudgetAndBounds) {
  open();
  EXPECT_FALSE(log_.write(append(1, 10, 1, 60)));  // 100 bytes each, encoded
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(log_.entries(1, 10, 0).size(), 1U) << "at least one";
    EXPECT_EQ(log_.entries(1, 10, 99).size(), 1U);
    EXPECT_EQ(log_.entries(1, 10, 199).size(), 1U);
    EXPECT_EQ(log_.entries(1, 10, 399).size(), 3U);
    EXPECT_EQ(log_.entries(1, 10, 400).size(), 4U);
    EXPECT_EQ(log_.entries(2, 4).size(), 3U);
    EXPECT_EQ(log_.entries(2, 4).front().header.index, Index(2));
    EXPECT_EQ(log_.entries(8, 99).size(), 3U) << "stops at the end";
    EXPECT_EQ(log_.read(11, 12).error(), Errc::kOutOfRange);
    EXPECT_EQ(log_.read(0, 12).error(), Errc::kInvalidArgument);
    EXPECT_EQ(log_.read(3, 2).error(), Errc::kInvalidArgument);
    reopen();
  }
}

TEST_P(WALReads, FromAnyPlaceToAnyOther) {
  open();
  std::vector<Entry> written;
  for (std::uint64_t index = 1; index <= 60; ++index) {
    written.push_back(wal_entry(index, 1 + index / 7, index * index % 3000));
    ASSERT_FALSE(log_.write(append({written.back()})));
  }
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t first = 1; first <= 60; first += 7) {
      for (std::uint64_t last = first; last <= 60; last += 11) {
        expect_entries({written.begin() + static_cast<std::ptrdiff_t>(first - 1),
                        written.begin() + static_cast<std::ptrdiff_t>(last)});
      }
    }
    reopen();
  }
}

TEST_P(WALReads, ManyAtOnce) {
  open();
  EXPECT_FALSE(log_.write(append(1, 100, 1, 500)));
  reopen();
  Answers<Result<std::vector<Entry>>> reads;
  log_.together([&](IWALSource& log) {
    for (std::uint64_t first = 1; first <= 100; ++first) {
      log.read(range(first, 100), 2000, log_.handler(reads));
    }
  });
  std::uint64_t seen = 0;
  for (const auto& read : log_.wait(reads, 100)) {
    ASSERT_TRUE(read) << read.error().message;
    for (const Entry& entry : *read) {
      EXPECT_TRUE(same(entry, wal_entry(entry.header.index.value(), 1, 500)));
    }
    seen += read->front().header.index.value();
  }
  EXPECT_EQ(seen, 5050U) << "each from its own place";
}

TEST_P(WALReads, WhatWasReadStays) {
  open();
  EXPECT_FALSE(log_.write(append(1, 3, 1, 5000)));
  reopen();
  const std::vector<Entry> held = log_.entries(1, 3);
  EXPECT_FALSE(log_.write(truncate(1)));
  EXPECT_FALSE(log_.write(append(1, 3, 2, 5000)));
  EXPECT_FALSE(log_.close());
  log_.drop();
  ASSERT_EQ(held.size(), 3U);
  for (const Entry& entry : held) {
    EXPECT_TRUE(same(entry, wal_entry(entry.header.index.value(), 1, 5000)));
  }
}

TEST_P(WALReads, OfAnEmptyLog) {
  open();
  EXPECT_EQ(log_.read(1, 1).error(), Errc::kOutOfRange);
}

}  // namespace lockstep::testing
