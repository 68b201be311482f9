#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal.hpp"
#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/wal_source.hpp"

namespace rocksdb_wal {

/// Makes a node's log, anew at each start.
using WALFactory =
    std::function<std::shared_ptr<IWALSource>(AsioRuntime&, std::shared_ptr<IExecutor>)>;

/// A node of the run: it starts, stops and starts again with the log it had. Errors throw.
class Node {
 public:
  Node(std::string name, std::shared_ptr<AsioRuntime> runtime, LoopbackNetwork& network,
       WALFactory make_wal);

  void start(const std::vector<NodeId>& peers);
  void stop();
  /// Its log, entry by entry. Precondition: stopped.
  [[nodiscard]] std::vector<Entry> read_log();

  [[nodiscard]] const NodeId& id() const { return id_; }
  [[nodiscard]] WALReplicationManager& replica() { return *replica_; }
  [[nodiscard]] const Journal& journal() const { return *journal_; }

 private:
  const NodeId id_;
  const std::shared_ptr<AsioRuntime> runtime_;
  LoopbackNetwork& network_;
  const WALFactory make_wal_;
  std::shared_ptr<INetworkManager> connection_;
  std::shared_ptr<Journal> journal_;
  std::unique_ptr<WALReplicationManager> replica_;
};

/// Throws what went wrong, with the node's name.
void expect_success(const NodeId& node, const std::string& what, const Error& error);

}  // namespace rocksdb_wal
