#include "replication/virtual_group.hpp"

#include <utility>

namespace lockstep::test {

using namespace std::chrono_literals;

VirtualGroup::VirtualGroup(std::uint64_t seed, std::size_t size, SetUp set_up)
    : simulated(seed), network(simulated.runtime()), set_up_(std::move(set_up)) {
  for (std::size_t i = 1; i <= size; ++i) {
    replicas_.push_back(std::make_unique<Replica>(Replica{NodeId("n" + std::to_string(i))}));
  }
  for (const NodeId& from : members()) {
    for (const NodeId& to : members()) {
      if (from == to) continue;
      EXPECT_TRUE(network.set_faults(from, to, {.delay = 1ms, .jitter = 3ms}));
    }
  }
}

std::vector<NodeId> VirtualGroup::members() const {
  std::vector<NodeId> all;
  for (const auto& replica : replicas_) all.push_back(replica->id);
  return all;
}

void VirtualGroup::start_all() {
  for (std::size_t i = 1; i <= replicas_.size(); ++i) start(i);
}

void VirtualGroup::found() {
  start_all();
  must_succeed([&](auto done) { (*this)[1].manager->bootstrap(members(), done); });
}

void VirtualGroup::start(std::size_t number) {
  Replica& replica = (*this)[number];
  const auto runtime = simulated.runtime();
  const auto log = [](LogLevel, std::string_view) {};
  const auto transport = network.add_node({.node = replica.id, .log = log}).value();
  for (const NodeId& peer : members()) {
    if (peer == replica.id) continue;
    EXPECT_TRUE(transport->connect({peer, "", 0}));
  }
  ReplicaOptions options;
  options.node = replica.id;
  options.group = GroupId(7);
  options.log = log;
  set_up_(options);
  const auto executor = runtime->make_worker("wal");
  replica.engine = std::make_shared<RecordingEngine>(replica.engine_disk);
  auto wal = MemoryWALManager::create(replica.id, options.group, *runtime, executor, replica.disk);
  replica.manager = WALReplicationManager::create(
                        options, {runtime, transport, std::move(wal), executor, replica.engine})
                        .value();
  replica.subscription = replica.manager->subscribe(
      [&replica](const ReplicationEvent& event) { replica.events.push_back(event); });
  must_succeed([&](auto done) { replica.manager->start(done); });
}

void VirtualGroup::kill(std::size_t number) {
  Replica& replica = (*this)[number];
  replica.subscription = {};
  replica.manager.reset();
  simulated.run_for(1ms);
}

void VirtualGroup::isolate(std::size_t number) {
  for (const NodeId& other : members()) {
    if (other == (*this)[number].id) continue;
    network.cut(other, (*this)[number].id);
    network.cut((*this)[number].id, other);
  }
}

std::optional<std::size_t> VirtualGroup::leader() {
  std::optional<std::size_t> found;
  for (std::size_t i = 1; i <= replicas_.size(); ++i) {
    if (!(*this)[i].manager || (*this)[i].status().role != Role::kLeader) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

std::optional<std::size_t> VirtualGroup::await_leader(std::chrono::nanoseconds limit) {
  const auto is_followed = [&] {
    const auto number = leader();
    if (!number) return false;
    for (const auto& replica : replicas_) {
      if (replica->manager && replica->status().leader != (*this)[*number].id) return false;
    }
    return true;
  };
  return simulated.run_until(is_followed, limit) ? leader() : std::nullopt;
}

WriteOutcome VirtualGroup::write(std::size_t number, const std::string& text,
                                 WriteOptions options) {
  std::optional<WriteOutcome> outcome;
  (*this)[number].manager->replicate(Payload(text), options,
                                     [&](WriteOutcome done) { outcome = std::move(done); });
  EXPECT_TRUE(simulated.run_until([&] { return outcome.has_value(); }, 1h));
  return *outcome;
}

Error VirtualGroup::await(const std::function<void(std::function<void(Error)>)>& call) {
  std::optional<Error> outcome;
  call([&](Error error) { outcome = std::move(error); });
  EXPECT_TRUE(simulated.run_until([&] { return outcome.has_value(); }, 1h));
  return *outcome;
}

void VirtualGroup::must_succeed(const std::function<void(std::function<void(Error)>)>& call) {
  const Error error = await(call);
  ASSERT_FALSE(error) << error.message;
}

}  // namespace lockstep::test
