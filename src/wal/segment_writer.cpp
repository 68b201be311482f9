#include "wal/segment_writer.hpp"

#include <algorithm>

namespace lockstep {
namespace {

/// A fill makes the next sync a slow one, so it should do for some appends.
constexpr std::size_t kAppendsPerFill = 16;
constexpr std::size_t kSmallestFillBytes = 128 << 10;  // some hundreds of microseconds of a disk
constexpr std::size_t kLargestFillBytes = 1 << 20;
/// What is larger takes longer to write than a change of the file's size takes; zeros written first
/// would only be in its way.
constexpr std::size_t kLargestFilledForBytes = 128 << 10;

ByteSpan zeros(std::size_t bytes) {
  static const std::vector<std::uint8_t> kZeros(kLargestFillBytes);
  return ByteSpan(kZeros).first(bytes);
}

}  // namespace

Result<> SegmentWriter::begin(std::uint64_t number, std::uint64_t nonce,
                              const BatchBuilder& content, bool fill) {
  // The new segment will say where the old one ends, so that must be true.
  if (file_) {
    if (Result<> synced = sync(); !synced) return synced;
  }
  const auto give_up = [&](const Error& error) {
    folder_.discard_unnamed_segment(number);
    return error;
  };
  Result<std::unique_ptr<IFile>> file = folder_.create_segment(number);
  if (!file) return file.error();
  if (Result<> written = (*file)->write(0, content.pieces()); !written) {
    return give_up(written.error());
  }
  const Result<std::uint64_t> filled = fill ? fill_step(**file, content.end()) : content.end();
  if (!filled) return give_up(filled.error());
  if (Result<> synced = (*file)->sync(); !synced) return give_up(synced.error());
  if (Result<> named = folder_.name_segment(number); !named) return give_up(named.error());
  file_ = std::move(*file);
  number_ = number;
  nonce_ = nonce;
  born_end_ = end_ = proven_end_ = content.end();
  filled_end_ = *filled;
  spoiled_ = false;
  return {};
}

Result<> SegmentWriter::append(const BatchBuilder& batches) {
  if (Result<> written = file_->write(end_, batches.pieces()); !written) {
    spoiled_ = true;
    return written;
  }
  last_append_bytes_ = batches.end() - end_;
  end_ = batches.end();
  filled_end_ = std::max(filled_end_, end_);
  return options_.sync ? sync() : Result<>();
}

Result<> SegmentWriter::sync() {
  if (proven_end_ == end_ || !file_) return {};
  if (Result<> synced = file_->sync(); !synced) return synced;
  proven_end_ = end_;
  return {};
}

Result<> SegmentWriter::fill_ahead() {
  // Nobody waits for the file's size to be on the disk.
  if (!options_.sync) return {};
  if (spoiled_ || filled_end_ - end_ >= options_.zero_fill_bytes) return {};
  if (filled_end_ >= options_.segment_bytes) return {};
  if (last_append_bytes_ > kLargestFilledForBytes) return {};
  const Result<std::uint64_t> filled = fill_step(*file_, filled_end_);
  if (!filled) return filled.error();
  filled_end_ = *filled;
  return {};
}

std::size_t SegmentWriter::fill_bytes() const {
  const std::size_t wanted = std::clamp<std::size_t>(kAppendsPerFill * last_append_bytes_,
                                                     kSmallestFillBytes, kLargestFillBytes);
  return std::min(wanted, options_.zero_fill_bytes);
}

Result<std::uint64_t> SegmentWriter::fill_step(IFile& file, std::uint64_t from) const {
  const std::size_t bytes = fill_bytes();
  const ByteSpan piece = zeros(bytes);
  if (const Result<> written = file.write(from, {&piece, 1}); !written) {
    // For want of space it goes without: what counts will find out by itself.
    if (written.error() == Errc::kNoSpace) return from;
    return written.error();
  }
  return from + bytes;
}

}  // namespace lockstep
