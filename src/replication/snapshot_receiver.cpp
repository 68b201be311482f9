#include "replication/snapshot_receiver.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::replication {
namespace {

using consensus::InstallSnapshot;
using consensus::PieceReceived;
using consensus::SnapshotId;

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

/// The engine's part of the stream.
class SpooledImage final : public ISnapshot {
 public:
  SpooledImage(std::shared_ptr<SnapshotSpool> spool, std::uint64_t begin)
      : spool_(std::move(spool)), begin_(begin) {}
  std::uint64_t size() const override { return spool_->size() - begin_; }
  Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) override {
    return spool_->read(begin_ + std::min(offset, size()), max_bytes);
  }

 private:
  const std::shared_ptr<SnapshotSpool> spool_;
  const std::uint64_t begin_;
};

}  // namespace

/// On the worker.
class SnapshotReceiver::Spooled {
 public:
  Spooled(std::shared_ptr<Runtime> runtime, std::string folder, std::string file)
      : runtime_(std::move(runtime)), folder_(std::move(folder)), file_(std::move(file)) {}

  /// From where on the sender is to go on.
  Result<std::uint64_t> store(const InstallSnapshot& piece) {
    if (!spool_ || id_ != piece.snapshot) {
      // In the middle of one that is not known here: from its beginning.
      if (piece.metadata.empty()) return std::uint64_t{0};
      if (const Result<> begun = begin(piece); !begun) return begun.error();
    }
    if (piece.offset == spool_->size() && !piece.chunk.empty()) {
      const std::uint64_t room = header_.stream_bytes - spool_->size();
      if (piece.chunk.size() > room) {
        return Error(Errc::kInvalidArgument, "it is longer than it says");
      }
      if (const Result<> written = spool_->append(piece.chunk.bytes()); !written) {
        let_go();
        return written.error();
      }
    }
    return spool_->size();
  }

  [[nodiscard]] bool is_whole() const {
    return spool_ && spool_->size() == header_.stream_bytes && !delivered_;
  }

  /// Reads all of it back: what is installed is what was sent.
  Result<ReceivedSnapshot> take() {
    delivered_ = true;
    Sha256 sha;
    sha.begin();
    for (std::uint64_t offset = 0; offset < spool_->size();) {
      const Result<SharedBuffer> piece = spool_->read(offset, kReadBytes);
      if (!piece) return piece.error();
      if (piece->empty()) return Error(Errc::kIo, "the file that it was kept in is cut off");
      sha.update(piece->bytes());
      offset += piece->size();
    }
    if (sha.finish() != header_.stream_digest) {
      return Error(Errc::kCorruption, "its digest is not the one that it was announced with");
    }
    ReceivedSnapshot received{id_, header_.metadata, nullptr};
    const Result<std::uint64_t> image = read_pairs(received.metadata);
    if (!image) return image.error();
    received.state = std::make_shared<SpooledImage>(spool_, *image);
    return received;
  }

  void remove_left_over() {
    if (!folder_.empty()) (void)remove_spool_file(runtime_->file_system(), folder_, file_);
  }

  void let_go() {
    id_ = {};
    spool_.reset();
    delivered_ = false;
  }

 private:
  Result<> begin(const InstallSnapshot& piece) {
    let_go();
    auto header = decode_header(piece.metadata.bytes());
    if (!header || header->metadata.last != piece.last ||
        header->stream_bytes != piece.size_bytes ||
        snapshot_id(sha_, piece.metadata.bytes()) != piece.snapshot) {
      return Error(Errc::kInvalidArgument, "what it says of itself makes no sense");
    }
    if (folder_.empty()) {
      if (header->stream_bytes > kMaxSpoolInMemory) {
        return Error(Errc::kTooLarge, "it has " + std::to_string(header->stream_bytes) +
                                          " bytes, and no more than " +
                                          std::to_string(kMaxSpoolInMemory) +
                                          " are taken into memory: name a snapshot_folder");
      }
      spool_ = make_memory_spool();
    } else {
      auto spool = make_file_spool(runtime_->file_system(), folder_, file_);
      if (!spool) return spool.error();
      spool_ = std::move(*spool);
    }
    header_ = std::move(*header);
    id_ = piece.snapshot;
    return {};
  }

  /// Returns where the engine's image begins.
  Result<std::uint64_t> read_pairs(SnapshotMetadata& metadata) {
    const Error senseless(Errc::kInvalidArgument, "the pairs in it make no sense");
    const Result<SharedBuffer> prefix = spool_->read(0, kPairsPrefixBytes);
    if (!prefix) return prefix.error();
    const std::uint64_t bytes = pairs_bytes(prefix->bytes());
    if (bytes > spool_->size() - kPairsPrefixBytes) return senseless;
    const Result<SharedBuffer> pairs =
        spool_->read(kPairsPrefixBytes, static_cast<std::size_t>(bytes));
    if (!pairs) return pairs.error();
    if (pairs->size() != bytes || !decode_pairs(pairs->bytes(), metadata)) return senseless;
    return kPairsPrefixBytes + bytes;
  }

  const std::shared_ptr<Runtime> runtime_;
  const std::string folder_;
  const std::string file_;
  Sha256 sha_;
  SnapshotId id_;
  SnapshotHeader header_;
  std::shared_ptr<SnapshotSpool> spool_;
  /// It was whole, and handed over or refused.
  bool delivered_ = false;
};

SnapshotReceiver::SnapshotReceiver(std::shared_ptr<Runtime> runtime,
                                   std::shared_ptr<IExecutor> strand, std::string folder,
                                   std::string file)
    : runtime_(runtime),
      strand_(std::move(strand)),
      spooled_(std::make_shared<Spooled>(std::move(runtime), std::move(folder), std::move(file))) {}

void SnapshotReceiver::remove_left_over() { spooled_->remove_left_over(); }

void SnapshotReceiver::store(PieceReceived piece) {
  if (!worker_) worker_ = runtime_->make_worker("lockstep-snapshot");
  if (!worker_) {
    return handlers_.refused(piece.sender, piece.piece.snapshot,
                             Error(Errc::kIo, "no thread is left to keep it"));
  }
  worker_->post(
      [weak = weak_from_this(), strand = strand_, spooled = spooled_, piece = std::move(piece)] {
        const SnapshotId id = piece.piece.snapshot;
        Result<std::uint64_t> next = spooled->store(piece.piece);
        std::optional<Result<ReceivedSnapshot>> whole;
        if (next && spooled->is_whole()) whole = spooled->take();
        if (whole && !*whole) {
          spooled->let_go();
          next = whole->error();
        }
        strand->post([weak, sender = piece.sender, id, next, whole] {
          const auto self = weak.lock();
          if (!self || !self->handlers_.stored) return;
          if (!next) return self->handlers_.refused(sender, id, next.error());
          self->handlers_.stored(sender, id, *next);
          if (whole) self->handlers_.received(sender, **whole);
        });
      });
}

void SnapshotReceiver::let_go() {
  if (worker_) worker_->post([spooled = spooled_] { spooled->let_go(); });
}

void SnapshotReceiver::stop() {
  handlers_ = {};
  let_go();
}

}  // namespace lockstep::replication
