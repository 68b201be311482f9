#include "tools/lockstep_wal/output.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace lockstep::tools {
namespace {

constexpr std::size_t kExcerptBytes = 48;
constexpr Index kNoEnd{~std::uint64_t{0}};

bool is_printable(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f; }

std::string place(const Finding& finding) {
  if (finding.file.empty()) return finding.what;
  return finding.file + ", bytes " + std::to_string(finding.offset) + " to " +
         std::to_string(finding.offset + finding.bytes) + ": " + finding.what;
}

std::string effect(const Finding& finding, const Verification& verification) {
  switch (finding.weight) {
    case Finding::Weight::kLost: {
      const std::string committed = "synced before, so perhaps acknowledged and committed";
      if (finding.entries.empty()) return "is damaged; " + committed;
      return "is damaged: entries " + text(finding.entries) + "; " + committed;
    }
    case Finding::Weight::kSpare:
      return "is damaged; nothing is lost, the log has it elsewhere too";
    case Finding::Weight::kUnused:
      return "is damaged; the log no longer needs what was there";
    case Finding::Weight::kTorn:
      break;
  }
  if (verification.view.holder) return "is under way, or was cut off; nothing to worry about";
  return "lies beyond the proven end: never known to be synced, and cut at the next opening";
}

}  // namespace

std::string text(IndexRange range) {
  std::string first = to_string(range.first);
  if (range.last == range.first) return first;
  return first + (range.last == kNoEnd ? " and all behind" : ".." + to_string(range.last));
}

std::string text(const IndexSet& set) {
  std::string all;
  for (const IndexRange& range : set.ranges()) {
    if (!all.empty()) all += ", ";
    all += text(range);
  }
  return all;
}

Json json(const IndexSet& set) {
  Json ranges = Json::array();
  for (const IndexRange& range : set.ranges()) {
    ranges.push_back({{"first", range.first.value()}, {"last", range.last.value()}});
  }
  return ranges;
}

std::string text(EntryKind kind) {
  switch (kind) {
    case EntryKind::kNoop:
      return "noop";
    case EntryKind::kConfiguration:
      return "configuration";
    case EntryKind::kCommand:
      return "command";
    case EntryKind::kOpenSession:
      return "open session";
    case EntryKind::kSessionCommand:
      return "session command";
  }
  return std::to_string(static_cast<std::uint32_t>(kind));
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string excerpt(ByteSpan payload) {
  const ByteSpan start = payload.first(std::min(payload.size(), kExcerptBytes));
  const std::string more = start.size() < payload.size() ? "..." : "";
  if (!std::all_of(start.begin(), start.end(), is_printable)) return hex(start) + more;
  return '"' + std::string(start.begin(), start.end()) + '"' + more;
}

std::string live_note(const LogView& view) {
  if (!view.holder) return "no";
  return "yes, held by process " + std::to_string(*view.holder);
}

std::string findings_text(const Verification& verification) {
  std::string all;
  for (const Finding& finding : verification.findings) {
    all += place(finding) + " " + effect(finding, verification) + "\n";
  }
  return all;
}

std::string dump_line(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::tools
