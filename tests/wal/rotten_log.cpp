#include "wal/rotten_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace lockstep::testing {
namespace {

bool is_that(const WALState& state, const WALModel& model) {
  return state.bounds == range(model.first, model.next() - 1) &&
         state.last_promised == model.last() && state.hard_state == model.hard_state &&
         state.boundary == model.boundary && state.identity.cluster == model.cluster &&
         state.install_intent == model.install_intent;
}

}  // namespace

void WrittenLog::reopen() {
  const auto state = caller_.open();
  ASSERT_TRUE(state) << state.error().message;
  identity_ = state->identity;
}

void WrittenLog::write(WALWrite write) {
  WALChange change;
  change.write = std::move(write);
  ASSERT_FALSE(caller_.write(change.write));
  change.change(models_.emplace_back(models_.back()));
}

void WrittenLog::write_together(std::vector<WALWrite> writes) {
  Answers<Error> answers;
  caller_.together([&](IWALSource& log) {
    for (const WALWrite& write : writes) log.write(write, caller_.handler(answers));
  });
  for (const Error& error : caller_.wait(answers, writes.size())) ASSERT_FALSE(error);
  for (WALWrite& write : writes) {
    WALChange change;
    change.write = std::move(write);
    change.change(models_.emplace_back(models_.back()));
  }
}

void WrittenLog::release(std::uint64_t index, std::uint64_t term) {
  WALChange change;
  change.release = make_boundary(index, term);
  ASSERT_FALSE(caller_.release(*change.release));
  change.change(models_.emplace_back(models_.back()));
}

void WrittenLog::damage_and_repair(const Entry& entry) {
  ASSERT_FALSE(caller_.close());
  caller_.drop();
  testbed_->damage(entry);
  reopen();
  for (const Entry& each : models_.back().entries) {
    const Index index = each.header.index;
    if (caller_.read(index.value(), index.value())) continue;
    ASSERT_FALSE(caller_.repair({index, index}, {each}));
    ++repaired_;
  }
  ASSERT_GT(repaired_, 0);
}

SimulatedDisk WrittenLog::end(Ending ending) {
  if (ending == Ending::kClosed) {
    EXPECT_FALSE(caller_.close());
  }
  if (ending == Ending::kIdle) testbed_->let_time_pass();
  SimulatedDisk left = testbed_->disk()->copy();
  left.crash(Tearing::kNothing, 1);  // only what was synced
  return left;
}

WrittenLog& write_small(WrittenLog& log, bool vote_last) {
  log.write(append(1, 2, 1));
  WALWrite vote = append(3, 6, 1, 90);
  vote.hard_state = HardState{Term(2), NodeId("x")};
  log.write(std::move(vote));
  log.release(1, 1);
  WALWrite cut = append(5, 5, 2);
  cut.truncate_from = Index(5);
  log.write(std::move(cut));
  log.write(append(6, 7, 2, 30));
  log.damage_and_repair(log.models().back().entries[1]);  // 3
  WALWrite member = append({wal_entry(8, 3, 40, EntryKind::kConfiguration)});
  member.identity = log.identity();
  member.identity->cluster = ClusterId({1, 2, 3});
  log.write(std::move(member));
  const HardState vote_at_end{Term(4), kNode};
  WALWrite before_last = append(9, 9, 3);
  if (!vote_last) before_last.hard_state = vote_at_end;
  log.write(std::move(before_last));
  WALWrite last = append(10, 11, 4, 25);
  if (vote_last) last.hard_state = vote_at_end;
  log.write(std::move(last));
  return log;
}

WrittenLog& write_large(WrittenLog& log) {
  for (std::uint64_t index = 1; index <= 100; ++index) {
    WALWrite write = append(index, index, 1 + index / 30, 3000);
    if (index % 9 == 0) write.hard_state = HardState{Term(1 + index / 30), kNode};
    if (index == 50) write.truncate_from = Index(50);
    log.write(std::move(write));
    if (index == 60) log.write(truncate(56));
    if (index == 60) log.write(append(56, 60, 3, 2000));
    if (index == 80) log.release(5, 1);
  }
  return log;
}

Findings Examiner::examine(std::span<const WALModel> allowed) {
  Findings findings;
  WALCaller log(*testbed_);
  const auto state = log.open();
  if (!state) {
    EXPECT_EQ(state.error(), Errc::kCorruption) << state.error().message;
    findings.refused = true;
    return findings;
  }
  const WALModel* model = nullptr;
  for (const WALModel& each : allowed) {
    if (is_that(*state, each)) model = &each;
  }
  if (model == nullptr) {
    ADD_FAILURE() << "it holds " << state->bounds.first.value() << " to "
                  << state->bounds.last.value() << ", term "
                  << state->hard_state.current_term.value() << ", which never was so";
    return findings;
  }
  std::vector<bool> readable(model->entries.size());
  for (std::uint64_t at = 0; at < model->entries.size();) {
    const auto read = log.read(model->first + at, ~std::uint64_t{0});
    if (!read) {
      EXPECT_TRUE(read.error() == Errc::kCorruption) << read.error().message;
      ++findings.damaged;
      ++at;
      continue;
    }
    for (const Entry& entry : *read) {
      EXPECT_TRUE(same(entry, model->entries[at])) << "entry " << model->first + at;
      readable[at++] = true;
    }
  }
  for (const IndexRange& damaged : state->damaged) {
    for (Index index = damaged.first; index <= damaged.last; index = index.next()) {
      EXPECT_FALSE(readable[index.value() - model->first]) << "damaged, and read";
    }
  }
  return findings;
}

void flip(SimulatedDisk& disk, const std::string& path, std::uint64_t byte, std::uint8_t mask) {
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((mask >> bit & 1) != 0) disk.flip_bit(path, byte, bit);
  }
}

std::uint64_t last_write(const SimulatedDisk& disk, const std::string& newest, Ending ending) {
  const std::vector<std::uint8_t> bytes = disk.contents(newest);
  std::vector<std::uint64_t> batches;
  for (std::uint64_t at = 1024; at + 4 <= bytes.size(); at += 512) {
    if (std::equal(&bytes[at], &bytes[at] + 4, "LSB1")) batches.push_back(at);
  }
  return ending == Ending::kCrashed ? batches.back() : batches[batches.size() - 2];
}

std::string newest_segment(const SimulatedDisk& disk) {
  std::string newest;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(".wal")) newest = path;
  }
  return newest;
}

void say(const char* what, std::uint64_t count) {
  std::cout << what << ": " << count << std::endl;
  ::testing::Test::RecordProperty(what, std::to_string(count));
}

}  // namespace lockstep::testing
