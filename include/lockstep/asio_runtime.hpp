#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "lockstep/export.hpp"
#include "lockstep/runtime.hpp"

namespace lockstep {

/// The real runtime: Asio's clock and timers, the operating system's files and randomness.
///
/// Strands run on one thread of its own (`create()`), or on the host's executor. Each worker has a
/// thread of its own, joined when its last owner lets go; a worker let go by its own thread ends by
/// itself. The runtime must outlive everything that was made with it, as holding its shared_ptr
/// ensures.
class LOCKSTEP_EXPORT AsioRuntime : public Runtime {
 public:
  /// With a thread of its own that runs all strands and sockets. Null, and a line in the log, when
  /// the system has no thread or descriptor left.
  [[nodiscard]] static std::shared_ptr<AsioRuntime> create();
  /// On the host's executor, which the host runs until everything made with the runtime is gone.
  [[nodiscard]] static std::shared_ptr<AsioRuntime> create(boost::asio::any_io_executor executor);

  /// Where sockets live.
  [[nodiscard]] virtual boost::asio::any_io_executor io_executor() = 0;
  /// No two handlers run on `io_executor` at the same time, so that it needs no strand.
  [[nodiscard]] virtual bool is_serial() const = 0;
};

}  // namespace lockstep
