// The smallest embedding: an engine that keeps one number, replicated. A group of one node here; a
// second and third are the same program with another name, port and folder, and a `connect` each.
#include <charconv>
#include <cstdio>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/websocket_network_manager.hpp"

using namespace lockstep;

class Sum : public IStateMachine {
 public:
  Result<RecoveredEngine> recover() override { return RecoveredEngine{}; }  // starts from the log
  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override {
    std::vector<CommandResult> results;
    for (const CommittedCommand& command : batch) {
      long long number = 0;
      const std::string_view text = command.payload.view();
      std::from_chars(text.data(), text.data() + text.size(), number);
      sum_ += number;
      results.push_back({{}, std::to_string(sum_)});
    }
    seal(std::move(results));  // an engine with a disk stores what this returns with its data
    return Index{};            // nothing durable here: apply it all again at the next start
  }
  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata&) override {
    return Error(Errc::kNotSupported);
  }
  Result<> install_snapshot(const SnapshotMetadata&, ISnapshot&) override {
    return Error(Errc::kNotSupported);
  }

 private:
  long long sum_ = 0;
};

int main(int argc, char** argv) {
  const NodeId node("a");
  const auto runtime = AsioRuntime::create();
  const auto disk = runtime->make_worker("wal");
  const auto network = WebSocketNetworkManager::create({.node = node}, runtime);
  auto wal = FileWALManager::create({.folder = argc > 1 ? argv[1] : "data", .node = node}, *runtime,
                                    disk, runtime->make_worker("old entries"));
  if (!network || !wal) return 1;
  const auto replica = WALReplicationManager::create(
      {.node = node}, {runtime, *network, std::move(*wal), disk, std::make_shared<Sum>()});
  if (!replica || (*replica)->start().get()) return 1;

  if (!(*replica)->status().bootstrapped && (*replica)->bootstrap({node}).get()) return 1;
  if ((*replica)->set_role(Role::kLeader).get()) return 1;
  const WriteOutcome outcome =
      (*replica)->replicate(Payload("42"), {.wait = WaitFor::kApplied}).get();
  const auto* committed = std::get_if<WriteCommitted>(&outcome);
  std::puts(committed ? committed->result->value.c_str() : to_string(outcome).c_str());
  return (*replica)->stop().get() || !committed ? 1 : 0;
}
