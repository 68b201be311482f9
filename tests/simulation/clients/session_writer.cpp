#include "simulation/clients/session_writer.hpp"

namespace lockstep::sim {
namespace {

constexpr int kMostAttempts = 60;

}  // namespace

bool SessionWriter::operate() {
  if (!session_) return open_session();
  command_ = draw_command();
  place_ = note_call(command_);
  ++sequence_;
  attempts_ = 0;
  may_be_applied_ = false;
  attempt_.reset();
  (void)attempt();
  return true;
}

bool SessionWriter::open_session() {
  Node* node = choose_node();
  if (node == nullptr) return false;
  attempt_ = std::make_shared<Attempt>();
  attempt_->node = node;
  attempt_->life = node->life();
  node->manager().open_session([this, attempt = attempt_](const Result<SessionId>& opened) {
    note_end(*attempt);
    attempt->opened = opened;
  });
  return true;
}

bool SessionWriter::attempt() {
  Node* node = choose_node();
  if (node == nullptr) return false;
  if (++attempts_ > 1) world_.count("session writes sent again");
  attempt_ = std::make_shared<Attempt>();
  attempt_->node = node;
  attempt_->life = node->life();
  WriteOptions options;
  options.wait = WaitFor::kApplied;
  options.session = SessionWrite{*session_, sequence_, sequence_};
  node->manager().replicate(Payload(encode(command_)), options,
                            [this, attempt = attempt_](const WriteOutcome& outcome) {
                              note_end(*attempt);
                              attempt->outcome = outcome;
                            });
  return true;
}

bool SessionWriter::is_done() {
  if (attempt_ == nullptr) {
    (void)attempt();
    return false;
  }
  if (!attempt_->ended && !is_lost(*attempt_)) return false;
  if (!session_) {
    if (attempt_->opened && attempt_->opened->has_value()) {
      session_ = attempt_->opened->value();
      sequence_ = 0;
      world_.count("sessions opened");
    }
    return true;
  }
  if (attempt_->outcome) {
    if (judge(*attempt_->outcome)) return true;
  } else {
    may_be_applied_ = true;
  }
  if (attempts_ >= kMostAttempts || !world_.clients_go_on) {
    give_up();
    return true;
  }
  attempt_.reset();
  (void)attempt();
  return false;
}

bool SessionWriter::judge(const WriteOutcome& outcome) {
  if (world_.traces()) {
    note("is told by " + attempt_->node->id().str() + " " + to_string(outcome) + " of command " +
         std::to_string(command_.id) + ", " + std::to_string(sequence_) + " of its session");
  }
  if (const auto* committed = std::get_if<WriteCommitted>(&outcome)) {
    std::optional<std::string> seen;
    if (committed->result) seen = committed->result->value;
    note_return(place_, std::move(seen));
    return true;
  }
  const auto* rejected = std::get_if<WriteRejected>(&outcome);
  if (rejected == nullptr) {
    may_be_applied_ = true;
  } else if (rejected->error == Errc::kSessionExpired) {
    world_.count("sessions expired");
    give_up();
    return true;
  }
  return false;
}

/// The session is left behind, since the next number would not follow.
void SessionWriter::give_up() {
  session_.reset();
  if (may_be_applied_) {
    world_.count("operations unknown");
  } else {
    note_rejected(place_);
    world_.checkers().on_rejected(command_.id);
  }
}

}  // namespace lockstep::sim
