// A message type of the host's own: node "b" answers what node "a" asks, over the transport that
// also carries the replication.
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <future>

#include "lockstep/asio.hpp"
#include "lockstep/websocket_network_manager.hpp"

using namespace lockstep;

constexpr MessageType kQuestion = host_message_type(0);
constexpr MessageType kAnswer = host_message_type(1);

ReplicationMessage message(MessageType type, NodeId to, std::string_view text) {
  ReplicationMessage result;
  result.type = type;
  result.target_node = std::move(to);
  result.data = SharedBuffer::copy_of(text);
  return result;
}

int main() {
  const auto runtime = AsioRuntime::create();
  const auto a = WebSocketNetworkManager::create({.node = NodeId("a")}, runtime);
  const auto b = WebSocketNetworkManager::create({.node = NodeId("b")}, runtime);
  if (!a || !b) return 1;

  const auto answering = (*b)->set_handler(GroupId(), {kQuestion, kQuestion}, [&](auto&& question) {
    ReplicationMessage answer = message(kAnswer, question.source_node, "42");
    answer.message_id = question.message_id;  // so that the asker knows to what it belongs
    (void)(*b)->send_message(std::move(answer));
  });
  std::promise<std::string> answered;
  const auto listening = (*a)->set_handler(GroupId(), {kAnswer, kAnswer}, [&](auto&& answer) {
    answered.set_value(std::string(std::get<SharedBuffer>(answer.data).view()));
  });

  const PeerAddress address{NodeId("b"), "127.0.0.1", (*b)->local_port()};
  if (asio::async_connect(**a, address, boost::asio::use_future).get()) return 1;
  if (!(*a)->send_message(message(kQuestion, NodeId("b"), "six by seven?"))) return 1;
  std::printf("b says: %s\n", answered.get_future().get().c_str());
}
