#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lockstep {

/// Memory for the many small pieces of one gathered write; nothing moves until `clear`, which keeps
/// the memory for the next.
class Arena {
 public:
  [[nodiscard]] std::uint8_t* take(std::size_t bytes) {
    while (block_ < blocks_.size() && blocks_[block_].size - used_ < bytes) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t size = bytes > kBlockBytes ? bytes : kBlockBytes;
      blocks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(size), size});
      used_ = 0;
    }
    std::uint8_t* const taken = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return taken;
  }

  void clear() {
    std::erase_if(blocks_, [](const Block& block) { return block.size > kBlockBytes; });
    if (blocks_.size() > kKeptBlocks) blocks_.resize(kKeptBlocks);
    block_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlockBytes = 64 << 10;
  static constexpr std::size_t kKeptBlocks = 4;
  struct Block {
    std::unique_ptr<std::uint8_t[]> memory;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace lockstep
