#include "tools/lockstep_bench/bench_engine.hpp"

#include <algorithm>
#include <vector>

namespace lockstep::bench {
namespace {

/// Bytes that depend on their place alone.
class SyntheticImage final : public ISnapshot {
 public:
  explicit SyntheticImage(std::uint64_t bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_; }
  [[nodiscard]] Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    if (offset >= bytes_) return SharedBuffer();
    const std::uint64_t length = std::min<std::uint64_t>(max_bytes, bytes_ - offset);
    std::vector<std::uint8_t> piece(static_cast<std::size_t>(length));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      piece[i] = static_cast<std::uint8_t>((offset + i) * 0x9e3779b1U >> 24U);
    }
    return SharedBuffer::adopt(std::move(piece));
  }

 private:
  const std::uint64_t bytes_;
};

}  // namespace

Result<Index> BenchEngine::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  seal(std::vector<CommandResult>(batch.size()));
  if (!batch.empty()) applied_ = batch.back().id.index;
  return options_.durable ? applied_ : Index{};
}

Result<std::shared_ptr<ISnapshot>> BenchEngine::begin_snapshot(const SnapshotMetadata&) {
  return std::shared_ptr<ISnapshot>(std::make_shared<SyntheticImage>(options_.image_bytes));
}

Result<> BenchEngine::install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  for (std::uint64_t at = 0; at < snapshot.size();) {
    const Result<SharedBuffer> piece = snapshot.read(at, kPiece);
    if (!piece) return piece.error();
    at += piece->size();
  }
  applied_ = metadata.last.index;
  return {};
}

}  // namespace lockstep::bench
