// tests/wire/allocation_watch.cpp for libFuzzer, where AddressSanitizer has `new` for itself.
#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "wire/allocation_watch.hpp"

namespace {

std::atomic<std::size_t> largest_allocation{0};
std::atomic<std::size_t> allocation_count{0};
std::atomic<std::ptrdiff_t> bytes_in_use{0};
std::atomic<std::ptrdiff_t> peak_bytes{0};

void on_malloc(const volatile void*, std::size_t size) {
  largest_allocation = std::max(largest_allocation.load(), size);
  ++allocation_count;
  const std::ptrdiff_t now = bytes_in_use += static_cast<std::ptrdiff_t>(size);
  peak_bytes = std::max(peak_bytes.load(), now);
}

void on_free(const volatile void* memory) {
  if (memory == nullptr) return;
  bytes_in_use -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(memory));
}

const int kInstalled = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

namespace lockstep::wire {

AllocationWatch::AllocationWatch() {
  largest_allocation = 0;
  allocation_count = 0;
  bytes_in_use = 0;
  // Without hooks every bound is exceeded.
  peak_bytes = kInstalled > 0 ? 0 : PTRDIFF_MAX;
}

std::size_t AllocationWatch::largest() const { return largest_allocation; }

std::size_t AllocationWatch::count() const { return allocation_count; }

std::size_t AllocationWatch::peak() const { return static_cast<std::size_t>(peak_bytes.load()); }

}  // namespace lockstep::wire
