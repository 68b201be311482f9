#include "simulation/checkers/watched_group.hpp"

#include <utility>

namespace lockstep::sim {
namespace {

/// Texts that differ have digests that differ, as far as these tests go.
Digest digest_of(EntryId id, const std::string& content) {
  Digest digest;
  digest.bytes[0] = static_cast<std::uint8_t>(id.index.value());
  digest.bytes[1] = static_cast<std::uint8_t>(id.term.value());
  for (std::size_t i = 0; i < content.size(); ++i) {
    digest.bytes[2 + i % 30] ^= static_cast<std::uint8_t>(content[i]);
  }
  return digest;
}

}  // namespace

WatchedGroup::WatchedGroup(std::size_t voters, std::size_t nodes) {
  std::vector<int> founders;
  for (std::size_t i = 1; i <= voters; ++i) founders.push_back(static_cast<int>(i));
  for (int number = 1; number <= static_cast<int>(nodes); ++number) {
    checkers_.on_life(node(number), EngineDisk());
    checkers_.on_open(node(number), WALState());
    writes(number, HardState{Term(1), {}});
    has_durable(number);
    writes(number, entry(1, 1), configuration(founders));
    has_durable(number);
  }
}

Configuration WatchedGroup::configuration(std::vector<int> voters, std::vector<int> outgoing) {
  Configuration result;
  for (const int number : voters) result.voters.push_back({node(number), {}});
  for (const int number : outgoing) result.outgoing_voters.push_back({node(number), {}});
  return result;
}

void WatchedGroup::change(int number, const LogChange& change) {
  checkers_.on_change(node(number), change);
}

void WatchedGroup::writes(int number, EntryId id, const std::string& content) {
  LogChange write;
  write.first_entry = id.index;
  write.entries = {{id.term, digest_of(id, content)}};
  change(number, write);
}

void WatchedGroup::writes(int number, EntryId id, Configuration configuration) {
  LogChange write;
  write.first_entry = id.index;
  write.entries = {{id.term, digest_of(id, "")}};
  write.configurations[id.index] = std::move(configuration);
  change(number, write);
}

void WatchedGroup::writes(int number, HardState state) {
  LogChange write;
  write.hard_state = std::move(state);
  change(number, write);
}

void WatchedGroup::cuts(int number, std::uint64_t from) {
  LogChange write;
  write.truncate_from = Index(from);
  change(number, write);
}

void WatchedGroup::has_durable(int number) {
  checkers_.on_answer(node(number), LogAnswer::kDurable);
}

void WatchedGroup::is_refused(int number) {
  checkers_.on_answer(node(number), LogAnswer::kRefused);
}

void WatchedGroup::fails(int number) { checkers_.on_answer(node(number), LogAnswer::kFailed); }

void WatchedGroup::gets(int number, EntryId id, const std::string& content) {
  writes(number, id, content);
  has_durable(number);
}

void WatchedGroup::is_elected(int number, std::uint64_t term) {
  writes(number, HardState{Term(term), node(number)});
  has_durable(number);
  for (int voter = 1; voter <= 3; ++voter) {
    if (voter == number) continue;
    consensus::VoteRequest request;
    request.term = Term(term);
    says(number, voter, request);
    writes(voter, HardState{Term(term), node(number)});
    has_durable(voter);
    consensus::VoteResponse vote;
    vote.term = vote.round = Term(term);
    vote.granted = true;
    says(voter, number, vote);
  }
  checkers_.on_lead(node(number), Term(term));
}

void WatchedGroup::says(int number, int to, consensus::MessageBody body) {
  consensus::PeerMessage message;
  message.peer = node(to);
  message.body = std::move(body);
  checkers_.on_send(node(number), node(to), message);
}

void WatchedGroup::commits(int number, std::uint64_t term, std::uint64_t index) {
  says(number, 0, consensus::Heartbeat{Term(term), Index(index), 0});
}

void WatchedGroup::applies(int number, EntryId id, const Command& command) {
  applies(number, id, encode(command));
}

void WatchedGroup::applies(int number, EntryId id, const std::string& payload) {
  KvState& engine = engines_[number];
  ++engine.commands;
  for (const char c : payload) engine.digest = engine.digest * 31 + static_cast<unsigned char>(c);
  CommittedCommand command;
  command.id = id;
  command.payload = SharedBuffer::copy_of(std::string_view(payload));
  checkers_.on_apply(node(number), command, engine);
}

void WatchedGroup::restarts(int number, EntryId last, const HardState& state,
                            const EngineDisk& disk) {
  checkers_.on_life(node(number), disk);
  engines_[number] = disk.state;
  WALState found;
  found.hard_state = state;
  found.bounds = {Index(1), last.index};
  found.last_promised = last;
  // Of terms that nobody knows.
  found.term_runs = {{Term{}, Index(1)}};
  checkers_.on_open(node(number), found);
}

}  // namespace lockstep::sim
