#include <fstream>
#include <ostream>

#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/entry_walk.hpp"
#include "tools/lockstep_wal/output.hpp"
#include "tools/lockstep_wal/peer_dump.hpp"

namespace lockstep::tools {
namespace {

constexpr std::size_t kShownDigits = 16;

/// Writes the lines, in order of index, and says where entries are missing.
class Dump {
 public:
  Dump(std::ostream& out, bool json, Index first) : out_(out), json_(json), next_(first) {}

  Result<> take(const Entry& entry) {
    const Index index = entry.header.index;
    note_damage({next_, index.previous()});
    next_ = index.next();
    if (json_) {
      out_ << dump_line(dump_entry(entry));
    } else {
      out_ << index.value() << ' ' << entry.header.term.value() << ' ' << text(entry.header.kind)
           << ' ' << entry.header.payload_bytes << ' '
           << to_string(entry.digest).substr(0, kShownDigits) << ' '
           << excerpt(entry.payload().bytes()) << '\n';
    }
    if (!out_) return Error(Errc::kIo, "the dump cannot be written");
    return {};
  }
  void end(Index last) { note_damage({next_, last}); }
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  void note_damage(IndexRange range) {
    if (range.empty()) return;
    damaged_ = true;
    if (json_) {
      const Json found = {{"first", range.first.value()}, {"last", range.last.value()}};
      out_ << dump_line({{"damaged", found}});
    } else {
      out_ << text(range) << " damaged\n";
    }
  }

  std::ostream& out_;
  const bool json_;
  Index next_;
  bool damaged_ = false;
};

/// What of the asked range the log holds. Errors: kOutOfRange, when nothing.
Result<IndexRange> held_range(const LogView& view, const Arguments& arguments, std::ostream& err) {
  const WALState& state = view.log.state.get();
  const IndexRange held{state.bounds.first, state.last_promised.index};
  if (held.empty()) return Error(Errc::kOutOfRange, "the log holds no entries");
  const IndexRange wanted{std::max(held.first, arguments.from.value_or(held.first)),
                          std::min(held.last, arguments.to.value_or(held.last))};
  const std::string holds = "the log holds " + text(held);
  if (wanted.empty()) return Error(Errc::kOutOfRange, "nothing to dump: " + holds);
  if (arguments.from.value_or(wanted.first) != wanted.first ||
      arguments.to.value_or(wanted.last) != wanted.last) {
    err << "lockstep-wal: only " << text(wanted) << ": " << holds << '\n';
  }
  return wanted;
}

}  // namespace

Result<ExitStatus> dump(const Arguments& arguments, const Surroundings& around) {
  IFileSystem& files = around.runtime.file_system();
  const Result<LogView> view = view_log(files, arguments.folder);
  if (!view) return view.error();
  if (view->broken) return view->broken;
  const Result<IndexRange> range = held_range(*view, arguments, around.err);
  if (!range) return range.error();

  std::ofstream file;
  if (!arguments.output.empty()) {
    file.open(arguments.output, std::ios::binary | std::ios::trunc);
    if (!file) return Error(Errc::kIo, arguments.output + " cannot be written");
  }
  std::ostream& out = arguments.output.empty() ? around.out : file;
  if (arguments.json) {
    out << dump_line(dump_head(view->log.state.get().identity, *range));
  } else {
    out << "index term kind size digest payload\n";
  }
  Dump dump(out, arguments.json, range->first);
  Result<> walked =
      for_each_entry(files, *view, *range, [&](const Entry& entry) { return dump.take(entry); });
  if (!walked) return walked.error();
  dump.end(range->last);
  if (!out.flush()) return Error(Errc::kIo, "the dump cannot be written");
  return dump.damaged() ? ExitStatus::kDamaged : ExitStatus::kWhole;
}

}  // namespace lockstep::tools
