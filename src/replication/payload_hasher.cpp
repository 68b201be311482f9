#include "replication/payload_hasher.hpp"

#include <utility>

namespace lockstep::replication {

void PayloadHasher::run(std::function<void()> hash) {
  {
    const std::lock_guard lock(mutex_);
    if (*stopped_) return;
    if (!worker_) worker_ = runtime_->make_worker("lockstep-hash");
    if (worker_) {
      return worker_->post([stopped = stopped_, hash = std::move(hash)] {
        if (!*stopped) hash();
      });
    }
  }
  hash();
}

void PayloadHasher::stop(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    *stopped_ = true;
    if (worker_) return worker_->post(std::move(done));
  }
  done();
}

}  // namespace lockstep::replication
