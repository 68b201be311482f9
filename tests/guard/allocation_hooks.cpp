// malloc and its kin, of the whole process: glibc has the same under other names.
#include <cerrno>
#include <cstddef>

#include "guard/call_sites.hpp"
#include "guard/hooks.hpp"

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace lockstep::guard {
namespace {

void count(std::size_t bytes) {
  if (!counting) return;
  ++counts.allocations;
  counts.allocated_bytes += bytes;
  note_call_site(CallSites::kAllocations, 1);
}

}  // namespace
}  // namespace lockstep::guard

using lockstep::guard::count;

extern "C" {

void* malloc(std::size_t bytes) {
  count(bytes);
  return __libc_malloc(bytes);
}

void* calloc(std::size_t number, std::size_t bytes) {
  count(number * bytes);
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  count(bytes);
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  count(bytes);
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"
