#include "runtime/run_task.hpp"

#include <exception>
#include <string>

#include "lockstep/logging.hpp"

namespace lockstep {

void run_task(const std::function<void()>& task) noexcept {
  try {
    task();
  } catch (...) {
    log_escaped_exception();
  }
}

void log_escaped_exception() noexcept {
  try {
    std::string what = "unknown type";
    try {
      throw;
    } catch (const std::exception& exception) {
      what = exception.what();
    } catch (...) {
    }
    default_log_sink()(LogLevel::kError, "an exception left a task: " + what);
  } catch (...) {
    // No memory to say so.
  }
}

}  // namespace lockstep
