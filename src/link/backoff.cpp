#include "link/backoff.hpp"

#include <algorithm>

namespace lockstep::link {

std::chrono::nanoseconds Backoff::next(std::uint64_t random) {
  const auto zero = std::chrono::nanoseconds{0};
  current_ = current_ == zero ? min_ : std::min(max_, current_ * 2);
  const auto half = current_.count() / 2;
  const auto span = static_cast<std::uint64_t>(current_.count() - half) + 1;
  return std::chrono::nanoseconds{half + static_cast<std::int64_t>(random % span)};
}

}  // namespace lockstep::link
