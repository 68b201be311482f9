#include <array>
#include <chrono>

#include "benchmark/cases.hpp"
#include "benchmark/node.hpp"

namespace lockstep::benchmark {
namespace {

constexpr std::size_t kNodes = 3;

double connect_mesh() {
  std::array<std::unique_ptr<Node>, kNodes> nodes;
  for (std::size_t i = 0; i < kNodes; ++i) {
    nodes[i] = std::make_unique<Node>("n" + std::to_string(i));
  }
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& from : nodes) {
    for (const auto& to : nodes) {
      if (from != to) from->dial(to->address());
    }
  }
  for (const auto& node : nodes) node->wait_connected(kNodes - 1);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

}  // namespace

std::vector<double> measure_meshes(int meshes) {
  std::vector<double> result;
  for (int i = 0; i < meshes; ++i) result.push_back(connect_mesh());
  return result;
}

}  // namespace lockstep::benchmark
