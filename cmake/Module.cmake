# ingle_module(NAME [DEPS target...] [ISA file...])
#
# One folder = one namespace = one static library `ingle_NAME` made of the *.cpp in the folder and its subfolders.
# *_test.cpp become the program `ingle_NAME_test` (GoogleTest), *_fuzz.cpp one libFuzzer program each, *_bench.cpp one
# google-benchmark program each. testing/*.cpp are helpers that tests and fuzz targets share, never part of the product.
function(ingle_module name)
  cmake_parse_arguments(arg "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  set(fuzzers ${sources})
  set(benches ${sources})
  set(helpers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER helpers INCLUDE REGEX "/testing/[^/]*\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz|_bench)\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(/testing/|/main\\.cpp$)")

  if(NOT sources)
    return()  # interfaces only, so far
  endif()
  add_library(ingle_${name} STATIC ${sources})
  target_link_libraries(ingle_${name} PUBLIC ingle_options ${arg_DEPS})

  if(helpers)
    add_library(ingle_${name}_testing STATIC EXCLUDE_FROM_ALL ${helpers})
    target_link_libraries(ingle_${name}_testing PUBLIC ingle_${name})
    list(APPEND arg_TEST_DEPS ingle_${name}_testing)
  endif()

  if(INGLE_TESTS AND tests)
    add_executable(ingle_${name}_test ${tests})
    target_link_libraries(ingle_${name}_test PRIVATE ingle_${name} ${arg_TEST_DEPS} GTest::gtest_main GTest::gmock)
    target_compile_definitions(ingle_${name}_test PRIVATE INGLE_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
    include(GoogleTest)
    gtest_discover_tests(ingle_${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS unit TIMEOUT 300)
  endif()

  if(INGLE_FUZZ)
    foreach(file ${fuzzers})
      get_filename_component(stem ${file} NAME_WE)
      add_executable(${stem} ${file})
      target_link_libraries(${stem} PRIVATE ingle_${name} ${arg_TEST_DEPS} -fsanitize=fuzzer)
    endforeach()
  elseif(INGLE_TESTS AND fuzzers)
    # Compiled only, so that whoever changes an interface sees at once what fuzzes it.
    add_library(ingle_${name}_fuzz OBJECT ${fuzzers})
    target_link_libraries(ingle_${name}_fuzz PRIVATE ingle_${name} ${arg_TEST_DEPS})
  endif()

  if(INGLE_BENCH)
    foreach(file ${benches})
      get_filename_component(stem ${file} NAME_WE)
      find_package(benchmark REQUIRED)
      add_executable(${stem} ${file})
      target_link_libraries(${stem} PRIVATE ingle_${name} ${arg_TEST_DEPS} benchmark::benchmark_main)
    endforeach()
  endif()
endfunction()
