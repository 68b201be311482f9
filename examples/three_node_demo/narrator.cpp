#include "narrator.hpp"

#include <iomanip>

namespace lockstep_demo {

Narrator::Narrator(std::ostream& out)
    : out_(out), started_(Clock::now()), last_progress_(started_) {}

void Narrator::say(std::string_view text) {
  const std::chrono::duration<double> since = Clock::now() - started_;
  out_ << "[" << std::fixed << std::setprecision(2) << std::setw(7) << since.count() << " s] "
       << text << std::endl;
}

void Narrator::progress(std::string_view what, std::size_t done, std::size_t of) {
  if (Clock::now() - last_progress_ < std::chrono::milliseconds{500}) return;
  last_progress_ = Clock::now();
  say("  " + std::string(what) + ": " + std::to_string(done) + " of " + std::to_string(of));
}

}  // namespace lockstep_demo
