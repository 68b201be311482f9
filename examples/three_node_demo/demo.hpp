#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collection_store_input.hpp"
#include "demo_node.hpp"
#include "entry_stream.hpp"
#include "narrator.hpp"
#include "summary.hpp"

namespace lockstep_demo {

/// The story that the demo tells: a few nodes replicate the input while things break around them.
class Demo {
 public:
  /// `elected`: the nodes elect their leader. Otherwise the demo names it.
  Demo(std::size_t nodes, bool elected, const std::filesystem::path& folder,
       const CollectionStoreInput& input, Narrator& narrator);

  /// Throws std::runtime_error when something fails that the story does not foresee.
  [[nodiscard]] Summary run();

 private:
  using Payloads = std::vector<std::string_view>;

  void start_nodes();
  void found_group();
  void choose_first_leader();
  [[nodiscard]] lockstep::Error try_to_lead(DemoNode& node);
  void lead(DemoNode& node);
  void replicate_sync();
  void replicate_async();
  void stop_and_return_a_follower();
  void damage_a_frame();
  void listen_to_heartbeats();
  void move_leadership();
  void compare_nodes();

  // demo_elections.cpp
  [[nodiscard]] bool await_leader();
  void send_guest_back();
  void follow_the_election(const std::string& why);
  void part_the_leader();
  void kill_the_leader();
  void release_logs();
  void bring_guest();
  void remove_guest();
  void invite_and_dismiss_a_member();

  /// The next share of the input; the last one takes what is left.
  [[nodiscard]] Payloads next_entries(double share);
  [[nodiscard]] bool stream(const std::string& what, const Payloads& payloads,
                            lockstep::ReplicationMode mode);
  /// One command of the demo's own, committed. False if it was not.
  [[nodiscard]] bool write_marker(const std::string& text);
  [[nodiscard]] bool level(DemoNode& follower);
  void cut_off(DemoNode& node);
  void heal(DemoNode& node);
  /// After a start, under its new address.
  void reconnect(DemoNode& node);
  void check(std::string name, bool held, std::string detail = {});
  [[nodiscard]] DemoNode& last_follower();
  [[nodiscard]] DemoNode& leader() { return *nodes_[leader_]; }
  [[nodiscard]] std::uint64_t lost_acknowledged_writes() const;

  const bool elected_;
  const std::filesystem::path folder_;
  const CollectionStoreInput& input_;
  Narrator& narrator_;
  std::vector<std::unique_ptr<DemoNode>> nodes_;
  std::unique_ptr<DemoNode> guest_;
  /// Whom nobody hears at the moment.
  const DemoNode* cut_off_ = nullptr;
  std::size_t leader_ = 0;
  std::size_t next_entry_ = 0;
  std::uint64_t deliveries_before_ = 0;  ///< on each node, from an earlier run in the same folder
  std::vector<std::string> markers_;
  EntryStream entry_stream_;
  Summary summary_;
};

}  // namespace lockstep_demo
