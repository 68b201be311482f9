#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "benchmark/cases.hpp"
#include "benchmark/child_process.hpp"
#include "benchmark/node.hpp"

namespace lockstep::benchmark {

using Clock = std::chrono::steady_clock;

void run_peer(int port) {
  Node node("p" + std::to_string(port));
  std::cout << node.address().port << std::endl;
  std::cin >> port;  // until the parent goes
}

std::vector<double> measure_frozen_peers(int ping_interval_ms, int missed_pings, int peers) {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<NodeId, Clock::time_point> gone;

  std::vector<std::unique_ptr<ChildProcess>> children;
  Node node("watcher", [&](WebSocketNetworkOptions& options) {
    options.ping_interval = std::chrono::milliseconds(ping_interval_ms);
    options.missed_pings = missed_pings;
  });
  node.on_disconnected = [&](const NodeDisconnected& event) {
    if (event.reason != Errc::kKeepAliveTimedOut) give_up(event.reason.message);
    const std::lock_guard lock(mutex);
    gone.emplace(event.node, Clock::now());
    changed.notify_all();
  };
  for (int i = 0; i < peers; ++i) {
    children.push_back(
        std::make_unique<ChildProcess>(std::vector<std::string>{"--peer", std::to_string(i)}));
    const int port = std::stoi(children.back()->read_line());
    node.dial({NodeId("p" + std::to_string(i)), "127.0.0.1", static_cast<std::uint16_t>(port)});
  }
  node.wait_connected(peers);

  // All were connected, and so are pinged, at about the same time: the pauses spread the moments of
  // freezing over one interval.
  std::vector<Clock::time_point> frozen;
  for (const auto& child : children) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ping_interval_ms) / peers);
    frozen.push_back(Clock::now());
    child->freeze();
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return gone.size() == children.size(); });
  std::vector<double> result;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto took = gone.at(NodeId("p" + std::to_string(i))) - frozen[i];
    result.push_back(std::chrono::duration<double, std::milli>(took).count());
  }
  return result;
}

}  // namespace lockstep::benchmark
