# The checks of the sources as tests. They look at the tree and at what was built, not into a process: label
# `tree`. 77 says SKIPPED.
function(tikar_check name)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS tree TIMEOUT 300 SKIP_RETURN_CODE 77)
endfunction()

tikar_check(check_layers ${CMAKE_SOURCE_DIR}/ci/check-layers --build-dir ${CMAKE_BINARY_DIR})
tikar_check(check_paths ${CMAKE_SOURCE_DIR}/ci/check-paths)
tikar_check(check_scripts ${CMAKE_SOURCE_DIR}/ci/check-scripts)
tikar_check(check_format ${CMAKE_SOURCE_DIR}/ci/format --check)
tikar_check(check_proto ${CMAKE_SOURCE_DIR}/ci/proto-check)
tikar_check(check_links ${CMAKE_SOURCE_DIR}/ci/check-links)
