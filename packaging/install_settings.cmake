# file(INSTALL) puts DESTDIR, the package's tree, before an absolute path by itself.
file(INSTALL DESTINATION /etc/default TYPE FILE FILES ${CMAKE_CURRENT_LIST_DIR}/default.env RENAME ingle
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
