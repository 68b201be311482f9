#include "node.hpp"

#include <future>
#include <stdexcept>
#include <utility>

namespace rocksdb_wal {

void expect_success(const NodeId& node, const std::string& what, const Error& error) {
  if (error) throw std::runtime_error(node.str() + ": " + what + ": " + error.message);
}

Node::Node(std::string name, std::shared_ptr<AsioRuntime> runtime, LoopbackNetwork& network,
           WALFactory make_wal)
    : id_(std::move(name)),
      runtime_(std::move(runtime)),
      network_(network),
      make_wal_(std::move(make_wal)) {}

void Node::start(const std::vector<NodeId>& peers) {
  auto connection = network_.add_node({.node = id_});
  if (!connection) expect_success(id_, "join the network", connection.error());
  connection_ = std::move(*connection);
  for (const NodeId& peer : peers) {
    if (peer == id_) continue;
    const auto accepted = connection_->connect(PeerAddress{peer, "", 0});
    if (!accepted) expect_success(id_, "connect to " + peer.str(), accepted.error());
  }
  const auto wal_executor = runtime_->make_worker("wal-" + id_.str());
  journal_ = std::make_shared<Journal>();
  auto replica = WALReplicationManager::create(
      {.node = id_},
      {runtime_, connection_, make_wal_(*runtime_, wal_executor), wal_executor, journal_});
  if (!replica) expect_success(id_, "create", replica.error());
  replica_ = std::move(*replica);
  expect_success(id_, "start", replica_->start().get());
}

void Node::stop() {
  expect_success(id_, "stop", replica_->stop().get());
  replica_.reset();
  std::promise<void> closed;
  connection_->close([&closed](const Error&) { closed.set_value(); });
  closed.get_future().wait();
  connection_.reset();
}

std::vector<Entry> Node::read_log() {
  const auto executor = runtime_->make_worker("read-" + id_.str());
  const auto wal = make_wal_(*runtime_, executor);
  std::promise<Result<std::vector<Entry>>> promise;
  auto log = promise.get_future();
  executor->post([&] {
    wal->open([&](const Result<WALState>& state) {
      if (!state) return promise.set_value(state.error());
      wal->read(state->bounds, std::size_t{1} << 30, [&](Result<std::vector<Entry>> entries) {
        wal->close([&promise, entries = std::move(entries)](const Error& error) {
          promise.set_value(error ? Result<std::vector<Entry>>(error) : entries);
        });
      });
    });
  });
  Result<std::vector<Entry>> entries = log.get();
  if (!entries) expect_success(id_, "read the log", entries.error());
  return std::move(*entries);
}

}  // namespace rocksdb_wal
