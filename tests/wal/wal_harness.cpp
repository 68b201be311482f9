#include "wal/wal_harness.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace lockstep::testing {

namespace {

/// The one answer to a call, which does not come inside it.
template <class Answer>
class Expected {
 public:
  std::function<void(Answer)> handler() {
    return [this](Answer answer) {
      EXPECT_TRUE(called_) << "a callback came inside its call";
      EXPECT_FALSE(answer_) << "a callback came twice";
      answer_.emplace(std::move(answer));
    };
  }
  Answer take(ManualExecutor& executor) {
    called_ = true;
    executor.run();
    EXPECT_TRUE(answer_) << "a call was never answered";
    if (!answer_) return Answer(Error(Errc::kTimedOut));
    return std::move(*answer_);
  }

 private:
  bool called_ = false;
  std::optional<Answer> answer_;
};

}  // namespace

Result<WALState> Caller::open() {
  Expected<Result<WALState>> expected;
  wal_.open(expected.handler());
  return expected.take(executor_);
}

Error Caller::write(WALWrite write) {
  Expected<Error> expected;
  wal_.write(std::move(write), expected.handler());
  return expected.take(executor_);
}

Error Caller::release(const Boundary& boundary) {
  Expected<Error> expected;
  wal_.release_prefix(boundary, expected.handler());
  return expected.take(executor_);
}

Error Caller::close() {
  Expected<Error> expected;
  wal_.close(expected.handler());
  return expected.take(executor_);
}

Result<std::vector<Entry>> Caller::read(std::uint64_t first, std::uint64_t last,
                                        std::size_t byte_budget) {
  Expected<Result<std::vector<Entry>>> expected;
  wal_.read({Index(first), Index(last)}, byte_budget, expected.handler());
  return expected.take(executor_);
}

std::vector<Entry> Caller::entries(std::uint64_t first, std::uint64_t last,
                                   std::size_t byte_budget) {
  auto read = this->read(first, last, byte_budget);
  EXPECT_TRUE(read) << read.error().message;
  return read ? std::move(*read) : std::vector<Entry>{};
}

}  // namespace lockstep::testing
