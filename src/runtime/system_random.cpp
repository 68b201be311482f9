#include "runtime/system_random.hpp"

#include <sys/random.h>

#include <random>

namespace lockstep {

std::uint64_t system_random() {
  std::uint64_t value = 0;
  // Requests of up to 256 bytes are never cut short once the kernel's pool is seeded.
  if (::getrandom(&value, sizeof(value), 0) == static_cast<ssize_t>(sizeof(value))) return value;
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace lockstep
