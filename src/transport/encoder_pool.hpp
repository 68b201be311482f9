#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "wire/frame_encoder.hpp"

namespace lockstep::transport {

/// Messages are encoded on the threads that send them; an encoder serves one at a time and is
/// costly to make.
class EncoderPool {
 public:
  template <class Use>
  auto with_encoder(Use&& use) {
    std::unique_ptr<wire::FrameEncoder> encoder = take();
    auto result = use(*encoder);
    give_back(std::move(encoder));
    return result;
  }

 private:
  [[nodiscard]] std::unique_ptr<wire::FrameEncoder> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto encoder = std::move(idle_.back());
        idle_.pop_back();
        return encoder;
      }
    }
    return std::make_unique<wire::FrameEncoder>();
  }
  void give_back(std::unique_ptr<wire::FrameEncoder> encoder) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdle) idle_.push_back(std::move(encoder));
  }

  static constexpr std::size_t kMaxIdle = 8;
  std::mutex mutex_;
  std::vector<std::unique_ptr<wire::FrameEncoder>> idle_;
};

}  // namespace lockstep::transport
