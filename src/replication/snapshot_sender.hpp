#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "consensus/effects.hpp"
#include "lockstep/runtime.hpp"
#include "replication/outgoing_snapshot.hpp"

namespace lockstep::replication {

/// The images that this leader sends: one at a time, shared by all followers that need one. It
/// paces the pieces. Methods are called on the strand, handlers run there; the image is read, and
/// let go of, on a worker.
class SnapshotSender : public std::enable_shared_from_this<SnapshotSender> {
 public:
  using TakenHandler = std::function<void(Result<SnapshotImage>)>;
  struct Handlers {
    /// Takes an image of what is applied.
    std::function<void(TakenHandler)> take_image;
    std::function<void(NodeId, consensus::SnapshotOffer)> ready;
    std::function<void(NodeId, Error)> failed;
    std::function<void(consensus::PieceWanted, SharedBuffer)> piece_ready;
  };
  SnapshotSender(std::shared_ptr<Runtime> runtime, std::shared_ptr<IExecutor> strand,
                 std::uint64_t bytes_per_second)
      : runtime_(std::move(runtime)),
        strand_(std::move(strand)),
        bytes_per_second_(bytes_per_second) {}

  void start(Handlers handlers) { handlers_ = std::move(handlers); }
  /// An image for this follower: the one there is, if it will do.
  void want(const consensus::SnapshotWanted& wanted);
  void want_piece(const consensus::PieceWanted& wanted);
  /// The log is needed behind this entry, for as long as there is an image.
  [[nodiscard]] std::optional<Index> in_use() const { return last_; }
  /// Nobody is being sent anything.
  void let_go();
  /// No handler runs any more; `done` runs when no image is in use, and all are let go.
  void stop(std::function<void()> done);

 private:
  void taken(Result<SnapshotImage> image);
  void prepared(Result<std::shared_ptr<OutgoingSnapshot>> snapshot);
  [[nodiscard]] bool has_image_behind(Index index) const;
  void fail_all(const Error& error);
  void pace(consensus::PieceWanted wanted, SharedBuffer piece);
  void send_due();
  [[nodiscard]] bool has_worker();

  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<IExecutor> strand_;
  const std::uint64_t bytes_per_second_;
  std::shared_ptr<IExecutor> worker_;
  /// For whoever reads an image at that moment.
  const std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);
  Handlers handlers_;
  bool making_ = false;
  /// And what image will do for them.
  std::map<NodeId, Index> waiting_;
  std::optional<Index> last_;
  std::shared_ptr<OutgoingSnapshot> snapshot_;
  std::deque<std::pair<consensus::PieceWanted, SharedBuffer>> due_;
  /// When the next piece may go.
  MonotonicTime next_piece_{};
  std::unique_ptr<Runtime::Timer> timer_;
};

}  // namespace lockstep::replication
