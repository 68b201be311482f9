#include "tools/lockstep_wal/verify.hpp"

#include <algorithm>
#include <array>

#include "tools/lockstep_wal/segment_walk.hpp"
#include "wal/recovery.hpp"

namespace lockstep::tools {
namespace {

constexpr Index kNoEnd{~std::uint64_t{0}};

/// Checks one segment after another and gathers what was found.
class Verifier {
 public:
  Verifier(IFileSystem& files, Verification& result)
      : files_(files), result_(result), map_(result.view.log.map) {}

  Result<> run() {
    for (const SegmentFile& file : result_.view.files) {
      if (Result<> checked = check_segment(file); !checked) return checked;
    }
    conclude();
    return {};
  }

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::string name;
    bool newest = false;
    std::uint64_t nonce = 0;
    std::uint64_t end = 0;
    /// Of the log.
    std::vector<const LogMap::Extent*> extents;
  };

  Result<> check_segment(const SegmentFile& file) {
    const LogView& view = result_.view;
    SegmentCheck check;
    check.file = file;
    Segment segment;
    segment.number = file.number;
    segment.name = segment_name(file.number);
    segment.newest = file.number == view.files.back().number;
    for (const LogMap::Extent& extent : map_.extents()) {
      if (extent.segment == segment.number) segment.extents.push_back(&extent);
    }
    const Result<std::unique_ptr<IFile>> opened =
        files_.open_to_read(view.folder + "/" + segment.name);
    if (!opened) return note_absence(segment, opened.error());
    IFile& bytes = **opened;
    check_copies_of_header(bytes, segment);

    const LogMap::Segment* const known = map_.segment(file.number);
    check.used = known != nullptr || view.broken;
    if (known != nullptr) {
      segment.nonce = known->nonce;
      segment.end = known->end;
    } else {
      FileWindow window(bytes, kFirstBatchOffset, kFirstBatchOffset);
      if (const Result<SegmentHeader> header = read_segment_header(window)) {
        segment.nonce = header->nonce;
        segment.end = file.bytes;
      }
    }
    if (check.used) walk(bytes, segment, check);
    result_.segments.push_back(check);
    return {};
  }

  /// The list of segments was made earlier; a writer may have released this one since.
  Result<> note_absence(const Segment& segment, const Error& error) {
    const Result<LogView> now = view_log(files_, result_.view.folder);
    if (!now) return now.error();
    const auto& there = now->files;
    const bool still_there = std::any_of(there.begin(), there.end(), [&](const SegmentFile& file) {
      return file.number == segment.number;
    });
    if (still_there) return error;
    result_.gone.push_back(segment.number);
    return {};
  }

  void check_copies_of_header(IFile& file, const Segment& segment) {
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      std::array<std::uint8_t, kSectorBytes> sector{};
      const Result<std::size_t> got = file.read(copy * kSectorBytes, sector);
      if (got && decode_segment_header(ByteSpan(sector).first(*got))) continue;
      Finding finding;
      finding.weight = segment.newest ? Finding::Weight::kSpare : Finding::Weight::kUnused;
      finding.file = segment.name;
      finding.offset = copy * kSectorBytes;
      finding.bytes = kSectorBytes;
      finding.what = copy == 0 ? "the first copy of the segment's header"
                               : "the second copy of the segment's header";
      result_.findings.push_back(std::move(finding));
    }
  }

  void walk(IFile& file, const Segment& segment, SegmentCheck& check) {
    // What a damaged file lacks at its end cannot be read, whatever its size should be.
    const std::uint64_t readable = std::min(segment.end, check.file.bytes);
    SegmentWalk walk(file, segment.nonce, kFirstBatchOffset, readable);
    std::uint64_t proven_end = segment.newest ? 0 : segment.end;
    std::optional<WalkStep> before;
    std::optional<WalkStep> gap;
    while (std::optional<WalkStep> step = walk.next()) {
      if (!step->header) {
        gap = std::move(step);
        continue;
      }
      proven_end = std::max(proven_end, step->header->proven_end);
      if (gap) note_gap(segment, *gap, before, *step);
      gap.reset();
      ++check.batches;
      check.entries += step->entries.size();
      take(segment, *step);
      step->entries.clear();
      before = std::move(step);
    }
    const std::uint64_t from = gap ? gap->offset : readable;
    const std::uint64_t to = result_.view.broken ? proven_end : std::max(segment.end, proven_end);
    if (from < to) note_missing_end(segment, from, to, before);
    if (!segment.newest || result_.view.broken) return;
    look_for_torn_tail(file, segment, check.file.bytes);
  }

  /// Behind the end there should be zeros only.
  void look_for_torn_tail(IFile& file, const Segment& segment, std::uint64_t size) {
    FileWindow window(file, size, 1 << 20);
    std::optional<std::uint64_t> first;
    std::uint64_t last = 0;
    for (std::uint64_t at = segment.end; at < size; at += kSectorBytes) {
      const Result<ByteSpan> sector =
          window.at(at, std::min<std::uint64_t>(kSectorBytes, size - at));
      if (sector && std::all_of(sector->begin(), sector->end(),
                                [](std::uint8_t byte) { return byte == 0; })) {
        continue;
      }
      if (!first) first = at;
      last = std::min<std::uint64_t>(at + kSectorBytes, size);
    }
    if (!first) return;
    Finding finding;
    finding.weight = Finding::Weight::kTorn;
    finding.file = segment.name;
    finding.offset = *first;
    finding.bytes = last - *first;
    finding.what = "a write without its end";
    SegmentWalk walk(file, segment.nonce, *first, last);
    while (const std::optional<WalkStep> step = walk.next()) finding.entries.add(step->range());
    result_.findings.push_back(std::move(finding));
  }

  /// Good entries of the log, and what else the batch tells.
  void take(const Segment& segment, const WalkStep& step) {
    IndexSet read;
    for (const Entry& entry : step.entries) read.add({entry.header.index, entry.header.index});
    const IndexSet held = held_in(segment, step);
    good_.add(read.within(held));
    if (step.body_whole) return;
    IndexSet lost(step.range());
    lost.subtract(read);
    Finding finding;
    finding.file = segment.name;
    finding.offset = step.offset;
    finding.bytes = step.end - step.offset;
    finding.what = "batch " + std::to_string(step.header->number);
    if (step.range().empty()) finding.what += ", which holds no entries,";
    finding.entries = lost;
    weigh_later(std::move(finding), segment, !held.empty());
  }

  void note_gap(const Segment& segment, const WalkStep& gap, const std::optional<WalkStep>& before,
                const WalkStep& behind) {
    Finding finding;
    finding.file = segment.name;
    finding.offset = gap.offset;
    finding.bytes = gap.end - gap.offset;
    finding.what = "a place without a readable batch header";
    const BatchHeader& next = *behind.header;
    Index first = before ? before->header->last.index.next() : Index(1);
    const bool truncates = next.truncate_from != Index{};
    const std::uint32_t truncations = next.counters.truncations - (truncates ? 1 : 0);
    if (before && truncations != before->header->counters.truncations) {
      first = std::min(first, next.counters.truncated_min);
    }
    if (next.first_index != Index{}) {
      finding.entries.add({first, next.first_index.previous()});
    }
    add_repairs_within(segment, finding);
    weigh_later(std::move(finding), segment, false);
  }

  void note_missing_end(const Segment& segment, std::uint64_t from, std::uint64_t to,
                        const std::optional<WalkStep>& before) {
    Finding finding;
    finding.file = segment.name;
    finding.offset = from;
    finding.bytes = to - from;
    finding.what = "the end of the segment";
    finding.entries.add({before ? before->header->last.index.next() : Index(1), kNoEnd});
    add_repairs_within(segment, finding);
    weigh_later(std::move(finding), segment, false);
  }

  static void add_repairs_within(const Segment& segment, Finding& finding) {
    for (const LogMap::Extent* const extent : segment.extents) {
      const std::uint64_t begin = extent->places.front().offset;
      const bool within = finding.offset <= begin && begin - finding.offset < finding.bytes;
      if (extent->repaired && within) finding.entries.add(extent->range);
    }
  }

  /// What of the batch's entries is the log's.
  [[nodiscard]] static IndexSet held_in(const Segment& segment, const WalkStep& step) {
    IndexSet held;
    for (const LogMap::Extent* const extent : segment.extents) {
      if (step.feeds(*extent)) held.add(IndexSet(extent->range).within(step.range()));
    }
    return held;
  }

  /// Which entries are lost is known when all segments have been read.
  void weigh_later(Finding finding, const Segment& segment, bool entries_of_log) {
    if (segment.newest || entries_of_log) finding.weight = Finding::Weight::kSpare;
    for (const LogMap::Extent& extent : map_.extents()) {
      if (extent.segment != segment.number) finding.entries.subtract(extent.range);
    }
    result_.findings.push_back(std::move(finding));
  }

  void conclude() {
    if (result_.view.broken) {
      for (Finding& finding : result_.findings) finding.weight = Finding::Weight::kLost;
      return;
    }
    const WALState& state = result_.view.log.state.get();
    for (const LogMap::Extent& extent : map_.extents()) {
      const auto& gone = result_.gone;
      if (std::find(gone.begin(), gone.end(), extent.segment) == gone.end()) {
        result_.damaged.add(IndexSet(extent.range).within(state.bounds));
      }
    }
    result_.damaged.subtract(good_);
    for (const IndexRange& range : state.damaged) result_.damaged.add(range);

    IndexSet unexplained = result_.damaged;
    for (Finding& finding : result_.findings) {
      if (finding.weight == Finding::Weight::kTorn) continue;
      finding.entries = result_.damaged.within(finding.entries);
      if (!finding.entries.empty()) finding.weight = Finding::Weight::kLost;
      unexplained.subtract(finding.entries);
    }
    if (unexplained.empty()) return;
    Finding finding;
    finding.weight = Finding::Weight::kLost;
    finding.what = "damage known since earlier, or a segment that is not there";
    finding.entries = std::move(unexplained);
    result_.findings.push_back(std::move(finding));
  }

  IFileSystem& files_;
  Verification& result_;
  const LogMap& map_;
  IndexSet good_;
};

}  // namespace

bool Verification::whole() const {
  return !view.broken && damaged.empty() &&
         std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
           return finding.weight == Finding::Weight::kLost ||
                  finding.weight == Finding::Weight::kSpare;
         });
}

Result<Verification> verify_log(IFileSystem& files, const std::string& folder) {
  Result<LogView> view = view_log(files, folder);
  if (!view) return view.error();
  Verification result;
  result.view = std::move(*view);
  if (Result<> run = Verifier(files, result).run(); !run) return run.error();
  return result;
}

}  // namespace lockstep::tools
