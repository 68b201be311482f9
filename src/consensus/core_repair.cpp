// Design rule 4: a damaged log keeps its promises and refetches what it has lost from any member,
// whoever leads (docs/consensus.md).
#include <algorithm>

#include "consensus/configuration_codec.hpp"
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::damage_found(IndexRange range) {
  if (failed_) return;
  range = {std::max(range.first, log_.first_index()), std::min(range.last, log_.last_index())};
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

/// Asks one member after another, one question at a time.
void Core::tick_repair() {
  if (log_.damaged().empty() || repair_.write_under_way || repair_.not_supported) return;
  IndexRange range = log_.damaged().front();
  if (range.first >= log_.tail_first_index()) {
    // The copy in this node's own memory is as good as anybody's.
    std::vector<Entry> copies;
    const Index last =
        std::min(range.last, log_.last_within(range.first, options_.max_batch_bytes));
    for (Index i = range.first; i <= last; i = i.next()) copies.push_back(log_.tail_at(i));
    return repair_from(copies);
  }
  if (now_ < repair_.next_question) return;
  repair_.question.reset();
  const auto peer = next_to_ask();
  if (!peer) return;
  // What is not committed here may be nobody else's.
  if (range.first <= commit_index_) range.last = std::min(range.last, commit_index_);
  if (repair_.asks_for_one) range.last = range.first;
  repair_.question = {*peer, range};
  repair_.last_asked = *peer;
  repair_.next_question = now_ + options_.retry_interval;
  send(*peer, RepairRequest{range, anchor_of(range), commit_index_});
}

/// When the list of the members is what is lost, whoever is there.
std::optional<NodeId> Core::next_to_ask() const {
  std::vector<NodeId> there;
  for (const NodeId& node : linked_) {
    if (!record_ || is_member(configuration(), node)) there.push_back(node);
  }
  if (there.empty()) return std::nullopt;
  const auto next = std::ranges::upper_bound(there, repair_.last_asked);
  return next == there.end() ? there.front() : *next;
}

/// The nearest entry at or behind the end of the range whose term is known.
EntryId Core::anchor_of(IndexRange range) const {
  const Index index = log_.lacks_term(range.last) ? range.last.next() : range.last;
  if (const auto term = log_.term_at(index)) return {index, *term};
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
    before = header.term;
    expected = expected.next();
  }
  const auto behind = log_.term_at(expected);
  return !copies.empty() && (!behind || before <= *behind);
}

/// Uses what of these entries of this log the disk has lost, as far as it lies together.
void Core::repair_from(std::span<const Entry> copies) {
  if (log_.damaged().empty() || repair_.write_under_way || repair_.not_supported) return;
  const auto is_wanted = [&](const Entry& copy) { return log_.is_damaged(copy.header.index); };
  const auto first = std::ranges::find_if(copies, is_wanted);
  const auto last = std::find_if_not(first, copies.end(), is_wanted);
  if (first == last) return;
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
  check_invariants();
}

/// These entries can be read again.
void Core::repaired(const std::vector<Entry>& copies) {
  if (!copies.empty()) {
    log_.mend(copies);
    notice(LogRepaired{{copies.front().header.index, copies.back().header.index}});
    adopt_repaired_record(copies);
  }
  if (std::holds_alternative<Leadership>(state_)) {
    commit_by_majority();
  } else {
    acknowledge();
  }
  release_committed();
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
    repair_.check = ++last_read_;
    effects_.reads_wanted.push_back(
        {last_read_, identity_.node, log_.damaged().front(), options_.max_batch_bytes});
  }
  notice(Trouble{Error(error.code, "the damaged log was not repaired: " + error.message)});
}

void Core::adopt_repaired_record(const std::vector<Entry>& copies) {
  const Entry& first = copies.front();
  if (record_ || first.header.kind != EntryKind::kConfiguration) return;
  const auto record = decode_record(first.payload().bytes());
  if (!record) return broken("the configuration entry that a member sent cannot be read");
  adopt_record(*record);
  const Member* self = find_member(configuration(), identity_.node);
  stranger_ = self != nullptr && self->incarnation != identity_.incarnation;
}

void Core::receive_body(const PeerMessage& from, const RepairRequest& request) {
  const IndexRange& range = request.range;
  const bool held = !range.empty() && range.first >= log_.first_index() &&
                    range.first <= log_.last_index() && !log_.is_damaged(range.first);
  const bool anchored = request.anchor.index >= range.last && log_.contains(request.anchor);
  const bool committed = range.last <= std::min(request.commit_index, commit_index_);
  if (!held || !(anchored || committed)) {
    return send(from.peer, RepairResponse{range.first, {}});
  }
  const bool busy = std::ranges::any_of(
      repair_reads_, [&](const auto& read) { return read.second.peer == from.peer; });
  if (busy) return;
  Index last = std::min(range.last, log_.last_index());
  if (const auto damaged = log_.first_damaged_after(range.first)) {
    last = std::min(last, damaged->previous());
  }
  repair_reads_[++last_read_] = {from.peer, range.first};
  effects_.reads_wanted.push_back(
      {last_read_, from.peer, {range.first, last}, options_.max_batch_bytes});
}

void Core::receive_body(const PeerMessage& from, const RepairResponse& response) {
  if (!repair_.question || repair_.question->peer != from.peer ||
      repair_.question->range.first != response.first) {
    return notice(StaleMessageRefused{});
  }
  const IndexRange asked = repair_.question->range;
  repair_.question.reset();
  repair_.next_question = now_ + options_.heartbeat_interval;
  if (record_ && !sender_counts(from)) return;
  repair_.asks_for_one = response.entries.empty();
  if (response.entries.empty()) return;  // the next one may have a copy
  if (!fits_damage(asked, response.entries)) return notice(MessageRefused{});
  repair_from(response.entries);
}

}  // namespace lockstep::consensus
