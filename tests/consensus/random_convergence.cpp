#include <algorithm>
#include <tuple>
#include <utility>

#include "consensus/message_text.hpp"
#include "consensus/random_faults.hpp"

namespace lockstep::consensus::test {

/// Faults stop; the nodes elect one, or the one with the best log is made leader, and all must
/// agree with it in the end.
std::string FaultsRun::converge() {
  if (const std::string stale = stale_read(); !stale.empty()) return stale;
  // A connection that has lost something breaks when it is healed.
  std::vector<Network::Ends> lossy;
  for (auto& [ends, link] : cluster_.network().links()) {
    if (std::exchange(link.cut, false)) lossy.push_back(ends);
  }
  for (const auto& [a, b] : lossy) cluster_.disconnect(a, b);
  for (const NodeId& name : names_) {
    cluster_.set_full(name, false);
    cluster_.node(name).holds_syncs = cluster_.node(name).holds_reads = false;
    cluster_.node(name).holds_installs = false;
    if (!cluster_.node(name).is_up()) cluster_.start(name);
    cluster_.tick_all(kTick);
    cluster_.event(name, [](Core&) {});
    cluster_.write_again(name);
  }
  connect_all();
  count_elections();
  cluster_.advance(std::chrono::milliseconds(1000));
  for (const NodeId& name : names_) {
    // What all others have released nobody can give back; the engine has it.
    const Node& node = cluster_.node(name);
    if (!node.core->log().damaged().empty()) cluster_.release(name, Index(node.applied.size()));
  }
  if (elected_) return converge_by_election();
  const NodeId leader = *std::ranges::max_element(names_, {}, [&](const NodeId& name) {
    const Log& log = cluster_.node(name).core->log();
    const bool may_lead = log.damaged().empty();
    return std::tuple(may_lead, log.last().term, log.last().index);
  });
  // Elected in a low term, it learns of higher ones from those whom it did not need.
  for (int attempt = 0; attempt < 2; ++attempt) {
    (void)cluster_.campaign(leader);
    cluster_.advance(std::chrono::milliseconds(200));
  }
  if (cluster_.node(leader).core->role() != Role::kLeader) {
    const auto& answer = cluster_.node(leader).answer;
    return leader.str() + " is not elected: " + (answer ? answer->message : "no answer");
  }
  cluster_.propose(leader, {"the last one"});
  cluster_.advance(std::chrono::milliseconds(500));
  return agreement_with(leader);
}

std::string FaultsRun::converge_by_election() {
  cluster_.advance(std::chrono::milliseconds(2000));
  const auto leads = [&](const NodeId& name) {
    return cluster_.node(name).core->role() == Role::kLeader;
  };
  if (std::ranges::count_if(names_, leads) != 1) return "nobody, or not one alone, is elected";
  const NodeId leader = *std::ranges::find_if(names_, leads);
  cluster_.propose(leader, {"the last one"});
  cluster_.advance(std::chrono::milliseconds(500));
  for (const NodeId& name : names_) {
    if (cluster_.node(name).core->leader() != leader) return name.str() + " follows another one";
  }
  return agreement_with(leader);
}

std::string FaultsRun::stale_read() {
  for (const auto& [name, node] : cluster_.nodes()) {
    for (const Notice& notice : node.notices) {
      const auto* read = std::get_if<ReadIndexKnown>(&notice);
      if (read == nullptr || read->error) continue;
      ++tally_["reads answered"];
      if (read->index < reads_[read->id - 1]) {
        return name.str() + " reads at " + to_string(read->index) + " what was committed up to " +
               to_string(reads_[read->id - 1]);
      }
    }
  }
  return {};
}

void FaultsRun::count_elections() {
  for (const auto& [name, node] : cluster_.nodes()) {
    for (const Notice& notice : node.notices) {
      if (std::holds_alternative<QuorumLost>(notice)) ++tally_["quorums lost"];
      if (std::holds_alternative<SnapshotTaken>(notice)) ++tally_["snapshots installed"];
      if (elected_ && std::holds_alternative<LeadershipGained>(notice)) ++tally_["elected"];
    }
  }
}

/// Who was out of reach for long, over a link that healed without being reset, is tried again only
/// after the longest pause between retries.
std::string FaultsRun::agreement_with(const NodeId& leader) {
  if (difference_from(leader).empty()) return {};
  cluster_.advance(std::chrono::duration_cast<std::chrono::milliseconds>(
      cluster_.options.retry_interval * (1 << kMaxRetryDoublings) * 5 / 4));
  return difference_from(leader);
}

std::string FaultsRun::difference_from(const NodeId& leader) {
  const std::vector<Entry>& applied = cluster_.node(leader).applied;
  const std::string wanted = text_of(applied);
  for (const NodeId& name : names_) {
    const Stored& stored = cluster_.disk(name).durable();
    if (!stored.damaged.empty()) return name.str() + " stays damaged";
    const auto released = static_cast<std::ptrdiff_t>(stored.before_first().index.value());
    const std::vector<Entry> held(applied.begin() + released, applied.end());
    if (stored.last_index() != Index(applied.size()) || text_of(stored.entries) != text_of(held)) {
      return name.str() + " has another log than " + leader.str();
    }
    if (text_of(cluster_.node(name).applied) != wanted) return name.str() + " has not applied all";
  }
  tally_["entries agreed on"] += applied.size();
  return {};
}

}  // namespace lockstep::consensus::test
