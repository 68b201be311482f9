#include <algorithm>
#include <charconv>
#include <new>
#include <ostream>

#include "tools/lockstep_wal/commands.hpp"

namespace lockstep::tools {
namespace {

Error usage(std::string text) {
  return {Errc::kInvalidArgument, std::move(text) + "; see lockstep-wal --help"};
}

Result<Index> parse_index(const std::string& option, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) {
    return usage(option + " takes an index, a number from 1 on, not '" + text + "'");
  }
  return Index(value);
}

/// Which options a command knows.
bool takes(const std::string& command, const std::string& option) {
  if (command == "repair") {
    return option == "--from-peer-dump" || option == "--cut-tail" || option == "--yes";
  }
  if (command == "recover") return option == "--yes";
  if (option == "--json") return true;
  return command == "dump" && (option == "--from" || option == "--to" || option == "--output");
}

}  // namespace

Result<Arguments> parse(const std::vector<std::string>& words) {
  const auto asks_for_help = [](const std::string& word) {
    return word == "--help" || word == "-h";
  };
  if (words.empty()) return usage("nothing to do: name a command");
  if (words.front() == "help" || std::any_of(words.begin(), words.end(), asks_for_help)) {
    return Arguments{};
  }
  const std::string& command = words.front();
  Arguments arguments;
  if (command == "inspect") {
    arguments.command = Command::kInspect;
  } else if (command == "dump") {
    arguments.command = Command::kDump;
  } else if (command == "verify") {
    arguments.command = Command::kVerify;
  } else if (command == "recover") {
    arguments.command = Command::kRecover;
  } else if (command != "repair") {
    return usage("there is no command '" + command + "'");
  }
  bool cut_tail = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("-")) {
      if (command == "recover") arguments.folders.push_back(word);
      if (!arguments.folder.empty() && command != "recover")
        return usage("one folder at a time, and '" + word + "' is a second");
      arguments.folder = word;
      continue;
    }
    if (!takes(command, word)) return usage(command + " has no option " + word);
    if (word == "--json") {
      arguments.json = true;
    } else if (word == "--yes") {
      arguments.yes = true;
    } else if (word == "--cut-tail") {
      cut_tail = true;
    } else {
      if (i + 1 == words.size()) return usage(word + " wants a value behind it");
      const std::string& value = words[++i];
      if (word == "--output") arguments.output = value;
      if (word == "--from-peer-dump") arguments.peer_dump = value;
      if (word == "--from" || word == "--to") {
        const Result<Index> index = parse_index(word, value);
        if (!index) return index.error();
        (word == "--from" ? arguments.from : arguments.to) = *index;
      }
    }
  }
  if (arguments.folder.empty()) return usage(command + " wants the folder of a log");
  if (arguments.from && arguments.to && *arguments.to < *arguments.from) {
    return usage("--to lies before --from");
  }
  if (command == "repair") {
    if (cut_tail == !arguments.peer_dump.empty()) {
      return usage("repair takes one of --from-peer-dump FILE and --cut-tail");
    }
    if (arguments.yes && !cut_tail) return usage("--yes belongs to --cut-tail");
    arguments.command = cut_tail ? Command::kCutTail : Command::kRepairFromPeer;
  }
  return arguments;
}

std::string help() {
  return R"(lockstep-wal looks at the write-ahead log of one node of one group, and repairs it.

  lockstep-wal inspect FOLDER [--json]
      Whose log it is, what it holds, where, and what is damaged as far as opening it tells.
  lockstep-wal dump FOLDER [--from INDEX] [--to INDEX] [--json] [--output FILE]
      Entries, one a line: index, term, kind, size of the payload, digest, beginning of the
      payload. With --json whole, one object a line, behind a first line that names the log; that
      is what repair reads.
  lockstep-wal verify FOLDER [--json]
      Reads the whole log and checks every checksum and every digest. Names what is damaged, and
      whether it may have been committed.
  lockstep-wal repair FOLDER --from-peer-dump FILE
      Puts entries from a dump (--json) of another member's log in the place of damaged ones, and
      touches no others. The dump must reach beyond the damage where the terms of damaged entries
      are not known here. FILE may be - for standard input.
  lockstep-wal repair FOLDER --cut-tail [--yes]
      Says what would be lost if the log ended before its first damaged entry; with --yes, cuts it
      there. That breaks this node's promise to have those entries: read what it says.

  lockstep-wal recover FOLDER... [--yes]
      After the permanent loss of a majority: from the folders of all nodes that are left, picks the
      most up to date log and says what may be lost; with --yes, makes its node the group's only
      voter, in a new epoch that fences all others. No node of the group may run.

inspect, dump and verify take no lock and change nothing: the node may be running. repair and
recover need the log for themselves.

Exit status: 0 whole, or done; 1 damaged, still damaged, or refused; 2 wrong usage; 3 could not be
read or written.
)";
}

ExitStatus run(const std::vector<std::string>& words, const Surroundings& around) {
  const Result<Arguments> arguments = parse(words);
  if (!arguments) {
    around.err << "lockstep-wal: " << arguments.error().message << '\n';
    return ExitStatus::kUsage;
  }
  Result<ExitStatus> status = ExitStatus::kWhole;
  switch (arguments->command) {
    case Command::kHelp:
      around.out << help();
      break;
    case Command::kInspect:
      status = inspect(*arguments, around);
      break;
    case Command::kDump:
      status = dump(*arguments, around);
      break;
    case Command::kVerify:
      status = verify(*arguments, around);
      break;
    case Command::kRepairFromPeer:
      status = repair_from_peer(*arguments, around);
      break;
    case Command::kRecover:
      status = recover(*arguments, around);
      break;
    case Command::kCutTail:
      status = cut_tail(*arguments, around);
      break;
  }
  around.out.flush();
  if (status && !around.out) status = Error(Errc::kIo, "standard output cannot be written");
  if (status) return *status;
  around.err << "lockstep-wal: " << status.error().message << '\n';
  return ExitStatus::kFailed;
}

}  // namespace lockstep::tools
