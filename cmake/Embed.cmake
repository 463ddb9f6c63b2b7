# ingle_embed(TARGET FILE NAMESPACE SYMBOL)
#
# Compiles the bytes of FILE into TARGET as `std::string_view NAMESPACE::SYMBOL()`; declare that function where it is used.
# The array is written by CMake itself, so a build needs no tool of the host.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${EMBED_FILE}" hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(WRITE "${EMBED_OUT}"
"#include <string_view>
namespace ${EMBED_NAMESPACE} {
std::string_view ${EMBED_SYMBOL}();
namespace {
const unsigned char k_${EMBED_SYMBOL}[] = {
${bytes}0};
}
std::string_view ${EMBED_SYMBOL}() {
  return {reinterpret_cast<const char*>(k_${EMBED_SYMBOL}), sizeof k_${EMBED_SYMBOL} - 1};
}
}  // namespace ${EMBED_NAMESPACE}
")
  return()
endif()

function(ingle_embed target file namespace symbol)
  get_filename_component(file ${file} ABSOLUTE)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.embedded.cpp)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DEMBED_FILE=${file} -DEMBED_OUT=${out} -DEMBED_NAMESPACE=${namespace}
            -DEMBED_SYMBOL=${symbol} -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    COMMENT "Embedding ${file}" VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
