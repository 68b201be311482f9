#include <ostream>

#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/log_session.hpp"
#include "tools/lockstep_wal/output.hpp"

namespace lockstep::tools {
namespace {

std::string terms_text(const LogState& log, IndexRange range) {
  const Term first = log.term(range.first);
  const Term last = log.term(range.last);
  const auto shown = [](Term term) {
    return term == Term{} ? std::string("unknown") : to_string(term);
  };
  if (first == last) return "term " + shown(first);
  return "terms " + shown(first) + " to " + shown(last);
}

/// What is lost, and what that breaks.
void explain(const Verification& checked, IndexRange lost, std::ostream& out) {
  const LogState& log = checked.view.log.state;
  std::uint64_t damaged = 0;
  for (const IndexRange& range : checked.damaged.ranges()) damaged += range.size();
  out << findings_text(checked)  //
      << "cutting the log before entry " << to_string(lost.first) << " loses entries " << text(lost)
      << " (" << terms_text(log, lost) << "): " << damaged << " damaged and "
      << counted(lost.size() - damaged, "readable one", "readable ones") << ".\n"
      << "All of them may have been acknowledged, and committed. This node promised to keep them:\n"
         "  - it will vote as if it never had them, so a leader without them can be elected;\n"
         "  - a majority may have counted on it: what was committed can be lost for all.\n"
         "Rather let the node fetch them itself (start it while others have them), or use\n"
         "repair --from-peer-dump. Cut only when no other member has these entries.\n";
}

}  // namespace

Result<ExitStatus> cut_tail(const Arguments& arguments, const Surroundings& around) {
  IFileSystem& files = around.runtime.file_system();
  const Result<Verification> checked = verify_log(files, arguments.folder);
  if (!checked) return checked.error();
  const LogView& view = checked->view;
  if (view.broken) {
    around.err << "lockstep-wal: cutting does not help here, what is damaged is no entry: "
               << view.broken.message << '\n';
    return ExitStatus::kDamaged;
  }
  if (checked->damaged.empty()) {
    around.out << "no entry is damaged; nothing to cut, nothing was changed\n";
    return checked->whole() ? ExitStatus::kWhole : ExitStatus::kDamaged;
  }
  const Index first = checked->damaged.ranges().front().first;
  const IndexRange lost{first, view.log.state.last().index};
  explain(*checked, lost, around.out);
  if (!arguments.yes) {
    around.out << "Nothing was changed. To cut, say --yes.\n";
    return ExitStatus::kDamaged;
  }
  Result<LogSession> session = LogSession::open(around, view);
  if (!session) return session.error();
  // Somebody may have had the log open since it was looked at.
  const Result<Verification> now = verify_log(files, arguments.folder);
  if (!now) return now.error();
  const bool same = !now->damaged.empty() && now->damaged.ranges().front().first == first &&
                    now->view.log.state.last().index == lost.last;
  if (!same) {
    around.err << "lockstep-wal: the log has changed meanwhile; nothing was cut, run this again\n";
    return ExitStatus::kDamaged;
  }
  WALWrite cut;
  cut.truncate_from = first;
  if (const Error error = session->write(std::move(cut))) return error;
  if (const Error error = session->close()) return error;
  around.out << "cut: entries " << text(lost) << " are gone\n";
  const Result<Verification> after = verify_log(files, arguments.folder);
  if (!after) return after.error();
  around.out << (after->whole() ? "whole\n" : findings_text(*after));
  return after->whole() ? ExitStatus::kWhole : ExitStatus::kDamaged;
}

}  // namespace lockstep::tools
