#include "tools/lockstep_bench/limits.hpp"

namespace lockstep::bench {

Limits limits_beside(const Options&, const ClusterSettings&, const Load&,
                     const std::function<void()>& run) {
  run();
  return {};
}

}  // namespace lockstep::bench
