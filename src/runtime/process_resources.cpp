#include "lockstep/testing/process_resources.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LOCKSTEP_INSTRUMENTED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LOCKSTEP_INSTRUMENTED
#endif
#endif

namespace lockstep::testing {
namespace {

std::optional<std::size_t> count_entries(const char* folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder), &::closedir);
  if (!opened) return std::nullopt;
  std::size_t result = 0;
  while (const dirent* entry = ::readdir(opened.get())) result += entry->d_name[0] != '.' ? 1 : 0;
  return result;
}

std::optional<std::size_t> resident_pages() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(std::fopen("/proc/self/statm", "r"),
                                                               &std::fclose);
  std::size_t size = 0;
  std::size_t resident = 0;
  if (!opened || std::fscanf(opened.get(), "%zu %zu", &size, &resident) != 2) return std::nullopt;
  return resident;
}

}  // namespace

std::optional<ProcessResources> read_process_resources() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  const auto pages = resident_pages();
  const auto descriptors = count_entries("/proc/self/fd");
  const auto threads = count_entries("/proc/self/task");
  if (!pages || !descriptors || !threads) return std::nullopt;
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return ProcessResources{*pages * page_bytes, *descriptors, *threads};
}

bool memory_is_instrumented() {
#ifdef LOCKSTEP_INSTRUMENTED
  return true;
#else
  return false;
#endif
}

}  // namespace lockstep::testing
