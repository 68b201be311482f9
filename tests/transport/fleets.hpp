#pragma once

#include <memory>

#include "transport/fleet.hpp"

namespace lockstep::test {

[[nodiscard]] std::unique_ptr<Fleet> make_loopback_fleet();
[[nodiscard]] std::unique_ptr<Fleet> make_websocket_fleet();

}  // namespace lockstep::test
