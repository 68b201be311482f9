#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "benchmark/bare_pipeline/frames.hpp"
#include "benchmark/limits/ring.hpp"
#include "benchmark/limits/zero_filled_file.hpp"

namespace lockstep::benchmark {

/// Writes the stream that is in the ring to a file of zeros, around and around, with group commit.
class Disk {
 public:
  /// Up to which position all is durable, after so many syncs; on the thread that has written.
  using Done = std::function<void(std::uint64_t durable, std::uint64_t syncs)>;

  Disk(const BareSettings& settings, const std::string& name, const Ring& ring, Done done)
      : durability_(settings.durability), ring_(ring), done_(std::move(done)) {
    if (durability_ == BareDurability::kMemory) return;
    size_ = std::max(2 * ring.bytes(), std::size_t{64} << 20);
    file_ = make_zero_filled_file(settings.folder + "/bare-" + name, size_);
    // With one frame at a time nothing overlaps, and a hand-over costs more than it gives.
    has_thread_ = settings.in_flight > Frames::most_entries(settings);
    if (has_thread_) std::thread([this] { run(); }).detach();
  }

  /// All before `end` is there.
  void offer(std::uint64_t end) {
    if (!has_thread_) return write(end);
    const std::lock_guard lock(mutex_);
    offered_ = end;
    wake_.notify_one();
  }

 private:
  /// In one go, so that acknowledgements keep coming while much is under way.
  static constexpr std::size_t kMostBytes = std::size_t{2} << 20;

  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return offered_ > written_; });
      const std::uint64_t end = std::min(offered_, written_ + kMostBytes);
      lock.unlock();
      write(end);
    }
  }

  void write(std::uint64_t end) {
    const std::size_t bytes = end - written_;
    if (file_ >= 0) {
      if (place_ + bytes > size_) place_ = 0;
      write_at(file_, ring_.at(written_), bytes, place_);
      place_ += (bytes + 511) / 512 * 512;  // sectors, as a segment has
      if (durability_ == BareDurability::kFsync) {
        must(::fdatasync(file_) == 0, "fdatasync");
        ++syncs_;
      }
    }
    written_ = end;
    done_(end, syncs_);
  }

  const BareDurability durability_;
  const Ring& ring_;
  const Done done_;
  int file_ = -1;
  std::size_t size_ = 0, place_ = 0;
  std::uint64_t written_ = 0, syncs_ = 0;
  bool has_thread_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t offered_ = 0;
};

}  // namespace lockstep::benchmark
