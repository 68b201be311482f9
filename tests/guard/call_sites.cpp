#include "guard/call_sites.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "guard/hooks.hpp"

namespace lockstep::guard {
namespace {

constexpr std::size_t kDepth = 24;
/// The rest of a stack is the simulated runtime's.
constexpr std::size_t kFramesShown = 4;
constexpr std::size_t kLinesShown = 60;

using Stack = std::array<void*, kDepth>;

CallSites collected = CallSites::kNone;
bool inside = false;

std::map<Stack, std::uint64_t>& amounts() {
  static std::map<Stack, std::uint64_t> found;
  return found;
}

/// Where the linker put what lies at `address` now, if it is this program's.
std::uintptr_t address_in_file(void* address) {
  Dl_info about{};
  Dl_info own{};
  dladdr(reinterpret_cast<void*>(&collect_call_sites), &own);
  if (dladdr(address, &about) == 0 || about.dli_fbase != own.dli_fbase) return 0;
  // Behind the call: one back is within it.
  return reinterpret_cast<std::uintptr_t>(address) -
         reinterpret_cast<std::uintptr_t>(about.dli_fbase) - 1;
}

/// Names of templates are long.
std::string line_of(std::FILE* pipe) {
  std::string line;
  for (int next = std::fgetc(pipe); next != EOF && next != '\n'; next = std::fgetc(pipe)) {
    line.push_back(static_cast<char>(next));
  }
  return line;
}

/// A task's own name, of the std::function that holds it.
std::string unwrapped(std::string name) {
  const auto comma = name.find("), ");
  if (!name.starts_with("std::_Function_handler<") || comma == std::string::npos) return name;
  return name.substr(comma + 3);
}

/// addr2line needs no debug information to name functions.
std::map<std::uintptr_t, std::string> names_of(const std::set<std::uintptr_t>& addresses) {
  std::map<std::uintptr_t, std::string> names;
  const std::vector<std::uintptr_t> all(addresses.begin(), addresses.end());
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t at = 0; at < all.size(); at += kAtOnce) {
    const std::size_t end = std::min(all.size(), at + kAtOnce);
    std::string command = "addr2line -Cfe /proc/" + std::to_string(getpid()) + "/exe";
    for (std::size_t i = at; i < end; ++i) {
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), " %#lx", static_cast<unsigned long>(all[i]));
      command += text.data();
    }
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return names;
    for (std::size_t i = at; i < end; ++i) {
      names[all[i]] = unwrapped(line_of(pipe));
      (void)line_of(pipe);  // the place in the source
    }
    pclose(pipe);
  }
  return names;
}

/// Functions that only pass on what was asked for.
bool says_nothing(const std::string& name) {
  for (const char* prefix :
       {"std::", "void std::", "operator new", "__gnu_cxx", "??", "malloc",
        "lockstep::guard::", "lockstep::run_task", "testing::", "bool testing::", "main", "_start",
        "lockstep::testing::", "memcpy", "memmove", "realloc", "calloc"}) {
    if (name.starts_with(prefix)) return true;
  }
  return name.empty() || name.find(" std::") != std::string::npos;
}

/// Without arguments, which fill the line.
std::string shortened(std::string name) {
  for (const std::string part : {"lockstep::", "(anonymous namespace)::", "void "}) {
    for (auto at = name.find(part); at != std::string::npos; at = name.find(part)) {
      name.erase(at, part.size());
    }
  }
  const bool is_lambda = name.find("{lambda") != std::string::npos;
  name.resize(std::min(name.size(), name.find('(')));
  return is_lambda ? name + " (lambda)" : name;
}

}  // namespace

void collect_call_sites(CallSites which) {
  Stack stack{};
  (void)backtrace(stack.data(), kDepth);  // the first call loads a library
  amounts().clear();
  collected = which;
}

void note_call_site(CallSites which, std::uint64_t amount) {
  if (which != collected || inside) return;
  inside = true;
  const bool was_counting = std::exchange(counting, false);
  Stack stack{};
  (void)backtrace(stack.data(), kDepth);
  amounts()[stack] += amount;
  counting = was_counting;
  inside = false;
}

std::string call_sites_text(std::uint64_t entries) {
  collected = CallSites::kNone;
  std::set<std::uintptr_t> addresses;
  for (const auto& [stack, amount] : amounts()) {
    for (void* frame : stack) addresses.insert(address_in_file(frame));
  }
  auto names = names_of(addresses);
  names[0] = {};

  std::map<std::string, std::uint64_t> by_site;
  for (const auto& [stack, amount] : amounts()) {
    std::string site;
    std::size_t shown = 0;
    for (void* frame : stack) {
      const std::string& name = names[address_in_file(frame)];
      if (says_nothing(name) || shown == kFramesShown) continue;
      site += (shown++ == 0 ? "" : " < ") + shortened(name);
    }
    by_site[site] += amount;
  }
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [site, amount] : by_site) sorted.emplace_back(amount, site);
  std::sort(sorted.rbegin(), sorted.rend());
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < kLinesShown; ++i) {
    std::array<char, 32> figure{};
    std::snprintf(figure.data(), figure.size(), "%9.3f  ",
                  static_cast<double>(sorted[i].first) / static_cast<double>(entries));
    text += figure.data() + sorted[i].second + "\n";
  }
  return text;
}

}  // namespace lockstep::guard
