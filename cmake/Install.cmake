include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Lockstep")

install(TARGETS lockstep EXPORT LockstepTargets)
install(DIRECTORY include/lockstep DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp")
foreach(tool IN ITEMS lockstep-wal lockstep-bench)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()
install(EXPORT LockstepTargets NAMESPACE lockstep:: DESTINATION "${package_folder}")

get_target_property(lockstep_library_type lockstep TYPE)
configure_package_config_file(cmake/LockstepConfig.cmake.in LockstepConfig.cmake
                              INSTALL_DESTINATION "${package_folder}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(LockstepConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/LockstepConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/LockstepConfigVersion.cmake"
        DESTINATION "${package_folder}")
if(LOCKSTEP_WITH_IPSEC_MB)
  install(FILES cmake/FindIPSecMB.cmake DESTINATION "${package_folder}")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
