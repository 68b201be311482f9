#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/lockstep_bench/bench_node.hpp"

namespace lockstep::bench {

/// A node, wherever it runs. What fails throws std::runtime_error.
class INodeHandle {
 public:
  virtual ~INodeHandle() = default;
  /// See `obey`.
  virtual nlohmann::json ask(const nlohmann::json& request) = 0;
  nlohmann::json ask(const char* command) { return ask(nlohmann::json{{"do", command}}); }
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Of the process that the node is in.
  [[nodiscard]] virtual pid_t process() const = 0;
  /// Stops its process where it is (SIGSTOP), until `thaw`.
  virtual void freeze() = 0;
  virtual void thaw() = 0;
};

/// In a process of its own, which ends at once, like one that is killed, when the handle goes.
[[nodiscard]] std::unique_ptr<INodeHandle> start_node_process(const NodeSettings& settings);
/// In this process, with threads of its own. It stops in good order when the handle goes.
[[nodiscard]] std::unique_ptr<INodeHandle> start_node_here(const NodeSettings& settings,
                                                           LoopbackNetwork* loopback);

/// The first word of a node process's arguments.
inline constexpr const char* kNodeWord = "--node";
/// What such a process does: obeys lines on standard input until that ends.
int run_node_process(const std::string& settings);

}  // namespace lockstep::bench
