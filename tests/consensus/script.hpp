#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "consensus/cluster.hpp"

namespace lockstep::consensus::test {

/// Runs one scenario (tests/consensus/scripts/README.md): a command a line, in a file that names
/// the rule that it shows. Stops at the first line that does not hold, with the trace up to there.
class Script {
 public:
  Script();
  void run(const std::filesystem::path& file);

 private:
  using Words = std::vector<std::string>;
  using Handler = std::function<void(const Words&)>;

  void run_line(const std::string& line);
  [[nodiscard]] Handler find(const std::map<std::string, Handler>& handlers, const Words& words);
  void add_setup_commands();
  void add_node_commands();
  void add_network_commands();
  void add_disk_commands();
  void add_expectations();
  void add_expectations_of_messages();
  void inject(const Words& words);
  [[nodiscard]] std::vector<Entry> entries_from(const std::string& text);
  [[nodiscard]] Stored stored_of(const NodeId& name);
  void update(const NodeId& name, const std::function<void(Stored&)>& change);
  void each_value(const Words& words, const std::function<std::string(Node&)>& actual);
  void start(const NodeId& name);
  [[nodiscard]] Node& node(const std::string& name);

  Cluster cluster_;
  std::vector<NodeId> members_;
  std::map<std::string, Handler> commands_;
  std::map<std::string, Handler> expectations_;
};

}  // namespace lockstep::consensus::test
