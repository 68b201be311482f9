#pragma once

namespace lockstep::transport {

/// One lambda for each alternative of a variant.
template <class... Calls>
struct Overloaded : Calls... {
  using Calls::operator()...;
};
/// Clang before 17 does not find it by itself.
template <class... Calls>
Overloaded(Calls...) -> Overloaded<Calls...>;

}  // namespace lockstep::transport
