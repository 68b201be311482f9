#include "transport/option_checks.hpp"

#include <cstdint>

#include "lockstep/loopback_network.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "wire/frame.hpp"

namespace lockstep {
namespace transport {

void check_node(std::vector<OptionProblem>& problems, const NodeId& node) {
  if (node.is_valid()) return;
  problems.push_back({"node", "must be 1 to 64 characters of A-Z a-z 0-9 . _ : -"});
}

void check_positive(std::vector<OptionProblem>& problems, const std::string& field,
                    std::chrono::milliseconds value) {
  if (value.count() > 0 && value <= kMaxDuration) return;
  problems.push_back({field, "must be more than 0 ms, and at most 24 hours"});
}

void check_redial(std::vector<OptionProblem>& problems, std::chrono::milliseconds min,
                  std::chrono::milliseconds max) {
  check_positive(problems, "redial_min", min);
  check_positive(problems, "redial_max", max);
  if (max < min) problems.push_back({"redial_max", "must not be less than redial_min"});
}

void check_budget(std::vector<OptionProblem>& problems, const std::string& field,
                  std::size_t bytes) {
  if (bytes >= wire::kMaxFrameBytes) return;
  problems.push_back(
      {field, "must be at least one frame, " + std::to_string(wire::kMaxFrameBytes) + " bytes"});
}

void check_entry_bytes(std::vector<OptionProblem>& problems, std::size_t bytes) {
  if (bytes == 0 || bytes > UINT32_MAX) {
    problems.push_back({"max_entry_bytes", "must be 1 to 4294967295"});
  }
}

void check_fault_time(std::vector<OptionProblem>& problems, const std::string& field,
                      std::chrono::nanoseconds value) {
  if (value.count() >= 0 && value <= kMaxDuration) return;
  problems.push_back({field, "must be 0 to 24 hours"});
}

}  // namespace transport

std::vector<OptionProblem> check(const LoopbackNodeOptions& options) {
  std::vector<OptionProblem> problems;
  transport::check_node(problems, options.node);
  transport::check_positive(problems, "dial_timeout", options.dial_timeout);
  transport::check_positive(problems, "handshake_timeout", options.handshake_timeout);
  transport::check_redial(problems, options.redial_min, options.redial_max);
  if (options.ping_interval.count() != 0) {
    transport::check_positive(problems, "ping_interval", options.ping_interval);
  }
  if (options.missed_pings < 1) problems.push_back({"missed_pings", "must be at least 1"});
  transport::check_positive(problems, "close_timeout", options.close_timeout);
  transport::check_budget(problems, "max_queued_bytes_per_peer", options.max_queued_bytes_per_peer);
  transport::check_budget(problems, "max_queued_bytes", options.max_queued_bytes);
  transport::check_entry_bytes(problems, options.max_entry_bytes);
  return problems;
}

std::vector<OptionProblem> check(const LinkFaults& faults) {
  std::vector<OptionProblem> problems;
  transport::check_fault_time(problems, "delay", faults.delay);
  transport::check_fault_time(problems, "jitter", faults.jitter);
  if (faults.flipped_per_million > 1'000'000) {
    problems.push_back({"flipped_per_million", "must be 0 to 1000000"});
  }
  return problems;
}

std::vector<OptionProblem> check(const WebSocketNetworkOptions& options) {
  std::vector<OptionProblem> problems;
  if (options.receive_buffer_bytes < 0) {
    problems.push_back({"receive_buffer_bytes", "must be 0, the system's own, or more"});
  }
  transport::check_node(problems, options.node);
  if (options.listen_host.empty() && options.listen_port != 0) {
    problems.push_back({"listen_port", "needs a listen_host"});
  }
  transport::check_positive(problems, "dial_timeout", options.dial_timeout);
  transport::check_positive(problems, "handshake_timeout", options.handshake_timeout);
  transport::check_redial(problems, options.redial_min, options.redial_max);
  transport::check_positive(problems, "ping_interval", options.ping_interval);
  if (options.missed_pings < 1) problems.push_back({"missed_pings", "must be at least 1"});
  transport::check_positive(problems, "close_timeout", options.close_timeout);
  transport::check_budget(problems, "max_queued_bytes_per_peer", options.max_queued_bytes_per_peer);
  transport::check_budget(problems, "max_queued_bytes", options.max_queued_bytes);
  transport::check_entry_bytes(problems, options.max_entry_bytes);
  return problems;
}

}  // namespace lockstep
