#include "tools/lockstep_wal/log_view.hpp"

#include <cstdio>
#include <utility>

#include "tools/lockstep_wal/lock_holder.hpp"
#include "wal/recovery.hpp"
#include "wal/replay.hpp"

namespace lockstep::tools {
namespace {

constexpr int kMostLooks = 100;

/// Batches that no later one has confirmed count as long as they are whole.
Result<> apply_tail(const std::vector<TailBatch>& tail, LogView& view) {
  if (tail.empty()) return {};
  view.unconfirmed_from = tail.front().offset;
  Replay replay(view.log);
  replay.assume_known();
  for (const TailBatch& each : tail) {
    const std::uint64_t body_end = each.offset + BatchHeader::kEncodedBytes + each.body.size();
    const Replay::Batch batch{each.offset, align_to_sector(body_end), each.header};
    if (Result<> applied = replay.apply(batch, each.body.bytes()); !applied) return applied;
  }
  return {};
}

Result<std::vector<SegmentFile>> sizes_of(const WALFolder& folder,
                                          const std::vector<std::uint64_t>& numbers) {
  std::vector<SegmentFile> files;
  for (const std::uint64_t number : numbers) {
    const Result<std::unique_ptr<IFile>> file = folder.open_segment(number);
    if (!file) return file.error();
    const Result<std::uint64_t> bytes = (*file)->size();
    if (!bytes) return bytes.error();
    files.push_back({number, *bytes});
  }
  return files;
}

std::optional<std::uint64_t> size_of_ballast(IFileSystem& files, const std::string& folder) {
  const Result<std::unique_ptr<IFile>> file = files.open_to_read(folder + "/ballast");
  if (!file) return std::nullopt;
  const Result<std::uint64_t> bytes = (*file)->size();
  return bytes ? std::optional(*bytes) : std::nullopt;
}

Result<LogView> look_at(const WALFolder& folder, const std::vector<std::uint64_t>& numbers) {
  LogView view;
  const Result<std::unique_ptr<IFile>> newest = folder.open_segment(numbers.back());
  if (!newest) return newest.error();
  FileWindow window(**newest, kFirstBatchOffset, kFirstBatchOffset);
  const Result<SegmentHeader> header = read_segment_header(window);
  if (!header) {
    return Error(header.error().code,
                 folder.segment_path(numbers.back()) + ": " + header.error().message);
  }
  view.header = *header;
  Result<Recovered> recovered = recover_log(folder, numbers, header->node, header->group);
  // Later: a writer may be at work, and a file must not seem to end before what was found in it.
  Result<std::vector<SegmentFile>> files = sizes_of(folder, numbers);
  if (!files) return files.error();
  view.files = std::move(*files);
  if (!recovered) {
    if (recovered.error() != Errc::kCorruption) return recovered.error();
    view.broken = recovered.error();
    return view;
  }
  view.log = std::move(recovered->log);
  view.remarks = std::move(recovered->remarks);
  if (Result<> applied = apply_tail(recovered->tail, view); !applied) {
    view.broken = applied.error();
    return view;
  }
  const Result<std::vector<std::string>> missing = mark_missing_segments(folder, view.log);
  if (!missing) return missing.error();
  for (const std::string& path : *missing) view.remarks.push_back("missing: " + path);
  return view;
}

/// What is wrong with the log; empty when nothing is.
std::string trouble_of(const Result<LogView>& look) {
  if (!look) return look.error().message;
  std::string trouble = look->broken.message;
  for (const IndexRange& range : look->log.state.get().damaged) {
    trouble += " " + to_string(range.first) + ".." + to_string(range.last);
  }
  return trouble;
}

}  // namespace

Result<LogView> view_log(IFileSystem& files, const std::string& path) {
  const WALFolder folder(files, path);
  std::string trouble;
  for (int looks = 0; looks < kMostLooks; ++looks) {
    const Result<WALFolder::Segments> segments = folder.find_segments();
    if (!segments) return segments.error();
    const std::vector<std::uint64_t>& numbers = segments->named;
    if (numbers.empty()) return Error(Errc::kInvalidArgument, path + " holds no log");
    Result<LogView> look = look_at(folder, numbers);
    // A writer at work may have removed a segment after the list was made, or have completed a
    // batch while it was read. So trouble counts once it is seen twice, with no change between.
    const std::string before = std::exchange(trouble, trouble_of(look));
    if (!trouble.empty()) {
      const Result<WALFolder::Segments> now = folder.find_segments();
      if (!now) return now.error();
      if (now->named != numbers || trouble != before) continue;
      if (!look) return look.error();
    }
    look->folder = path;
    look->holder = lock_holder(path + "/lock");
    look->ballast_bytes = size_of_ballast(files, path);
    return look;
  }
  return Error(Errc::kOverloaded, path + " changes faster than it can be read; try again");
}

std::string segment_name(std::uint64_t number) {
  char name[40];
  std::snprintf(name, sizeof(name), "segment-%016llx.wal", static_cast<unsigned long long>(number));
  return name;
}

}  // namespace lockstep::tools
