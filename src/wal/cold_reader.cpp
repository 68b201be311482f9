#include "wal/cold_reader.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace lockstep {
namespace {

constexpr std::size_t kSmallestRead = 16 << 10;
constexpr std::size_t kLargestRead = 1 << 20;
/// Followers that catch up at the same time, each with its own place in the log.
constexpr std::size_t kMostStreams = 4;
constexpr std::uint64_t kBytesBetweenLearned = 64 << 10;

}  // namespace

ColdReader::ReadResult ColdReader::read(const std::vector<LogMap::Stretch>& stretches,
                                        std::size_t byte_budget) {
  ReadResult result;
  std::size_t bytes_left = byte_budget;
  for (LogMap::Stretch stretch : stretches) {
    Stream* const stream = open_stream(stretch, bytes_left, result.trouble);
    if (stream == nullptr) break;
    const bool goes_on = read_stretch(*stream, stretch, bytes_left, result);
    if (stream->window->memory_bytes() > kLargestRead) stream->window->drop_memory();
    if (!goes_on) break;
  }
  return result;
}

ColdReader::Stream* ColdReader::open_stream(LogMap::Stretch& stretch, std::size_t byte_budget,
                                            Trouble& trouble) {
  const Index first = stretch.range.first;
  const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    return stream.segment == stretch.segment.number && stream.next == first;
  });
  if (found != streams_.end()) {
    streams_.splice(streams_.begin(), streams_, found);
    Stream& stream = streams_.front();
    stream.window->set_end(stretch.segment.end);
    stream.window->set_read_ahead(kLargestRead);
    // A place of before a truncation lies before all that was written since; copies lie anywhere.
    if (!stretch.repaired && stream.place.offset > stretch.place.offset &&
        stream.place.first <= first) {
      stretch.place = stream.place;
    }
    return &stream;
  }
  Stream stream;
  stream.segment = stretch.segment.number;
  stream.file = open_file(stream.segment, trouble);
  if (!stream.file) return nullptr;
  if (streams_.size() == kMostStreams) streams_.pop_back();
  streams_.push_front(std::move(stream));
  Stream& opened = streams_.front();
  opened.window.emplace(
      *opened.file, stretch.segment.end,
      std::clamp(byte_budget, kSmallestRead, kLargestRead - kSmallestRead) + kSmallestRead);
  return &opened;
}

bool ColdReader::read_stretch(Stream& stream, const LogMap::Stretch& stretch,
                              std::size_t& bytes_left, ReadResult& result) {
  Index next = stretch.range.first;
  StretchReader reader(*stream.window, stretch);
  std::uint64_t learned_at = stretch.place.offset;
  for (;;) {
    StretchReader::Step step = reader.next();
    if (step.damage) {
      const bool is_wanted = step.damage->range.last >= next;
      result.trouble.damage.push_back(std::move(*step.damage));
      if (is_wanted) return false;
      continue;
    }
    if (!step.batch) return true;
    const StretchReader::Batch& batch = *step.batch;
    const LogMap::Place place{batch.entries.first, batch.found.offset};
    if (place.offset >= learned_at + kBytesBetweenLearned && place.first <= next) {
      result.learned.push_back({stretch.segment.number, next, place});
      learned_at = place.offset;
    }
    const Taken taken = take_entries(*stream.window, batch, next, bytes_left, result.entries);
    if (taken.count > 0) {
      if (!stretch.repaired) stream.place = place;
      for (std::size_t i = 0; i < taken.count; ++i) next = next.next();
      stream.next = next;
    }
    if (taken.is_damaged) {
      result.trouble.damage.push_back(
          reader.damage_of(batch, "an entry does not match its digest"));
    }
    if (taken.is_damaged || next <= batch.live.last) return false;
  }
}

ColdReader::Taken ColdReader::take_entries(FileWindow& window, const StretchReader::Batch& batch,
                                           Index first, std::size_t& bytes_left,
                                           std::vector<Entry>& out) {
  const std::size_t before = out.size();
  bool is_damaged = false;
  BatchEntries entries(window, batch, first);
  for (Index next = first; next <= batch.live.last; next = next.next()) {
    std::optional<Entry> entry = entries.next();
    if (!entry) {
      is_damaged = true;
      break;
    }
    if (!out.empty() && entry->size_bytes() > bytes_left) break;
    bytes_left -= std::min(bytes_left, entry->size_bytes());
    out.push_back(std::move(*entry));
  }
  const std::size_t good = count_verified(sha_, std::span(out).subspan(before));
  is_damaged |= before + good < out.size();
  out.resize(before + good);
  return {good, is_damaged};
}

ColdReader::VerifyResult ColdReader::verify(const LogMap::Stretch& stretch, std::uint64_t bytes) {
  VerifyResult result;
  result.next = stretch.range.first;
  const std::unique_ptr<IFile> file = open_file(stretch.segment.number, result.trouble);
  if (!file) return result;
  FileWindow window(*file, stretch.segment.end, static_cast<std::size_t>(bytes));
  StretchReader reader(window, stretch);
  while (result.bytes < bytes) {
    StretchReader::Step step = reader.next();
    if (!step.batch && !step.damage) break;
    if (step.batch && !is_good(reader, window, *step.batch)) {
      step.damage = reader.damage_of(*step.batch, "a batch does not match its checksum");
    }
    if (step.batch) result.bytes += step.batch->found.end - step.batch->found.offset;
    const Index last = step.damage ? step.damage->range.last : step.batch->live.last;
    result.next = std::max(result.next, last.next());
    if (step.damage) result.trouble.damage.push_back(std::move(*step.damage));
  }
  return result;
}

bool ColdReader::is_good(StretchReader& reader, FileWindow& window,
                         const StretchReader::Batch& batch) {
  if (!reader.is_whole(batch)) return false;
  std::vector<Entry> live;
  std::size_t no_limit = std::numeric_limits<std::size_t>::max();
  return !take_entries(window, batch, batch.live.first, no_limit, live).is_damaged;
}

void ColdReader::forget(std::uint64_t segment) {
  std::erase_if(streams_, [&](const Stream& stream) { return stream.segment == segment; });
}

std::unique_ptr<IFile> ColdReader::open_file(std::uint64_t segment, Trouble& trouble) const {
  Result<std::unique_ptr<IFile>> file = folder_.open_segment(segment);
  if (file) return std::move(*file);
  const Result<bool> there = folder_.has_segment(segment);
  if (there && !*there) {
    trouble.missing = segment;
  } else {
    trouble.error = file.error();
  }
  return nullptr;
}

}  // namespace lockstep
