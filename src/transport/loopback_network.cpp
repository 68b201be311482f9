#include "lockstep/loopback_network.hpp"

#include <algorithm>
#include <utility>

#include "transport/loopback_hub.hpp"
#include "transport/loopback_stream.hpp"
#include "transport/network_core.hpp"
#include "transport/option_checks.hpp"

namespace lockstep {
namespace {

using transport::CoreFacade;
using transport::CoreOptions;
using transport::NetworkCore;

/// Leaves the hub in the very call that closes it, so that the node can be added again at once.
class LoopbackManager final : public CoreFacade<INetworkManager> {
 public:
  using Hub = LoopbackNetwork::Hub;

  LoopbackManager(std::shared_ptr<NetworkCore> core, std::shared_ptr<Runtime> runtime,
                  std::shared_ptr<Hub> hub, Hub::StayId stay)
      : CoreFacade(std::move(core), std::move(runtime)), hub_(std::move(hub)), stay_(stay) {}
  ~LoopbackManager() override { hub_->leave(local_node(), stay_); }

  void close(DoneHandler done) override {
    hub_->leave(local_node(), stay_);
    CoreFacade::close(std::move(done));
  }

 private:
  std::shared_ptr<Hub> hub_;
  Hub::StayId stay_;
};

CoreOptions core_options(const LoopbackNodeOptions& options, BootNumber boot) {
  CoreOptions result;
  result.node = options.node;
  result.boot = boot;
  result.link.dial_timeout = options.dial_timeout;
  result.link.handshake_timeout = options.handshake_timeout;
  result.link.redial_min = options.redial_min;
  result.link.redial_max = options.redial_max;
  result.link.ping_interval = options.ping_interval;
  result.link.missed_pings = options.missed_pings;
  result.link.close_timeout = options.close_timeout;
  result.budgets = {options.max_queued_bytes_per_peer, options.max_queued_bytes};
  result.max_entry_bytes = options.max_entry_bytes;
  result.max_unconfigured_peers = options.max_unconfigured_peers;
  result.admit = options.admit;
  result.log = options.log;
  return result;
}

}  // namespace

LoopbackNetwork::LoopbackNetwork(std::shared_ptr<Runtime> runtime)
    : hub_(std::make_shared<Hub>(std::move(runtime))) {}

LoopbackNetwork::~LoopbackNetwork() = default;

Result<std::shared_ptr<INetworkManager>> LoopbackNetwork::add_node(LoopbackNodeOptions options) {
  if (auto checked = to_result(check(options)); !checked) return checked.error();
  const auto stay = hub_->enter(options.node, options.boot);
  if (!stay) {
    return Error(Errc::kWrongState, "node " + options.node.str() + " is in the network already");
  }
  const auto runtime = options.runtime ? options.runtime : hub_->runtime();
  const auto strand = runtime->make_strand();
  auto carrier = std::make_shared<transport::LoopbackCarrier>(hub_, options.node, stay->id, strand);
  auto core = std::make_shared<NetworkCore>(core_options(options, stay->boot), runtime, strand,
                                            std::move(carrier));
  core->start();
  return std::shared_ptr<INetworkManager>(
      std::make_shared<LoopbackManager>(std::move(core), runtime, hub_, stay->id));
}

void LoopbackNetwork::cut(const NodeId& from, const NodeId& to) { hub_->cut({from, to}); }
void LoopbackNetwork::heal(const NodeId& from, const NodeId& to) { hub_->heal({from, to}); }
void LoopbackNetwork::heal_all() { hub_->heal_all(); }

Result<> LoopbackNetwork::set_faults(const NodeId& from, const NodeId& to,
                                     const LinkFaults& faults) {
  if (auto checked = to_result(check(faults)); !checked) return checked;
  hub_->set_faults({from, to}, faults);
  return {};
}
void LoopbackNetwork::set_delay(const NodeId& from, const NodeId& to,
                                std::chrono::nanoseconds delay) {
  hub_->set_delay({from, to}, std::clamp<std::chrono::nanoseconds>(
                                  delay, std::chrono::nanoseconds{0}, transport::kMaxDuration));
}
void LoopbackNetwork::clear_faults(const NodeId& from, const NodeId& to) {
  hub_->clear_faults({from, to});
}
void LoopbackNetwork::clear_all_faults() { hub_->clear_all_faults(); }

void LoopbackNetwork::drop_connection(const NodeId& a, const NodeId& b) {
  hub_->drop_connection(a, b);
}
void LoopbackNetwork::drop_in_next_part(const NodeId& from, const NodeId& to) {
  hub_->drop_in_next_part({from, to});
}
void LoopbackNetwork::flip_bit_in_next_frame(const NodeId& from, const NodeId& to,
                                             std::uint64_t bit) {
  hub_->flip_bit_in_next_frame({from, to}, bit);
}
void LoopbackNetwork::flip_bit_in_next_entry_frame(const NodeId& from, const NodeId& to,
                                                   std::uint64_t bit) {
  hub_->flip_bit_in_next_entry_frame({from, to}, bit);
}
LoopbackFaultCounts LoopbackNetwork::fault_counts() const { return hub_->fault_counts(); }

}  // namespace lockstep
