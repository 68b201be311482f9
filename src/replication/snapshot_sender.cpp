#include "replication/snapshot_sender.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::replication {

using consensus::PieceWanted;
using consensus::SnapshotWanted;

void SnapshotSender::want(const SnapshotWanted& wanted) {
  if (has_image_behind(wanted.at_least)) {
    return handlers_.ready(wanted.follower, snapshot_->offer());
  }
  waiting_[wanted.follower] = wanted.at_least;
  if (std::exchange(making_, true)) return;
  let_go();
  if (!has_worker()) return fail_all(Error(Errc::kIo, "no thread is left to read it"));
  handlers_.take_image([weak = weak_from_this()](Result<SnapshotImage> image) {
    if (const auto self = weak.lock()) self->taken(std::move(image));
  });
}

bool SnapshotSender::has_image_behind(Index index) const {
  return snapshot_ && snapshot_->offer().last.index >= index;
}

bool SnapshotSender::has_worker() {
  if (!worker_) worker_ = runtime_->make_worker("lockstep-snapshot");
  return worker_ != nullptr;
}

void SnapshotSender::taken(Result<SnapshotImage> image) {
  if (!handlers_.ready) return;
  if (!image) return fail_all(image.error());
  last_ = image->metadata.last.index;
  worker_->post([weak = weak_from_this(), strand = strand_, stopped = stopped_,
                 image = std::make_shared<SnapshotImage>(std::move(*image))] {
    auto made = OutgoingSnapshot::make(std::move(*image), *stopped);
    strand->post([weak, made = std::move(made)] {
      if (const auto self = weak.lock()) self->prepared(made);
    });
  });
}

void SnapshotSender::prepared(Result<std::shared_ptr<OutgoingSnapshot>> snapshot) {
  if (!handlers_.ready) return;
  if (!snapshot) return fail_all(snapshot.error());
  making_ = false;
  snapshot_ = std::move(*snapshot);
  last_ = snapshot_->offer().last.index;
  for (const auto& [follower, at_least] : std::exchange(waiting_, {})) {
    if (has_image_behind(at_least)) {
      handlers_.ready(follower, snapshot_->offer());
    } else {
      handlers_.failed(follower, Error(Errc::kWrongState, "nothing is applied behind index " +
                                                              to_string(*last_) + " yet"));
    }
  }
}

void SnapshotSender::fail_all(const Error& error) {
  making_ = false;
  last_.reset();
  for (const auto& [follower, at_least] : std::exchange(waiting_, {})) {
    handlers_.failed(follower, error);
  }
}

void SnapshotSender::want_piece(const PieceWanted& wanted) {
  if (!snapshot_ || snapshot_->offer().id != wanted.snapshot) {
    return handlers_.failed(wanted.follower, Error(Errc::kReleased, "the image is gone"));
  }
  worker_->post([weak = weak_from_this(), strand = strand_, snapshot = snapshot_, wanted] {
    auto piece = snapshot->read(wanted.offset, static_cast<std::size_t>(wanted.max_bytes));
    strand->post([weak, wanted, piece = std::move(piece)] {
      const auto self = weak.lock();
      if (!self || !self->handlers_.ready) return;
      if (piece) return self->pace(wanted, *piece);
      self->let_go();
      self->handlers_.failed(wanted.follower, piece.error());
    });
  });
}

void SnapshotSender::pace(PieceWanted wanted, SharedBuffer piece) {
  if (bytes_per_second_ == 0) return handlers_.piece_ready(std::move(wanted), std::move(piece));
  // A follower that waits for long asks again.
  const bool is_due = std::ranges::any_of(due_, [&](const auto& due) {
    return due.first.follower == wanted.follower && due.first.offset == wanted.offset;
  });
  if (is_due) return;
  due_.emplace_back(std::move(wanted), std::move(piece));
  if (due_.size() == 1) send_due();
}

void SnapshotSender::send_due() {
  timer_.reset();
  while (!due_.empty()) {
    const MonotonicTime now = runtime_->now();
    if (now < next_piece_) {
      timer_ = runtime_->schedule(strand_, next_piece_ - now, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->send_due();
      });
      return;
    }
    auto [wanted, piece] = std::move(due_.front());
    due_.pop_front();
    next_piece_ = std::max(next_piece_, now) +
                  std::chrono::nanoseconds(piece.size() * 1'000'000'000 / bytes_per_second_);
    handlers_.piece_ready(std::move(wanted), std::move(piece));
  }
}

/// Where it was read: letting go may be work too.
void SnapshotSender::let_go() {
  last_.reset();
  due_.clear();
  timer_.reset();
  if (snapshot_) worker_->post([snapshot = std::exchange(snapshot_, {})] {});
}

void SnapshotSender::stop(std::function<void()> done) {
  handlers_ = {};
  waiting_.clear();
  *stopped_ = true;
  let_go();
  if (!worker_) return done();
  worker_->post([strand = strand_, done = std::move(done)] { strand->post(done); });
}

}  // namespace lockstep::replication
