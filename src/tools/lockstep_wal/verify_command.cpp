#include <ostream>

#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/output.hpp"
#include "tools/lockstep_wal/verify.hpp"

namespace lockstep::tools {
namespace {

const char* word(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::kLost:
      return "lost";
    case Finding::Weight::kSpare:
      return "spare";
    case Finding::Weight::kUnused:
      return "unused";
    case Finding::Weight::kTorn:
      break;
  }
  return "torn";
}

Json to_json(const Finding& finding) {
  Json object;
  object["file"] = finding.file;
  object["offset"] = finding.offset;
  object["bytes"] = finding.bytes;
  object["what"] = finding.what;
  object["effect"] = word(finding.weight);
  object["entries"] = json(finding.entries);
  object["may_have_been_committed"] = finding.proven();
  return object;
}

Json to_json(const Verification& checked) {
  const LogView& view = checked.view;
  Json object;
  object["folder"] = view.folder;
  object["whole"] = checked.whole();
  object["live"] = view.holder.has_value();
  object["opens"] = !view.broken;
  if (view.broken) object["error"] = view.broken.message;
  object["damaged"] = json(checked.damaged);
  object["findings"] = Json::array();
  for (const Finding& finding : checked.findings) object["findings"].push_back(to_json(finding));
  object["segments"] = Json::array();
  for (const SegmentCheck& segment : checked.segments) {
    object["segments"].push_back({{"file", segment_name(segment.file.number)},
                                  {"bytes", segment.file.bytes},
                                  {"used", segment.used},
                                  {"batches", segment.batches},
                                  {"entries", segment.entries}});
  }
  object["removed_meanwhile"] = checked.gone;
  return object;
}

void print(const Verification& checked, std::ostream& out) {
  const LogView& view = checked.view;
  if (view.holder) out << "live: " << live_note(view) << "\n";
  for (const SegmentCheck& segment : checked.segments) {
    out << segment_name(segment.file.number) << ": ";
    if (segment.used) {
      out << counted(segment.batches, "batch", "batches") << ", "
          << counted(segment.entries, "readable entry", "readable entries") << "\n";
    } else {
      out << "not part of the log; removed at the next opening\n";
    }
  }
  for (const std::uint64_t number : checked.gone) {
    out << segment_name(number) << ": removed meanwhile, no longer part of the log\n";
  }
  out << findings_text(checked);
  if (view.broken) {
    out << "DAMAGED: the log does not open: " << view.broken.message << "\n";
  } else if (!checked.damaged.empty()) {
    out << "DAMAGED: entries " << text(checked.damaged) << " cannot be read\n";
  } else if (!checked.whole()) {
    out << "DAMAGED: all entries can be read, but a spare copy cannot\n";
  } else {
    out << "whole\n";
  }
}

}  // namespace

Result<ExitStatus> verify(const Arguments& arguments, const Surroundings& around) {
  const Result<Verification> checked = verify_log(around.runtime.file_system(), arguments.folder);
  if (!checked) return checked.error();
  if (arguments.json) {
    around.out << to_json(*checked).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    print(*checked, around.out);
  }
  return checked->whole() ? ExitStatus::kWhole : ExitStatus::kDamaged;
}

}  // namespace lockstep::tools
