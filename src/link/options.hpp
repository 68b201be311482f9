#pragma once

#include <chrono>

namespace lockstep::link {

struct LinkOptions {
  std::chrono::nanoseconds dial_timeout{std::chrono::seconds(5)};
  /// From the open connection to the last word of the handshake.
  std::chrono::nanoseconds handshake_timeout{std::chrono::seconds(5)};
  std::chrono::nanoseconds redial_min{std::chrono::milliseconds(50)};
  std::chrono::nanoseconds redial_max{std::chrono::seconds(5)};
  /// 0: no keep-alive.
  std::chrono::nanoseconds ping_interval{std::chrono::seconds(2)};
  int missed_pings = 3;
  /// For an orderly end; after it the connection is dropped.
  std::chrono::nanoseconds close_timeout{std::chrono::seconds(2)};
};

}  // namespace lockstep::link
