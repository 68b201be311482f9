#pragma once

/// The conformance kit for transports: what every `INetworkManager` must do, as tests of GoogleTest
/// that any implementation can be put through.
///
/// How to run it on a transport of your own:
///
/// 1. Derive from `NetworkTestbed`: how to start a node of your transport, where it is found, and
///    the faults that it can commit. For a fault that it cannot, let `lacks` say why: the tests
///    that need it are skipped with that reason.
/// 2. In one .cpp of an executable, and one only, since the tests are defined here:
///
///    ```cpp
///    #include "lockstep/testing/network_conformance.hpp"
///
///    LOCKSTEP_NETWORK_CONFORMANCE(MyTransport, lockstep::testing::NetworkUnderTest{
///        "MyTransport", [] { return std::make_unique<MyTestbed>(); }})
///    ```
///
/// 3. Link Lockstep, GoogleTest with its `main`, and run. Every test makes a network of its own, so
///    they may run side by side, each in a process of its own.
///
/// The groups, each in a header of its own, and what they check:
///
/// - `NetworkConnections`: made, ended, lost, made again, at a new address; named alike at both
/// ends
/// - `NetworkOneConnection`: simultaneous dials settle on one connection; boot numbers
/// - `NetworkHandshake`: clusters, policy, limit on strangers, silence: refused, told at both ends
/// - `NetworkLiveness`: frozen and isolated peers are found, and come back
/// - `NetworkMessages`: whole, unchanged, once, in order; damage is refused and counted
/// - `NetworkSends`: every send has a result; a broadcast is encoded and hashed once
/// - `NetworkBackPressure`: budgets; frozen receivers; urgent overtakes large; lost as a whole
/// - `NetworkEvents`: listeners, handlers, exceptions, the order of events
/// - `NetworkClosing`: sent or reported, in time; in callbacks, while dialling, under a flood
/// - `NetworkCounters`: by type, by reason, queue depths; never backwards
/// - `NetworkEndurance`: memory, descriptors and threads do not grow; LOCKSTEP_CYCLES sets how long
///
/// All is in namespace `lockstep::testing`. The tests wait for events, never for a time to pass; a
/// wait that finds nothing for `kTestDeadline` fails.

#include "lockstep/testing/conformance_groups.hpp"
#include "lockstep/testing/network_conformance/back_pressure.hpp"
#include "lockstep/testing/network_conformance/closing.hpp"
#include "lockstep/testing/network_conformance/connections.hpp"
#include "lockstep/testing/network_conformance/counters.hpp"
#include "lockstep/testing/network_conformance/endurance.hpp"
#include "lockstep/testing/network_conformance/events.hpp"
#include "lockstep/testing/network_conformance/handshake.hpp"
#include "lockstep/testing/network_conformance/liveness.hpp"
#include "lockstep/testing/network_conformance/messages.hpp"
#include "lockstep/testing/network_conformance/one_connection.hpp"
#include "lockstep/testing/network_conformance/sends.hpp"

/// Registers all groups for one or more transports. `prefix` begins the names of the tests; the
/// rest are values of `lockstep::testing::NetworkUnderTest`. At namespace scope, outside any
/// namespace.
#define LOCKSTEP_NETWORK_CONFORMANCE(prefix, ...)                              \
  namespace lockstep::testing {                                                \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkConnections, __VA_ARGS__);   \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkOneConnection, __VA_ARGS__); \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkHandshake, __VA_ARGS__);     \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkLiveness, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkMessages, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkSends, __VA_ARGS__);         \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkBackPressure, __VA_ARGS__);  \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkEvents, __VA_ARGS__);        \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkClosing, __VA_ARGS__);       \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkCounters, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, NetworkEndurance, __VA_ARGS__);     \
  }                                                                            \
  static_assert(true)
