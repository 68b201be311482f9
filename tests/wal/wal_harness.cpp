#include "wal/wal_harness.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "base/digest.hpp"

namespace lockstep::testing {

Entry make_entry(std::uint64_t index, std::uint64_t term, std::size_t payload_bytes, EntryKind kind,
                 GroupId group) {
  static Sha256 sha;
  Payload payload(payload_bytes);
  SplitMix64 numbers(index * 1000003 + term);
  for (std::uint8_t& byte : payload.bytes()) byte = static_cast<std::uint8_t>(numbers.next());
  EntryHeader header;
  header.group = group;
  header.kind = kind;
  header.term = Term(term);
  header.index = Index(index);
  header.payload_bytes = payload_bytes;
  return seal_entry(sha, header, std::move(payload).release());
}

std::vector<Entry> make_entries(std::uint64_t first, std::uint64_t last, std::uint64_t term,
                                std::size_t payload_bytes) {
  std::vector<Entry> entries;
  for (std::uint64_t index = first; index <= last; ++index) {
    entries.push_back(make_entry(index, term, payload_bytes));
  }
  return entries;
}

WALWrite append(std::vector<Entry> entries) {
  WALWrite write;
  write.entries = std::move(entries);
  return write;
}

WALWrite append(std::uint64_t first, std::uint64_t last, std::uint64_t term,
                std::size_t payload_bytes) {
  return append(make_entries(first, last, term, payload_bytes));
}

Boundary make_boundary(std::uint64_t index, std::uint64_t term) {
  Boundary boundary;
  boundary.last = {Index(index), Term(term)};
  boundary.configuration.voters = {{kNode, {}}, {NodeId("node-2"), {}}};
  boundary.checkpoint.bytes[0] = static_cast<std::uint8_t>(index);
  boundary.digests_since.resize(3);
  return boundary;
}

bool same(const Entry& a, const Entry& b) {
  return a.header == b.header && a.digest == b.digest && a.encoded.view() == b.encoded.view();
}

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
