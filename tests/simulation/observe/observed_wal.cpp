#include "simulation/observe/observed_wal.hpp"

#include <utility>

namespace lockstep::sim {
namespace {

class ObservedWAL final : public IWALSource {
 public:
  ObservedWAL(std::unique_ptr<IWALSource> wal, NodeId node, Observer& observer)
      : node_(std::move(node)), observer_(observer), wal_(std::move(wal)) {}

  void on_event(EventHandler handler) override { wal_->on_event(std::move(handler)); }

  void open(OpenHandler done) override {
    wal_->open(
        [&observer = observer_, node = node_, done = std::move(done)](Result<WALState> state) {
          if (state) observer.on_open(node, *state);
          done(std::move(state));
        });
  }

  void write(WALWrite write, DoneHandler done) override {
    observer_.on_change(node_, change_of(write));
    wal_->write(std::move(write), answered(std::move(done)));
  }

  void release_prefix(Boundary boundary, DoneHandler done) override {
    LogChange change;
    change.boundary = boundary;
    change.is_release = true;
    observer_.on_change(node_, change);
    wal_->release_prefix(std::move(boundary), answered(std::move(done)));
  }

  void repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) override {
    observer_.on_repair(node_, entries);
    wal_->repair(range, std::move(entries), std::move(done));
  }

  void read(IndexRange range, std::size_t byte_budget, ReadHandler done) override {
    wal_->read(range, byte_budget, std::move(done));
  }

  void close(DoneHandler done) override { wal_->close(std::move(done)); }

 private:
  /// It may come when this is gone.
  DoneHandler answered(DoneHandler done) {
    return [&observer = observer_, node = node_, done = std::move(done)](Error error) {
      const bool refused = error == Errc::kNoSpace || error == Errc::kInvalidArgument;
      observer.on_answer(node, !error    ? LogAnswer::kDurable
                               : refused ? LogAnswer::kRefused
                                         : LogAnswer::kFailed);
      done(std::move(error));
    };
  }

  const NodeId node_;
  Observer& observer_;
  const std::unique_ptr<IWALSource> wal_;
};

}  // namespace

std::shared_ptr<IWALSource> observe(std::unique_ptr<IWALSource> wal, NodeId node,
                                    Observer& observer) {
  return std::make_shared<ObservedWAL>(std::move(wal), std::move(node), observer);
}

}  // namespace lockstep::sim
