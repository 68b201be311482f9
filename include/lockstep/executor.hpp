#pragma once

#include <functional>

#include "lockstep/export.hpp"

namespace lockstep {

/// Runs tasks one after another, in the order posted, never inside `post`. Tasks posted after the
/// executor's owner has stopped are dropped. An exception that leaves a task is logged and goes no
/// further; the tasks behind it run.
class LOCKSTEP_EXPORT IExecutor {
 public:
  virtual ~IExecutor();
  /// Thread-safe; does not block, does not throw.
  virtual void post(std::function<void()> task) = 0;
};

}  // namespace lockstep
