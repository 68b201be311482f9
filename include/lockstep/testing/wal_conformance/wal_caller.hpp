#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "lockstep/testing/waiting.hpp"
#include "lockstep/testing/wal_conformance/test_entries.hpp"
#include "lockstep/testing/wal_conformance/testbed.hpp"

namespace lockstep::testing {

/// Answers in the order in which they came. It may go before they come.
template <class Answer>
class Answers {
 public:
  void add(Answer answer) {
    state_->change([&](auto& all) { all.push_back(std::move(answer)); });
  }
  [[nodiscard]] bool wait(std::size_t count) const {
    return state_->wait([count](const auto& all) { return all.size() >= count; });
  }
  [[nodiscard]] std::vector<Answer> get() const { return state_->get(); }

 private:
  std::shared_ptr<Watched<std::vector<Answer>>> state_ =
      std::make_shared<Watched<std::vector<Answer>>>();
};

/// One log after another on a testbed, called on its executor; waits for the answers. Fails the
/// test when an answer comes inside its call, twice, or never.
class WALCaller {
 public:
  explicit WALCaller(WALTestbed& testbed, NodeId node = kNode, GroupId group = kGroup)
      : testbed_(testbed), node_(std::move(node)), group_(group) {}
  ~WALCaller() {
    drop();
    EXPECT_TRUE(await([&] { return tally_->calls == tally_->answers; }))
        << "calls were never answered";
  }
  WALCaller(const WALCaller&) = delete;
  WALCaller& operator=(const WALCaller&) = delete;

  /// Another instance in the place of the one before, which is dropped.
  void make() {
    drop();
    log_ = testbed_.make_log(node_, group_);
    ASSERT_NE(log_, nullptr) << "the testbed made no log";
  }
  /// Destroys the log without closing it.
  void drop() {
    if (!log_) return;
    on_executor([this] { log_.reset(); });
  }
  /// The same, on the executor.
  void drop_here() { log_.reset(); }

  /// Of a fresh instance.
  Result<WALState> open() {
    make();
    return open_once();
  }
  Result<WALState> open_once() {
    return ask<Result<WALState>>([](IWALSource& log, auto done) { log.open(std::move(done)); });
  }
  Error write(WALWrite write) {
    return ask<Error>([&](IWALSource& log, auto done) { log.write(std::move(write), done); });
  }
  Error release(const Boundary& boundary) {
    return ask<Error>([&](IWALSource& log, auto done) { log.release_prefix(boundary, done); });
  }
  Error repair(IndexRange range, std::vector<Entry> entries) {
    return ask<Error>(
        [&](IWALSource& log, auto done) { log.repair(range, std::move(entries), done); });
  }
  Error close() {
    return ask<Error>([](IWALSource& log, auto done) { log.close(std::move(done)); });
  }
  Result<std::vector<Entry>> read(std::uint64_t first, std::uint64_t last,
                                  std::size_t byte_budget = std::size_t{1} << 30) {
    return ask<Result<std::vector<Entry>>>([&](IWALSource& log, auto done) {
      log.read({Index(first), Index(last)}, byte_budget, std::move(done));
    });
  }
  /// As `read`, which must succeed; else the test fails and there are none.
  std::vector<Entry> entries(std::uint64_t first, std::uint64_t last,
                             std::size_t byte_budget = std::size_t{1} << 30) {
    auto read = this->read(first, last, byte_budget);
    EXPECT_TRUE(read) << read.error().message;
    return read ? std::move(*read) : std::vector<Entry>{};
  }

  /// Several calls in a row, in one task.
  void together(const std::function<void(IWALSource&)>& calls) {
    on_executor([&] {
      tally_->inside = true;
      calls(*log_);
      tally_->inside = false;
    });
  }
  /// What to hand to one call; its answer goes to `answers`.
  template <class Answer>
  [[nodiscard]] std::function<void(Answer)> handler(Answers<Answer> answers) {
    return handler<Answer>([answers](Answer answer) mutable { answers.add(std::move(answer)); });
  }
  /// The same, with something to do on the executor.
  template <class Answer>
  [[nodiscard]] std::function<void(Answer)> handler(std::function<void(Answer)> what) {
    ++tally_->calls;
    return [what = std::move(what), tally = tally_,
            answered = std::make_shared<std::atomic<bool>>(false)](Answer answer) {
      EXPECT_FALSE(tally->inside) << "a callback came inside its call";
      EXPECT_FALSE(answered->exchange(true)) << "a callback came twice";
      what(std::move(answer));
      ++tally->answers;
    };
  }
  /// What to hand to `on_event`.
  [[nodiscard]] IWALSource::EventHandler event_handler(IWALSource::EventHandler what) {
    return [what = std::move(what), tally = tally_](const WALEvent& event) {
      EXPECT_FALSE(tally->inside) << "an event came inside a call";
      what(event);
    };
  }
  /// Waits until there are so many.
  template <class Answer>
  [[nodiscard]] std::vector<Answer> wait(const Answers<Answer>& answers, std::size_t count) {
    testbed_.run();
    EXPECT_TRUE(answers.wait(count)) << "a call was never answered";
    return answers.get();
  }

 private:
  struct Tally {
    std::atomic<bool> inside{false};
    std::atomic<std::size_t> calls{0};
    std::atomic<std::size_t> answers{0};
  };

  template <class Answer, class Call>
  Answer ask(Call&& call) {
    Answers<Answer> answers;
    auto done = handler(answers);
    together([&](IWALSource& log) { call(log, std::move(done)); });
    auto came = wait(answers, 1);
    if (came.empty()) return Answer(Error(Errc::kTimedOut));
    return std::move(came.front());
  }

  void on_executor(const std::function<void()>& what) {
    Answers<bool> done;
    testbed_.executor()->post([&what, done]() mutable {
      what();
      done.add(true);
    });
    testbed_.run();
    ASSERT_TRUE(done.wait(1)) << "the executor does not run what is posted to it";
  }

  template <class Condition>
  [[nodiscard]] bool await(Condition&& reached) {
    // What is posted behind the last answer comes after it.
    const auto end = std::chrono::steady_clock::now() + kTestDeadline;
    while (!reached()) {
      if (std::chrono::steady_clock::now() > end) return false;
      on_executor([] {});
    }
    return true;
  }

  WALTestbed& testbed_;
  const NodeId node_;
  const GroupId group_;
  std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
  std::unique_ptr<IWALSource> log_;
};

}  // namespace lockstep::testing
