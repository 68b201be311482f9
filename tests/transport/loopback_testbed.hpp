#pragma once

#include "lockstep/testing/network_conformance/testbed.hpp"

namespace lockstep::test {

/// `LoopbackNetwork` for the conformance kit. It uses public headers only: a pattern for others.
[[nodiscard]] testing::NetworkUnderTest loopback_under_test();

}  // namespace lockstep::test
