# Compiler set-up shared by every target, and the function that makes a layer.

find_program(TIKAR_CCACHE ccache)
if(TIKAR_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TIKAR_CCACHE})
endif()
find_program(TIKAR_MOLD mold)
if(TIKAR_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(TIKAR_SANITIZE "" CACHE STRING "address,undefined | thread | address,undefined,fuzzer-no-link")
set(TIKAR_SANITIZE_WITHOUT "" CACHE STRING "Checks of these that are left out")
if(TIKAR_SANITIZE)
  add_compile_options(-fsanitize=${TIKAR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TIKAR_SANITIZE})
endif()
if(TIKAR_SANITIZE_WITHOUT)
  add_compile_options(-fno-sanitize=${TIKAR_SANITIZE_WITHOUT})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 18)
  # Debian's abseil was mangled by an older clang; without this Cord::Append does not link.
  add_compile_options(-fclang-abi-compat=17)
endif()

set(TIKAR_WARNINGS -Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on `"text" + string` when optimising: GCC bug 105651, mended in 13.
  list(APPEND TIKAR_WARNINGS -Wno-restrict)
endif()
# Of every test that CMake makes. RocksDB and abseil are not instrumented: what they do under locks that
# ThreadSanitizer cannot see would look like races. UBSan says nothing of where, unless told to.
set(TIKAR_TEST_ENVIRONMENT
  "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1"
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1")
set(TIKAR_INCLUDE_ROOT ${CMAKE_BINARY_DIR}/include)

# tikar_layer(name DIRECTORY dir SOURCES ... LINK ...)
# A static library whose headers are included as "dir/file.h". They are reachable only through a link
# of their own in the build tree, never by the source root.
function(tikar_layer name)
  cmake_parse_arguments(LAYER "" "DIRECTORY" "SOURCES;LINK" ${ARGN})
  set(root ${TIKAR_INCLUDE_ROOT}/${name})
  get_filename_component(parent ${root}/${LAYER_DIRECTORY} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${LAYER_DIRECTORY} ${root}/${LAYER_DIRECTORY} SYMBOLIC)
  add_library(${name} STATIC ${LAYER_SOURCES})
  target_include_directories(${name} PUBLIC ${root})
  target_compile_options(${name} PRIVATE ${TIKAR_WARNINGS})
  target_link_libraries(${name} PUBLIC ${LAYER_LINK})
endfunction()

# tikar_test(name SOURCES ... LINK ... [LABELS ...] [TIMEOUT seconds])
function(tikar_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  add_executable(${name} ${TEST_SOURCES})
  target_compile_options(${name} PRIVATE ${TIKAR_WARNINGS})
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TIKAR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}"
    SKIP_RETURN_CODE 77
    ENVIRONMENT "${TIKAR_TEST_ENVIRONMENT}")
endfunction()
