# Read by cpack once a generator: what differs between the two packages.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  # The settings file lies outside the prefix, and only a package manager knows what a changed one is worth.
  list(APPEND CPACK_INSTALL_SCRIPTS ${CPACK_INGLE_PACKAGING}/install_settings.cmake)
endif()
