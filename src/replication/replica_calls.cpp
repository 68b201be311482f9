// What the host asks for, from any thread.
#include <algorithm>
#include <utility>

#include "base/byte_codec.hpp"
#include "replication/deadline.hpp"
#include "replication/replica.hpp"
#include "replication/session_entry.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {
namespace {

/// The strand hashes no more than this in one go; a worker does it for larger payloads.
constexpr std::size_t kLargePayloadBytes = std::size_t{64} << 10;
/// Sealed and proposed in one step; the strand does other things before the next.
constexpr std::size_t kMaxProposalBytes = std::size_t{512} << 10;
constexpr std::size_t kMaxReadsWaiting = 100'000;

/// Wishes that cannot be met together, told apart from those that can.
std::optional<Error> refusal(const WriteOptions& options, ReplicationMode default_mode) {
  if (options.timeout && options.timeout->count() < 0) {
    return Error(Errc::kInvalidArgument, "timeout: must not be negative; 0 is never");
  }
  if (const auto& session = options.session) {
    if (options.mode.value_or(default_mode) != ReplicationMode::kSync) {
      return Error(Errc::kInvalidArgument,
                   "session: an ASYNC write completes before it is applied; a session's needs "
                   "kSync");
    }
    if (session->lowest_outstanding < 1 || session->sequence < session->lowest_outstanding) {
      return Error(Errc::kInvalidArgument,
                   "session: sequence must be 1 at least, and not below lowest_outstanding");
    }
  }
  if (options.mode.value_or(default_mode) == ReplicationMode::kSync) return std::nullopt;
  if (options.wait == WaitFor::kApplied) {
    return Error(Errc::kInvalidArgument,
                 "wait: an ASYNC write completes before it is applied; kApplied needs kSync");
  }
  if (options.copies > 1) {
    return Error(Errc::kInvalidArgument,
                 "copies: an ASYNC write completes with one copy; more need kSync");
  }
  return std::nullopt;
}

}  // namespace

/// None while this replica is running and in good health.
std::optional<Error> Replica::reason_not_to_take_part() const {
  switch (phase_) {
    case Phase::kNew:
    case Phase::kStarting:
      return Error(Errc::kWrongState, "the replica is not started");
    case Phase::kStopping:
    case Phase::kStopped:
      return Errc::kStopped;
    case Phase::kRunning:
      break;
  }
  return failure_;
}

/// Calls of the operator's: answered by the core, sooner or later, or at the stop.
void Replica::call_core(DoneHandler done, std::function<void(consensus::CallId)> call) {
  strand_->post(
      [self = shared_from_this(), done = std::move(done), call = std::move(call)]() mutable {
        if (auto reason = self->reason_not_to_take_part()) {
          return self->host_->answer(std::move(done), std::move(*reason));
        }
        const consensus::CallId id(++self->last_call_);
        self->calls_[id] = std::move(done);
        call(id);
      });
}

void Replica::answer_call(consensus::CallId id, Error error) {
  const auto call = calls_.find(id);
  if (call == calls_.end()) return;
  host_->answer(std::move(call->second), std::move(error));
  calls_.erase(call);
}

void Replica::bootstrap(std::vector<NodeId> members, DoneHandler done) {
  for (const NodeId& member : members) {
    if (!member.is_valid() || std::ranges::count(members, member) > 1) {
      return host_->answer(std::move(done), Error(Errc::kInvalidArgument,
                                                  "members: \"" + member.str() +
                                                      "\" must be a valid node id, named once"));
    }
  }
  call_core(std::move(done), [this, members = std::move(members)](consensus::CallId id) {
    const auto draw = [&] {
      ClusterId::Bytes bytes;
      for (std::size_t i = 0; i < bytes.size(); i += 8) store_le(&bytes[i], runtime_->random());
      return bytes;
    };
    // All groups of a process belong to one cluster.
    const ClusterId known = network_->cluster();
    const ClusterId cluster = known.is_none() ? ClusterId(draw()) : known;
    step([&](consensus::Core& core) { core.bootstrap(id, members, cluster, Epoch(draw())); });
  });
}

void Replica::set_role(Role role, DoneHandler done) {
  if (role != Role::kLeader && role != Role::kFollower) {
    return host_->answer(std::move(done),
                         Error(Errc::kNotSupported, "set_role takes kLeader or kFollower"));
  }
  call_core(std::move(done), [this, role](consensus::CallId id) {
    step([&](consensus::Core& core) {
      role == Role::kLeader ? core.campaign(id) : core.become_follower_by_command(id);
    });
  });
}

void Replica::step_down(DoneHandler done) {
  call_core(std::move(done), [this](consensus::CallId id) {
    step([&](consensus::Core& core) { core.step_down(id); });
  });
}

void Replica::transfer_leadership(NodeId to, DoneHandler done) {
  call_core(std::move(done), [this, to = std::move(to)](consensus::CallId id) {
    step([&](consensus::Core& core) { core.transfer_leadership(id, to); });
  });
}

void Replica::read_barrier(WALReplicationManager::ReadBarrierHandler done) {
  strand_->post([self = shared_from_this(), done = std::move(done)]() mutable {
    const auto refuse = [&](Error error) {
      self->complete_reads({{std::move(done), std::move(error)}});
    };
    if (auto reason = self->reason_not_to_take_part()) return refuse(std::move(*reason));
    if (self->reads_.size() >= kMaxReadsWaiting) {
      return refuse(Error(Errc::kOverloaded, std::to_string(kMaxReadsWaiting) +
                                                 " read barriers wait already; try again later"));
    }
    const MonotonicTime deadline =
        deadline_after(self->runtime_->now(), self->options_.write_timeout);
    self->reads_.add(std::move(done), deadline);
    self->ask_for_reads();
  });
}

void Replica::change_members(consensus::MembershipRequest request, DoneHandler done) {
  if (!request.node.is_valid()) {
    return host_->answer(
        std::move(done),
        Error(Errc::kInvalidArgument, "node: \"" + request.node.str() + "\" is no valid node id"));
  }
  call_core(std::move(done), [this, request = std::move(request)](consensus::CallId id) {
    auto reason = core_->role() == Role::kLeader ? reason_not_to_append() : std::nullopt;
    if (reason) {
      host_->answer(std::move(calls_[id]), std::move(*reason));
      calls_.erase(id);
      return;
    }
    step([&](consensus::Core& core) { core.change_members(id, request); });
  });
}

void Replica::replicate(Payload payload, WriteOptions options, WriteHandler done) {
  if (!options.session) {
    return submit(EntryKind::kCommand, std::move(payload), options, std::move(done));
  }
  options.wait = WaitFor::kApplied;
  submit(EntryKind::kSessionCommand,
         encode(runtime_->wall_clock_ms(), *options.session, payload.bytes()), options,
         std::move(done));
}

void Replica::open_session(WALReplicationManager::SessionHandler done) {
  WriteOptions options;
  options.mode = ReplicationMode::kSync;
  options.wait = WaitFor::kApplied;
  submit(EntryKind::kOpenSession,
         encode(OpenSession{runtime_->wall_clock_ms(), options_.session_timeout.count()}), options,
         [done = std::move(done)](const WriteOutcome& outcome) {
           if (!done) return;
           if (const auto* committed = std::get_if<WriteCommitted>(&outcome)) {
             return done(SessionId(committed->id.index.value()));
           }
           const auto* rejected = std::get_if<WriteRejected>(&outcome);
           done(rejected != nullptr ? rejected->error : std::get<WriteUnknown>(outcome).error);
         });
}

void Replica::submit(EntryKind kind, Payload payload, const WriteOptions& options,
                     WriteHandler done) {
  auto write = std::make_shared<ProposedWrite>();
  write->options = options;
  write->done = std::move(done);
  write->called_at = runtime_->now();
  open_writes_.fetch_add(1, std::memory_order_relaxed);
  if (auto reason = refusal(options, options_.mode)) return reject(write, std::move(*reason));
  if (payload.size() > options_.max_entry_bytes) {
    return reject(write,
                  Error(Errc::kTooLarge, "the payload has " + std::to_string(payload.size()) +
                                             " bytes, max_entry_bytes is " +
                                             std::to_string(options_.max_entry_bytes)));
  }
  write->proposal.kind = kind;
  write->proposal.payload_bytes = payload.size();
  write->proposal.memory =
      (payload.size() == 0 ? Payload(std::size_t{0}) : std::move(payload)).release();
  const bool is_large = write->proposal.payload_bytes > kLargePayloadBytes;
  write->ready = !is_large;

  switch (queue_.push(write)) {
    case ProposalQueue::Push::kClosed:
      return reject(write, Errc::kStopped);
    case ProposalQueue::Push::kOverBudget:
      return reject(write, Error(Errc::kOverloaded, "max_uncommitted_bytes are not committed yet"));
    case ProposalQueue::Push::kFirst:
      post_drain();
      break;
    case ProposalQueue::Push::kQueued:
      break;
  }
  if (is_large) hash_large_payload(write);
}

void Replica::hash_large_payload(const std::shared_ptr<ProposedWrite>& write) {
  payload_hasher_.run([self = shared_from_this(), write] {
    Sha256 sha;
    write->proposal.leaves =
        hash_leaves(sha, ByteSpan(write->proposal.memory.get() + EntryHeader::kEncodedBytes,
                                  write->proposal.payload_bytes));
    if (self->queue_.set_ready(write)) self->post_drain();
  });
}

void Replica::reject(const std::shared_ptr<ProposedWrite>& write, Error error) {
  open_writes_.fetch_sub(1, std::memory_order_relaxed);
  board_.update([](ReplicationStatus&, ReplicationMetrics& metrics) { ++metrics.writes_rejected; });
  if (!write->done) return;
  host_->post(
      [done = std::move(write->done), error = std::move(error)] { done(WriteRejected{error}); });
}

void Replica::post_drain() {
  strand_->post([self = shared_from_this()] { self->drain_proposals(); });
}

void Replica::drain_proposals() {
  ProposalQueue::Ready ready = queue_.take_ready(kMaxProposalBytes);
  if (ready.more) post_drain();
  if (ready.writes.empty()) return;
  std::optional<Error> reason = reason_not_to_take_part();
  if (!reason) reason = reason_not_to_append();
  if (!reason && core_->role() != Role::kLeader) {
    const auto leader = core_->leader();
    reason = Error(Errc::kNotLeader,
                   leader ? "the leader is " + leader->str() : "this node knows of no leader");
  }
  // There is a core only once nothing else speaks against it.
  if (const auto next = reason ? std::nullopt : core_->handing_over_to()) {
    reason = Error(Errc::kOverloaded,
                   "leadership is being handed over to " + next->str() + "; try again shortly");
  }
  if (!reason) return propose(std::move(ready.writes));
  for (const auto& write : ready.writes) {
    queue_.release(write->size_bytes());
    reject(write, *reason);
  }
}

void Replica::propose(std::vector<std::shared_ptr<ProposedWrite>> writes) {
  std::vector<consensus::Proposal> proposals;
  proposals.reserve(writes.size());
  for (const auto& write : writes) proposals.push_back(std::move(write->proposal));
  board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
    metrics.entries_appended += writes.size();
  });
  appending_ = std::move(writes);
  step([&](consensus::Core& core) { core.propose(std::move(proposals)); });
  // The core failed over them: they were not sealed, so nothing of them was written or sent.
  for (const auto& write : std::exchange(appending_, {})) {
    queue_.release(write->size_bytes());
    reject(write, failure_.value_or(Error(Errc::kWrongState)));
  }
}

void Replica::sync_with_node(NodeId node, DoneHandler done) {
  strand_->post([self = shared_from_this(), node = std::move(node),
                 done = std::move(done)]() mutable { self->begin_sync(node, std::move(done)); });
}

void Replica::begin_sync(const NodeId& node, DoneHandler done) {
  if (auto reason = reason_not_to_take_part()) {
    return host_->answer(std::move(done), std::move(*reason));
  }
  const MonotonicTime now = runtime_->now();
  const MonotonicTime deadline = deadline_after(now, options_.write_timeout);
  if (const auto* leadership = core_->leadership()) {
    if (!leadership->followers.contains(node)) {
      return host_->answer(std::move(done),
                           Error(Errc::kNotAMember, node.str() + " is no follower of this leader"));
    }
    sync_waiters_.add_for_leader(node, core_->log().last_index(), deadline, std::move(done));
    step([&](consensus::Core& leader) { leader.feed(node); });
  } else if (core_->leader() == node) {
    const auto request = sync_waiters_.add_for_follower(node, now, deadline, std::move(done));
    step([&](consensus::Core& follower) { follower.request_sync(request); });
  } else {
    host_->answer(std::move(done),
                  Error(Errc::kNotLeader, node.str() + " is not known to be the leader"));
  }
}

}  // namespace lockstep::replication
