// After the permanent loss of a majority: one survivor goes on alone, in a new epoch of the group.
#include <algorithm>
#include <ostream>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "consensus/configuration_codec.hpp"
#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/log_session.hpp"
#include "tools/lockstep_wal/members.hpp"
#include "tools/lockstep_wal/output.hpp"

namespace lockstep::tools {
namespace {

struct Survivor {
  std::string folder;
  Verification checked;
  Members members;

  [[nodiscard]] const WALState& state() const { return checked.view.log.state.get(); }
  [[nodiscard]] const NodeId& node() const { return state().identity.node; }
};

std::string name_of(const Survivor& survivor) {
  return survivor.node().str() + " in " + survivor.folder;
}

/// Errors: what has to be put right first.
Result<Survivor> look_at(IFileSystem& files, const std::string& folder) {
  Result<Verification> checked = verify_log(files, folder);
  if (!checked) return checked.error();
  if (checked->view.broken) {
    return Error(Errc::kCorruption, folder + " does not open: " + checked->view.broken.message);
  }
  Result<Members> members = find_members(files, checked->view);
  if (!members) return members.error();
  return Survivor{folder, std::move(*checked), std::move(*members)};
}

/// Logs of one group, each of another node, that can be compared.
Result<> check_together(const std::vector<Survivor>& survivors) {
  const WALIdentity& first = survivors.front().state().identity;
  if (first.cluster.is_none()) {
    return Error(Errc::kInvalidArgument,
                 survivors.front().folder + " belongs to no cluster yet; there is nothing to save");
  }
  for (const Survivor& survivor : survivors) {
    const WALIdentity& identity = survivor.state().identity;
    if (identity.cluster != first.cluster || identity.group != first.group) {
      return Error(Errc::kForeignData,
                   survivor.folder + " and " + survivors.front().folder + " are not of one group");
    }
    if (identity.epoch != first.epoch) {
      return Error(Errc::kForeignData,
                   survivor.folder + " and " + survivors.front().folder +
                       " are of two epochs: one of them was left behind by an earlier recovery");
    }
    const auto same_node = [&](const Survivor& other) { return other.node() == survivor.node(); };
    if (std::ranges::count_if(survivors, same_node) > 1) {
      return Error(Errc::kInvalidArgument, "two folders are of " + survivor.node().str());
    }
  }
  return {};
}

/// By which logs vote (Raft §5.4.1).
auto up_to_date(const Survivor& survivor) {
  const EntryId last = survivor.state().last_promised;
  return std::pair(last.term, last.index);
}

class Judgement {
 public:
  Judgement(const std::vector<Survivor>& survivors, const Configuration& members)
      : survivors_(survivors), members_(members) {}

  [[nodiscard]] bool majority_is_there() const {
    return is_majority(members_.voters) &&
           (!members_.is_joint() || is_majority(members_.outgoing_voters));
  }
  /// Some survivor has whatever a majority of the voters has. A joint configuration may have been
  /// left since, or been cut off by a leader that never had it: a majority of either side alone may
  /// have committed.
  [[nodiscard]] bool nothing_can_be_lost() const {
    return meets_each_majority(members_.voters) && meets_each_majority(members_.outgoing_voters);
  }
  [[nodiscard]] std::vector<NodeId> missing_voters() const {
    std::vector<NodeId> missing;
    for (const auto* set : {&members_.voters, &members_.outgoing_voters}) {
      for (const Member& voter : *set) {
        const bool named = std::ranges::count(missing, voter.node) > 0;
        if (!is_there(voter) && !named) missing.push_back(voter.node);
      }
    }
    return missing;
  }

 private:
  [[nodiscard]] bool is_there(const Member& member) const {
    return std::ranges::any_of(survivors_, [&](const Survivor& survivor) {
      const WALIdentity& identity = survivor.state().identity;
      return identity.node == member.node && identity.incarnation == member.incarnation;
    });
  }
  [[nodiscard]] std::size_t there(const std::vector<Member>& voters) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(voters, [&](const Member& voter) { return is_there(voter); }));
  }
  [[nodiscard]] bool is_majority(const std::vector<Member>& voters) const {
    return there(voters) * 2 > voters.size();
  }
  [[nodiscard]] bool meets_each_majority(const std::vector<Member>& voters) const {
    return there(voters) + voters.size() / 2 + 1 > voters.size();
  }

  const std::vector<Survivor>& survivors_;
  const Configuration& members_;
};

std::string text(const std::vector<NodeId>& nodes) {
  std::string joined;
  for (const NodeId& node : nodes) joined += (joined.empty() ? "" : ", ") + node.str();
  return joined;
}

void explain(const std::vector<Survivor>& survivors, const Survivor& kept,
             const Judgement& judgement, std::ostream& out) {
  for (const Survivor& survivor : survivors) {
    const EntryId last = survivor.state().last_promised;
    out << name_of(survivor) << ": ends with entry " << to_string(last.index) << " of term "
        << to_string(last.term) << (&survivor == &kept ? ", the most up to date\n" : "\n");
  }
  out << "missing voters: " << text(judgement.missing_voters()) << "\n"
      << kept.node().str()
      << " would go on alone, as the only voter, in a new epoch of the group.\n";
  if (judgement.nothing_can_be_lost()) {
    out << "What was acknowledged is in its log: every majority has had one of these nodes.\n";
  } else {
    out << "Writes may be lost that were acknowledged: a majority without any of these nodes may\n"
           "have had entries that none of them has.\n";
  }
  out << "What was not acknowledged may become committed. Whoever is left of the old epoch, the\n"
         "missing nodes too should they return, is fenced: it can neither vote nor lead, and what\n"
         "only it has is given up.\n";
}

/// The entry that makes the survivor the only voter, sealed.
Entry founding_entry(const Survivor& kept, const BootstrapRecord& record, EntryId id) {
  Payload payload{ByteSpan(consensus::encode(record))};
  EntryHeader header;
  header.group = kept.state().identity.group;
  header.kind = EntryKind::kConfiguration;
  header.term = id.term;
  header.index = id.index;
  header.payload_bytes = payload.size();
  Sha256 sha;
  return seal_entry(sha, header, std::move(payload).release());
}

Epoch draw_epoch(Runtime& runtime) {
  Epoch::Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) store_le(&bytes[i], runtime.random());
  return Epoch(bytes);
}

/// Term, vote, epoch and members change in one write.
WALWrite new_beginning(const Survivor& kept, Epoch epoch) {
  const WALState& state = kept.state();
  const Term term = std::max(state.hard_state.current_term, state.last_promised.term).next();
  BootstrapRecord record;
  record.cluster = state.identity.cluster;
  record.epoch = epoch;
  record.configuration.voters = {{state.identity.node, state.identity.incarnation}};
  if (kept.members.configuration) {
    record.configuration.operations = kept.members.configuration->operations;
  }
  WALWrite write;
  write.entries = {founding_entry(kept, record, {state.last_promised.index.next(), term})};
  write.hard_state = HardState{term, state.identity.node};
  write.identity = state.identity;
  write.identity->epoch = epoch;
  return write;
}

bool has_changed(const Survivor& before, const Verification& now) {
  const WALState& state = now.view.log.state.get();
  return now.view.broken || !now.damaged.empty() ||
         state.last_promised != before.state().last_promised ||
         !(state.hard_state == before.state().hard_state) ||
         !(state.identity == before.state().identity);
}

void say_what_is_next(const std::vector<Survivor>& survivors, const Survivor& kept, Epoch epoch,
                      std::ostream& out) {
  out << "recovered: " << name_of(kept) << " is the only voter of epoch " << to_string(epoch)
      << "\nStart it. Then, for each other node: empty its folder, start it, and on the leader\n"
         "call add_learner and promote.\n";
  for (const Survivor& survivor : survivors) {
    if (&survivor != &kept) out << "  to empty first: " << survivor.folder << "\n";
  }
}

}  // namespace

Result<ExitStatus> recover(const Arguments& arguments, const Surroundings& around) {
  IFileSystem& files = around.runtime.file_system();
  std::vector<Survivor> survivors;
  for (const std::string& folder : arguments.folders) {
    Result<Survivor> survivor = look_at(files, folder);
    if (!survivor) return survivor.error();
    survivors.push_back(std::move(*survivor));
  }
  if (const Result<> fits = check_together(survivors); !fits) return fits.error();
  const Survivor& kept = *std::ranges::max_element(survivors, {}, up_to_date);
  const auto refuse = [&](const std::string& why) {
    around.out << why << "\nNothing was changed.\n";
    return ExitStatus::kDamaged;
  };
  if (!kept.checked.damaged.empty()) {
    return refuse(name_of(kept) + " has the most up to date log, and entries " +
                  text(kept.checked.damaged) +
                  " of it are damaged: repair it from another survivor's dump first");
  }
  if (!kept.members.configuration) {
    return refuse("who the members are is not known: " + kept.members.source);
  }
  const Judgement judgement(survivors, *kept.members.configuration);
  if (judgement.majority_is_there()) {
    return refuse(
        "these nodes are a majority of the voters: start them, and they go on without "
        "any loss");
  }
  explain(survivors, kept, judgement, around.out);
  if (!arguments.yes) {
    return refuse("To recover, make sure that no node of the group runs, and say --yes.");
  }
  Result<LogSession> session = LogSession::open(around, kept.checked.view);
  if (!session) return session.error();
  // Somebody may have had the log open since it was looked at.
  const Result<Verification> now = verify_log(files, kept.folder);
  if (!now) return now.error();
  if (has_changed(kept, *now)) return refuse("the log has changed meanwhile; run this again");
  const Epoch epoch = draw_epoch(around.runtime);
  if (const Error error = session->write(new_beginning(kept, epoch))) return error;
  if (const Error error = session->close()) return error;
  say_what_is_next(survivors, kept, epoch, around.out);
  return ExitStatus::kWhole;
}

}  // namespace lockstep::tools
