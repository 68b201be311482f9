# What Lockstep's own targets are compiled with. Linked privately and never exported: a host chooses its
# own flags.
add_library(lockstep_flags INTERFACE)
target_compile_options(lockstep_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(LOCKSTEP_WARNINGS_AS_ERRORS)
  target_compile_options(lockstep_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Known false alarms of its optimizer about std::string, std::vector and std::optional (GCC bugs
  # 105329, 105651, 80635).
  target_compile_options(lockstep_flags INTERFACE
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread)
endif()

# ccache must see that a precompiled header is used, and the header must not carry its own time.
if(LOCKSTEP_CCACHE_IN_USE AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
  target_compile_options(lockstep_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    "$<$<CXX_COMPILER_ID:Clang,AppleClang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

if(LOCKSTEP_SANITIZE)
  target_compile_options(lockstep_flags INTERFACE
    -fsanitize=${LOCKSTEP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(lockstep_flags INTERFACE -fsanitize=${LOCKSTEP_SANITIZE})
  # For tests that do less where all is slower; what compilers define themselves differs. And the
  # standard library's own checks: an empty optional that is used, an index beyond the end.
  target_compile_definitions(lockstep_flags INTERFACE LOCKSTEP_SANITIZED _GLIBCXX_ASSERTIONS)
  if(LOCKSTEP_SANITIZE STREQUAL "thread")
    target_compile_definitions(lockstep_flags INTERFACE LOCKSTEP_THREAD_SANITIZED)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Asio's fences: g++ warns, in code that is inlined from its headers, that it cannot follow them.
      target_compile_options(lockstep_flags INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
