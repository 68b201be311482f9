#pragma once

#include <functional>

namespace lockstep::benchmark {

/// Waits for one connection over loopback; `listening` is told the port. Blocking, without delay
/// for small messages, as the next. Both throw std::runtime_error.
[[nodiscard]] int accept_over_loopback(const std::function<void(int port)>& listening);
[[nodiscard]] int dial_over_loopback(int port);

}  // namespace lockstep::benchmark
