#pragma once

#include "base/byte_codec.hpp"
#include "lockstep/runtime.hpp"

namespace lockstep {

/// The name of a new log's data.
[[nodiscard]] inline Incarnation fresh_incarnation(Runtime& runtime) {
  Incarnation::Bytes bytes;
  store_le(bytes.data(), runtime.random());
  store_le(bytes.data() + 8, runtime.random() | 1);  // never "none"
  return Incarnation(bytes);
}

}  // namespace lockstep
