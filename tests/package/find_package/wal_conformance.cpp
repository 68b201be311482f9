#include "lockstep/testing/wal_conformance.hpp"

#include "wal/wal_testbeds.hpp"

LOCKSTEP_WAL_CONFORMANCE(Installed, lockstep::testing::simulated_file_wal_under_test("Files", 0),
                         lockstep::testing::memory_wal_under_test());
