#include "simulation/history/linearizability.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace lockstep::sim {
namespace {

using Operations = std::vector<const Operation*>;

/// Which operations have been given their moment.
class Placed {
 public:
  explicit Placed(std::size_t operations) : words_((operations + 63) / 64) {}
  void flip(std::size_t operation) { words_[operation / 64] ^= std::uint64_t{1} << operation % 64; }
  friend auto operator<=>(const Placed&, const Placed&) = default;

 private:
  std::vector<std::uint64_t> words_;
};

/// The contents that a register was found to have, as numbers.
class Contents {
 public:
  std::size_t number_of(const std::string& text) {
    const auto [found, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(&found->first);
    return found->second;
  }
  [[nodiscard]] const std::string& text_of(std::size_t number) const { return *texts_[number]; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<const std::string*> texts_;
};

/// The search in one key. Calls and returns lie in a list in their order, from which an operation
/// is lifted while it has its moment.
class Search {
 public:
  explicit Search(const Operations& operations)
      : operations_(operations), placed_(operations.size()) {
    std::vector<std::pair<std::uint64_t, Event>> events;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      events.push_back({operations[i]->called, {i, true}});
      if (!operations[i]->returned) continue;
      events.push_back({*operations[i]->returned, {i, false}});
      ++returns_left_;
    }
    std::ranges::stable_sort(events, {}, [](const auto& event) { return event.first; });
    events_.push_back({});  // the head of the list
    for (auto& [place, event] : events) {
      (event.is_call ? call_of_ : return_of_)[event.operation] = events_.size();
      events_.push_back(event);
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
      events_[i].next = i + 1 < events_.size() ? i + 1 : kNone;
      events_[i].previous = i == 0 ? kNone : i - 1;
    }
  }

  [[nodiscard]] Linearizable run(std::uint64_t max_steps) {
    std::size_t at = events_[0].next;
    for (std::uint64_t steps = 0; returns_left_ > 0; ++steps) {
      if (steps == max_steps) return Linearizable::kUndecided;
      if (events_[at].is_call) {
        at = place(events_[at].operation) ? events_[0].next : events_[at].next;
      } else {
        // It returned, and cannot come before what is placed: another order of that.
        if (order_.empty()) return Linearizable::kNo;
        at = take_back();
      }
    }
    return Linearizable::kYes;
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Event {
    std::size_t operation = 0;
    bool is_call = false;
    std::size_t next = kNone;
    std::size_t previous = kNone;
  };

  /// False: it does not fit what the register holds, or was tried before with the same.
  bool place(std::size_t number) {
    const Operation& operation = *operations_[number];
    const std::string& before = contents_.text_of(content_);
    if (operation.seen && *operation.seen != before) return false;
    const std::size_t then = contents_.number_of(after(operation, before));
    placed_.flip(number);
    if (!tried_.emplace(placed_, then).second) {
      placed_.flip(number);
      return false;
    }
    order_.push_back({number, std::exchange(content_, then)});
    unlink(call_of_[number]);
    if (operation.returned) {
      unlink(return_of_[number]);
      --returns_left_;
    }
    return true;
  }

  /// The last one placed; gives the event behind its call.
  std::size_t take_back() {
    const auto [number, before] = order_.back();
    order_.pop_back();
    content_ = before;
    placed_.flip(number);
    if (operations_[number]->returned) {
      relink(return_of_[number]);
      ++returns_left_;
    }
    relink(call_of_[number]);
    return events_[call_of_[number]].next;
  }

  void unlink(std::size_t event) {
    const auto [operation, is_call, next, previous] = events_[event];
    events_[previous].next = next;
    if (next != kNone) events_[next].previous = previous;
  }
  void relink(std::size_t event) {
    const auto [operation, is_call, next, previous] = events_[event];
    events_[previous].next = event;
    if (next != kNone) events_[next].previous = event;
  }

  const Operations& operations_;
  std::vector<Event> events_;
  std::map<std::size_t, std::size_t> call_of_;
  std::map<std::size_t, std::size_t> return_of_;
  std::size_t returns_left_ = 0;
  Contents contents_;
  std::size_t content_ = contents_.number_of("");
  Placed placed_;
  std::set<std::pair<Placed, std::size_t>> tried_;
  std::vector<std::pair<std::size_t, std::size_t>> order_;
};

/// Whether the places that are told make one order of all that returned which fits calls, returns
/// and contents: then no other need be looked for.
bool is_proved_by_places(const Operations& operations) {
  Operations order;
  for (const Operation* operation : operations) {
    if (operation->place) order.push_back(operation);
    if (!operation->place && operation->returned) return false;
  }
  std::ranges::stable_sort(order, {}, [](const Operation* operation) { return *operation->place; });
  std::string content;
  for (const Operation* operation : order) {
    if (operation->seen && *operation->seen != content) return false;
    content = after(*operation, content);
  }
  std::uint64_t first_return = ~std::uint64_t{0};
  for (auto operation = order.rbegin(); operation != order.rend(); ++operation) {
    if ((*operation)->called > first_return) return false;
    first_return = std::min(first_return, (*operation)->returned.value_or(first_return));
  }
  return true;
}

/// An operation of unknown end whose text nobody ever saw or compared with can be left out: while
/// it was there nobody looked, so nobody can tell. Without this, each doubles the search.
Operations without_unseen(const Operations& operations) {
  const auto was_seen = [&](const std::string& text) {
    const auto has = [&](const std::string& whole) {
      return whole.find(text) != std::string::npos;
    };
    return std::ranges::any_of(operations, [&](const Operation* operation) {
      return (operation->seen && has(*operation->seen)) ||
             (operation->action == Action::kCompareAndSet && has(operation->expected));
    });
  };
  Operations left;
  for (const Operation* operation : operations) {
    if (operation->returned || was_seen(operation->argument)) left.push_back(operation);
  }
  return left;
}

}  // namespace

LinearizabilityVerdict check_linearizability(const History& history, std::uint64_t max_steps) {
  std::map<std::string, Operations> keys;
  for (const Operation& operation : history) keys[operation.key].push_back(&operation);
  LinearizabilityVerdict verdict;
  for (const auto& [key, operations] : keys) {
    if (is_proved_by_places(operations)) continue;
    const Operations left = without_unseen(operations);
    const Linearizable answer = Search(left).run(max_steps);
    if (answer == Linearizable::kYes) continue;
    if (verdict.answer == Linearizable::kNo) continue;
    if (answer == verdict.answer) continue;
    verdict.answer = answer;
    verdict.text = "key " + key + (answer == Linearizable::kNo ? "\n" : ", undecided\n");
    Operations in_order = operations;
    std::ranges::sort(in_order, {}, &Operation::called);
    for (const Operation* operation : in_order) verdict.text += "  " + to_string(*operation) + "\n";
  }
  return verdict;
}

}  // namespace lockstep::sim
