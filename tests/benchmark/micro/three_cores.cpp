#include "benchmark/micro/three_cores.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "benchmark/micro/entries.hpp"

namespace lockstep::micro {
namespace {

using namespace consensus;

const std::vector<NodeId>& members() {
  static const std::vector<NodeId> all{NodeId("n1"), NodeId("n2"), NodeId("n3")};
  return all;
}

}  // namespace

ThreeCores::ThreeCores() {
  // As a replica has them by default.
  cluster_.options.max_batch_bytes = 60'000;
  cluster_.options.tail_cache_bytes = std::size_t{16} << 20;
  cluster_.options.window = {std::size_t{4} << 20, 64};
  cluster_.add_founded(members());
  for (const NodeId& member : members()) cluster_.start(member);
  (void)cluster_.campaign(members().front());
  if (cluster_.settle() && core(members().front()).role() == Role::kLeader) return;
  std::fputs("micro: no leader was elected\n", stderr);
  std::exit(1);
}

bool ThreeCores::commit(std::size_t commands) {
  std::vector<Proposal> proposals(commands);
  for (Proposal& proposal : proposals) {
    proposal.payload_bytes = kPayloadBytes;
    proposal.memory = Payload(kPayloadBytes).release();
  }
  const NodeId& leader = members().front();
  core(leader).propose(std::move(proposals));
  execute(leader);
  while (!under_way_.empty()) {
    const Delivery next = std::move(under_way_.front());
    under_way_.pop_front();
    core(next.to).receive(next.message);
    execute(next.to);
  }
  return core(leader).commit_index() == core(leader).log().last_index();
}

/// In the order of the fields, as `Effects` demands.
void ThreeCores::execute(const NodeId& node) {
  Effects effects = core(node).take_effects();
  for (const UnsealedEntry& entry : effects.entries_to_seal) {
    core(node).log().set_digest(entry.header.index, Digest());
  }
  send(node, std::move(effects.messages_to_send_now));
  send(node, std::move(effects.messages_to_send_after_sync));
  if (effects.commit_index) core(node).applied_up_to(*effects.commit_index);
  if (!effects.write) return;
  core(node).durable_up_to(effects.write->number);
  execute(node);
}

void ThreeCores::send(const NodeId& from, std::vector<PeerMessage> messages) {
  for (PeerMessage& message : messages) {
    auto* append = std::get_if<AppendEntries>(&message.body);
    if (append != nullptr && !append->range.empty()) {
      for (Index i = append->range.first; i <= append->range.last; i = i.next()) {
        append->entries.push_back(core(from).log().tail_at(i));
      }
      append->range = {};
    }
    NodeId to = std::exchange(message.peer, from);
    under_way_.push_back({std::move(to), std::move(message)});
  }
}

}  // namespace lockstep::micro
