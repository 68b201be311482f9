// What the log has let go of (Raft §7).
#include "consensus/core.hpp"

namespace lockstep::consensus {

void Core::prefix_released(EntryId last) {
  if (failed_) return;
  const Index intact_before = log_.intact_index();
  log_.release_prefix(last);
  configurations_.release_up_to(last.index);
  // Damage that was released is none any more: the engine has what it held.
  if (log_.intact_index() > intact_before) {
    std::holds_alternative<Leadership>(state_) ? commit_by_majority() : acknowledge();
    release_committed();
  }
  check_invariants();
}

}  // namespace lockstep::consensus
