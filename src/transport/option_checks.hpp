#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lockstep/error.hpp"
#include "lockstep/types.hpp"

namespace lockstep::transport {

// Each adds what is wrong with one field, if anything.
void check_node(std::vector<OptionProblem>& problems, const NodeId& node);
void check_positive(std::vector<OptionProblem>& problems, const std::string& field,
                    std::chrono::milliseconds value);
void check_redial(std::vector<OptionProblem>& problems, std::chrono::milliseconds min,
                  std::chrono::milliseconds max);
/// A budget must hold at least one frame.
void check_budget(std::vector<OptionProblem>& problems, const std::string& field,
                  std::size_t bytes);
void check_entry_bytes(std::vector<OptionProblem>& problems, std::size_t bytes);
/// What a fault may hold a frame up for.
inline constexpr std::chrono::hours kMaxDuration{24};
void check_fault_time(std::vector<OptionProblem>& problems, const std::string& field,
                      std::chrono::nanoseconds value);

}  // namespace lockstep::transport
