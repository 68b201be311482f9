// The one place where Beast reads: what a stream does when it is closed while a message comes in.
#include "transport/websocket_stream.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "transport/raw_peer.hpp"

namespace lockstep::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

TEST(WebSocketStream, ClosedInsideAMessageEndsTheReadWithAnError) {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  std::optional<test::RawPeer> peer(acceptor.local_endpoint().port());
  const auto stream = make_plain_websocket_stream(acceptor.accept(), nullptr);
  std::optional<Error> accepted;
  peer->send(test::RawPeer::request("/replication?nodeId=n1", "lockstep.v1"));
  stream->accept([](const UpgradeRequest& request) { return judge_upgrade(request, NodeId("n2")); },
                 [&](Error error) { accepted = std::move(error); });
  while (!accepted) context.run_one();
  ASSERT_FALSE(*accepted) << accepted->message;

  // Both are there before the first is read: the second is half read when the close begins.
  peer->send(test::RawPeer::framed(std::string(10, 'a')) +
             test::RawPeer::framed(std::string(200, 'b')));
  std::optional<Result<SharedBuffer>> first;
  std::optional<Result<SharedBuffer>> second;
  stream->read([&](Result<SharedBuffer> message) {
    first = std::move(message);
    stream->close();
    stream->read([&](Result<SharedBuffer> rest) { second = std::move(rest); });
  });
  while (!second) context.run_one();
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->size(), 10u);
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error(), Errc::kConnectionLost);
  peer.reset();
  work.reset();
  context.run();
}

}  // namespace
}  // namespace lockstep::transport
