#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/executor.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::testing {

/// The storage of one log, empty at first, and the logs that are opened on it one after another.
/// Made for each test, and for each crash that a test plays; chance is another in each. Called from
/// the test's thread.
class WALTestbed {
 public:
  virtual ~WALTestbed() = default;

  /// Another instance of the log on this storage; it is not to be opened yet. An instance before
  /// it may still live, even be open. Null, and a failure of the test, when that fails.
  [[nodiscard]] virtual std::unique_ptr<IWALSource> make_log(const NodeId& node, GroupId group) = 0;

  /// Where all calls of the logs are made. Must outlive them.
  [[nodiscard]] virtual std::shared_ptr<IExecutor> executor() = 0;

  /// Runs whatever is ready on the log's executors, until nothing is. Called whenever a test waits.
  /// Executors with threads of their own need no help.
  virtual void run() {}

  /// More time passes than the log waits for anything by itself, such as idleness, as far as the
  /// testbed can make it pass.
  virtual void let_time_pass() {}

  /// What a log or its testbed may lack.
  enum class Feature {
    kSimulatedDisk,  ///< `disk`
    kDamage,         ///< `damage`
    kFullDisk,       ///< `set_room`
  };
  /// Why there is no such thing; empty: there is. Tests that need what is lacking are skipped and
  /// say so.
  [[nodiscard]] virtual std::string lacks(Feature feature) const = 0;

  /// The disk on which the logs keep all that they keep. Tests assign it, while no log is there.
  [[nodiscard]] virtual SimulatedDisk* disk() { return nullptr; }

  /// Makes the stored copy of an entry rot, and as little else as possible. No log is there. By
  /// default it flips a bit on `disk`, where the encoded entry is looked for.
  virtual void damage(const Entry& entry) {
    SimulatedDisk* const where = disk();
    ASSERT_NE(where, nullptr) << "the testbed does not say how to damage an entry";
    const ByteSpan wanted = entry.encoded.bytes();
    for (const std::string& path : where->paths()) {
      const std::vector<std::uint8_t> bytes = where->contents(path);
      const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
      if (found == bytes.end()) continue;
      const auto middle = static_cast<std::uint64_t>(found - bytes.begin()) + wanted.size() / 2;
      where->flip_bit(path, middle);
      return;
    }
    FAIL() << "entry " << to_string(entry.header.index) << " is nowhere on the disk";
  }

  /// From now on `bytes` more fit on the disk; none: as many as anybody likes. By default, on
  /// `disk`.
  virtual void set_room(std::optional<std::uint64_t> bytes) {
    SimulatedDisk* const where = disk();
    ASSERT_NE(where, nullptr) << "the testbed does not say how to fill its disk";
    where->set_capacity(bytes ? std::optional(where->used_bytes() + *bytes) : std::nullopt);
  }
};

/// A log that the kit is run on: the parameter of all its tests.
struct WALUnderTest {
  std::string name;  ///< letters and digits; ends the names of the tests
  std::function<std::unique_ptr<WALTestbed>()> make_testbed;
};

inline std::ostream& operator<<(std::ostream& out, const WALUnderTest& wal) {
  return out << wal.name;
}

[[nodiscard]] inline std::string name_of(const ::testing::TestParamInfo<WALUnderTest>& parameter) {
  return parameter.param.name;
}

}  // namespace lockstep::testing
