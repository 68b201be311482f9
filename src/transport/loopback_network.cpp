#include "lockstep/loopback_network.hpp"

#include <utility>

#include "transport/loopback_hub.hpp"
#include "transport/loopback_stream.hpp"
#include "transport/network_core.hpp"

namespace lockstep {
namespace {

using transport::CoreFacade;
using transport::CoreOptions;
using transport::NetworkCore;

/// Leaves the hub in the very call that closes it, so that the node can be added again at once.
class LoopbackManager final : public CoreFacade<INetworkManager> {
 public:
  using Hub = LoopbackNetwork::Hub;

  LoopbackManager(std::shared_ptr<NetworkCore> core, std::shared_ptr<Hub> hub, Hub::StayId stay)
      : CoreFacade(std::move(core), hub->runtime()), hub_(std::move(hub)), stay_(stay) {}
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
  result.link.redial_min = options.redial_min;
  result.link.redial_max = options.redial_max;
  result.link.ping_interval = std::chrono::nanoseconds{0};
  result.budgets = {options.max_queued_bytes_per_peer, options.max_queued_bytes_per_peer * 16};
  result.max_entry_bytes = options.max_entry_bytes;
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
  const auto& runtime = hub_->runtime();
  const auto strand = runtime->make_strand();
  auto carrier = std::make_shared<transport::LoopbackCarrier>(hub_, options.node, stay->id, strand);
  auto core = std::make_shared<NetworkCore>(core_options(options, stay->boot), runtime, strand,
                                            std::move(carrier));
  core->start();
  return std::shared_ptr<INetworkManager>(
      std::make_shared<LoopbackManager>(std::move(core), hub_, stay->id));
}

void LoopbackNetwork::cut(const NodeId& from, const NodeId& to) { hub_->cut({from, to}); }
void LoopbackNetwork::heal(const NodeId& from, const NodeId& to) { hub_->heal({from, to}); }
void LoopbackNetwork::heal_all() { hub_->heal_all(); }
void LoopbackNetwork::set_delay(const NodeId& from, const NodeId& to,
                                std::chrono::nanoseconds delay) {
  hub_->set_delay({from, to}, delay);
}
void LoopbackNetwork::drop_connection(const NodeId& a, const NodeId& b) {
  hub_->drop_connection(a, b);
}
void LoopbackNetwork::flip_bit_in_next_entry_frame(const NodeId& from, const NodeId& to,
                                                   std::uint64_t bit) {
  hub_->flip_bit({from, to}, bit);
}

}  // namespace lockstep
