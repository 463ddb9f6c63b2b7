# ingle_web_assets(TARGET SOURCE)
#
# Builds the app in web/ and compiles its files into SOURCE of TARGET (src/api/web_assets.h tells how to get at them).
# Node 18 with npm is needed for that, at build time only; -DINGLE_WEB=OFF builds everything else without the app.
#
# As a script (cmake -P) it installs the packages that web/package-lock.json names, if another version of that file, or
# fewer packages, were installed last.
if(CMAKE_SCRIPT_MODE_FILE)
  file(LOCK "${WEB_FOLDER}/.install.lock" GUARD PROCESS TIMEOUT 600)
  file(SHA256 "${WEB_FOLDER}/package-lock.json" wanted)
  set(note "${WEB_FOLDER}/node_modules/.ingle-installed")
  set(installed "")
  if(EXISTS "${note}")
    file(READ "${note}" installed)
  endif()
  if(NOT installed STREQUAL "${wanted} all" AND NOT installed STREQUAL "${wanted} ${WEB_PACKAGES}")
    set(omit "")
    if(WEB_PACKAGES STREQUAL "build")
      set(omit --omit=dev)
    endif()
    execute_process(COMMAND ${NPM} ci ${omit} --no-progress --loglevel=error WORKING_DIRECTORY "${WEB_FOLDER}"
      RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "npm could not install the packages of the app (see above). "
        "Without a package registry, -DINGLE_WEB=OFF builds Inglenook without its app.")
    endif()
    file(WRITE "${note}" "${wanted} ${WEB_PACKAGES}")
  endif()
  file(TOUCH "${WEB_STAMP}")
  return()
endif()

option(INGLE_WEB "Build the graphical app and embed it in the binary" ON)

function(ingle_web_assets target source)
  if(NOT INGLE_WEB)
    return()
  endif()
  find_program(INGLE_NODE NAMES node nodejs)
  find_program(INGLE_NPM npm)
  if(NOT INGLE_NODE OR NOT INGLE_NPM)
    message(FATAL_ERROR "The app needs node and npm to be built: on Debian, apt-get install nodejs npm "
      "(./quickstart does that). Or configure with -DINGLE_WEB=OFF to build without the app.")
  endif()

  set(web ${CMAKE_SOURCE_DIR}/web)
  set(out ${CMAKE_BINARY_DIR}/web)
  set(packages build)
  if(INGLE_TESTS)
    set(packages all)  # the same folder serves both: tests need more of it
  endif()
  add_custom_command(
    OUTPUT ${out}/packages.stamp
    COMMAND ${CMAKE_COMMAND} -DNPM=${INGLE_NPM} -DWEB_FOLDER=${web} -DWEB_PACKAGES=${packages}
            -DWEB_STAMP=${out}/packages.stamp -P ${CMAKE_SOURCE_DIR}/cmake/Web.cmake
    DEPENDS ${web}/package-lock.json ${CMAKE_SOURCE_DIR}/cmake/Web.cmake
    COMMENT "Installing the packages of the app" VERBATIM)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/* ${web}/public/*)
  list(FILTER sources EXCLUDE REGEX "\\.test\\.tsx?$")
  add_custom_command(
    OUTPUT ${out}/web_assets.bin ${out}/web_assets.table.inc
    COMMAND ${INGLE_NODE} node_modules/vite/bin/vite.js build --logLevel warn --emptyOutDir --outDir ${out}/dist
    COMMAND ${INGLE_NODE} tools/pack.mjs ${out}/dist ${out}
    DEPENDS ${out}/packages.stamp ${sources} ${web}/index.html ${web}/vite.config.ts ${web}/tools/pack.mjs
    WORKING_DIRECTORY ${web}
    COMMENT "Building the app" VERBATIM)
  add_custom_target(ingle_web DEPENDS ${out}/web_assets.bin ${out}/web_assets.table.inc)
  add_dependencies(${target} ingle_web)

  # The compiler sees the table; what the assembler reads must be named here.
  set_source_files_properties(${source} PROPERTIES
    OBJECT_DEPENDS "${out}/web_assets.bin;${out}/web_assets.table.inc"
    COMPILE_DEFINITIONS "INGLE_WEB_ASSETS_BIN=\"${out}/web_assets.bin\";INGLE_WEB_ASSETS_TABLE=\"${out}/web_assets.table.inc\"")
  if(TARGET ${target}_test)
    target_compile_definitions(${target}_test PRIVATE INGLE_WITH_WEB)
  endif()
endfunction()
