# ccache is a convenience: where it is missing, or cannot write its cache, the build goes on without it.
set(LOCKSTEP_CCACHE_IN_USE OFF)
if(NOT LOCKSTEP_CCACHE OR DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  return()
endif()
find_program(LOCKSTEP_CCACHE_PROGRAM ccache)
mark_as_advanced(LOCKSTEP_CCACHE_PROGRAM)
if(NOT LOCKSTEP_CCACHE_PROGRAM)
  return()
endif()

# Without these two ccache refuses every file that uses a precompiled header.
set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
             ${LOCKSTEP_CCACHE_PROGRAM})

set(probe "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/ccache_probe.cpp")
file(WRITE "${probe}" "int main() {}\n")
execute_process(COMMAND ${launcher} ${CMAKE_CXX_COMPILER} -c "${probe}" -o "${probe}.o"
                RESULT_VARIABLE probe_result OUTPUT_QUIET ERROR_QUIET)
if(probe_result EQUAL 0)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(LOCKSTEP_CCACHE_IN_USE ON)
endif()
