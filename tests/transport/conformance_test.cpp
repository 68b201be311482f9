// What every transport must do, on the two that ship.
#include "lockstep/testing/network_conformance.hpp"

#include "transport/loopback_testbed.hpp"
#include "transport/websocket_testbed.hpp"

LOCKSTEP_NETWORK_CONFORMANCE(All, lockstep::test::loopback_under_test(),
                             lockstep::test::websocket_under_test());
