#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "lockstep/runtime.hpp"

namespace lockstep::replication {

/// Hashes large payloads on a thread of its own, made when the first one comes. Thread-safe.
class PayloadHasher {
 public:
  explicit PayloadHasher(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

  /// Runs `hash` on the thread, or here if there is none to be had; not at all once `stop` was
  /// called.
  void run(std::function<void()> hash);
  /// Calls `done`, on the thread or here, once nothing is being hashed: whoever has seen the
  /// replica stop may end the process, and OpenSSL with it.
  void stop(std::function<void()> done);

 private:
  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_;
  std::shared_ptr<IExecutor> worker_;
};

}  // namespace lockstep::replication
