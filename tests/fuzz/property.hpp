#pragma once

#include <cstdio>
#include <cstdlib>

#include "lockstep/error.hpp"

namespace lockstep::fuzz {

/// Ends the run when a property does not hold: a finding, to libFuzzer and to the replay alike.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

/// A decoder's refusal has a sentence, and one of the codes that say what a peer sent.
inline void require_bad_input(const Error& error) {
  require(!error.message.empty(), "a refusal says why");
  require(error.code.category() == lockstep_category(), "a refusal has a code of this library");
  const int code = error.code.value();
  const bool says_what_came = code >= static_cast<int>(Errc::kBadMagic) &&
                              code <= static_cast<int>(Errc::kProtocolViolation);
  require(says_what_came || error == Errc::kTooLarge, "a refusal's code says what came");
}

}  // namespace lockstep::fuzz
