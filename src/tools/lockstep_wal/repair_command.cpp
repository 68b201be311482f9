#include <fstream>
#include <iostream>
#include <map>
#include <ostream>

#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/log_session.hpp"
#include "tools/lockstep_wal/output.hpp"
#include "tools/lockstep_wal/peer_dump.hpp"

namespace lockstep::tools {
namespace {

Result<PeerDump> load(const std::string& name) {
  if (name == "-") return read_peer_dump(std::cin, "standard input");
  std::ifstream file(name, std::ios::binary);
  if (!file) return Error(Errc::kIo, name + " cannot be read");
  return read_peer_dump(file, name);
}

/// A dump of another log would put foreign entries here.
Result<> check_origin(const WALIdentity& own, const WALIdentity& dump) {
  const auto differs = [](const char* what, const std::string& here, const std::string& there) {
    return Error(Errc::kForeignData, std::string("the dump is of ") + what + " " + there +
                                         ", this log of " + what + " " + here);
  };
  if (own.group != dump.group) {
    return differs("group", to_string(own.group), to_string(dump.group));
  }
  if (own.cluster != dump.cluster) {
    return differs("cluster", to_string(own.cluster), to_string(dump.cluster));
  }
  if (own.epoch != dump.epoch) {
    return differs("epoch", to_string(own.epoch), to_string(dump.epoch));
  }
  return {};
}

/// Whether the dump's entry at a damaged index is the one that was there.
enum class Fit { kSame, kNotInDump, kUnknown };

/// Index and term name an entry (Raft §5.3). Where its term is not known here, the next entry does
/// whose term is: if that one is the same in both logs, so are all before it. Errors:
/// kInvalidArgument, when the logs differ.
Result<Fit> fit(Index index, const LogState& log, const std::map<Index, Entry>& dump) {
  auto entry = dump.find(index);
  if (entry == dump.end()) return Fit::kNotInDump;
  for (; entry != dump.end() && entry->first == index; ++entry, index = index.next()) {
    const Term here = log.term(index);
    if (here == Term{}) continue;
    if (here == entry->second.header.term) return Fit::kSame;
    return {boost::system::in_place_error,
            Error(Errc::kInvalidArgument,
                  "entry " + to_string(index) + " is of term " + to_string(here) +
                      " here and of term " + to_string(entry->second.header.term) +
                      " in the dump: the two logs differ; take a dump of a member that agrees")};
  }
  return Fit::kUnknown;
}

struct Plan {
  IndexSet repairable;
  IndexSet not_in_dump;
  IndexSet unknown;
};

Result<Plan> make_plan(const IndexSet& damaged, const LogState& log, const PeerDump& dump) {
  Plan plan;
  plan.not_in_dump = damaged;
  for (const auto& [index, entry] : dump.entries) {
    if (!damaged.contains(index)) continue;
    const Result<Fit> fits = fit(index, log, dump.entries);
    if (!fits) return fits.error();
    plan.not_in_dump.subtract({index, index});
    (*fits == Fit::kSame ? plan.repairable : plan.unknown).add({index, index});
  }
  return plan;
}

Error repair_range(LogSession& session, IndexRange range, const PeerDump& dump) {
  std::vector<Entry> entries;
  for (auto entry = dump.entries.find(range.first);
       entry != dump.entries.end() && entry->first <= range.last; ++entry) {
    entries.push_back(entry->second);
  }
  return session.repair(range, std::move(entries));
}

/// Does what can be done of the plan, and puts that right in it which opening the log changes.
Result<> repair(Plan& plan, const LogView& view, const PeerDump& dump, const Surroundings& around) {
  Result<LogSession> session = LogSession::open(around, view);
  if (!session) return session.error();
  IndexSet damaged = session->note_damage(plan.repairable);
  damaged.add(plan.not_in_dump);
  damaged.add(plan.unknown);
  Result<Plan> now = make_plan(damaged, view.log.state, dump);
  if (!now) return now.error();
  plan = std::move(*now);
  for (const IndexRange& range : plan.repairable.ranges()) {
    if (const Error error = repair_range(*session, range, dump)) {
      return Error(error.code, "entries " + text(range) + ": " + error.message);
    }
    around.out << "repaired " << text(range) << " from the log of " << dump.identity.node.str()
               << "\n";
  }
  if (const Error error = session->close()) return error;
  return {};
}

}  // namespace

Result<ExitStatus> repair_from_peer(const Arguments& arguments, const Surroundings& around) {
  IFileSystem& files = around.runtime.file_system();
  const Result<Verification> checked = verify_log(files, arguments.folder);
  if (!checked) return checked.error();
  const LogView& view = checked->view;
  if (view.broken) {
    around.err << "lockstep-wal: a peer's entries do not help here: " << view.broken.message
               << '\n';
    return ExitStatus::kDamaged;
  }
  const Result<PeerDump> dump = load(arguments.peer_dump);
  if (!dump) return dump.error();
  if (Result<> same = check_origin(view.log.state.get().identity, dump->identity); !same) {
    return same.error();
  }
  if (checked->damaged.empty()) {
    around.out << "no entry is damaged; nothing was changed\n";
    return checked->whole() ? ExitStatus::kWhole : ExitStatus::kDamaged;
  }
  Result<Plan> plan = make_plan(checked->damaged, view.log.state, *dump);
  if (!plan) return plan.error();
  if (!plan->repairable.empty()) {
    if (Result<> done = repair(*plan, view, *dump, around); !done) return done.error();
  }
  if (!plan->not_in_dump.empty()) {
    around.out << "still damaged: " << text(plan->not_in_dump) << ", not in the dump\n";
  }
  if (!plan->unknown.empty()) {
    around.out << "still damaged: " << text(plan->unknown)
               << ": their terms are not known here, so the dump must go on without a gap to an "
                  "entry whose term is\n";
  }
  const Result<Verification> after = verify_log(files, arguments.folder);
  if (!after) return after.error();
  around.out << (after->whole() ? "whole\n" : findings_text(*after));
  return after->whole() ? ExitStatus::kWhole : ExitStatus::kDamaged;
}

}  // namespace lockstep::tools
