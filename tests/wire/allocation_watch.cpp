#include "allocation_watch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_allocation{0};
std::atomic<std::size_t> allocation_count{0};

}  // namespace

// For this executable only.
void* operator new(std::size_t size) {
  largest_allocation = std::max(largest_allocation.load(), size);
  ++allocation_count;
  if (void* memory = std::malloc(std::max<std::size_t>(size, 1))) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace lockstep::wire {

AllocationWatch::AllocationWatch() {
  largest_allocation = 0;
  allocation_count = 0;
}

std::size_t AllocationWatch::largest() const { return largest_allocation; }

std::size_t AllocationWatch::count() const { return allocation_count; }

}  // namespace lockstep::wire
