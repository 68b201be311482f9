#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lockstep::guard {

inline constexpr std::size_t kPayloadBytes = 256;

/// Three nodes of the loopback network with logs in memory, in virtual time: one thread, the same
/// steps each time. The leader's client keeps `in_flight` writes in flight and begins the next when
/// one is committed. Payloads are marked (`payload_mark.hpp`). A thing that cannot happen ends the
/// process with a message: there is nothing to measure then.
class Workload {
 public:
  explicit Workload(std::size_t in_flight);
  ~Workload();
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  /// Until so many more entries are committed, and applied by all three.
  void warm_up(std::uint64_t entries);
  /// The same, under a name of its own: a profiler can be told to count in here alone.
  void write_measured(std::uint64_t entries);

  /// Entries that followers have received, for each message with entries that was sent.
  [[nodiscard]] double entries_per_message() const;

 private:
  class Group;
  std::unique_ptr<Group> group_;
};

}  // namespace lockstep::guard
