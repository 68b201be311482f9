#pragma once

#include "simulation/clients/client.hpp"

namespace lockstep::sim {

/// Reads registers from the engine of any node, leader, follower or learner, once its read barrier
/// says that it may.
class Reader final : public Client {
 public:
  using Client::Client;

 private:
  struct Read : Call {
    std::size_t place = 0;
    std::string key;
  };

  bool operate() override;
  bool is_done() override { return read_->ended || is_lost(*read_); }
  void ended(Read& read, const Result<Index>& outcome);

  std::shared_ptr<Read> read_;
};

}  // namespace lockstep::sim
