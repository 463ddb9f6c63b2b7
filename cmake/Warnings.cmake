# Warnings are errors everywhere: a warning that may stay is a warning that nobody reads.
add_library(ingle_options INTERFACE)
target_compile_options(ingle_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wconversion -Wno-sign-conversion -Werror
  -fno-math-errno -ffp-contract=off)
# -ffp-contract=off: results are promised bit for bit, so only the source decides where a multiply and an add fuse.
target_include_directories(ingle_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(ingle_options INTERFACE -stdlib=libstdc++)
  target_link_options(ingle_options INTERFACE -stdlib=libstdc++)
  # clang 19 declares std::expected of libstdc++ 12 only when it claims the C++20 concepts macro value.
  target_compile_options(ingle_options INTERFACE -D__cpp_concepts=202002L -Wno-builtin-macro-redefined)
  # Inside std::stable_sort of libstdc++ 12, which is instantiated in our files.
  target_compile_options(ingle_options INTERFACE -Wno-deprecated-declarations)
endif()

if(INGLE_SANITIZE)
  target_compile_options(ingle_options INTERFACE -fsanitize=${INGLE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ingle_options INTERFACE -fsanitize=${INGLE_SANITIZE})
endif()
if(INGLE_FUZZ)
  target_compile_options(ingle_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What is given to others names no folder of the machine that built it, and its tables cannot be written after start.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(ingle_options INTERFACE
    -ffile-prefix-map=${CMAKE_BINARY_DIR}/= -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  target_link_options(ingle_options INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
