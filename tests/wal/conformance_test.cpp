// The conformance kit, run on every log that ships.
#include "lockstep/testing/wal_conformance.hpp"

#include "wal/wal_testbeds.hpp"

LOCKSTEP_WAL_CONFORMANCE(Shipped,
                         lockstep::testing::simulated_file_wal_under_test("Files", 1 << 20),
                         lockstep::testing::simulated_file_wal_under_test("FilesUncached", 0),
                         lockstep::testing::simulated_file_wal_under_test("FilesSmallCache", 300),
                         lockstep::testing::real_file_wal_under_test(),
                         lockstep::testing::memory_wal_under_test());
