#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "tools/lockstep_bench/interruption.hpp"
#include "tools/lockstep_bench/node_handle.hpp"

namespace lockstep::bench {

struct ClusterSettings {
  std::size_t nodes = 3;
  bool processes = true;
  /// Of every node; its name and folder are the cluster's affair.
  NodeSettings node;
};

/// A whole group on this machine, in a folder of its own that goes with it. What fails throws
/// std::runtime_error.
class Cluster {
 public:
  /// Founded, connected and led when it returns. The folder is made in `parent`.
  Cluster(const ClusterSettings& settings, const std::string& parent);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  /// Precondition: it runs.
  [[nodiscard]] INodeHandle& node(std::size_t place) { return *nodes_[place]; }
  [[nodiscard]] bool runs(std::size_t place) const { return nodes_[place] != nullptr; }
  /// It runs and is not frozen.
  [[nodiscard]] bool answers(std::size_t place) const { return runs(place) && !frozen_[place]; }
  [[nodiscard]] const std::string& name(std::size_t place) const { return names_[place]; }

  /// Waits until one leads and those that run follow it, with every connection up; its place.
  std::size_t await_leader();
  /// Some node that does not lead.
  [[nodiscard]] std::size_t follower_of(std::size_t leader) const {
    return (leader + 1) % nodes_.size();
  }
  /// Ends a node: at once where it is a process.
  void end(std::size_t place) { nodes_[place].reset(); }
  /// Begins it again, on its folder.
  void begin(std::size_t place);
  /// Stops its process where it is.
  void freeze(std::size_t place);
  void thaw(std::size_t place);

 private:
  void make(std::size_t place);
  void introduce(std::size_t place);

  ClusterSettings settings_;
  const TemporaryFolder folder_;
  std::unique_ptr<LoopbackNetwork> loopback_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<INodeHandle>> nodes_;
  std::vector<bool> frozen_;
};

}  // namespace lockstep::bench
