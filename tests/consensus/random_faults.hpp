#pragma once

#include <string>
#include <vector>

#include "consensus/random_run.hpp"

namespace lockstep::consensus::test {

/// Faults of nodes, disks, links and clocks, under proposals, reads and commands; the members stay.
class FaultsRun final : public RandomRun {
 public:
  FaultsRun(std::uint64_t seed, Tally& tally);

 private:
  // random_faults.cpp
  void draw_options();
  void one_step(int step) override;
  void pass_time();
  void disturb();
  void deliver_one();
  void disk_step();
  void propose();
  void campaign();
  void command();
  void read(const NodeId& name);
  void network_fault();
  void crash_or_restart();
  void fill_or_free();
  void release();
  void rot();

  // random_convergence.cpp
  [[nodiscard]] std::string converge() override;
  [[nodiscard]] std::string converge_by_election();
  [[nodiscard]] std::string stale_read();
  void count_elections();
  [[nodiscard]] std::string agreement_with(const NodeId& leader);
  [[nodiscard]] std::string difference_from(const NodeId& leader);

  bool slow_disks_ = false;
  bool loses_messages_ = false;
  bool shuffles_messages_ = false;
  bool crashes_ = false;
  bool elected_ = false;
  std::size_t turmoil_ = 0;
  std::uint64_t proposed_ = 0;
  /// The commit index of the cluster when each was asked.
  std::vector<Index> reads_;
};

}  // namespace lockstep::consensus::test
