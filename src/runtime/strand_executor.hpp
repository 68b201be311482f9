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

/// A strand of Asio's as the rest of the library sees it.
class StrandExecutor final : public IExecutor {
 public:
  /// `keep` lives as long as this does.
  explicit StrandExecutor(TypedStrand strand, std::shared_ptr<void> keep = {})
      : keep_(std::move(keep)), strand_(std::move(strand)) {}

  void post(std::function<void()> task) override {
    boost::asio::post(strand_, [task = std::move(task)] { run_task(task); });
  }

 private:
  std::shared_ptr<void> keep_;
  TypedStrand strand_;
};

}  // namespace lockstep
