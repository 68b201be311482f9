#include "lockstep/testing/network_conformance.hpp"

#include "transport/loopback_testbed.hpp"

LOCKSTEP_NETWORK_CONFORMANCE(Installed, lockstep::test::loopback_under_test());
