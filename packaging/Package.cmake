# What `cmake --install` and `cpack` give to others: the binary with its app, manual, completions, units and licences.
# cpack --preset release (or: cd build/release && cpack) writes a .deb and a .tar.gz into build/release/packages.
include(GNUInstallDirs)
find_package(Python3 COMPONENTS Interpreter)

set(out ${CMAKE_BINARY_DIR}/package)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/inglenook)
set(generated ${out}/ingle.1.gz ${out}/ingle.bash ${out}/_ingle ${out}/ingle.fish ${out}/changelog.gz ${out}/THIRD_PARTY_LICENSES
  ${out}/sbom.spdx.json)
add_custom_command(
  OUTPUT ${generated}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
  COMMAND sh -c "'$<TARGET_FILE:ingle>' man | gzip -9n > '${out}/ingle.1.gz'"
  COMMAND sh -c "'$<TARGET_FILE:ingle>' completion bash > '${out}/ingle.bash'"
  COMMAND sh -c "'$<TARGET_FILE:ingle>' completion zsh > '${out}/_ingle'"
  COMMAND sh -c "'$<TARGET_FILE:ingle>' completion fish > '${out}/ingle.fish'"
  COMMAND sh -c "gzip -9n < '${CMAKE_SOURCE_DIR}/CHANGELOG.md' > '${out}/changelog.gz'"
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/packaging/third_party.py --binary $<TARGET_FILE:ingle>
          --version ${PROJECT_VERSION} --out ${out} --app-licences ${CMAKE_BINARY_DIR}/web/dist/licences.txt
          --app-lock ${CMAKE_SOURCE_DIR}/web/package-lock.json
  DEPENDS ingle ${CMAKE_SOURCE_DIR}/packaging/third_party.py ${CMAKE_SOURCE_DIR}/packaging/third_party.json
          ${CMAKE_SOURCE_DIR}/THIRD_PARTY_LICENSES ${CMAKE_SOURCE_DIR}/CHANGELOG.md
  COMMENT "Manual, completions, licences and bill of materials" VERBATIM)
add_custom_target(ingle_package_files ALL DEPENDS ${generated})

install(TARGETS ingle RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${out}/ingle.1.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man1)
install(FILES ${out}/ingle.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ingle)
install(FILES ${out}/_ingle DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${out}/ingle.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md LICENSE packaging/copyright ${out}/changelog.gz ${out}/THIRD_PARTY_LICENSES ${out}/sbom.spdx.json
  DESTINATION ${doc})
install(FILES packaging/ingle.service packaging/ingle.socket DESTINATION lib/systemd/system)
install(FILES packaging/ingle-user.service DESTINATION lib/systemd/user RENAME ingle.service)
install(FILES packaging/ingle.sysusers DESTINATION lib/sysusers.d RENAME ingle.conf)

set(CPACK_PACKAGE_NAME inglenook)
set(CPACK_PACKAGE_VENDOR "Inglenook")
set(CPACK_PACKAGE_CONTACT "Inglenook maintainers <maintainers@inglenook.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "language models, chat and documents on your own machine")
set(CPACK_PACKAGE_DESCRIPTION
"Inglenook runs small language models on the processor of this machine: a command line, a server with the interfaces of
OpenAI and Ollama on the loopback address, an app in the browser, a router that asks a cloud only where a written policy
permits it, and two document jobs: fields of invoices and summaries of meetings. Nothing leaves the machine otherwise.")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
  WORLD_EXECUTE)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME "inglenook-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/packaging/PackageOptions.cmake)
set(CPACK_INGLE_PACKAGING ${CMAKE_SOURCE_DIR}/packaging)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "passwd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, poppler-utils")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/deb/postinst ${CMAKE_SOURCE_DIR}/packaging/deb/prerm
  ${CMAKE_SOURCE_DIR}/packaging/deb/postrm ${CMAKE_SOURCE_DIR}/packaging/deb/conffiles)
include(CPack)
