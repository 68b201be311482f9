#pragma once

/// The conformance kit for logs: what every `IWALSource` must do, as tests of GoogleTest that any
/// implementation can be put through.
///
/// How to run it on a log of your own:
///
/// 1. Derive from `WALTestbed`: how to make an instance of your log on the testbed's storage, and
///    the executor to call it on. If your log keeps its files through `IFileSystem`, let it keep
///    them on a `SimulatedDisk`: then it is crashed at every call. What your log or your testbed
///    cannot do, let `lacks` say why: the tests that need it are skipped with that reason.
/// 2. In one .cpp of an executable, and one only, since the tests are defined here:
///
///    ```cpp
///    #include "lockstep/testing/wal_conformance.hpp"
///
///    LOCKSTEP_WAL_CONFORMANCE(MyLog, lockstep::testing::WALUnderTest{
///        "MyLog", [] { return std::make_unique<MyTestbed>(); }})
///    ```
///
/// 3. Link Lockstep, GoogleTest and GoogleMock with a `main`, and run. Every test makes a storage
/// of
///    its own, so they may run side by side, each in a process of its own.
///
/// The groups, each in a header of its own, and what they check:
///
/// - `WALContents`: entries of all sizes, kinds and terms come back, and are told of at `open`
/// - `WALTruncation`: a suffix is forgotten for good
/// - `WALRelease`: a prefix is released, everything replaced by a boundary
/// - `WALHardState`: term, vote, identity, install intent
/// - `WALRefusals`: what would break the log is refused as a whole, and alone
/// - `WALOrder`: completion in order of submission; a read sees what was submitted before
/// - `WALReads`: budget, bounds, many at once; what was read stays
/// - `WALLife`: open, close, drop, callbacks that call again; every call is answered once
/// - `WALOwnership`: one user at a time; another node's or group's log is refused
/// - `WALRepair`: rot is reported, the rest is readable, copies take its place
/// - `WALEvents`: what is told unasked: rot, once; never inside a call, nothing after `close`
/// - `WALSpace`: a full disk: nothing breaks, a release gets by, and it goes on with room
/// - `WALCrashes`: dropped at any time; power cut and failure at any call of the file system
///
/// All is in namespace `lockstep::testing`. The tests work with executors that have threads and
/// with such that a testbed runs by hand. They wait for answers, never for a time to pass; a wait
/// that finds nothing for `kTestDeadline` fails.

#include "lockstep/testing/conformance_groups.hpp"
#include "lockstep/testing/wal_conformance/contents.hpp"
#include "lockstep/testing/wal_conformance/crashes.hpp"
#include "lockstep/testing/wal_conformance/events.hpp"
#include "lockstep/testing/wal_conformance/hard_state.hpp"
#include "lockstep/testing/wal_conformance/life.hpp"
#include "lockstep/testing/wal_conformance/order.hpp"
#include "lockstep/testing/wal_conformance/ownership.hpp"
#include "lockstep/testing/wal_conformance/reads.hpp"
#include "lockstep/testing/wal_conformance/refusals.hpp"
#include "lockstep/testing/wal_conformance/release.hpp"
#include "lockstep/testing/wal_conformance/repair.hpp"
#include "lockstep/testing/wal_conformance/space.hpp"
#include "lockstep/testing/wal_conformance/truncation.hpp"

/// Registers all groups for one or more logs. `prefix` begins the names of the tests; the rest are
/// values of `lockstep::testing::WALUnderTest`. At namespace scope, outside any namespace.
#define LOCKSTEP_WAL_CONFORMANCE(prefix, ...)                           \
  namespace lockstep::testing {                                         \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALContents, __VA_ARGS__);   \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALTruncation, __VA_ARGS__); \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALRelease, __VA_ARGS__);    \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALHardState, __VA_ARGS__);  \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALRefusals, __VA_ARGS__);   \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALOrder, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALReads, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALLife, __VA_ARGS__);       \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALOwnership, __VA_ARGS__);  \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALRepair, __VA_ARGS__);     \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALEvents, __VA_ARGS__);     \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALSpace, __VA_ARGS__);      \
  LOCKSTEP_CONFORMANCE_INSTANTIATE(prefix, WALCrashes, __VA_ARGS__);    \
  }                                                                     \
  static_assert(true)
