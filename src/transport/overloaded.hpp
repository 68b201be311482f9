#pragma once

namespace lockstep::transport {

/// One lambda for each alternative of a variant.
template <class... Calls>
struct Overloaded : Calls... {
  using Calls::operator()...;
};

}  // namespace lockstep::transport
