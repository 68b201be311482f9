#include "tools/lockstep_bench/bench_engine.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/byte_codec.hpp"

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

Result<> BenchEngine::keep() {
  ByteWriter writer;
  {
    const std::lock_guard lock(mutex_);
    writer.u64(applied_.value());
    for (const auto& [key, value] : pairs_) {
      writer.sized(as_bytes(key));
      writer.sized(as_bytes(value));
    }
  }
  const std::vector<std::uint8_t> bytes = writer.take();
  std::ofstream file(file_, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return Error(Errc::kIo, "cannot write " + file_);
  return {};
}

Result<RecoveredEngine> BenchEngine::recover() {
  std::ifstream file(file_, std::ios::binary);
  if (!file) return RecoveredEngine{};
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ByteReader reader(as_bytes(text));
  RecoveredEngine recovered;
  recovered.durable_applied = Index(reader.u64());
  const auto next = [&reader] {
    const ByteSpan bytes = reader.sized();
    return std::string(bytes.begin(), bytes.end());
  };
  while (!reader.failed() && reader.remaining() > 0) {
    std::string key = next();
    recovered.pairs.emplace_back(std::move(key), next());
  }
  if (reader.failed()) return Error(Errc::kCorruption, file_ + " is not an engine's");
  applied_ = recovered.durable_applied;
  pairs_ = {recovered.pairs.begin(), recovered.pairs.end()};
  return recovered;
}

Result<Index> BenchEngine::apply(std::span<const CommittedCommand> batch, const Seal& seal) {
  std::vector<SealedPair> pairs = seal(std::vector<CommandResult>(batch.size()));
  const std::lock_guard lock(mutex_);
  for (SealedPair& pair : pairs) {
    if (pair.value) {
      pairs_[pair.key] = std::move(*pair.value);
    } else {
      pairs_.erase(pair.key);
    }
  }
  if (!batch.empty()) applied_ = batch.back().id.index;
  return applied_;
}

Result<std::shared_ptr<ISnapshot>> BenchEngine::begin_snapshot(const SnapshotMetadata&) {
  return std::shared_ptr<ISnapshot>(std::make_shared<SyntheticImage>(image_bytes_));
}

Result<> BenchEngine::install_snapshot(const SnapshotMetadata& metadata, ISnapshot& snapshot) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  for (std::uint64_t at = 0; at < snapshot.size();) {
    const Result<SharedBuffer> piece = snapshot.read(at, kPiece);
    if (!piece) return piece.error();
    at += piece->size();
  }
  const std::lock_guard lock(mutex_);
  applied_ = metadata.last.index;
  pairs_ = {metadata.pairs.begin(), metadata.pairs.end()};
  return {};
}

}  // namespace lockstep::bench
