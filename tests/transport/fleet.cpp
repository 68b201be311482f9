#include "transport/fleet.hpp"

#include "transport/fleets.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {

std::unique_ptr<Fleet> make_fleet(TransportKind kind) {
  return kind == TransportKind::kWebSocket ? make_websocket_fleet() : make_loopback_fleet();
}

void OnEveryTransport::connect(INetworkManager& dialler, const std::string& peer) {
  Completion<> connected;
  ASSERT_TRUE(dialler.connect(fleet_->address(peer), connected.handler()));
  ASSERT_FALSE(connected.get()) << connected.get().message;
}

}  // namespace lockstep::test
