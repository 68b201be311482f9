#pragma once

#include "simulation/clients/client.hpp"

namespace lockstep::sim {

/// Writes within a session (design rule 14): what ended unknown is sent again, at whatever node,
/// under the same number, until somebody says how it ended. It must have been applied once.
class SessionWriter final : public Client {
 public:
  using Client::Client;

 private:
  struct Attempt : Call {
    std::optional<WriteOutcome> outcome;
    std::optional<Result<SessionId>> opened;
  };

  bool operate() override;
  bool is_done() override;
  bool open_session();
  bool attempt();
  /// False: it is to be tried again.
  bool judge(const WriteOutcome& outcome);
  void give_up();

  std::optional<SessionId> session_;
  std::uint64_t sequence_ = 0;
  Command command_;
  std::size_t place_ = 0;
  int attempts_ = 0;
  /// An attempt ended unknown: the command may have been applied.
  bool may_be_applied_ = false;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace lockstep::sim
