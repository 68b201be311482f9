#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/error.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/types.hpp"

namespace lockstep::tools {

/// What the program answers to the shell.
enum class ExitStatus : int { kWhole = 0, kDamaged = 1, kUsage = 2, kFailed = 3 };

enum class Command { kHelp, kInspect, kDump, kVerify, kRepairFromPeer, kCutTail, kRecover };

struct Arguments {
  Command command = Command::kHelp;
  std::string folder;
  /// Of `recover`: the survivors'.
  std::vector<std::string> folders;
  bool json = false;
  std::optional<Index> from;
  std::optional<Index> to;
  /// None: standard output.
  std::string output;
  std::string peer_dump;
  bool yes = false;
};

/// Where the commands work: `runtime` gives the files, `out` takes what was asked for, `err` what
/// went wrong and what is going on.
struct Surroundings {
  Runtime& runtime;
  std::ostream& out;
  std::ostream& err;
};

/// Errors: kInvalidArgument, which says what would be right.
[[nodiscard]] Result<Arguments> parse(const std::vector<std::string>& words);
[[nodiscard]] std::string help();

/// The whole program: parses, runs, says on `err` what went wrong.
[[nodiscard]] ExitStatus run(const std::vector<std::string>& words, const Surroundings& around);

// One command each.
[[nodiscard]] Result<ExitStatus> inspect(const Arguments& arguments, const Surroundings& around);
[[nodiscard]] Result<ExitStatus> dump(const Arguments& arguments, const Surroundings& around);
[[nodiscard]] Result<ExitStatus> verify(const Arguments& arguments, const Surroundings& around);
[[nodiscard]] Result<ExitStatus> repair_from_peer(const Arguments& arguments,
                                                  const Surroundings& around);
[[nodiscard]] Result<ExitStatus> cut_tail(const Arguments& arguments, const Surroundings& around);
[[nodiscard]] Result<ExitStatus> recover(const Arguments& arguments, const Surroundings& around);

}  // namespace lockstep::tools
