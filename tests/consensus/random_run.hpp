#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/cluster.hpp"
#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {

/// How often what happened, so that a run in which nothing did is no success.
using Tally = std::map<std::string, std::uint64_t>;

/// A cluster and what one seed does to it: steps, after each of which it must be safe, then an end
/// in which it must converge.
class RandomRun {
 public:
  RandomRun(std::uint64_t seed, Tally& tally) : rng_(seed), tally_(tally) {}
  virtual ~RandomRun() = default;
  RandomRun(const RandomRun&) = delete;
  RandomRun& operator=(const RandomRun&) = delete;

  /// The first violation, or nothing.
  [[nodiscard]] std::string run(int steps);

  void keep_trace() { cluster_.keeps_trace = true; }
  [[nodiscard]] const Cluster& cluster() const { return cluster_; }

 protected:
  static constexpr std::chrono::milliseconds kTick{10};

  virtual void one_step(int step) = 0;
  /// What stays wrong once the faults have stopped, or nothing.
  [[nodiscard]] virtual std::string converge() = 0;

  [[nodiscard]] const NodeId& some_node() { return names_[rng_.below(names_.size())]; }
  void connect_all();

  SplitMix64 rng_;
  Tally& tally_;
  Cluster cluster_;
  std::vector<NodeId> names_;

 private:
  [[nodiscard]] std::string violation() const;
};

using MakeRandomRun = std::function<std::unique_ptr<RandomRun>(std::uint64_t seed, Tally& tally)>;

/// Fails with the trace of the first seed that is not run through safely, or if less happened in
/// all of them together than `floor` tells.
void run_seeds(std::uint64_t seeds, int steps, const MakeRandomRun& make, const Tally& floor);

}  // namespace lockstep::consensus::test
