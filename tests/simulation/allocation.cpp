// The operators new and delete of lockstep-sim. A run makes and destroys small things without end,
// and malloc took a seventh of its time. Here what is destroyed waits in a list of its size for the
// next of that size; each thread has its own lists. Sanitized builds go without.
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kStep = 16;
constexpr std::size_t kLargest = 1024;
/// A slab holds places of one size, and lies at a multiple of its own.
constexpr std::size_t kSlabBytes = std::size_t{64} << 10;
constexpr std::size_t kSlabs = std::size_t{1} << 17;
constexpr std::size_t kSizes = kLargest / kStep;

struct Place {
  Place* next;
};

std::uintptr_t reserve_slabs() {
  void* begin = mmap(nullptr, (kSlabs + 1) * kSlabBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) return 0;
  return (reinterpret_cast<std::uintptr_t>(begin) + kSlabBytes - 1) / kSlabBytes * kSlabBytes;
}

/// 0: there are none.
std::uintptr_t first_slab() {
  static const std::uintptr_t first = reserve_slabs();
  return first;
}

std::array<std::uint8_t, kSlabs> size_of_slab;
std::atomic<std::size_t> slabs_taken{0};
thread_local std::array<Place*, kSizes> free_places;

/// Null: no slab is left.
Place* take_slab(std::size_t size) {
  if (first_slab() == 0) return nullptr;
  const std::size_t slab = slabs_taken.fetch_add(1, std::memory_order_relaxed);
  if (slab >= kSlabs) return nullptr;
  size_of_slab[slab] = static_cast<std::uint8_t>(size);
  const std::size_t bytes = (size + 1) * kStep;
  const std::uintptr_t begin = first_slab() + slab * kSlabBytes;
  Place* list = nullptr;
  for (std::size_t i = kSlabBytes / bytes; i-- > 0;) {
    list = new (reinterpret_cast<void*>(begin + i * bytes)) Place{list};
  }
  return list;
}

void* take_large(std::size_t bytes) {
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (bytes > kLargest) return take_large(bytes);
  const std::size_t size = bytes == 0 ? 0 : (bytes - 1) / kStep;
  Place*& list = free_places[size];
  if (list == nullptr) list = take_slab(size);
  if (list == nullptr) return take_large(bytes);
  Place* const place = list;
  list = place->next;
  return place;
}

void operator delete(void* memory) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(memory) - first_slab();
  if (first_slab() == 0 || offset >= kSlabs * kSlabBytes) return std::free(memory);
  Place*& list = free_places[size_of_slab[offset / kSlabBytes]];
  list = new (memory) Place{list};
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
