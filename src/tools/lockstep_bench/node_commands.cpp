#include "tools/lockstep_bench/node_commands.hpp"

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>

namespace lockstep::bench {
namespace {

using nlohmann::json;

void must(const Error& error) {
  if (error) throw std::runtime_error(error.message);
}

json status_of(BenchNode& node, const json&) {
  const ReplicationStatus status = node.replica().status();
  json followers = json::object();
  for (const FollowerStatus& follower : status.followers) {
    followers[follower.node.str()] = {{"match_index", follower.match_index.value()},
                                      {"needs_snapshot", follower.needs_snapshot},
                                      {"snapshot_bytes", follower.snapshot_bytes}};
  }
  return {{"leader", status.leader ? status.leader->str() : ""},
          {"term", status.term.value()},
          {"is_leader", status.role == Role::kLeader},
          {"first_index", status.first_index.value()},
          {"last_index", status.last_index.value()},
          {"durable_index", status.durable_index.value()},
          {"commit_index", status.commit_index.value()},
          {"last_applied", status.last_applied.value()},
          {"peers", status.connected_nodes.size()},
          {"failure", status.failure ? status.failure->message : ""},
          {"followers", followers}};
}

json counters_of(BenchNode& node, const json&) {
  const NodeCounters counters = node.counters();
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {{"hash", to_string(hash_in_use())},
          {"at_ns", std::chrono::nanoseconds(now).count()},
          {"cpu_ns", counters.cpu_ns},
          {"syncs", counters.syncs},
          {"file_bytes", counters.file_bytes},
          {"wire_bytes", counters.wire_bytes},
          {"append_frames", counters.append_frames},
          {"append_entries", counters.append_entries},
          {"committed", counters.committed}};
}

json figures_of(BenchNode& node, const json&) {
  const ClientFigures seen = node.load_figures();
  const auto us = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::micro>(time).count();
  };
  return {{"completed", seen.completed},
          {"overloaded", seen.overloaded},
          {"unfinished", seen.unfinished},
          {"samples", seen.latency.count()},
          {"failed", seen.failed},
          {"first_failure", seen.first_failure},
          {"seconds", seen.seconds},
          {"latency_us",
           {{"p50", us(seen.latency.quantile(0.5))},
            {"p90", us(seen.latency.quantile(0.9))},
            {"p99", us(seen.latency.quantile(0.99))},
            {"p999", us(seen.latency.quantile(0.999))},
            {"max", us(seen.latency.max())}}}};
}

json connect(BenchNode& node, const json& request) {
  node.connect(NodeId(request.at("node").get<std::string>()), request.at("port"));
  return json::object();
}

json start(BenchNode& node, const json&) {
  node.start();
  return json::object();
}

json stop(BenchNode& node, const json&) {
  node.stop();
  return json::object();
}

json bootstrap(BenchNode& node, const json& request) {
  std::vector<NodeId> members;
  for (const std::string member : request.at("members")) members.emplace_back(member);
  must(node.replica().bootstrap(members).get());
  return json::object();
}

json keep(BenchNode& node, const json&) {
  node.keep_engine();
  return json::object();
}

json first_commit(BenchNode& node, const json&) {
  const FirstCommit::Seen seen = node.first_commit().newest();
  return {{"term", seen.term}, {"at_ns", seen.at_ns}};
}

json lead(BenchNode& node, const json&) {
  must(node.replica().set_role(Role::kLeader).get());
  return json::object();
}

json begin(BenchNode& node, const json& request) {
  node.begin_load({.payload_bytes = request.at("payload_bytes"),
                   .in_flight = request.at("in_flight"),
                   .rate_per_s = request.at("rate_per_s")});
  return json::object();
}

json mark(BenchNode& node, const json&) {
  node.mark_load();
  return json::object();
}

json end(BenchNode& node, const json&) {
  node.end_load();
  return json::object();
}

json release(BenchNode& node, const json&) {
  must(node.replica().trigger_snapshot().get());
  return json::object();
}

json cut(BenchNode& node, const json&) {
  for (const NodeId& peer : node.peers()) node.faults().isolate(peer);
  return json::object();
}

json heal(BenchNode& node, const json&) {
  for (const NodeId& peer : node.peers()) node.faults().heal(peer);
  return json::object();
}

json reset(BenchNode& node, const json&) {
  for (const NodeId& peer : node.peers()) node.faults().drop_connections(peer);
  return json::object();
}

const std::map<std::string, json (*)(BenchNode&, const json&)> kCommands = {
    {"connect", connect},
    {"start", start},
    {"stop", stop},
    {"lead", lead},
    {"bootstrap", bootstrap},
    {"status", status_of},
    {"begin", begin},
    {"counters", counters_of},
    {"mark", mark},
    {"end", end},
    {"figures", figures_of},
    {"release", release},
    {"cut", cut},
    {"heal", heal},
    {"keep", keep},
    {"first_commit", first_commit},
    {"reset", reset},
};

}  // namespace

json obey(BenchNode& node, const json& request) {
  const std::string name = request.at("do");
  const auto command = kCommands.find(name);
  if (command == kCommands.end()) throw std::runtime_error("no node can " + name);
  return command->second(node, request);
}

}  // namespace lockstep::bench
