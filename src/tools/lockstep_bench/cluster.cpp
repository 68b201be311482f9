#include "tools/lockstep_bench/cluster.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "lockstep/asio_runtime.hpp"
#include "tools/lockstep_bench/waiting.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{60};

}  // namespace

Cluster::Cluster(const ClusterSettings& settings, const std::string& parent)
    : settings_(settings), folder_(parent), nodes_(settings.nodes), frozen_(settings.nodes) {
  if (settings_.node.transport == Transport::kLoopback) {
    loopback_ = std::make_unique<LoopbackNetwork>(AsioRuntime::create());
  }
  for (std::size_t i = 0; i < settings_.nodes; ++i) names_.push_back("n" + std::to_string(i + 1));
  for (std::size_t i = 0; i < settings_.nodes; ++i) make(i);
  for (std::size_t i = 0; i < settings_.nodes; ++i) introduce(i);
  for (const auto& node : nodes_) node->ask("start");
  nodes_[0]->ask({{"do", "bootstrap"}, {"members", names_}});
  if (settings_.node.leadership == Leadership::kAssigned) nodes_[0]->ask("lead");
  await_leader();
}

void Cluster::make(std::size_t place) {
  NodeSettings node = settings_.node;
  node.name = names_[place];
  node.folder = folder_.path() + "/" + node.name;
  nodes_[place] =
      settings_.processes ? start_node_process(node) : start_node_here(node, loopback_.get());
}

/// Tells it of the others, and those that run of it.
void Cluster::introduce(std::size_t place) {
  const auto tell = [this](std::size_t whom, std::size_t of) {
    nodes_[whom]->ask({{"do", "connect"}, {"node", names_[of]}, {"port", nodes_[of]->port()}});
  };
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    if (other == place || !runs(other)) continue;
    tell(place, other);
    tell(other, place);
  }
}

void Cluster::begin(std::size_t place) {
  make(place);
  introduce(place);
  nodes_[place]->ask("start");
}

void Cluster::freeze(std::size_t place) {
  nodes_[place]->freeze();
  frozen_[place] = true;
}

void Cluster::thaw(std::size_t place) {
  nodes_[place]->thaw();
  frozen_[place] = false;
}

std::size_t Cluster::await_leader() {
  std::size_t leader = 0;
  await("a leader that all follow", kPatience, [&] {
    std::size_t running = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) running += answers(i) ? 1 : 0;
    std::string name;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!answers(i)) continue;
      const json status = nodes_[i]->ask("status");
      if (status.at("peers").get<std::size_t>() + 1 < running || status.at("leader") == "")
        return false;
      if (!name.empty() && status.at("leader") != name) return false;
      name = status.at("leader");
      if (status.at("is_leader") == true) leader = i;
    }
    return name == names_[leader];
  });
  return leader;
}

}  // namespace lockstep::bench
