// Three nodes with real sockets and real files: what was acknowledged is there after every one of
// them was dropped and made again on its folder.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/file_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "replication/recording_engine.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "lockstep-e2e-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Node {
  NodeId id;
  std::string folder;
  std::uint16_t port = 0;
  std::shared_ptr<AsioRuntime> runtime;
  std::shared_ptr<WebSocketNetworkManager> network;
  std::shared_ptr<RecordingEngine> engine;
  std::unique_ptr<WALReplicationManager> manager;

  void listen() {
    runtime = AsioRuntime::create();
    WebSocketNetworkOptions options;
    options.node = id;
    options.listen_port = port;
    options.redial_min = std::chrono::milliseconds(5);
    options.redial_max = std::chrono::milliseconds(100);
    options.log = [](LogLevel, std::string_view) {};
    // The life before may take a moment to let go of the port.
    ASSERT_TRUE(eventually([&] {
      auto made = WebSocketNetworkManager::create(options, runtime);
      if (made) network = *made;
      return made.has_value();
    }));
    port = network->local_port();
  }
  void start(const std::vector<std::unique_ptr<Node>>& all) {
    for (const auto& other : all) {
      if (other->id != id) (void)network->connect({other->id, "127.0.0.1", other->port});
    }
    // And of the folder.
    Error error;
    ASSERT_TRUE(eventually([&] {
      error = try_start();
      return !(error == Errc::kLocked);
    }));
    ASSERT_FALSE(error) << error.message;
  }
  Error try_start() {
    const auto executor = runtime->make_worker("wal");
    FileWALOptions wal_options;
    wal_options.folder = folder;
    wal_options.node = id;
    wal_options.segment_bytes = std::size_t{1} << 20;
    wal_options.zero_fill_bytes = std::size_t{256} << 10;
    wal_options.log = [](LogLevel, std::string_view) {};
    auto wal =
        FileWALManager::create(wal_options, *runtime, executor, runtime->make_worker("old entries"))
            .value();
    engine = std::make_shared<RecordingEngine>();
    ReplicaOptions options;
    options.leadership = Leadership::kAssigned;
    options.node = id;
    options.heartbeat_interval = std::chrono::milliseconds(50);
    options.log = wal_options.log;
    manager =
        WALReplicationManager::create(options, {runtime, network, std::move(wal), executor, engine})
            .value();
    return await(manager->start());
  }
  /// As a killed process: nothing is stopped in order.
  void kill() {
    manager.reset();
    network.reset();
    engine.reset();
    runtime.reset();
  }
};

class WebSocketCluster : public ::testing::Test {
 protected:
  WebSocketCluster() {
    for (int i = 1; i <= 3; ++i) {
      auto node = std::make_unique<Node>();
      node->id = NodeId(std::string("n").append(std::to_string(i)));
      node->folder = (folder_.path() / node->id.str()).string();
      node->listen();
      nodes_.push_back(std::move(node));
    }
    for (auto& node : nodes_) node->start(nodes_);
  }
  void restart(Node& node) {
    node.kill();
    node.listen();
    node.start(nodes_);
  }
  void write(Node& leader, const std::string& text) {
    const WriteOutcome outcome = await(leader.manager->replicate(Payload(text), {.copies = 3}));
    ASSERT_TRUE(std::holds_alternative<WriteCommitted>(outcome)) << to_string(outcome);
    EXPECT_TRUE(std::get<WriteCommitted>(outcome).copies_met);
    expected_.push_back(text);
  }
  [[nodiscard]] bool all_equal() {
    return eventually([&] {
      for (auto& node : nodes_) {
        if (node->engine->texts() != expected_) return false;
      }
      return true;
    });
  }

  Folder folder_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::string> expected_;
};

TEST_F(WebSocketCluster, ComesBackFromItsFilesWithTheSameContents) {
  std::vector<NodeId> members;
  for (auto& node : nodes_) members.push_back(node->id);
  Node& leader = *nodes_[0];
  const Error founded = await(leader.manager->bootstrap(members));
  ASSERT_FALSE(founded) << founded.message;
  ASSERT_FALSE(await(leader.manager->set_role(Role::kLeader)));
  for (int i = 0; i < 20; ++i) write(leader, std::string("first ").append(std::to_string(i)));
  write(leader, std::string(1 << 20, 'L'));
  ASSERT_TRUE(all_equal());

  restart(*nodes_[2]);
  write(leader, "after one was killed");
  ASSERT_TRUE(all_equal());

  for (auto& node : nodes_) node->kill();
  for (auto& node : nodes_) node->listen();
  for (auto& node : nodes_) node->start(nodes_);
  ASSERT_FALSE(await(nodes_[1]->manager->set_role(Role::kLeader)));
  write(*nodes_[1], "after all were killed");
  ASSERT_TRUE(all_equal());
  for (auto& node : nodes_) EXPECT_FALSE(await(node->manager->stop()));
}

}  // namespace
}  // namespace lockstep::test
