#pragma once

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace lockstep_demo {

/// Says what is going on, one line at a time, with the time since the start.
class Narrator {
 public:
  explicit Narrator(std::ostream& out);

  void say(std::string_view text);
  /// At most twice a second.
  void progress(std::string_view what, std::size_t done, std::size_t of);

 private:
  using Clock = std::chrono::steady_clock;
  std::ostream& out_;
  Clock::time_point started_;
  Clock::time_point last_progress_;
};

}  // namespace lockstep_demo
