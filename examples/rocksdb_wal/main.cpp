// Three nodes in one process: the log of one lies in RocksDB, of one in files, of one in memory.
// Each leads for a while, each is restarted once, and at the end all three logs are the same.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "node.hpp"
#include "rocksdb_wal.hpp"

namespace rocksdb_wal {
namespace {

constexpr int kWritesPerTurn = 100;

/// Removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "three-logs-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string path_of(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void write(Node& leader, const std::string& text) {
  const WriteOutcome outcome =
      leader.replica().replicate(Payload(text), {.wait = WaitFor::kApplied}).get();
  if (!std::holds_alternative<WriteCommitted>(outcome)) {
    throw std::runtime_error(leader.id().str() + ": " + to_string(outcome));
  }
}

/// `restarted` stops, comes back with the log that it had, and catches up.
void restart(Node& restarted, Node& leader, const std::vector<NodeId>& ids) {
  restarted.stop();
  write(leader, "written while " + restarted.id().str() + " is away");
  restarted.start(ids);
  expect_success(restarted.id(), "catch up", leader.replica().sync_with_node(restarted.id()).get());
}

void expect_same_logs(std::vector<Node*> nodes) {
  const std::vector<Entry> wanted = nodes.front()->read_log();
  for (Node* node : nodes) {
    const std::vector<Entry> log = node->read_log();
    if (log.size() != wanted.size()) {
      throw std::runtime_error(node->id().str() + " holds " + std::to_string(log.size()) +
                               " entries, " + nodes.front()->id().str() + " " +
                               std::to_string(wanted.size()));
    }
    for (std::size_t i = 0; i < log.size(); ++i) {
      if (log[i].header != wanted[i].header || log[i].digest != wanted[i].digest) {
        throw std::runtime_error(node->id().str() + " holds another entry " +
                                 to_string(wanted[i].header.index));
      }
    }
    std::cout << node->id().str() << ": " << log.size() << " entries, the last "
              << to_string(log.back().digest).substr(0, 16) << std::endl;
  }
}

void expect_same_journals(const std::vector<Node*>& nodes, std::size_t lines) {
  for (Node* node : nodes) {
    const std::vector<std::string> found = node->journal().lines();
    if (found.size() != lines || found != nodes.front()->journal().lines()) {
      throw std::runtime_error(node->id().str() + "'s engine differs, with " +
                               std::to_string(found.size()) + " lines of " + std::to_string(lines));
    }
  }
}

void run() {
  const TemporaryFolder folder;
  const auto runtime = AsioRuntime::create();
  if (!runtime) throw std::runtime_error("no runtime");
  LoopbackNetwork network(runtime);

  Node rocksdb("rocksdb", runtime, network, [&](AsioRuntime& machine, auto executor) {
    RocksDBWALOptions options{.folder = folder.path_of("rocksdb"), .node = NodeId("rocksdb")};
    return std::make_shared<RocksDBWAL>(options, machine, executor);
  });
  Node files("files", runtime, network, [&](AsioRuntime& machine, auto executor) {
    auto wal = FileWALManager::create({.folder = folder.path_of("files"), .node = NodeId("files")},
                                      machine, executor, machine.make_worker("old entries"));
    if (!wal) throw std::runtime_error(wal.error().message);
    return std::shared_ptr<IWALSource>(std::move(*wal));
  });
  const auto disk = MemoryWALManager::make_disk();
  Node memory("memory", runtime, network, [&](AsioRuntime& machine, auto executor) {
    return MemoryWALManager::create(NodeId("memory"), GroupId(), machine, executor, disk);
  });
  const std::vector<Node*> nodes{&rocksdb, &files, &memory};
  const std::vector<NodeId> ids{rocksdb.id(), files.id(), memory.id()};

  for (Node* node : nodes) node->start(ids);
  expect_success(rocksdb.id(), "bootstrap", rocksdb.replica().bootstrap(ids).get());
  std::size_t written = 0;
  for (std::size_t turn = 0; turn < nodes.size(); ++turn) {
    Node& leader = *nodes[turn];
    Node& restarted = *nodes[(turn + 1) % nodes.size()];
    expect_success(leader.id(), "lead", leader.replica().set_role(Role::kLeader).get());
    for (int i = 0; i < kWritesPerTurn; ++i) {
      write(leader, "line " + std::to_string(++written) + " by " + leader.id().str());
    }
    restart(restarted, leader, ids);
    ++written;
    for (Node* node : nodes) {
      if (node == &leader) continue;
      expect_success(node->id(), "sync", leader.replica().sync_with_node(node->id()).get());
    }
    std::cout << leader.id().str() << " led, " << restarted.id().str() << " was restarted, "
              << written << " lines so far" << std::endl;
  }
  for (Node* node : nodes) {
    if (node == nodes.back()) continue;  // the leader has applied what it completed
    const NodeId leader = nodes.back()->id();
    expect_success(node->id(), "apply", node->replica().sync_with_node(leader).get());
  }
  expect_same_journals(nodes, written);
  for (Node* node : nodes) node->stop();
  expect_same_logs(nodes);
}

}  // namespace
}  // namespace rocksdb_wal

int main() {
  try {
    rocksdb_wal::run();
  } catch (const std::exception& error) {
    std::cout << "FAILED: " << error.what() << std::endl;
    return 1;
  }
  std::cout << "PASSED: the logs in RocksDB, in files and in memory are the same" << std::endl;
}
