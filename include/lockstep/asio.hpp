#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "lockstep/network_manager.hpp"
#include "lockstep/replication_manager.hpp"

/// The library's asynchronous calls for Asio's completion tokens: `use_future`, `use_awaitable`,
/// `deferred`, a handler, ... Each initiates at once, completes exactly once, on the executor
/// associated with the token's handler, and cannot be cancelled: dropping the wait does not
/// withdraw the call. The object must stay alive until the call has been made, not until it
/// completes. The completion is posted from one of the library's threads, so the context behind the
/// executor must outlive the runtime, not only its own `run()`.
namespace lockstep::asio {

namespace detail {

/// Wraps a completion handler, which may be move-only and wants to run on its own executor, as the
/// plain callback that the library takes. While it waits, that executor has work to do.
template <class Handler>
class Callback {
 public:
  explicit Callback(Handler handler) : state_(std::make_shared<State>(std::move(handler))) {}

  template <class Value>
  void operator()(Value value) const {
    auto executor = state_->executor();
    boost::asio::dispatch(executor, completion(std::move(value)));
  }
  /// For a call that was refused at once: not inside it.
  template <class Value>
  void later(Value value) const {
    auto executor = state_->executor();
    boost::asio::post(executor, completion(std::move(value)));
  }

 private:
  struct State {
    explicit State(Handler h)
        : handler(std::move(h)),
          work(boost::asio::make_work_guard(
              boost::asio::get_associated_executor(handler, boost::asio::system_executor()))) {}
    [[nodiscard]] auto executor() const { return work.get_executor(); }
    Handler handler;
    boost::asio::executor_work_guard<
        boost::asio::associated_executor_t<Handler, boost::asio::system_executor>>
        work;
  };
  template <class Value>
  auto completion(Value value) const {
    return [state = state_, value = std::move(value)]() mutable {
      Handler handler = std::move(state->handler);
      state->work.reset();
      std::move(handler)(std::move(value));
    };
  }

  std::shared_ptr<State> state_;
};

template <class Handler>
auto as_callback(Handler handler) {
  return Callback<Handler>(std::move(handler));
}

/// Initiates `call(callback)` for a token whose handler takes one `Value`.
template <class Value, class Token, class Call>
auto initiate(Call call, Token&& token) {
  return boost::asio::async_initiate<Token, void(Value)>(
      [](auto handler, Call wrapped) { wrapped(as_callback(std::move(handler))); }, token,
      std::move(call));
}

}  // namespace detail

/// Completes with `Error`.
template <class Token>
auto async_start(WALReplicationManager& manager, Token&& token) {
  return detail::initiate<Error>([&manager](auto done) { manager.start(std::move(done)); },
                                 std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_bootstrap(WALReplicationManager& manager, std::vector<NodeId> members, Token&& token) {
  return detail::initiate<Error>(
      [&manager, members = std::move(members)](auto done) mutable {
        manager.bootstrap(std::move(members), std::move(done));
      },
      std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_set_role(WALReplicationManager& manager, Role role, Token&& token) {
  return detail::initiate<Error>(
      [&manager, role](auto done) { manager.set_role(role, std::move(done)); },
      std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_transfer_leadership(WALReplicationManager& manager, NodeId to, Token&& token) {
  return detail::initiate<Error>(
      [&manager, to = std::move(to)](auto done) mutable {
        manager.transfer_leadership(std::move(to), std::move(done));
      },
      std::forward<Token>(token));
}

/// Completes with `Result<Index>`.
template <class Token>
auto async_read_barrier(WALReplicationManager& manager, Token&& token) {
  return detail::initiate<Result<Index>>(
      [&manager](auto done) { manager.read_barrier(std::move(done)); }, std::forward<Token>(token));
}

/// Completes with `WriteOutcome`.
template <class Token>
auto async_replicate(WALReplicationManager& manager, Payload payload, WriteOptions options,
                     Token&& token) {
  return detail::initiate<WriteOutcome>(
      [&manager, payload = std::move(payload), options](auto done) mutable {
        manager.replicate(std::move(payload), options, std::move(done));
      },
      std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_sync_with_node(WALReplicationManager& manager, NodeId node, Token&& token) {
  return detail::initiate<Error>(
      [&manager, node = std::move(node)](auto done) mutable {
        manager.sync_with_node(std::move(node), std::move(done));
      },
      std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_stop(WALReplicationManager& manager, Token&& token) {
  return detail::initiate<Error>([&manager](auto done) { manager.stop(std::move(done)); },
                                 std::forward<Token>(token));
}

/// Completes with `Error`, also for what `connect` refuses at once.
template <class Token>
auto async_connect(INetworkManager& network, PeerAddress peer, Token&& token) {
  return detail::initiate<Error>(
      [&network, peer = std::move(peer)](auto done) {
        if (const auto accepted = network.connect(peer, done); !accepted) {
          done.later(accepted.error());
        }
      },
      std::forward<Token>(token));
}

/// Completes with `Error`, also for what `send_message` refuses at once.
template <class Token>
auto async_send(INetworkManager& network, ReplicationMessage message, Token&& token) {
  return detail::initiate<Error>(
      [&network, message = std::move(message)](auto done) mutable {
        const auto accepted = network.send_message(std::move(message), done);
        if (!accepted) done.later(accepted.error());
      },
      std::forward<Token>(token));
}

/// Completes with `Error`.
template <class Token>
auto async_close(INetworkManager& network, Token&& token) {
  return detail::initiate<Error>([&network](auto done) { network.close(std::move(done)); },
                                 std::forward<Token>(token));
}

}  // namespace lockstep::asio
