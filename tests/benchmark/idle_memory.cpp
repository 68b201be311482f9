#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "benchmark/cases.hpp"
#include "benchmark/child_process.hpp"
#include "benchmark/node.hpp"

namespace lockstep::benchmark {
namespace {

IdleMemory::Sample sample() {
  IdleMemory::Sample result;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "VmRSS:") words >> result.resident;
    if (name == "RssAnon:") words >> result.anonymous;
  }
  return result;
}

void tell(const IdleMemory::Sample& sample) {
  std::cout << sample.resident << ' ' << sample.anonymous << std::endl;
}

IdleMemory::Sample hear(ChildProcess& child) {
  IdleMemory::Sample result;
  std::istringstream(child.read_line()) >> result.resident >> result.anonymous;
  return result;
}

}  // namespace

void run_idle_node(int peers) {
  tell(sample());
  Node node("idle");
  tell(sample());
  for (int i = 0; i < peers; ++i) {
    int port = 0;
    std::cin >> port;
    node.dial({NodeId("p" + std::to_string(i)), "127.0.0.1", static_cast<std::uint16_t>(port)});
  }
  node.wait_connected(peers);
  tell(sample());
  std::cin >> peers;  // until the parent goes
}

IdleMemory measure_idle_memory(int peers) {
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < peers; ++i) nodes.push_back(std::make_unique<Node>("p" + std::to_string(i)));
  ChildProcess child({"--idle-node", std::to_string(peers)});
  IdleMemory result;
  result.before = hear(child);
  result.alone = hear(child);
  for (const auto& node : nodes) child.write_line(std::to_string(node->address().port));
  result.connected = hear(child);
  return result;
}

}  // namespace lockstep::benchmark
