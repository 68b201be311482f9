// Design rule 4: a damaged log keeps its promises and refetches what it has lost from any member,
// whoever leads (docs/consensus.md).
#include <algorithm>

#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::damage_found(IndexRange range) {
  if (failed_) return;
  // Beyond what is durable it was something that is about to be cut.
  range = {std::max(range.first, log_.first_index()), std::min(range.last, log_.durable_index())};
  IndexRanges news{range};
  for (const IndexRange& known : log_.damaged()) subtract(news, known);
  if (range.empty() || news.empty()) return;
  log_.mark_damaged(range);
  notice(LogDamaged{range});
  if (const auto* election = std::get_if<Election>(&state_); election && !is_sole_voter()) {
    answer(election->call, Error(Errc::kCorruption, "this node's log turned out to be damaged"));
    change_state(Following{std::nullopt, commit_index_});
  }
  tick_repair();
  check_invariants();
}

/// Asks one member at a time; the one that has copies again and again, else one after another.
void Core::tick_repair() {
  if (log_.damaged().empty() || repair_.write_under_way || repair_.not_supported) return;
  if (installation_ || now_ < repair_.next_question) return;
  IndexRange range = next_damage();
  if (range.first >= log_.tail_first_index()) {
    // The copy in this node's own memory is as good as anybody's.
    std::vector<Entry> copies;
    const Index last =
        std::min(range.last, log_.last_within(range.first, options_.max_batch_bytes));
    for (Index i = range.first; i <= last; i = i.next()) copies.push_back(log_.tail_at(i));
    return repair_from(copies);
  }
  const std::vector<NodeId> there = members_to_ask();
  if (there.empty()) return;
  const bool unanswered = repair_.questions.contains(repair_.last_asked);
  if (unanswered) note_refusal(repair_.last_asked);
  if (repair_.refusals >= there.size()) {
    // All of them: ask for less, then for something else.
    repair_.refusals = 0;
    const bool asked_for_one = repair_.asks_for_one || range.size() == 1;
    repair_.from = asked_for_one ? range.first.next() : range.first;
    repair_.asks_for_one = !asked_for_one;
    range = next_damage();
  }
  const auto behind = std::ranges::upper_bound(there, repair_.last_asked);
  const bool has_helper = repair_.helper && std::ranges::count(there, *repair_.helper) > 0;
  const NodeId peer = has_helper              ? *repair_.helper
                      : behind != there.end() ? *behind
                                              : there.front();
  // What is not committed here may be nobody else's.
  if (range.first <= commit_index_) range.last = std::min(range.last, commit_index_);
  if (repair_.asks_for_one) range.last = range.first;
  repair_.questions[peer] = {++repair_.last_question, range};
  repair_.last_asked = peer;
  repair_.next_question = now_ + options_.retry_interval;
  send(peer, RepairRequest{range, anchor_of(range), commit_index_, repair_.last_question});
}

/// From where nobody could help on, then from the beginning again. Precondition: there is some.
IndexRange Core::next_damage() {
  for (const IndexRange& range : log_.damaged()) {
    if (range.last >= repair_.from) return {std::max(range.first, repair_.from), range.last};
  }
  repair_.from = Index{};
  return log_.damaged().front();
}

void Core::note_refusal(const NodeId& peer) {
  ++repair_.refusals;
  if (repair_.helper == peer) repair_.helper.reset();
}

/// When the list of the members is what is lost, whoever is there.
std::vector<NodeId> Core::members_to_ask() const {
  std::vector<NodeId> there;
  for (const NodeId& node : linked_) {
    if (!configurations_.is_certain() || is_member(configuration(), node)) there.push_back(node);
  }
  return there;
}

/// The nearest entry at or behind the end of the range whose term is known.
EntryId Core::anchor_of(IndexRange range) const {
  if (const auto term = log_.term_at(range.last)) return {range.last, *term};
  if (const auto behind = log_.known_behind(range.last)) return *behind;
  const EntryId promised = log_.promised();
  return promised.index >= range.last ? promised : EntryId{};
}

/// Copies that may stand where the log is damaged: consecutive, of terms that fit what is known.
bool Core::fits_damage(IndexRange asked, const std::vector<Entry>& copies) const {
  Index expected = asked.first;
  Term before = log_.term_at(asked.first.previous()).value_or(Term{});
  for (const Entry& copy : copies) {
    const EntryHeader& header = copy.header;
    const auto known = log_.term_at(header.index);
    if (header.index != expected || header.index > asked.last || header.group != identity_.group ||
        !is_known(header.kind) || !log_.is_damaged(header.index) || header.term < before ||
        header.term > term() || (known && *known != header.term)) {
      return false;
    }
    const bool names_members = header.kind == EntryKind::kConfiguration;
    if (names_members ? !configuration_in(copy) : header.index == Index{1}) {
      return false;
    }
    before = header.term;
    expected = expected.next();
  }
  const auto behind = log_.known_behind(expected.previous());
  return !copies.empty() && (!behind || before <= behind->term);
}

/// Uses what of these entries of this log the disk has lost, as far as it lies together.
void Core::repair_from(std::span<const Entry> copies) {
  if (log_.damaged().empty() || repair_.write_under_way || repair_.not_supported) return;
  if (installation_) return;
  const auto is_wanted = [&](const Entry& copy) { return log_.is_damaged(copy.header.index); };
  const auto first = std::ranges::find_if(copies, is_wanted);
  const auto all = std::find_if_not(first, copies.end(), is_wanted);
  if (first == all) return;
  const auto last = repair_.asks_for_one ? std::next(first) : all;
  repair_.writing.assign(first, last);
  repair_.write_under_way = true;
  effects_.repair = {{first->header.index, std::prev(last)->header.index}, repair_.writing};
}

void Core::repair_done(const Error& error) {
  if (failed_ || !repair_.write_under_way) return;
  repair_.write_under_way = false;
  const std::vector<Entry> copies = std::exchange(repair_.writing, {});
  if (error) return repair_refused(error);
  repaired(copies);
  tick_membership();
  check_invariants();
}

/// These entries can be read again.
void Core::repaired(const std::vector<Entry>& copies) {
  if (!copies.empty()) {
    log_.mend(copies);
    notice(LogRepaired{{copies.front().header.index, copies.back().header.index}});
    for (const Entry& copy : copies) {
      configurations_.settle(copy.header.index);
      if (configuration_in(copy)) take_configuration(copy);
    }
    stranger_ = names_other_data();
  }
  if (std::holds_alternative<Leadership>(state_)) {
    commit_by_majority();
    feed_all();
  } else {
    acknowledge();
    // The leader may have given this node up for a while: it is asked to feed it now.
    const auto known = leader();
    if (known && log_.damaged().empty()) send(*known, SyncRequest{});
  }
  release_committed();
  repair_.asks_for_one = false;
  repair_.next_question = now_;
  tick_repair();
}

/// Everything else than these is final for a log, as for a write.
void Core::repair_refused(const Error& error) {
  repair_.next_question = now_ + options_.retry_interval;
  if (error == Errc::kNoSpace) return;
  repair_.not_supported = error == Errc::kNotSupported;
  const bool log_goes_on =
      repair_.not_supported || error == Errc::kInvalidArgument || error == Errc::kBadEntryDigest;
  if (!log_goes_on) return fail(error);
  if (error == Errc::kInvalidArgument && !log_.damaged().empty()) {
    // Perhaps not all of it is damaged: one by one the log's answers tell.
    repair_.asks_for_one = true;
    repair_.check = ++last_read_;
    effects_.reads_wanted.push_back(
        {last_read_, identity_.node, next_damage(), options_.max_batch_bytes});
  }
  notice(Trouble{Error(error.code, "the damaged log was not repaired: " + error.message)});
}

/// True when the entries up to the end of the range are known to be those of the one who asks.
bool Core::shares(const RepairRequest& request) const {
  const Index last = request.range.last;
  return (request.anchor.index >= last && log_.contains(request.anchor)) ||
         last <= std::min(request.commit_index, commit_index_);
}

void Core::receive_body(const PeerMessage& from, const RepairRequest& request) {
  const IndexRange& range = request.range;
  const bool held = !range.empty() && range.first >= log_.first_index() &&
                    range.first <= log_.last_index() && !log_.is_damaged(range.first);
  if (range.first < log_.first_index()) help_with_snapshot(from);
  if (!held || !shares(request))
    return send(from.peer, RepairResponse{range.first, {}, request.question});
  const bool busy = std::ranges::any_of(
      repair_reads_, [&](const auto& read) { return read.second.peer == from.peer; });
  if (busy) return;
  Index last = std::min(range.last, log_.last_index());
  if (const auto damaged = log_.first_damaged_after(range.first)) {
    last = std::min(last, damaged->previous());
  }
  repair_reads_[++last_read_] = {from.peer, request};
  effects_.reads_wanted.push_back(
      {last_read_, from.peer, {range.first, last}, options_.max_batch_bytes});
}

/// Answers with what was read, if the log still is what it was when it was asked.
void Core::answer_repair(const RepairRead& read, std::vector<Entry> entries) {
  const bool still_shared =
      !entries.empty() && shares(read.request) && log_.contains(entries.back().id());
  if (!still_shared) entries.clear();
  send(read.peer,
       RepairResponse{read.request.range.first, std::move(entries), read.request.question});
}

void Core::receive_body(const PeerMessage& from, const RepairResponse& response) {
  const auto question = repair_.questions.find(from.peer);
  if (question == repair_.questions.end() || question->second.id != response.question ||
      question->second.range.first != response.first) {
    return notice(StaleMessageRefused{});
  }
  const IndexRange asked = question->second.range;
  repair_.questions.erase(question);
  if (configurations_.is_certain() && !sender_counts(from)) return;
  if (response.entries.empty()) {
    if (from.peer != repair_.last_asked) return;  // late: it counts as unanswered already
    // The next one at once; a pause once all were asked.
    note_refusal(from.peer);
    const bool all_asked = repair_.refusals >= members_to_ask().size();
    repair_.next_question = all_asked ? now_ + options_.heartbeat_interval : now_;
    return tick_repair();
  }
  if (!fits_damage(asked, response.entries)) return notice(MessageRefused{});
  repair_.helper = from.peer;
  repair_.refusals = 0;
  repair_from(response.entries);
}

}  // namespace lockstep::consensus
