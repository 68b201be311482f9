#include "crash/workload.hpp"

#include <algorithm>

namespace lockstep::testing {
namespace {

std::size_t payload_bytes(std::uint64_t index, std::uint64_t term) {
  SplitMix64 numbers(index * 31 + term);
  const std::uint64_t kind = numbers.below(40);
  if (kind == 0) return 20000 + static_cast<std::size_t>(numbers.below(20000));
  if (kind < 4) return 4000 + static_cast<std::size_t>(numbers.below(1000));
  return static_cast<std::size_t>(numbers.below(700));
}

}  // namespace

void ExpectedLog::apply(const Operation& operation) {
  if (operation.release) {
    const std::uint64_t released = operation.release->last.index.value();
    boundary_term = operation.release->last.term.value();
    terms.erase(terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(released + 1 - first));
    first = released + 1;
    return;
  }
  const WALWrite& write = operation.write;
  if (write.truncate_from) terms.resize(write.truncate_from->value() - first);
  for (const Entry& entry : write.entries) terms.push_back(entry.header.term.value());
  if (write.hard_state) hard_state = *write.hard_state;
}

ExpectedLog ExpectedLog::of(const WALState& state) {
  ExpectedLog log;
  log.first = state.bounds.first.value();
  log.hard_state = state.hard_state;
  if (state.boundary) log.boundary_term = state.boundary->last.term.value();
  for (std::size_t i = 0; i < state.term_runs.size(); ++i) {
    const bool last = i + 1 == state.term_runs.size();
    const Index end = last ? state.bounds.last.next() : state.term_runs[i + 1].first;
    log.terms.insert(log.terms.end(), end.value() - state.term_runs[i].first.value(),
                     state.term_runs[i].term.value());
  }
  return log;
}

Entry workload_entry(std::uint64_t index, std::uint64_t term) {
  return make_entry(index, term, payload_bytes(index, term));
}

void Workload::append(Operation& operation, std::uint64_t count) {
  const std::uint64_t from =
      operation.write.truncate_from ? operation.write.truncate_from->value() : log_.last() + 1;
  const HardState& state =
      operation.write.hard_state ? *operation.write.hard_state : log_.hard_state;
  for (std::uint64_t index = from; index < from + count; ++index) {
    operation.write.entries.push_back(workload_entry(index, state.current_term.value()));
  }
}

void Workload::truncate(Operation& operation) {
  const std::uint64_t dropped = numbers_.below(6);
  if (dropped == 0 || dropped >= log_.terms.size()) return;
  operation.write.truncate_from = Index(log_.last() + 1 - dropped);
}

Operation Workload::next() {
  Operation operation;
  const std::uint64_t choice = numbers_.below(100);
  const Term term = log_.hard_state.current_term;
  if (term == Term{} || choice < 8) {
    operation.write.hard_state =
        HardState{term.next(), NodeId(choice % 2 == 0 ? "node-1" : "node-2")};
    truncate(operation);
    append(operation, 1 + numbers_.below(3));
  } else if (choice < 14) {
    operation.write.hard_state = HardState{term.next(), NodeId("node-3")};
  } else if (choice < 20 && log_.terms.size() > 10) {
    operation.write.truncate_from = Index(log_.last() - numbers_.below(4));
  } else if (choice < 24 && log_.terms.size() > 80) {
    const std::uint64_t released = log_.first + numbers_.below(60);
    operation.release = make_boundary(released, log_.term(released));
  } else {
    append(operation, 1 + numbers_.below(4));
  }
  log_.apply(operation);
  return operation;
}

FileWALOptions workload_options(const std::string& folder) {
  FileWALOptions options;
  options.folder = folder;
  options.node = kNode;
  options.group = kGroup;
  options.segment_bytes = 64 << 10;
  options.zero_fill_bytes = 16 << 10;
  options.cache_bytes = 32 << 10;
  options.mark_end_after = std::chrono::milliseconds(2);
  options.low_space_bytes = 0;
  options.ballast_bytes = 16 << 10;
  options.log = [](LogLevel, std::string_view) {};
  return options;
}

}  // namespace lockstep::testing
