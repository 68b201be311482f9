#pragma once

#include <string>

#include "lockstep/configuration.hpp"

namespace lockstep::consensus::test {

/// `1+2+3`: these voters; `1+2<1+2+3`: joint, from the voters on the right; `1+2~4`: with a
/// learner. `4.1` is node 4 with its second disk.
[[nodiscard]] std::string text_of(const Configuration& configuration);
[[nodiscard]] Configuration configuration_from(const std::string& text);

}  // namespace lockstep::consensus::test
