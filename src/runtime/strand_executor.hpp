#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "lockstep/executor.hpp"
#include "runtime/run_task.hpp"

namespace lockstep {

/// Not type-erased: a type-erased strand is counted with fences, which cost, and which
/// ThreadSanitizer cannot follow.
using TypedStrand = boost::asio::strand<boost::asio::any_io_executor>;

/// An executor of Asio's that runs one task at a time, as the rest of the library sees it.
template <class SerialExecutor>
class PostingExecutor final : public IExecutor {
 public:
  /// `keep` lives as long as this does.
  explicit PostingExecutor(SerialExecutor executor, std::shared_ptr<void> keep = {})
      : keep_(std::move(keep)), executor_(std::move(executor)) {}

  void post(std::function<void()> task) override {
    boost::asio::post(executor_, [task = std::move(task)] { run_task(task); });
  }

 private:
  std::shared_ptr<void> keep_;
  SerialExecutor executor_;
};

using StrandExecutor = PostingExecutor<TypedStrand>;
/// Of an io_context that one thread runs.
using LoopExecutor = PostingExecutor<boost::asio::any_io_executor>;

}  // namespace lockstep
