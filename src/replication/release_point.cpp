#include "replication/release_point.hpp"

#include <algorithm>

namespace lockstep::replication {

Index release_point(const consensus::Core& core, Index durable_applied,
                    std::uint64_t retention_bytes, std::optional<Index> image_in_use) {
  const consensus::Log& log = core.log();
  Index point = std::min(durable_applied, log.durable_index());
  if (image_in_use) point = std::min(point, *image_in_use);
  const Index retained = log.begin_of_last(retention_bytes);
  const consensus::Leadership* leadership = core.leadership();
  if (leadership == nullptr) return std::min(point, retained);
  for (const auto& [node, follower] : leadership->followers) {
    point = std::min(point, std::max(follower.progress.match_index(), retained));
  }
  return point;
}

bool all_members_have(const consensus::Core& core, Index index) {
  const consensus::Leadership* leadership = core.leadership();
  return leadership != nullptr &&
         std::ranges::all_of(leadership->followers, [&](const auto& follower) {
           return follower.second.progress.match_index() >= index;
         });
}

}  // namespace lockstep::replication
