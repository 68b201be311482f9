# A macro: find_package must set its variables where targets are made.
macro(lockstep_require package debian_package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    string(REPLACE ";" " " lockstep_wanted "${package};${ARGN}")
    message(FATAL_ERROR
      "Lockstep needs ${lockstep_wanted}, which was not found.\n"
      "On Debian and Ubuntu it is the package ${debian_package}; "
      "cmake/install-dependencies.sh installs it and all others. "
      "Installed elsewhere? Name its folder in CMAKE_PREFIX_PATH.")
  endif()
endmacro()

lockstep_require(Boost "libboost1.81-dev (or a later libboost-dev)" 1.81 CONFIG)
lockstep_require(OpenSSL libssl-dev 3.0)
lockstep_require(nlohmann_json nlohmann-json3-dev 3.10)
lockstep_require(spdlog libspdlog-dev 1.9)
lockstep_require(Threads libc6-dev)

# Digests come quicker with it; without it they are OpenSSL's, and the same.
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
set(LOCKSTEP_WITH_IPSEC_MB OFF)
if(LOCKSTEP_IPSEC_MB STREQUAL "AUTO")
  find_package(IPSecMB 1.3 QUIET)
  set(LOCKSTEP_WITH_IPSEC_MB ${IPSecMB_FOUND})
elseif(LOCKSTEP_IPSEC_MB)
  lockstep_require(IPSecMB libipsec-mb-dev 1.3)
  set(LOCKSTEP_WITH_IPSEC_MB ON)
endif()

if(LOCKSTEP_BUILD_TESTS)
  lockstep_require(GTest "libgtest-dev with libgmock-dev" 1.10)
  if(NOT TARGET GTest::gmock)
    message(FATAL_ERROR "Lockstep's tests need GoogleMock (Debian and Ubuntu: libgmock-dev); "
                        "cmake/install-dependencies.sh installs it.")
  endif()
endif()
