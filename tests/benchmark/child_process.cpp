#include "benchmark/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace lockstep::benchmark {

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  std::array<int, 2> out{};
  std::array<int, 2> in{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(in.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe");
  }
  std::string program = ::program_invocation_short_name;
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  const int failed =
      ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  from_ = ::fdopen(out[0], "r");
  to_ = ::fdopen(in[1], "w");
  if (failed != 0) throw std::runtime_error("cannot start a child process");
}

ChildProcess::~ChildProcess() {
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  std::fclose(from_);
  std::fclose(to_);
}

std::string ChildProcess::read_line() {
  auto line = try_read_line();
  if (!line) throw std::runtime_error("a child process has ended early");
  return std::move(*line);
}

std::optional<std::string> ChildProcess::try_read_line() {
  std::string line;
  std::array<char, 4096> piece{};
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), from_) != nullptr) {
    line += piece.data();
    if (line.back() == '\n') return line;
  }
  if (line.empty()) return std::nullopt;
  return line;
}

bool ChildProcess::await_output(std::chrono::milliseconds patience) {
  pollfd output{::fileno(from_), POLLIN, 0};
  return ::poll(&output, 1, static_cast<int>(patience.count())) != 0;
}

void ChildProcess::write_line(const std::string& line) {
  std::fprintf(to_, "%s\n", line.c_str());
  std::fflush(to_);
}

void ChildProcess::freeze() {
  int status = 0;
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, &status, WUNTRACED);
}

void ChildProcess::thaw() { ::kill(pid_, SIGCONT); }

void ChildProcess::kill() { ::kill(pid_, SIGKILL); }

}  // namespace lockstep::benchmark
