#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/child_process.hpp"

namespace lockstep::benchmark {

/// Three replicas in processes of their own, on folders of their own, driven by lines.
class FailoverGroup {
 public:
  struct Times {
    int heartbeat_ms = 50;
    int election_min_ms = 150;
    int election_max_ms = 300;
  };
  static constexpr std::size_t kNodes = 3;

  FailoverGroup(const std::string& folder, Times times);

  /// Waits until one leads, all follow it, and all have committed the same.
  std::size_t await_steady();
  [[nodiscard]] std::uint64_t term();

  // Faults, each with the moment at which it was there.
  std::int64_t kill(std::size_t node);
  std::int64_t freeze(std::size_t node);
  std::int64_t cut(std::size_t node);
  void reset_connections(std::size_t node);
  /// Ends whatever was done to the node.
  void restore(std::size_t node);

  /// When a node other than `old` has committed a write of its own in a term above `term`.
  [[nodiscard]] std::optional<std::int64_t> await_commit(std::size_t old, std::uint64_t term,
                                                         std::chrono::seconds limit);
  /// Processor time that the node has used so far.
  [[nodiscard]] std::int64_t cpu_ns(std::size_t node);

 private:
  struct Member {
    std::string name;
    std::string folder;
    std::unique_ptr<ChildProcess> process{};
    std::thread reader{};
    std::string port{};
    bool is_dead = false;
    bool is_frozen = false;
    bool is_cut = false;
    std::deque<std::string> lines{};

    Member(std::string n, std::string f) : name(std::move(n)), folder(std::move(f)) {}
    ~Member();
  };
  void spawn(std::size_t node);
  void introduce(std::size_t node);
  /// The next line of the node that begins with `kind`, without it.
  [[nodiscard]] std::optional<std::string> take_line(std::size_t node, const std::string& kind,
                                                     std::chrono::milliseconds limit);
  [[nodiscard]] std::string ask(std::size_t node, const std::string& command,
                                const std::string& kind);

  const Times times_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace lockstep::benchmark
