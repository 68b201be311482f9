// lockstep/asio.hpp: the calls as completion tokens.
#include "lockstep/asio.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

namespace net = boost::asio;

TEST(AsioTokens, Future) {
  Cluster cluster(1);
  cluster[1].create();
  auto& manager = cluster[1].manager();
  EXPECT_FALSE(await(asio::async_start(manager, net::use_future)));
  EXPECT_FALSE(await(asio::async_bootstrap(manager, cluster.members(), net::use_future)));
  EXPECT_FALSE(await(asio::async_set_role(manager, Role::kLeader, net::use_future)));
  EXPECT_TRUE(committed(await(asio::async_replicate(manager, Payload("a"), {}, net::use_future))));
  EXPECT_EQ(await(asio::async_sync_with_node(manager, NodeId("n2"), net::use_future)),
            Errc::kNotAMember);
  EXPECT_FALSE(await(asio::async_stop(manager, net::use_future)));
}

TEST(AsioTokens, CoroutineRunsOnItsOwnExecutor) {
  net::io_context context;  // outlives the threads that post to it
  Cluster cluster(1);
  cluster.found();
  std::vector<bool> wrote;
  const auto here = std::this_thread::get_id();
  net::co_spawn(
      context,
      [&]() -> net::awaitable<void> {
        for (int i = 0; i < 10; ++i) {
          const WriteOutcome outcome = co_await asio::async_replicate(
              cluster[1].manager(), Payload("a"), {}, net::use_awaitable);
          wrote.push_back(committed(outcome) != nullptr && std::this_thread::get_id() == here);
        }
      },
      net::detached);
  context.run();
  EXPECT_EQ(wrote, std::vector<bool>(10, true));
}

TEST(AsioTokens, MoveOnlyHandlerKeepsItsExecutorBusy) {
  net::io_context context;  // outlives the threads that post to it
  Cluster cluster(1);
  cluster.found();
  bool wrote = false;
  asio::async_replicate(
      cluster[1].manager(), Payload("a"), kAppliedWrite,
      net::bind_executor(context, [&, only = std::make_unique<int>(7)](WriteOutcome outcome) {
        wrote = *only == 7 && committed(outcome) != nullptr;
      }));
  context.run();
  EXPECT_TRUE(wrote) << "run() must not end while the call is under way";
}

TEST(AsioTokens, NetworkCallsThatAreRefusedAtOnceStillCompleteLater) {
  net::io_context context;  // outlives the threads that post to it
  auto runtime = AsioRuntime::create();
  LoopbackNetwork network(runtime);
  LoopbackNodeOptions options;
  options.node = NodeId("n1");
  const auto node = network.add_node(options).value();
  Error told;
  bool inside = true;
  bool was_inside = false;
  ReplicationMessage message;
  message.target_node = NodeId("nobody");
  asio::async_send(*node, std::move(message), net::bind_executor(context, [&](const Error& error) {
    told = error;
    was_inside = inside;
  }));
  inside = false;
  context.run();
  EXPECT_EQ(told, Errc::kNotConnected);
  EXPECT_FALSE(was_inside);
  EXPECT_EQ(
      await(asio::async_connect(*node, PeerAddress{NodeId("not valid"), "", 0}, net::use_future)),
      Errc::kInvalidArgument);
  EXPECT_FALSE(await(asio::async_close(*node, net::use_future)));
}

TEST(AsioTokens, ARefusedCallDoesNotCompleteInsideOnTheDefaultExecutor) {
  auto runtime = AsioRuntime::create();
  LoopbackNetwork network(runtime);
  LoopbackNodeOptions options;
  options.node = NodeId("n1");
  const auto node = network.add_node(options).value();
  std::promise<std::thread::id> ran_on;
  asio::async_connect(*node, PeerAddress{NodeId("not valid"), "", 0},
                      [&](const Error&) { ran_on.set_value(std::this_thread::get_id()); });
  EXPECT_TRUE(await(ran_on.get_future()) != std::this_thread::get_id());
}

}  // namespace
}  // namespace lockstep::test
