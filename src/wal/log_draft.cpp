#include "wal/log_draft.hpp"

#include <algorithm>

namespace lockstep {
namespace {

Error invalid(std::string text) { return {Errc::kInvalidArgument, std::move(text)}; }

}  // namespace

Result<> LogDraft::add(WALWrite& write) {
  EntryId previous = last_;
  if (write.truncate_from) {
    if (*write.truncate_from < first_) {
      return invalid("truncate_from " + to_string(*write.truncate_from) +
                     " lies before the log's first entry, " + to_string(first_));
    }
    if (*write.truncate_from > last_.index) {
      write.truncate_from.reset();
    } else {
      previous.index = write.truncate_from->previous();
      previous.term = term(previous.index);
    }
  }
  if (Result<> checked = check_entries(write, previous); !checked) return checked;
  if (write.identity) {
    if (Result<> checked = check_identity(*write.identity); !checked) return checked;
  }
  if (write.boundary && write.boundary->last.index < std::max(first_.previous(), Index(1))) {
    return invalid("the boundary " + to_string(write.boundary->last.index) +
                   " lies before the log's own, " + to_string(first_.previous()));
  }

  before_entries_ = previous;
  if (write.truncate_from) truncate(*write.truncate_from);
  for (const Entry& entry : write.entries) append(entry);
  if (write.boundary) {
    first_ = write.boundary->last.index.next();
    last_ = boundary_ = write.boundary->last;
    shared_last_ = Index{};
    own_runs_.clear();
  }
  return {};
}

Result<bool> LogDraft::add_release(const Boundary& boundary) {
  const EntryId released = boundary.last;
  if (released.index < first_) return false;
  if (released.index > last_.index || term(released.index) != released.term) {
    return {boost::system::in_place_error,
            invalid("the boundary (index " + to_string(released.index) + ", term " +
                    to_string(released.term) + ") is no entry of this log")};
  }
  first_ = released.index.next();
  return true;
}

Term LogDraft::term(Index index) const {
  if (index == last_.index) return last_.term;
  if (boundary_.index > Index{} && index == boundary_.index) return boundary_.term;
  if (index <= shared_last_) return state_.term(index);
  const auto after =
      std::upper_bound(own_runs_.begin(), own_runs_.end(), index,
                       [](Index wanted, const TermRun& run) { return wanted < run.first; });
  return after == own_runs_.begin() ? Term{} : std::prev(after)->term;
}

Result<> LogDraft::check_entries(const WALWrite& write, EntryId previous) const {
  const GroupId group = state_.get().identity.group;
  for (const Entry& entry : write.entries) {
    if (entry.header.group != group) {
      return invalid("an entry of group " + to_string(entry.header.group) +
                     " for the log of group " + to_string(group));
    }
    if (entry.header.index != previous.index.next()) {
      return invalid("entry " + to_string(entry.header.index) + " does not follow entry " +
                     to_string(previous.index));
    }
    if (entry.header.term == Term{} || entry.header.term < previous.term) {
      return invalid("entry " + to_string(entry.header.index) + " has term " +
                     to_string(entry.header.term) + " after term " + to_string(previous.term));
    }
    if (entry.encoded.size() != EntryHeader::kEncodedBytes + entry.header.payload_bytes) {
      return invalid("entry " + to_string(entry.header.index) + " has " +
                     std::to_string(entry.encoded.size()) + " encoded bytes, its header says " +
                     std::to_string(entry.header.payload_bytes) + " of payload");
    }
    previous = entry.id();
  }
  return {};
}

Result<> LogDraft::check_identity(const WALIdentity& identity) const {
  const WALIdentity& own = state_.get().identity;
  if (identity.node != own.node || identity.group != own.group ||
      identity.incarnation != own.incarnation) {
    return invalid("node, group and incarnation are made with the log and stay");
  }
  return {};
}

void LogDraft::truncate(Index from) {
  last_ = {from.previous(), term(from.previous())};
  shared_last_ = std::min(shared_last_, last_.index);
  std::erase_if(own_runs_, [&](const TermRun& run) { return run.first >= from; });
}

void LogDraft::append(const Entry& entry) {
  if (own_runs_.empty() || own_runs_.back().term != entry.header.term) {
    own_runs_.push_back({entry.header.term, entry.header.index});
  }
  last_ = entry.id();
}

}  // namespace lockstep
