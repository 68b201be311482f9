#include "benchmark/failover_group.hpp"

#include <algorithm>
#include <sstream>

#include "benchmark/failover_clock.hpp"
#include "benchmark/node.hpp"

namespace lockstep::benchmark {

using std::chrono::milliseconds;

FailoverGroup::Member::~Member() {
  if (process) process->kill();
  if (reader.joinable()) reader.join();
}

FailoverGroup::FailoverGroup(const std::string& folder, Times times) : times_(times) {
  std::string names;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const std::string name = "n" + std::to_string(i + 1);
    members_.push_back(std::make_unique<Member>(name, folder + "/" + name));
    names += " " + name;
    spawn(i);
  }
  for (std::size_t i = 0; i < kNodes; ++i) introduce(i);
  members_[0]->process->write_line("bootstrap" + names);
}

void FailoverGroup::spawn(std::size_t node) {
  Member& member = *members_[node];
  if (member.reader.joinable()) member.reader.join();
  member.lines.clear();
  member.process = std::make_unique<ChildProcess>(std::vector<std::string>{
      "node", member.name, member.folder, std::to_string(times_.heartbeat_ms),
      std::to_string(times_.election_min_ms), std::to_string(times_.election_max_ms)});
  member.reader = std::thread([this, &member] {
    while (auto line = member.process->try_read_line()) {
      const std::lock_guard lock(mutex_);
      member.lines.push_back(line->substr(0, line->find('\n')));
      changed_.notify_all();
    }
  });
  member.port = ask(node, "", "port");
}

/// Tells it of the others, and those that run of it.
void FailoverGroup::introduce(std::size_t node) {
  Member& member = *members_[node];
  for (auto& other : members_) {
    if (other.get() == &member) continue;
    member.process->write_line("peer " + other->name + " " + other->port);
    other->process->write_line("peer " + member.name + " " + member.port);
  }
  (void)ask(node, "start", "started");
}

std::optional<std::string> FailoverGroup::take_line(std::size_t node, const std::string& kind,
                                                    milliseconds limit) {
  Member& member = *members_[node];
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto found = std::ranges::find_if(member.lines, [&](const std::string& line) {
      return line.starts_with(kind + " ") || line == kind;
    });
    if (found != member.lines.end()) {
      std::string line = found->size() > kind.size() ? found->substr(kind.size() + 1) : "";
      member.lines.erase(found);
      return line;
    }
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) return std::nullopt;
  }
}

std::string FailoverGroup::ask(std::size_t node, const std::string& command,
                               const std::string& kind) {
  if (!command.empty()) members_[node]->process->write_line(command);
  auto line = take_line(node, kind, std::chrono::seconds(30));
  if (!line) give_up(members_[node]->name + " does not answer " + command);
  return std::move(*line);
}

std::size_t FailoverGroup::await_steady() {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < kNodes; ++i) seen.push_back(ask(i, "status", "status"));
    const std::string leader = seen[0].substr(0, seen[0].find(' '));
    const bool is_steady = leader != "none" && seen[1] == seen[0] && seen[2] == seen[0] &&
                           seen[0].ends_with(" " + std::to_string(kNodes - 1));
    if (is_steady) {
      for (std::size_t i = 0; i < kNodes; ++i) {
        if (members_[i]->name == leader) return i;
      }
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  give_up("the group does not become steady");
}

std::uint64_t FailoverGroup::term() {
  std::istringstream words(ask(0, "status", "status"));
  std::string leader;
  std::uint64_t term = 0;
  words >> leader >> term;
  return term;
}

std::int64_t FailoverGroup::kill(std::size_t node) {
  members_[node]->is_dead = true;
  const std::int64_t now = monotonic_ns();
  members_[node]->process->kill();
  return now;
}

std::int64_t FailoverGroup::freeze(std::size_t node) {
  members_[node]->is_frozen = true;
  const std::int64_t now = monotonic_ns();
  members_[node]->process->freeze();
  return now;
}

std::int64_t FailoverGroup::cut(std::size_t node) {
  members_[node]->is_cut = true;
  return std::stoll(ask(node, "cut", "done"));
}

void FailoverGroup::reset_connections(std::size_t node) {
  members_[node]->process->write_line("reset");
}

void FailoverGroup::restore(std::size_t node) {
  Member& member = *members_[node];
  if (std::exchange(member.is_cut, false)) member.process->write_line("heal");
  if (std::exchange(member.is_frozen, false)) member.process->thaw();
  if (!std::exchange(member.is_dead, false)) return;
  spawn(node);
  introduce(node);
}

std::optional<std::int64_t> FailoverGroup::await_commit(std::size_t old, std::uint64_t term,
                                                        std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    for (std::size_t i = 0; i < kNodes; ++i) {
      if (i == old) continue;
      const auto line = take_line(i, "committed", milliseconds(5));
      if (!line) continue;
      std::istringstream words(*line);
      std::uint64_t in_term = 0;
      std::int64_t at = 0;
      words >> in_term >> at;
      if (in_term > term) return at;
    }
  }
  return std::nullopt;
}

std::int64_t FailoverGroup::cpu_ns(std::size_t node) { return std::stoll(ask(node, "cpu", "cpu")); }

}  // namespace lockstep::benchmark
