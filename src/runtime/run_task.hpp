#pragma once

#include <functional>

namespace lockstep {

/// Runs a posted task. An exception that leaves it is a defect of whoever posted it, but no reason
/// to end the host's process or to stop the tasks behind it: it is logged as an error, and lost.
void run_task(const std::function<void()>& task) noexcept;

/// For a `catch (...)` elsewhere in the runtime: logs the exception in flight.
void log_escaped_exception() noexcept;

}  // namespace lockstep
