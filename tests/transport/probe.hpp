#pragma once

#include "lockstep/testing/network_conformance/network_probe.hpp"

namespace lockstep::test {

// What the conformance kit watches with, for the tests of one transport.
using testing::Completion;
using testing::make_entry;
using testing::message_id;
using testing::message_to;
using testing::Watched;
using Probe = testing::NetworkProbe;
inline constexpr auto kDeadline = testing::kTestDeadline;

}  // namespace lockstep::test
