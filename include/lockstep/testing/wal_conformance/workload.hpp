#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "lockstep/split_mix.hpp"
#include "lockstep/testing/wal_conformance/wal_caller.hpp"

namespace lockstep::testing {

/// What a log should hold.
struct WALModel {
  std::uint64_t first = 1;
  Term term_before;  // of the entry before the first
  std::deque<Entry> entries;
  HardState hard_state;
  ClusterId cluster;
  std::optional<Boundary> boundary;
  std::optional<InstallIntent> install_intent;

  [[nodiscard]] std::uint64_t next() const { return first + entries.size(); }
  [[nodiscard]] EntryId last() const {
    return entries.empty() ? EntryId{Index(first - 1), term_before} : entries.back().id();
  }
  void cut_from(std::uint64_t index) {
    if (index < next()) entries.resize(index - first);
  }
  void release(const Boundary& released) {
    while (!entries.empty() && entries.front().header.index <= released.last.index) {
      entries.pop_front();
    }
    set_boundary(released);
  }
  void set_boundary(const Boundary& to) {
    boundary = to;
    first = to.last.index.value() + 1;
    term_before = to.last.term;
  }
  [[nodiscard]] bool matches(const WALState& state, const std::vector<Entry>& found) const {
    std::vector<TermRun> runs;
    std::vector<Index> configurations;
    for (const Entry& entry : entries) {
      if (runs.empty() || runs.back().term != entry.header.term) {
        runs.push_back({entry.header.term, entry.header.index});
      }
      if (entry.header.kind == EntryKind::kConfiguration) {
        configurations.push_back(entry.header.index);
      }
    }
    return state.bounds == range(first, next() - 1) && state.last_promised == last() &&
           state.hard_state == hard_state && state.identity.cluster == cluster &&
           state.boundary == boundary && state.install_intent == install_intent &&
           state.term_runs == runs && state.configuration_indexes == configurations &&
           std::equal(found.begin(), found.end(), entries.begin(), entries.end(), same);
  }
};

/// One change: a write or a release.
struct WALChange {
  WALWrite write;
  std::optional<Boundary> release;

  /// The log would take it.
  [[nodiscard]] bool fits(const WALModel& model) const {
    if (release) {
      const std::uint64_t index = release->last.index.value();
      return index >= model.first && index < model.next() &&
             model.entries[index - model.first].id() == release->last;
    }
    const std::uint64_t end =
        write.truncate_from ? std::min(write.truncate_from->value(), model.next()) : model.next();
    return end >= model.first &&
           (write.entries.empty() || write.entries.front().header.index == Index(end));
  }
  void change(WALModel& model) const {
    if (release) {
      model.release(*release);
      return;
    }
    if (write.truncate_from) model.cut_from(write.truncate_from->value());
    model.entries.insert(model.entries.end(), write.entries.begin(), write.entries.end());
    if (write.hard_state) model.hard_state = *write.hard_state;
    if (write.boundary) {
      model.entries.clear();
      model.set_boundary(*write.boundary);
      model.install_intent.reset();
    }
    if (write.identity) model.cluster = write.identity->cluster;
    if (write.install_intent) model.install_intent = write.install_intent;
  }
};

/// Does changes of all kinds, as the seed says, in bursts, and keeps count of what the log may hold
/// after a crash: what was acknowledged, and the changes behind it, in order. Copies go on alike.
class WALWorkload {
 public:
  explicit WALWorkload(std::uint64_t seed) : numbers_(seed) {}

  /// Until `bursts` are done or the log has failed for good. The log is open.
  void run(WALCaller& log, WALTestbed& testbed, int bursts) {
    for (int burst = 0; burst < bursts && !failure_; ++burst) {
      WALModel model = possible_.front();  // beyond it nothing was acknowledged
      std::vector<WALChange> changes;
      for (std::uint64_t count = 1 + numbers_.below(4); count > 0; --count) {
        changes.push_back(draw(model));
        changes.back().change(model);
      }
      Answers<Error> answers;
      log.together([&](IWALSource& source) {
        for (const WALChange& change : changes) {
          if (change.release) {
            source.release_prefix(*change.release, log.handler(answers));
          } else {
            source.write(change.write, log.handler(answers));
          }
        }
      });
      const std::vector<Error> outcomes = log.wait(answers, changes.size());
      ASSERT_EQ(outcomes.size(), changes.size());
      note(changes, outcomes);
      if (numbers_.below(5) == 0) testbed.let_time_pass();
    }
  }

  /// Ends it: makes durable what is there already. A log that has not failed must be able to.
  void close(WALCaller& log) {
    if (const Error closed = log.close()) failure_ = closed;
  }

  /// What is found counts from then on, and must be acknowledged or have followed it.
  void expect_possible(const WALState& state, WALCaller& log) {
    EXPECT_TRUE(state.damaged.empty());
    if (identity_) {
      EXPECT_EQ(state.identity.incarnation, identity_->incarnation);
    }
    identity_ = state.identity;
    std::vector<Entry> found;
    while (found.size() < state.bounds.size()) {
      const auto read =
          log.read(state.bounds.first.value() + found.size(), ~std::uint64_t{0}, 50000);
      ASSERT_TRUE(read) << read.error().message;
      found.insert(found.end(), read->begin(), read->end());
    }
    for (const WALModel& model : possible_) {
      if (!model.matches(state, found)) continue;
      possible_ = {model};
      failure_ = {};
      return;
    }
    const WALModel& acknowledged = possible_.front();
    FAIL() << "the log holds " << state.bounds.first.value() << " to " << state.bounds.last.value()
           << " of term " << state.last_promised.term.value() << ", votes in term "
           << state.hard_state.current_term.value() << "; acknowledged is " << acknowledged.first
           << " to " << acknowledged.next() - 1 << " of term " << acknowledged.last().term.value()
           << ", term " << acknowledged.hard_state.current_term.value() << ", and "
           << possible_.size() - 1 << " changes might have followed";
  }

  /// Why the log failed for good, if it did.
  [[nodiscard]] const Error& failure() const { return failure_; }

  // What was acknowledged so far, by kind; and refused for want of space.
  [[nodiscard]] std::uint64_t releases() const { return releases_; }
  [[nodiscard]] std::uint64_t truncations() const { return truncations_; }
  [[nodiscard]] std::uint64_t resets() const { return resets_; }
  [[nodiscard]] std::uint64_t votes() const { return votes_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  WALChange draw(const WALModel& model) {
    WALChange change;
    WALWrite& write = change.write;
    const std::uint64_t last_term = model.last().term.value();
    switch (numbers_.below(12)) {
      case 0:
        if (model.entries.size() > 1) {
          const std::uint64_t from = model.first + numbers_.below(model.entries.size());
          write.truncate_from = Index(from);
          append_some(write, from, last_term + 1);  // the next leader's
          return change;
        }
        break;
      case 1:
        if (model.entries.size() > 1) {
          write.truncate_from = Index(model.next() - 1);
          return change;
        }
        break;
      case 2:
        write.hard_state = {Term(model.hard_state.current_term.value() + 1), kNode};
        if (numbers_.below(2) == 0) return change;
        break;
      case 3:
        if (model.entries.size() > 8) {
          const EntryId last = model.entries[numbers_.below(6)].id();
          change.release = make_boundary(last.index.value(), last.term.value());
          return change;
        }
        break;
      case 4:
        if (numbers_.below(3) != 0) break;
        if (!model.install_intent) {
          write.install_intent =
              InstallIntent{"snapshot", {Index(model.next() + 5), Term(last_term + 1)}};
        } else {
          write.boundary = make_boundary(model.next() + 5, last_term + 1);
        }
        return change;
      case 5:
        if (identity_ && numbers_.below(4) == 0) {
          write.identity = identity_;
          write.identity->cluster = ClusterId({static_cast<std::uint8_t>(numbers_.below(255) + 1)});
        }
        break;
      default:
        break;
    }
    append_some(write, model.next(), std::max<std::uint64_t>(last_term, 1) + numbers_.below(2));
    return change;
  }

  void append_some(WALWrite& write, std::uint64_t next, std::uint64_t term) {
    for (std::uint64_t count = 1 + numbers_.below(3); count > 0; --count, ++next) {
      const std::size_t bytes = numbers_.below(6) == 0 ? 12000 : numbers_.below(900);
      const bool configuration = numbers_.below(8) == 0;
      write.entries.push_back(wal_entry(
          next, term, bytes, configuration ? EntryKind::kConfiguration : EntryKind::kCommand));
    }
  }

  void note(const std::vector<WALChange>& changes, const std::vector<Error>& outcomes) {
    bool no_space = false;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (!outcomes[i]) {
        // What was refused before it for want of space is never done.
        ASSERT_FALSE(failure_) << "acknowledged behind a failure";
        WALModel model = possible_.front();
        changes[i].change(model);
        possible_ = {std::move(model)};
        count(changes[i]);
        continue;
      }
      if (outcomes[i] == Errc::kNoSpace) {
        no_space = true;
        ++refused_;
      }
      if (outcomes[i] == Errc::kInvalidArgument) {
        EXPECT_TRUE(no_space) << "refused without cause: " << outcomes[i].message;
      } else if (outcomes[i] != Errc::kNoSpace) {
        if (failure_) {
          EXPECT_EQ(outcomes[i].code, failure_.code) << "a failure is final";
        }
        failure_ = outcomes[i];
      }
      if (!changes[i].fits(possible_.back())) continue;
      WALModel model = possible_.back();
      changes[i].change(model);
      possible_.push_back(std::move(model));
    }
  }

  void count(const WALChange& change) {
    releases_ += change.release ? 1 : 0;
    truncations_ += change.write.truncate_from ? 1 : 0;
    resets_ += change.write.boundary ? 1 : 0;
    votes_ += change.write.hard_state ? 1 : 0;
  }

  SplitMix64 numbers_;
  std::vector<WALModel> possible_ = {WALModel{}};  // the first is acknowledged
  std::optional<WALIdentity> identity_;
  Error failure_;
  std::uint64_t releases_ = 0;
  std::uint64_t truncations_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t votes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace lockstep::testing
