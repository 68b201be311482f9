#include "allocation_watch.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_allocation{0};
std::atomic<std::size_t> allocation_count{0};
std::atomic<std::ptrdiff_t> bytes_in_use{0};
std::atomic<std::ptrdiff_t> peak_bytes{0};

void add_in_use(std::ptrdiff_t bytes) {
  const std::ptrdiff_t now = bytes_in_use += bytes;
  if (now > peak_bytes) peak_bytes = now;
}

void release(void* memory) {
  if (memory != nullptr) add_in_use(-static_cast<std::ptrdiff_t>(malloc_usable_size(memory)));
  std::free(memory);
}

}  // namespace

// For this executable only.
void* operator new(std::size_t size) {
  largest_allocation = std::max(largest_allocation.load(), size);
  ++allocation_count;
  void* memory = std::malloc(std::max<std::size_t>(size, 1));
  if (memory == nullptr) throw std::bad_alloc();
  add_in_use(static_cast<std::ptrdiff_t>(malloc_usable_size(memory)));
  return memory;
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }

namespace lockstep::wire {

AllocationWatch::AllocationWatch() {
  largest_allocation = 0;
  allocation_count = 0;
  bytes_in_use = 0;
  peak_bytes = 0;
}

std::size_t AllocationWatch::largest() const { return largest_allocation; }

std::size_t AllocationWatch::count() const { return allocation_count; }

std::size_t AllocationWatch::peak() const { return static_cast<std::size_t>(peak_bytes.load()); }

}  // namespace lockstep::wire
