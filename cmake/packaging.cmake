# The Debian package: `cpack --config build/CPackConfig.cmake` after a build of the target weir.

install(TARGETS weir RUNTIME DESTINATION bin)
install(FILES deploy/systemd/weir.service deploy/systemd/weir.socket
  DESTINATION /lib/systemd/system)
install(FILES deploy/weir.ini DESTINATION /etc/weir)
install(FILES deploy/userlist.txt DESTINATION /etc/weir
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES README.md CHANGELOG.md docs/metrics.md docs/options.md docs/runbook.md docs/status.md
  docs/top.md DESTINATION share/doc/weir)
install(FILES deploy/prometheus/prometheus.yml DESTINATION share/doc/weir/prometheus)
install(DIRECTORY deploy/prometheus/rules DESTINATION share/doc/weir/prometheus)
install(FILES LICENSE DESTINATION share/doc/weir RENAME copyright)

# Only ever overwritten when their owner has not changed them.
file(WRITE ${CMAKE_BINARY_DIR}/conffiles "/etc/weir/weir.ini\n/etc/weir/userlist.txt\n")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weir)
set(CPACK_PACKAGE_CONTACT "The Weir developers <weir@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "connection pooler for PostgreSQL")
set(CPACK_PACKAGE_DESCRIPTION
"Weir takes PgBouncer's place: the same configuration, console, signals and log
lines, with threads that share one set of pools, session settings that follow
their client in transaction mode, and restarts that disconnect nobody.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};${PROJECT_NAME};ALL;/")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS postgresql)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/conffiles
  ${CMAKE_SOURCE_DIR}/deploy/debian/postinst ${CMAKE_SOURCE_DIR}/deploy/debian/prerm)
include(CPack)
