#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/effects.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// Compares this node's checkpoints with what others say of theirs (design rule 13). Of each side
/// it keeps the newest few: one may be ahead of the other.
class CheckpointWatch {
 public:
  static constexpr std::size_t kKept = 64;

  /// This node's own has been made. Returns the nodes that differ there, each once.
  [[nodiscard]] std::vector<Divergence> made(Index index, const Digest& digest);
  /// What another node has there. None while it is equal, or this node's own is not known.
  [[nodiscard]] std::optional<Divergence> told(const NodeId& node, Index index,
                                               const Digest& digest);
  [[nodiscard]] std::optional<Digest> own(Index index) const;
  [[nodiscard]] std::optional<std::pair<Index, Digest>> newest() const;

 private:
  struct Other {
    std::map<Index, Digest> told;
    Index newest_equal;
    bool is_different = false;
  };
  [[nodiscard]] static std::optional<Divergence> compare(const NodeId& node, Other& other,
                                                         Index index, bool is_equal);

  std::map<Index, Digest> own_;
  std::map<NodeId, Other> others_;
};

}  // namespace lockstep::consensus
