#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <utility>

#include "lockstep/executor.hpp"
#include "runtime/run_task.hpp"

namespace lockstep {

/// Not type-erased: a type-erased strand is counted with fences, which cost, and which
/// ThreadSanitizer cannot follow.
using TypedStrand = boost::asio::strand<boost::asio::any_io_executor>;

/// A strand on the host's executor, as the rest of the library sees it.
class StrandExecutor final : public IExecutor {
 public:
  explicit StrandExecutor(TypedStrand strand) : strand_(std::move(strand)) {}

  void post(std::function<void()> task) override {
    boost::asio::post(strand_, [task = std::move(task)] { run_task(task); });
  }

 private:
  TypedStrand strand_;
};

}  // namespace lockstep
