#include "tools/lockstep_bench/node_handle.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <stdexcept>

#include "benchmark/child_process.hpp"
#include "tools/lockstep_bench/node_commands.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

/// The longest that is asked of a node is to open its log.
constexpr std::chrono::seconds kPatience{60};

class NodeProcess final : public INodeHandle {
 public:
  explicit NodeProcess(const NodeSettings& settings)
      : name_(settings.name), process_({kNodeWord, to_text(settings)}) {
    port_ = hear().at("port");
  }

  json ask(const json& request) override {
    process_.write_line(request.dump());
    return hear();
  }
  std::uint16_t port() const override { return port_; }
  pid_t process() const override { return process_.pid(); }
  void freeze() override { process_.freeze(); }
  void thaw() override { process_.thaw(); }

 private:
  json hear() {
    if (!process_.await_output(kPatience)) {
      // Whoever asks it anything while this error is dealt with need not wait as long again.
      process_.kill();
      throw std::runtime_error(name_ + ": its process has not answered for " +
                               std::to_string(kPatience.count()) + " s");
    }
    const auto line = process_.try_read_line();
    if (!line) throw std::runtime_error(name_ + ": its process has ended");
    json answer = json::parse(*line);
    if (answer.contains("error")) {
      throw std::runtime_error(name_ + ": " + answer["error"].get<std::string>());
    }
    return answer;
  }

  const std::string name_;
  benchmark::ChildProcess process_;
  std::uint16_t port_ = 0;
};

class NodeHere final : public INodeHandle {
 public:
  NodeHere(const NodeSettings& settings, LoopbackNetwork* loopback) : node_(settings, loopback) {}
  ~NodeHere() override try { node_.stop(); } catch (const std::exception&) {
    // It has failed before; whoever asked it knows.
  }

  json ask(const json& request) override { return obey(node_, request); }
  std::uint16_t port() const override { return node_.port(); }
  pid_t process() const override { return ::getpid(); }
  void freeze() override { throw std::runtime_error("a thread cannot be frozen: --processes"); }
  void thaw() override {}

 private:
  BenchNode node_;
};

}  // namespace

std::unique_ptr<INodeHandle> start_node_process(const NodeSettings& settings) {
  return std::make_unique<NodeProcess>(settings);
}

std::unique_ptr<INodeHandle> start_node_here(const NodeSettings& settings,
                                             LoopbackNetwork* loopback) {
  return std::make_unique<NodeHere>(settings, loopback);
}

int run_node_process(const std::string& settings) {
  // Also when it is frozen, and never hears of its parent's end.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto tell = [](const json& answer) { std::cout << answer.dump() << std::endl; };
  try {
    const NodeSettings told = settings_from(settings);
    use_hash(told.hash);
    BenchNode node(told, nullptr);
    tell({{"port", node.port()}});
    for (std::string line; std::getline(std::cin, line);) {
      try {
        tell(obey(node, json::parse(line)));
      } catch (const std::exception& error) {
        tell({{"error", error.what()}});
      }
    }
  } catch (const std::exception& error) {
    tell({{"error", error.what()}});
    return 1;
  }
  return 0;
}

}  // namespace lockstep::bench
