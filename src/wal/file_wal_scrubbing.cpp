#include <utility>

#include "wal/file_wal.hpp"

namespace lockstep {

/// Without a segment to verify there is no timer.
void FileWAL::watch_for_rot() {
  if (scrub_timer_ || scrubbing_ || !scrubber_.has_work(log_.map)) return;
  scrub_timer_ = runtime_.schedule(executor_, scrubber_.pause(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_scrub_timer();
  });
}

void FileWAL::on_scrub_timer() {
  if (phase_ != Phase::kOpen || failure_) return;
  scrub_timer_.reset();
  std::optional<LogMap::Stretch> piece = scrubber_.next(log_.map);
  if (!piece) {
    watch_for_rot();
    return;
  }
  scrubbing_ = true;
  const std::uint64_t bytes = scrubber_.piece_bytes();
  read_aside([piece = *piece, bytes](ColdReader& reader) { return reader.verify(piece, bytes); },
             [piece = *piece](FileWAL& wal, const ColdReader::VerifyResult& result) {
               wal.on_scrubbed(piece, result);
             });
}

void FileWAL::on_scrubbed(const LogMap::Stretch& piece, const ColdReader::VerifyResult& result) {
  scrubbing_ = false;
  if (phase_ == Phase::kClosed) return;
  scrubber_.note(piece, result);
  note_trouble(result.trouble);
  if (phase_ == Phase::kOpen) watch_for_rot();
}

}  // namespace lockstep
