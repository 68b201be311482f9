// memcpy and memmove of the whole process: glibc has the same, with the room at the destination as
// a further argument, under other names.
#include <cstddef>
#include <cstdint>

#include "guard/call_sites.hpp"
#include "guard/hooks.hpp"
#include "guard/payload_mark.hpp"

extern "C" {
void* __memcpy_chk(void* to, const void* from, std::size_t bytes, std::size_t room);
void* __memmove_chk(void* to, const void* from, std::size_t bytes, std::size_t room);
}

namespace lockstep::guard {
namespace {

/// SHA-256 takes a payload's last bytes into its context until a block of so many is full.
constexpr std::size_t kHashBlockBytes = 64;

void count(const void* from, std::size_t bytes) {
  if (!counting || bytes <= kHashBlockBytes) return;
  const std::size_t marked = marked_bytes(from, bytes);
  if (marked <= kHashBlockBytes) return;
  counts.payload_bytes_copied += marked;
  note_call_site(CallSites::kCopies, marked);
}

}  // namespace
}  // namespace lockstep::guard

using lockstep::guard::count;

extern "C" {

void* memcpy(void* to, const void* from, std::size_t bytes) {
  count(from, bytes);
  return __memcpy_chk(to, from, bytes, SIZE_MAX);
}

void* memmove(void* to, const void* from, std::size_t bytes) {
  count(from, bytes);
  return __memmove_chk(to, from, bytes, SIZE_MAX);
}

}  // extern "C"
