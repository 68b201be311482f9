#include "replication/chain_recovery.hpp"

#include <utility>

#include "replication/snapshot_format.hpp"

namespace lockstep::replication {
namespace {

/// Hashed on the strand in one go: of the smallest entries some 1,600 digests.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

struct Recovery {
  std::shared_ptr<WALDriver> wal;
  CheckpointChain chain;
  Index up_to;
  ChainHandler done;
  Sha256 sha;
};

void read_on(const std::shared_ptr<Recovery>& recovery) {
  const IndexRange rest{recovery->chain.index().next(), recovery->up_to};
  if (rest.empty()) return recovery->done(std::move(recovery->chain));
  recovery->wal->read(rest, kPieceBytes, [recovery](const Result<std::vector<Entry>>& entries) {
    if (!entries) return recovery->done(std::nullopt);
    for (const Entry& entry : *entries) {
      (void)recovery->chain.add(recovery->sha, entry.digest);
    }
    read_on(recovery);
  });
}

}  // namespace

std::optional<CheckpointChain> chain_known_at_start(const Pairs& pairs,
                                                    const std::optional<Boundary>& boundary,
                                                    Index applied) {
  std::optional<CheckpointChain> known;
  if (!boundary) {
    known.emplace();
  } else if (boundary->last.index <= applied) {
    known = chain_of(*boundary);
  }
  const Index released = boundary ? boundary->last.index : Index{};
  const auto sealed = checkpoint_in(pairs);
  if (sealed && sealed->index >= released && sealed->index <= applied) {
    if (auto chain = CheckpointChain::at(*sealed, {})) known = std::move(chain);
  }
  return known;
}

void recover_chain(std::shared_ptr<WALDriver> wal, CheckpointChain chain, Index up_to,
                   ChainHandler done) {
  auto recovery = std::make_shared<Recovery>();
  recovery->wal = std::move(wal);
  recovery->chain = std::move(chain);
  recovery->up_to = up_to;
  recovery->done = std::move(done);
  read_on(recovery);
}

}  // namespace lockstep::replication
