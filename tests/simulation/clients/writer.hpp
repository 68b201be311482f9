#pragma once

#include "simulation/clients/client.hpp"

namespace lockstep::sim {

/// Writes, and reads through the log, each command once.
class Writer final : public Client {
 public:
  using Client::Client;

 private:
  struct Write : Call {
    std::size_t place = 0;
    std::uint64_t command = 0;
  };

  bool operate() override;
  bool is_done() override { return write_->ended || is_lost(*write_); }
  void ended(Write& write, const WriteOutcome& outcome);

  std::shared_ptr<Write> write_;
};

}  // namespace lockstep::sim
