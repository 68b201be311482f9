#include "simulation/world/world.hpp"

#include <algorithm>
#include <cstdio>

namespace lockstep::sim {

/// The checkers, the marks, and the trace if somebody wants one.
class World::Observers final : public Observer {
 public:
  explicit Observers(World& world) : world_(world) {}

  void on_open(const NodeId& node, const WALState& state) override {
    each([&](Observer& observer) { observer.on_open(node, state); });
  }
  void on_change(const NodeId& node, const LogChange& change) override {
    each([&](Observer& observer) { observer.on_change(node, change); });
  }
  void on_repair(const NodeId& node, const std::vector<Entry>& copies) override {
    each([&](Observer& observer) { observer.on_repair(node, copies); });
  }
  void on_answer(const NodeId& node, LogAnswer answer) override {
    each([&](Observer& observer) { observer.on_answer(node, answer); });
  }
  void on_send(const NodeId& from, const NodeId& to,
               const consensus::PeerMessage& message) override {
    each([&](Observer& observer) { observer.on_send(from, to, message); });
    world_.overlaps_.on_send(from, message);
  }
  void on_apply(const NodeId& node, const CommittedCommand& command,
                const KvState& after) override {
    each([&](Observer& observer) { observer.on_apply(node, command, after); });
  }
  void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                  const KvState& state) override {
    each([&](Observer& observer) { observer.on_install(node, metadata, state); });
  }

 private:
  template <class Tell>
  void each(const Tell& tell) {
    if (world_.trace_) tell(*world_.trace_);
    tell(world_.marks_);
    tell(world_.checkers_);
  }

  World& world_;
};

World::World(Settings settings, Trace::Write trace)
    : settings_(std::move(settings)),
      numbers_(settings_.seed),
      simulated_(numbers_.next()),
      network_(simulated_.runtime()),
      checkers_(verdict_),
      marks_(checkers_.facts()),
      overlaps_(checkers_.facts()),
      observers_(std::make_unique<Observers>(*this)) {
  if (trace) {
    trace_ = std::make_unique<Trace>([this, trace](const std::string& text) {
      char time[32];
      std::snprintf(time, sizeof(time), "%12.6f ", static_cast<double>(now().count()) / 1e9);
      trace(time + text);
    });
  }
  for (std::size_t i = 1; i <= settings_.nodes + settings_.spares; ++i)
    add_node(NodeId("n" + std::to_string(i)));
  for (const NodeId& from : ids_) {
    for (const NodeId& to : ids_) {
      if (from != to) (void)network_.set_faults(from, to, settings_.links);
    }
  }
}

World::~World() = default;

void World::add_node(const NodeId& id) {
  ids_.push_back(id);
  nodes_.push_back(std::make_unique<Node>(
      id, settings_, simulated_, network_,
      Node::Hooks{*observers_,
                  [this](Node& node) { checkers_.on_life(node.id(), node.engine_disk()); },
                  [this](Node& node, const ReplicationEvent& event) { on_event(node, event); },
                  [this](Node& node, const std::string& what) {
                    verdict_.violated("a replica's own invariants", node.id().str() + ": " + what);
                  }}));
}

void World::note(const std::string& text) {
  if (trace_) trace_->line(text);
}

World::Time World::between(Time least, Time most) {
  return least + Time(static_cast<std::int64_t>(
                     below(static_cast<std::uint64_t>((most - least).count()) + 1)));
}

void World::after(Time delay, std::function<void()> what) {
  agenda_.emplace(now() + delay, std::move(what));
}

void World::run_for(Time duration) {
  const Time end = now() + duration;
  while (!verdict_.broken()) {
    for (const auto& node : nodes_) node->settle();
    cut_power_where_due();
    if (!agenda_.empty() && agenda_.begin()->first <= now()) {
      const auto next = std::move(agenda_.begin()->second);
      agenda_.erase(agenda_.begin());
      next();
      continue;
    }
    if (now() >= end) return;
    const Time until = agenda_.empty() ? end : std::min(end, agenda_.begin()->first);
    (void)simulated_.run_until([this] { return is_interrupted(); }, until - now());
  }
}

bool World::is_interrupted() {
  if (verdict_.broken()) return true;
  return std::ranges::any_of(nodes_, [](const auto& node) {
    return node->power_cut_at && node->disk().calls() >= *node->power_cut_at;
  });
}

void World::cut_power_where_due() {
  for (const auto& node : nodes_) {
    if (!node->power_cut_at || node->disk().calls() < *node->power_cut_at) continue;
    count("crashes in the middle of a write");
    crash(*node, false);
  }
}

Node* World::any_node_that(const std::function<bool(Node&)>& predicate) {
  std::vector<Node*> fit;
  for (const auto& node : nodes_) {
    if (predicate(*node)) fit.push_back(node.get());
  }
  return fit.empty() ? nullptr : fit[below(fit.size())];
}

Node* World::leader() {
  Node* best = nullptr;
  Term term;
  for (const auto& node : nodes_) {
    if (!node->is_up()) continue;
    const ReplicationStatus status = node->manager().status();
    if (status.role != Role::kLeader || status.term < term) continue;
    best = node.get();
    term = status.term;
  }
  return best;
}

void World::start(Node& node) {
  note("-- " + node.id().str() + " starts");
  if (node.life() > 0) overlaps_.comes_back(node.id());
  node.start(ids_);
}

void World::crash(Node& node, bool keeps_page_cache) {
  note("-- " + node.id().str() + (keeps_page_cache ? " is killed" : " loses its power"));
  node.crash(numbers_.next(), keeps_page_cache);
}

void World::take_data_away(Node& node) {
  note("-- the data of " + node.id().str() + " is gone");
  node.take_data_away();
  checkers_.on_new_disk(node.id());
}

bool World::may_lose_data(const Node& node) const {
  std::size_t others = 0;
  for (const auto& other : nodes_) {
    if (other.get() != &node && other->lost_data) ++others;
  }
  // Where members change, three voters always stay.
  const std::size_t fewest = settings_.members_change ? 3 : settings_.nodes;
  return others + 1 <= (fewest - 1) / 2;
}

bool World::a_quorum_lives_without(const Node& node) const {
  const auto lives = [&](const Member& member) {
    const auto other =
        std::ranges::find_if(nodes_, [&](const auto& known) { return known->id() == member.node; });
    return other != nodes_.end() && other->get() != &node && !(*other)->lost_data &&
           !(*other)->stays_down;
  };
  const auto is_enough = [&](const std::vector<Member>& voters) {
    return static_cast<std::size_t>(std::ranges::count_if(voters, lives)) * 2 > voters.size();
  };
  for (const auto& [id, known] : checkers_.facts().nodes) {
    const Configuration* configuration = known.submitted.configuration();
    if (configuration == nullptr) continue;
    if (!is_enough(configuration->voters)) return false;
    if (configuration->is_joint() && !is_enough(configuration->outgoing_voters)) return false;
  }
  return true;
}

void World::on_event(Node& node, const ReplicationEvent& event) {
  marks_.on_event(node.id(), event);
  if (const auto* change = std::get_if<RoleChanged>(&event)) {
    if (traces()) {
      note(node.id().str() + " is now " + to_string(change->to) + " in term " +
           to_string(change->term));
    }
    if (change->to == Role::kLeader) {
      count("leaders");
      checkers_.on_lead(node.id(), change->term);
    }
  }
}

}  // namespace lockstep::sim
